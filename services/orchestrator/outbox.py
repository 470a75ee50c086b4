"""Tells what was written: watchers in this process at once; the world through the broker, in order, until it knows."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Protocol

from sqlalchemy import select, update

from services.orchestrator.lifecycle import UNFINISHED
from services.orchestrator.models import EventRow, Task
from services.orchestrator.store import Store
from services.runtime.errors import NotFoundError, VoiceloomError
from services.runtime.log import log

BATCH = 200
# Another replica may have written: watchers look by themselves now and then.
WATCH_POLL_S = 5.0


class Publisher(Protocol):
    """Where events go."""

    async def publish(self, event: EventRow) -> None:
        """Publish an event, once per task and sequence. Raises UnavailableError."""


class Outbox:
    """The relay of events."""

    def __init__(self, store: Store, publisher: Publisher) -> None:
        self._store, self._publisher = store, publisher
        self._written = asyncio.Event()
        self._written.set()  # what an earlier process left behind
        store.on_commit(lambda touched: self._written.set())

    async def run(self) -> None:
        """Publish for ever."""
        while True:
            self._written.clear()
            try:
                while await self.relay():
                    pass
            except VoiceloomError as exc:
                # The broker or the task store is away; what was not marked as published is published again.
                log.warning("events_wait", error=str(exc))
            else:
                await self._written.wait()
                continue
            await asyncio.sleep(0.5)
            self._written.set()

    async def relay(self) -> int:
        """Publish what is unpublished, up to a batch; answers how many events that were."""
        query = (
            select(EventRow)
            .where(EventRow.published_at.is_(None))
            .order_by(EventRow.time, EventRow.task_id, EventRow.seq)
            .limit(BATCH)
        )
        async with self._store.reading() as session:
            events = (await session.scalars(query)).all()
        published: list[EventRow] = []
        try:
            for event in events:
                await self._publisher.publish(event)
                published.append(event)
        finally:
            if published:
                async with self._store.writing() as session:
                    for event in published:
                        await session.execute(
                            update(EventRow)
                            .where(EventRow.task_id == event.task_id, EventRow.seq == event.seq)
                            .values(published_at=time.time())
                        )
        return len(events)


class Watchers:
    """Follows tasks: first what is in the store, then what is written."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[str, set[asyncio.Event]] = {}
        store.on_commit(self._wake)

    def _wake(self, touched: dict[str, int]) -> None:
        for task_id in touched:
            for written in self._waiting.get(task_id, ()):
                written.set()

    async def watch(self, owner: str, task_id: str, after_seq: int) -> AsyncIterator[EventRow]:
        """Every event after a sequence, without gap or repetition, up to a terminal one that is the newest.

        A task that was retried has terminal events in the middle of its history; they end nothing.
        Raises NotFoundError (TASK_NOT_FOUND).
        """
        async with self._store.reading() as session:
            known = select(Task.id).where(Task.id == task_id, Task.owner == owner, Task.purged_at.is_(None))
            if await session.scalar(known) is None:
                raise NotFoundError("TASK_NOT_FOUND")
        written = asyncio.Event()
        self._waiting.setdefault(task_id, set()).add(written)
        try:
            while True:
                written.clear()
                events, last_seq = await self._after(task_id, after_seq)
                for event in events:
                    yield event
                    after_seq = event.seq
                if last_seq is not None and after_seq >= last_seq:
                    return
                if not events:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(written.wait(), WATCH_POLL_S)
        finally:
            self._waiting[task_id].discard(written)
            if not self._waiting[task_id]:
                del self._waiting[task_id]

    async def _after(self, task_id: str, after_seq: int) -> tuple[list[EventRow], int | None]:
        """The next events, and after which one the watching is over; None while the task is unfinished."""
        async with self._store.reading() as session:
            row = (await session.execute(select(Task.state, Task.last_seq).where(Task.id == task_id))).one_or_none()
            if row is None:
                return [], 0  # purged meanwhile
            query = (
                select(EventRow)
                .where(EventRow.task_id == task_id, EventRow.seq > after_seq)
                .order_by(EventRow.seq)
                .limit(BATCH)
            )
            events = list(await session.scalars(query))
        return events, None if row.state in UNFINISHED else row.last_seq
