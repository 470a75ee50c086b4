"""The store's schema, and what the orchestrator loads."""

import asyncio
import subprocess
import sys
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from services.orchestrator.models import Base
from services.orchestrator.store import Store, migrate


def test_migrations_make_exactly_the_tables_of_the_models() -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        migrate(connection)
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    engine.dispose()
    assert differences == []


def test_store_opens_again_what_it_has_made(tmp_path: Path) -> None:
    async def twice() -> bool:
        url = f"sqlite+aiosqlite:///{tmp_path}/deep/tasks.db"
        await (await Store.open(url)).close()
        store = await Store.open(url)
        answers = await store.answers()
        await store.close()
        return answers

    assert asyncio.run(twice())


def test_orchestrator_loads_nothing_heavy() -> None:
    code = (
        "import services.orchestrator.__main__, sys; print([m for m in ('torch', 'numpy', 'av') if m in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
