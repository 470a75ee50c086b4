"""Tells what was written: watchers in this process at once; the world through the broker, in order, until it knows."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy import bindparam, func, select, update

from services.orchestrator.lifecycle import UNFINISHED
from services.orchestrator.models import EventRow, Task
from services.orchestrator.store import Store
from services.runtime.errors import NotFoundError, UnavailableError, VoiceloomError
from services.runtime.log import log

BATCH = 200
TASKS_AT_ONCE = 32
MAX_TOLD = 10_000
RETRY_S = 0.5
# Events that are written within this time are marked as published in one transaction.
GATHER_S = 0.02
# What another replica left behind when it died is looked for so often.
POLL_S = 2.0
# Of what another replica writes, the broker tells; should that get lost, watchers look by themselves.
WATCH_POLL_S = 5.0


_MARK = (
    update(EventRow)
    .where(EventRow.task_id == bindparam("of"), EventRow.seq <= bindparam("up_to"), EventRow.published_at.is_(None))
    .values(published_at=bindparam("now"))
)


@dataclass(frozen=True)
class Told:
    """The newest event of a task that the world knows, and its place in the stream; 0 and 0 before the first."""

    seq: int
    place: int


class OutOfOrderError(Exception):
    """The world knows another event of the task as the newest than the publisher thought."""


class Publisher(Protocol):
    """Where events go."""

    async def publish(self, event: EventRow, after: int) -> int:
        """Publish an event right after the task's message at a place of the stream (0: as its first); its own place.

        Raises OutOfOrderError, UnavailableError.
        """

    async def newest(self, task_id: str) -> Told:
        """What the stream has of a task. Raises UnavailableError."""


class Outbox:
    """The relay of events: each goes out once, those of a task in their order, whoever else relays beside this one.

    The broker is asked to take an event only right behind the one before it; when it refuses, somebody else was
    faster, or the stream has lost its data, and what the stream has now says where to go on.
    """

    def __init__(self, store: Store, publisher: Publisher) -> None:
        self._store, self._publisher = store, publisher
        self._told: OrderedDict[str, Told] = OrderedDict()
        self._written = asyncio.Event()
        store.on_commit(lambda touched: self._written.set())

    async def run(self) -> None:
        """Publish for ever; look also at what another replica, or an earlier process, has left behind."""
        while True:
            self._written.clear()
            try:
                while await self.relay():
                    await asyncio.sleep(GATHER_S)
            except VoiceloomError as exc:
                # The broker or the task store is away; what was not marked as published is looked at again.
                log.warning("events_wait", error=str(exc))
                await asyncio.sleep(RETRY_S)
            else:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._written.wait(), POLL_S)
                    await asyncio.sleep(GATHER_S)

    async def relay(self) -> int:
        """Publish what is unpublished, up to a batch; answers how many events that were."""
        unpublished = EventRow.published_at.is_(None)
        # Those of a task by their number, never by their time: replicas' clocks differ.
        oldest = (
            select(EventRow.task_id).where(unpublished).group_by(EventRow.task_id).order_by(func.min(EventRow.time))
        )
        async with self._store.reading() as session:
            task_ids = list(await session.scalars(oldest.limit(TASKS_AT_ONCE)))
            query = select(EventRow).where(unpublished, EventRow.task_id.in_(task_ids))
            events = list(await session.scalars(query.order_by(EventRow.task_id, EventRow.seq).limit(BATCH)))
        by_task: dict[str, list[EventRow]] = {}
        for event in events:
            by_task.setdefault(event.task_id, []).append(event)
        ends = await asyncio.gather(
            *(self._publish(task_id, rows) for task_id, rows in by_task.items()), return_exceptions=True
        )
        await self._mark(list(by_task))
        for end in ends:
            if isinstance(end, BaseException):
                raise end
        return len(events)

    async def _publish(self, task_id: str, events: list[EventRow]) -> None:
        told = self._told.get(task_id)
        if told is None:
            told = Told(0, 0) if events[0].seq == 1 else await self._publisher.newest(task_id)
        try:
            for event in events:
                while event.seq > told.seq:
                    try:
                        told = Told(event.seq, await self._publisher.publish(event, told.place))
                    except OutOfOrderError:
                        told = await self._publisher.newest(task_id)
        except UnavailableError:
            # What the broker has taken without an answer is seen when it is asked.
            self._told.pop(task_id, None)
            raise
        self._told[task_id] = told
        self._told.move_to_end(task_id)
        if len(self._told) > MAX_TOLD:
            self._told.popitem(last=False)

    async def _mark(self, task_ids: list[str]) -> None:
        known = {task_id: self._told[task_id].seq for task_id in task_ids if task_id in self._told}
        if not known:
            return
        async with self._store.writing() as session:
            connection = await session.connection()
            now = time.time()
            await connection.execute(
                _MARK, [{"of": task_id, "up_to": seq, "now": now} for task_id, seq in sorted(known.items())]
            )


@dataclass(eq=False)
class _Watcher:
    """Somebody who follows a task, and how far."""

    seq: int
    written: asyncio.Event = field(default_factory=asyncio.Event)


class Watchers:
    """Follows tasks: first what is in the store, then what is written."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[str, set[_Watcher]] = {}
        store.on_commit(self._wake)

    def _wake(self, touched: dict[str, int]) -> None:
        for task_id in touched:
            for watcher in self._waiting.get(task_id, ()):
                watcher.written.set()

    def hear(self, task_id: str, seq: int) -> None:
        """Somebody, perhaps another replica, has published an event."""
        for watcher in self._waiting.get(task_id, ()):
            if seq > watcher.seq:
                watcher.written.set()

    async def watch(self, owner: str, task_id: str, after_seq: int) -> AsyncIterator[EventRow]:
        """Every event after a sequence, without gap or repetition, up to a terminal one that is the newest.

        A task that was retried has terminal events in the middle of its history; they end nothing.
        Raises NotFoundError (TASK_NOT_FOUND).
        """
        async with self._store.reading() as session:
            known = select(Task.id).where(Task.id == task_id, Task.owner == owner, Task.purged_at.is_(None))
            if await session.scalar(known) is None:
                raise NotFoundError("TASK_NOT_FOUND")
        watcher = _Watcher(after_seq)
        self._waiting.setdefault(task_id, set()).add(watcher)
        try:
            while True:
                watcher.written.clear()
                events, last_seq = await self._after(task_id, watcher.seq)
                for event in events:
                    yield event
                    watcher.seq = event.seq
                if last_seq is not None and watcher.seq >= last_seq:
                    return
                if not events:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(watcher.written.wait(), WATCH_POLL_S)
        finally:
            self._waiting[task_id].discard(watcher)
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
