"""The task store: sessions that read a snapshot, sessions that write in one transaction, and word of what was written.

SQLite (WAL) by default: one connection writes, under BEGIN IMMEDIATE, so that no transaction fails halfway because
another one wrote first; a few connections read beside it. PostgreSQL takes the same models, statements and migrations;
there, rows are locked where SQLite locks the file. A database that is away is an UnavailableError, here and for all.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.orchestrator.database import DatabaseLimits, Engines, database_errors, engines
from services.runtime.errors import UnavailableError, VoiceloomError
from services.runtime.log import log

MIGRATIONS = Path(__file__).parent / "migrations"
# Between two looks for a database that is not there yet.
PREPARE_RETRY_S = 1.0
# A database that takes longer to say that it is there is as good as away.
ANSWER_S = 5.0
# Key of the advisory lock under which PostgreSQL is migrated; any number that nobody else uses.
MIGRATION_LOCK = 0x766F6963

# Called after each commit with the newest sequence of every task that got events.
Committed = Callable[[dict[str, int]], None]


class Store:
    """Opened once per process. Other modules open sessions; nobody else knows which database there is."""

    def __init__(self, url: str, limits: DatabaseLimits | None = None) -> None:
        """Nothing is connected yet: until ``prepare`` has come to its end, every session raises UnavailableError."""
        self._engines: Engines = engines(url, limits or DatabaseLimits())
        self._ready = False
        self._listeners: list[Committed] = []

    @classmethod
    async def open(cls, url: str, limits: DatabaseLimits | None = None) -> Store:
        """A store that is ready."""
        store = cls(url, limits)
        await store.prepare()
        return store

    async def prepare(self) -> None:
        """Wait for the database for as long as it is away, and bring its schema up to date."""
        while not self._ready:
            try:
                with database_errors():
                    async with self._engines.migrator.begin() as connection:
                        await connection.run_sync(migrate)
            except UnavailableError as exc:
                log.warning("database_awaited", detail=exc.detail)
                await asyncio.sleep(PREPARE_RETRY_S)
            else:
                self._ready = True

    def on_commit(self, listener: Committed) -> None:
        """Have ``listener`` called after each commit that wrote events."""
        self._listeners.append(listener)

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session over one consistent snapshot. Raises UnavailableError when the database is away."""
        self._require()
        with database_errors():
            async with AsyncSession(self._engines.reader, expire_on_commit=False, autoflush=False) as session:
                yield session

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """A session in one transaction: committed at the end, rolled back by any exception.

        Raises UnavailableError when the database is away; what was to be written may be there all the same if it went
        away during the commit.
        """
        self._require()
        touched: dict[str, int] = {}
        try:
            with database_errors():
                async with AsyncSession(self._engines.writer, expire_on_commit=False) as session:
                    session.sync_session.info["touched"] = touched
                    async with session.begin():
                        yield session
        except UnavailableError:
            # The commit may have come through although its answer did not: let them look.
            self._tell(touched)
            raise
        self._tell(touched)

    def _tell(self, touched: dict[str, int]) -> None:
        if touched:
            for listener in self._listeners:
                listener(touched)

    async def answers(self) -> bool:
        """Whether the database can be read now."""
        try:
            async with asyncio.timeout(ANSWER_S), self.reading() as session:
                await session.execute(text("SELECT 1"))
        except (VoiceloomError, TimeoutError):
            return False
        return True

    async def close(self) -> None:
        """Close every connection."""
        await self._engines.close()

    def _require(self) -> None:
        if not self._ready:
            raise UnavailableError("UNAVAILABLE", detail="the task store is not ready")


def migrate(connection: Connection) -> None:
    """Run the migrations that this database has not seen, once, however many processes begin at the same moment."""
    from alembic import command
    from alembic.config import Config

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
