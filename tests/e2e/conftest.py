"""One stack for all end-to-end tests: nano pack, temporary data, no compiler and no network in reach."""

from collections.abc import Iterator

import pytest

from tests.e2e.rest import Rest
from tests.stack import BARE_MACHINE, Stack, start_stack

__all__ = ["Stack", "start_stack"]


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A running stack; tests may kill its services (the supervisor brings them back) but not the stack."""
    running = start_stack(tmp_path_factory.mktemp("stack") / "data", environment=BARE_MACHINE)
    yield running
    assert running.stop() == 0, running.output


@pytest.fixture(scope="session")
def rest(stack: Stack) -> Rest:
    """A client of the stack."""
    return Rest(stack.base_url)
