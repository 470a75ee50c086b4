"""Connections to SQLite that can be ended at any moment, in the middle of a statement and while they are closed."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from typing import Any

import aiosqlite


class SqliteConnection(sqlite3.Connection):
    """A connection that gives up its transaction when it is closed.

    SQLite keeps a closed connection, and with it the lock of the whole database, for as long as somebody remembers one
    of its statements; a task that was cancelled in the middle of one (a client hung up) leaves such a memory behind.
    """

    def close(self) -> None:
        """Roll back, and close."""
        try:
            with contextlib.suppress(sqlite3.Error):  # closed before, or broken: there is nothing to roll back
                self.rollback()
        finally:
            super().close()


class SqliteDriver(aiosqlite.Connection):
    """Ends once, whoever asks for it and however often.

    A close that is cancelled asks its thread to stop; so does whoever cancelled it. In aiosqlite 0.22 the second of
    them waits for ever: the thread that should answer has ended.
    """

    _stopping = False

    def stop(self) -> asyncio.Future[Any] | None:
        """Ask the thread to end; None when it was asked before."""
        if self._stopping:
            return None
        self._stopping = True
        return super().stop()


def connect_sqlite(database: str, **options: Any) -> SqliteDriver:
    """A connection to be awaited, as SQLAlchemy does."""
    driver = SqliteDriver(lambda: sqlite3.connect(database, factory=SqliteConnection, **options), iter_chunk_size=64)
    driver._thread.daemon = True  # a process ends although one of its connections is still at work
    return driver
