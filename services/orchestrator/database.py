"""The two databases: how each is connected to, and which of their errors mean that the database is away."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from services.orchestrator.sqlite import connect_sqlite
from services.runtime.disk import is_full
from services.runtime.errors import DiskFullError, InvalidInputError, UnavailableError

# Classes of SQLSTATE (PostgreSQL, appendix A) under which a statement may pass later, or on another connection.
_AWAY = (
    "08",  # the connection broke
    "25006",  # this server has become a standby
    "28",  # the password is being changed
    "3D",  # the database has not been made yet
    "40",  # lost to another transaction
    "53",  # no memory, no connections, no disk left
    "55P03",  # a lock was not to be had
    "57",  # stopping, starting, or a statement that took too long
    "58",  # the disk failed
)
_FULL = "53100"
# Text that PostgreSQL cannot hold (a NUL character, more characters than the column has) can only come from people.
_UNFIT = ("22001", "22021")


@dataclass(frozen=True)
class DatabaseLimits:
    """How many connections, and how long to wait for one and for an answer; SQLite only waits, for its lock."""

    pool_size: int = 10
    connect_timeout_s: float = 5.0
    statement_timeout_s: float = 30.0


@dataclass(frozen=True)
class Engines:
    """One database: ``writer`` begins transactions that write, ``reader`` ones that see one consistent snapshot."""

    writer: AsyncEngine
    reader: AsyncEngine
    # Has no statement time out: a migration takes as long as it takes.
    migrator: AsyncEngine

    async def close(self) -> None:
        """Close every connection."""
        for engine in (self.writer, self.reader, self.migrator):
            await engine.dispose()


def engines(url: str, limits: DatabaseLimits) -> Engines:
    """Engines for a database; nothing is connected yet."""
    parsed = make_url(url)
    return _sqlite(parsed, limits) if parsed.get_backend_name() == "sqlite" else _postgresql(parsed, limits)


def _postgresql(url: URL, limits: DatabaseLimits) -> Engines:
    milliseconds = str(int(limits.statement_timeout_s * 1000))
    connect: dict[str, Any] = {"timeout": limits.connect_timeout_s}
    patient = {"application_name": "voiceloom"}
    # The server ends what takes too long, and whoever holds locks and says nothing; the driver's own time out, a
    # little later, is for a server that does not answer at all.
    bounded = {**patient, "statement_timeout": milliseconds, "idle_in_transaction_session_timeout": milliseconds}
    writer = create_async_engine(
        url,
        pool_size=limits.pool_size,
        max_overflow=0,
        pool_timeout=limits.connect_timeout_s,
        pool_pre_ping=True,
        connect_args={
            **connect,
            "command_timeout": limits.statement_timeout_s + limits.connect_timeout_s,
            "server_settings": bounded,
        },
    )
    migrator = create_async_engine(url, poolclass=NullPool, connect_args={**connect, "server_settings": patient})
    # READ COMMITTED takes a new snapshot for every statement; a reader's statements must agree with each other.
    reader = writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return Engines(writer, reader, migrator)


def _sqlite(url: URL, limits: DatabaseLimits) -> Engines:
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    connect = {"async_creator_fn": connect_sqlite}
    writer = create_async_engine(
        url, pool_size=1, max_overflow=0, pool_timeout=limits.statement_timeout_s, connect_args=connect
    )
    reader = create_async_engine(url, pool_size=limits.pool_size, max_overflow=0, connect_args=connect)
    for engine, begin in ((writer, "BEGIN IMMEDIATE"), (reader, "BEGIN")):
        _prepare_sqlite(engine, begin=begin, busy_timeout_s=limits.statement_timeout_s)
    return Engines(writer, reader, writer)


def _prepare_sqlite(engine: AsyncEngine, *, begin: str, busy_timeout_s: float) -> None:
    pragmas = (
        f"busy_timeout={int(busy_timeout_s * 1000)}",  # the first: the others may have to wait
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    )

    @event.listens_for(engine.sync_engine, "connect")
    def connect(connection: Any, record: Any) -> None:
        # The driver must not begin transactions of its own accord: "begin" below says how.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


@contextlib.contextmanager
def database_errors() -> Iterator[None]:
    """Turn what says that the database is away into UnavailableError (UNAVAILABLE), or DISK_FULL when it has no room.

    Text that the database cannot hold is InvalidInputError (INVALID_REQUEST); anything else is passed on as it is.
    """
    try:
        yield
    except (OSError, PoolTimeoutError, OperationalError, InterfaceError) as exc:
        if is_full(exc):
            raise DiskFullError(detail=_reason(exc)) from exc
        raise UnavailableError("UNAVAILABLE", detail=_reason(exc)) from exc
    except DBAPIError as exc:
        sqlstate = str(getattr(exc.orig, "sqlstate", None) or "")
        if sqlstate == _FULL:
            raise DiskFullError(detail=_reason(exc)) from exc
        if exc.connection_invalidated or sqlstate.startswith(_AWAY):
            raise UnavailableError("UNAVAILABLE", detail=_reason(exc)) from exc
        if sqlstate in _UNFIT:
            raise InvalidInputError("INVALID_REQUEST", problem="text") from exc
        raise


def _reason(exc: BaseException) -> str:
    """What the driver said, without the statement and its values."""
    cause = exc.orig if isinstance(exc, DBAPIError) and exc.orig is not None else exc
    return f"{type(cause).__name__}: {cause}"
