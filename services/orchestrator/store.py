"""The task store: sessions that read a snapshot, sessions that write in one transaction, and word of what was written.

SQLite (WAL) by default: one connection writes, under BEGIN IMMEDIATE, so that no transaction fails halfway because
another one wrote first; a few connections read beside it. PostgreSQL takes the same models, statements and migrations;
there, rows are locked where SQLite locks the file.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

MIGRATIONS = Path(__file__).parent / "migrations"
READERS = 4

# Called after each commit with the newest sequence of every task that got events.
Committed = Callable[[dict[str, int]], None]


class Store:
    """Opened once per process. Other modules open sessions; nobody else knows which database there is."""

    def __init__(self, writer: AsyncEngine, reader: AsyncEngine) -> None:
        self._writer, self._reader = writer, reader
        self._listeners: list[Committed] = []

    @classmethod
    async def open(cls, url: str) -> Store:
        """Connect, and bring the schema up to date."""
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            if parsed.database:
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            writer = create_async_engine(url, pool_size=1, max_overflow=0)
            reader = create_async_engine(url, pool_size=READERS, max_overflow=0)
            _prepare_sqlite(writer, begin="BEGIN IMMEDIATE")
            _prepare_sqlite(reader, begin="BEGIN")
        else:
            writer = reader = create_async_engine(url, pool_pre_ping=True)
        async with writer.begin() as connection:
            await connection.run_sync(migrate)
        return cls(writer, reader)

    def on_commit(self, listener: Committed) -> None:
        """Have ``listener`` called after each commit that wrote events."""
        self._listeners.append(listener)

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session over one consistent snapshot."""
        async with AsyncSession(self._reader, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """A session in one transaction: committed at the end, rolled back by any exception."""
        async with AsyncSession(self._writer, expire_on_commit=False) as session:
            async with session.begin():
                yield session
            touched: dict[str, int] = session.sync_session.info.get("touched", {})
        if touched:
            for listener in self._listeners:
                listener(touched)

    async def answers(self) -> bool:
        """Whether the database can be read now."""
        try:
            async with self.reading() as session:
                await session.execute(text("SELECT 1"))
        except (SQLAlchemyError, OSError):
            return False
        return True

    async def close(self) -> None:
        """Close every connection."""
        await self._writer.dispose()
        await self._reader.dispose()


def migrate(connection: Connection) -> None:
    """Run the migrations that this database has not seen."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _prepare_sqlite(engine: AsyncEngine, *, begin: str) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def connect(connection: Any, record: Any) -> None:
        # The driver must not begin transactions of its own accord: "begin" below says how.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)
