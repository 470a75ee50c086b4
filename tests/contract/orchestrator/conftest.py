"""Fixtures of the orchestration tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.contract.orchestrator.harness import Broker, System


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A real nats-server of this test alone."""
    folder = tmp_path / "nats"
    folder.mkdir()
    server = Broker(folder)
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def system(tmp_path: Path, broker: Broker, database_url: str) -> AsyncIterator[System]:
    """Broker, preprocessing and orchestrator on every task store; workers are started by the test."""
    system = System(tmp_path, broker, database_url)
    await system.start_preprocessing()
    await system.start_orchestrator()
    yield system
    await system.close()
