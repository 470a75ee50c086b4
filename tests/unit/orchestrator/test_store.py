"""What the orchestrator loads, and what its store says before the database is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from services.orchestrator.store import Store
from services.runtime.errors import UnavailableError


async def test_store_opens_again_what_it_has_made(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/deep/tasks.db"
    await (await Store.open(url)).close()
    store = await Store.open(url)
    assert await store.answers()
    await store.close()


async def test_store_that_is_not_ready_is_unavailable(tmp_path: Path) -> None:
    store = Store(f"sqlite+aiosqlite:///{tmp_path}/tasks.db")
    for session in (store.reading(), store.writing()):
        with pytest.raises(UnavailableError):
            await session.__aenter__()
    assert not await store.answers()
    await store.prepare()
    assert await store.answers()
    await store.close()


def test_orchestrator_loads_nothing_heavy() -> None:
    code = (
        "import services.orchestrator.__main__, sys; print([m for m in ('torch', 'numpy', 'av') if m in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
