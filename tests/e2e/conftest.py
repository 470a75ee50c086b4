"""One stack for all end-to-end tests: nano pack, temporary data, no compiler and no network in reach."""

from collections.abc import Iterator

import pytest

from tests.e2e.rest import Rest
from tests.stack import BARE_MACHINE, Stack, start_stack

__all__ = ["LOW_LIMITS", "Stack", "start_stack"]

# So low that a test can pass them; the recordings of all tests are shorter.
LOW_LIMITS = {"VOICELOOM_MAX_RECORDING_S": "61", "VOICELOOM_MAX_UPLOAD_BYTES": "4000000"}


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A running stack; tests may kill its services (the supervisor brings them back) but not the stack."""
    running = start_stack(tmp_path_factory.mktemp("stack") / "data", environment={**BARE_MACHINE, **LOW_LIMITS})
    yield running
    assert running.stop() == 0, running.output


@pytest.fixture(scope="session")
def rest(stack: Stack) -> Iterator[Rest]:
    """A client of the stack."""
    with Rest(stack.base_url) as client:
        yield client
