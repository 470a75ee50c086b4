"""What the orchestrator loads, and what its store says before the database is there."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from services.orchestrator.database import DatabaseLimits
from services.orchestrator.store import Store
from services.runtime.errors import DiskFullError, UnavailableError


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


# Takes a while to find the first of its rows.
SLOW = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) SELECT i FROM n WHERE i > 9e5"


async def test_write_that_is_cancelled_in_the_middle_of_a_statement_leaves_no_lock(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/tasks.db", DatabaseLimits(statement_timeout_s=5.0))
    asking = asyncio.Event()

    async def write(statement: str) -> None:
        async with store.writing() as session:
            await session.execute(text("UPDATE locks SET name = name"))
            asking.set()
            await session.execute(text(statement))

    writing = asyncio.create_task(write(SLOW))
    await asking.wait()
    await asyncio.sleep(0.02)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError) as cancelled:
        await writing
    # The error is still there, as a logger might keep it, and through its frames the statement.
    assert cancelled.traceback
    await write("SELECT 1")
    await store.close()


async def test_database_without_room_is_a_full_disk(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/tasks.db")

    async def fill() -> None:
        async with store.writing() as session:
            await session.execute(text("PRAGMA max_page_count = 1"))  # no more than there are
            await session.execute(text("INSERT INTO locks SELECT hex(randomblob(10000)) FROM locks"))
            await session.execute(text("CREATE TABLE more AS SELECT hex(randomblob(1000000)) AS data"))

    with pytest.raises(DiskFullError):
        await fill()
    await store.close()


def test_orchestrator_loads_nothing_heavy() -> None:
    code = (
        "import services.orchestrator.__main__, sys; print([m for m in ('torch', 'numpy', 'av') if m in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
