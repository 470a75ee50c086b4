"""Decides which stages run next, sends their commands, and sends again what got lost.

The store says what is so; a command is only a hint. A stage is released when what it needs is completed, a slot is
free and its turn has come; it stays released until a worker's lease on it ends. Any number of replicas schedule: each
decision is one transaction under one lock, so that together they release no more than one of them would.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import ColumnElement, CursorResult, and_, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.orchestrator.lifecycle import UNFINISHED
from services.orchestrator.locks import SCHEDULE, hold
from services.orchestrator.models import Owner, Stage, Task
from services.orchestrator.pipeline import NEEDS, STAGES
from services.orchestrator.store import Store
from services.runtime.errors import VoiceloomError
from services.runtime.log import log

# Kicks that come faster than this are answered together.
LEAST_PAUSE_S = 0.05
# A command that was not known to be sent after so long is sent by whoever looks next.
CONFIRM_S = 5.0


@dataclass(frozen=True)
class Waiting:
    """A stage that could be released."""

    task_id: str
    owner: str
    created_at: float
    stage: str


@dataclass(frozen=True)
class Limits:
    """How many stages may run at once: in all, of one kind, and of one kind for one owner."""

    slots: int
    window: int
    per_owner: int


class Busy:
    """What is released or running now."""

    def __init__(self, stages: Iterable[tuple[str, str]] = ()) -> None:
        """From (stage, owner) of each."""
        self.in_all = 0
        self._by_stage: Counter[str] = Counter()
        self._by_owner: Counter[tuple[str, str]] = Counter()
        for stage, owner in stages:
            self.add(stage, owner)

    def add(self, stage: str, owner: str) -> None:
        """Count one more."""
        self.in_all += 1
        self._by_stage[stage] += 1
        self._by_owner[stage, owner] += 1

    def admits(self, stage: str, owner: str, limits: Limits) -> bool:
        """Whether one more fits."""
        return (
            self.in_all < limits.slots
            and self._by_stage[stage] < limits.window
            and self._by_owner[stage, owner] < limits.per_owner
        )


def choose(waiting: Iterable[Waiting], busy: Busy, served_at: dict[str, int], limits: Limits) -> list[Waiting]:
    """What to release next: owners take turns (the one served longest ago first), each owner's oldest task first.

    ``served_at`` says when (as a rising number) an owner was served last, and is brought up to date, as is ``busy``.
    """
    order = {stage: position for position, stage in enumerate(STAGES)}
    rest = sorted(waiting, key=lambda item: (item.created_at, item.task_id, order[item.stage]))
    chosen: list[Waiting] = []
    while fitting := [item for item in rest if busy.admits(item.stage, item.owner, limits)]:
        first = min(fitting, key=lambda item: served_at.get(item.owner, 0))
        served_at[first.owner] = max(served_at.values(), default=0) + 1
        busy.add(first.stage, first.owner)
        chosen.append(first)
        rest.remove(first)
    return chosen


class Commands(Protocol):
    """Where commands go."""

    async def send(self, task_id: str, stage: str, msg_id: str) -> None:
        """Queue a command, once per ``msg_id``. Raises UnavailableError."""


@dataclass(frozen=True)
class Command:
    """A command that this process has taken on to send; ``mark`` is what the store says of it meanwhile."""

    task_id: str
    stage: str
    mark: float


@dataclass(frozen=True)
class Plan:
    """What should happen now: stages to release, and released ones whose command got lost."""

    release: list[Waiting]
    resend: list[tuple[str, str]]
    served_at: dict[str, int]


class Scheduler:
    """Looks at the store whenever something changed, and now and then anyway."""

    def __init__(self, store: Store, commands: Commands, *, limits: Limits, resend_s: float, tick_s: float) -> None:
        self._store, self._commands = store, commands
        self._limits, self._resend_s, self._tick_s = limits, resend_s, tick_s
        self._kicked = asyncio.Event()

    def kick(self) -> None:
        """Look at the store soon."""
        self._kicked.set()

    async def run(self) -> None:
        """Schedule for ever."""
        while True:
            self._kicked.clear()
            started = time.monotonic()
            try:
                await self.tick()
            except VoiceloomError as exc:
                # The broker or the task store is away; what was not done is done at the next look.
                log.warning("scheduling_waits", error=str(exc))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._kicked.wait(), self._tick_s)
            await asyncio.sleep(max(0.0, started + LEAST_PAUSE_S - time.monotonic()))

    async def tick(self) -> None:
        """Release what may run, send what has to be sent."""
        now = time.time()
        async with self._store.reading() as session:
            plan = await self._plan(session, now)
        if not plan.release and not plan.resend:
            return  # the usual case: nothing is written and nobody waits for the lock
        for command in await self._carry_out(now):
            await self._send(command)

    async def _plan(self, session: AsyncSession, now: float) -> Plan:
        busy_rows = await session.execute(
            select(Stage.task_id, Stage.name, Stage.owner, Stage.state, Stage.sent_at).where(
                Stage.released_at.is_not(None)
            )
        )
        busy, resend = Busy(), []
        for row in busy_rows:
            busy.add(row.name, row.owner)
            if row.state == "pending" and (row.sent_at or 0.0) + self._resend_s <= now:
                resend.append((row.task_id, row.name))
        free = self._limits.slots - busy.in_all
        waiting = await _waiting(session, free, now) if free > 0 else []
        served_at = await _served_at(session, {item.owner for item in waiting}) if waiting else {}
        return Plan(choose(waiting, busy, served_at, self._limits), resend, served_at)

    async def _carry_out(self, now: float) -> list[Command]:
        """Look again, alone this time, and write down what is to happen; answers the commands to be sent for it."""
        # Should this process die before it has sent them, another look finds these marks soon.
        mark = now - self._resend_s + min(CONFIRM_S, self._resend_s)
        commands = []
        async with self._store.writing() as session:
            await hold(session, SCHEDULE)
            plan = await self._plan(session, now)
            for owner in {item.owner for item in plan.release}:
                await session.merge(Owner(owner=owner, served_at=plan.served_at[owner]))
            taken = {(item.task_id, item.stage): Stage.released_at.is_(None) for item in plan.release}
            taken |= {key: Stage.released_at.is_not(None) for key in plan.resend}
            # In the order in which others lock rows.
            for (task_id, stage), still in sorted(taken.items(), key=lambda item: item[0]):
                take = update(Stage).where(
                    Stage.task_id == task_id, Stage.name == stage, Stage.state == "pending", still
                )
                result = await session.execute(
                    take.values(released_at=func.coalesce(Stage.released_at, now), sent_at=mark)
                )
                if isinstance(result, CursorResult) and result.rowcount == 1:
                    commands.append(Command(task_id, stage, mark))
        return commands

    async def _send(self, command: Command) -> None:
        task_id, stage = command.task_id, command.stage
        await self._commands.send(task_id, stage, f"{task_id}/{stage}/{command.mark:.3f}")
        log.info("stage_released", task_id=task_id, stage=stage)
        async with self._store.writing() as session:
            await session.execute(
                update(Stage)
                .where(Stage.task_id == task_id, Stage.name == stage, Stage.sent_at == command.mark)
                .values(sent_at=time.time())
            )


async def _waiting(session: AsyncSession, free: int, now: float) -> list[Waiting]:
    """Stages that could run: of each owner and kind, the oldest ones, as many as there are slots."""
    place = func.row_number().over(partition_by=(Stage.owner, Stage.name), order_by=(Task.created_at, Task.id))
    candidates = (
        select(Stage.task_id, Stage.owner, Task.created_at, Stage.name, place.label("place"))
        .join(Task, Task.id == Stage.task_id)
        .where(
            Stage.state == "pending",
            Stage.released_at.is_(None),
            or_(Stage.not_before.is_(None), Stage.not_before <= now),
            Task.state.in_(UNFINISHED),
            _needs_are_met(),
        )
        .subquery()
    )
    first = select(candidates.c.task_id, candidates.c.owner, candidates.c.created_at, candidates.c.name).where(
        candidates.c.place <= free
    )
    return [Waiting(*row) for row in await session.execute(first)]


def _needs_are_met() -> ColumnElement[bool]:
    """What pipeline.runnable says, as the database reads it."""
    need = aliased(Stage)
    needed = or_(*(and_(Stage.name == stage, need.name.in_(needs)) for stage, needs in NEEDS.items() if needs))
    unmet = exists().where(need.task_id == Stage.task_id, need.state != "completed", needed)
    return ~unmet


async def _served_at(session: AsyncSession, owners: set[str]) -> dict[str, int]:
    """When these owners, and the one whose turn was the newest, were served last."""
    newest = select(func.max(Owner.served_at)).scalar_subquery()
    rows = await session.execute(
        select(Owner.owner, Owner.served_at).where(or_(Owner.owner.in_(owners), Owner.served_at == newest))
    )
    return {row.owner: row.served_at for row in rows}
