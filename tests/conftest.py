"""The folder of a test is its marker: unit, contract, e2e, ui, chaos or bench."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
# Real servers; each starts when the first test asks for it.
pytest_plugins = ["tests.support.postgres", "tests.support.s3"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test with the name of its folder."""
    for item in items:
        if item.path.is_relative_to(TESTS):
            item.add_marker(item.path.relative_to(TESTS).parts[0])
