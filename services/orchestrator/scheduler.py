"""Decides which stages run next, sends their commands, and sends again what got lost.

The store says what is so; a command is only a hint. A stage is released when what it needs is completed, a slot is
free and its turn has come; it stays released until a worker's lease on it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Row, select, update

from services.orchestrator import lifecycle
from services.orchestrator.lifecycle import UNFINISHED
from services.orchestrator.models import Stage, Task
from services.orchestrator.pipeline import STAGES, runnable
from services.orchestrator.store import Store
from services.orchestrator.work import Work
from services.runtime.errors import VoiceloomError
from services.runtime.log import log


@dataclass(frozen=True)
class Waiting:
    """A stage that could be released."""

    task_id: str
    owner: str
    created_at: float
    stage: str


def choose(
    waiting: Iterable[Waiting],
    *,
    busy_by_stage: Counter[str],
    served_at: dict[str, int],
    slots: int,
    window: int,
) -> list[Waiting]:
    """What to release next: owners take turns (the one served longest ago first), each owner's oldest task first.

    ``slots`` are free in all, ``window`` bounds the stages of one kind; ``served_at`` says when (as a rising number)
    an owner was served last, and is brought up to date, as is ``busy_by_stage``.
    """
    order = {stage: position for position, stage in enumerate(STAGES)}
    rest = sorted(waiting, key=lambda item: (item.created_at, item.task_id, order[item.stage]))
    chosen: list[Waiting] = []
    while len(chosen) < slots:
        fitting = [item for item in rest if busy_by_stage[item.stage] < window]
        if not fitting:
            break
        first = min(fitting, key=lambda item: served_at.get(item.owner, 0))
        served_at[first.owner] = max(served_at.values(), default=0) + 1
        busy_by_stage[first.stage] += 1
        chosen.append(first)
        rest.remove(first)
    return chosen


class Commands(Protocol):
    """Where commands go."""

    async def send(self, task_id: str, stage: str, msg_id: str) -> None:
        """Queue a command, once per ``msg_id``. Raises UnavailableError."""


class Scheduler:
    """Looks at the store whenever something changed, and now and then anyway."""

    def __init__(
        self, store: Store, work: Work, commands: Commands, *, slots: int, window: int, resend_s: float, tick_s: float
    ) -> None:
        self._store, self._work, self._commands = store, work, commands
        self._slots, self._window, self._resend_s, self._tick_s = slots, window, resend_s, tick_s
        self._served_at: dict[str, int] = {}
        self._kicked = asyncio.Event()

    def kick(self) -> None:
        """Look at the store now."""
        self._kicked.set()

    async def run(self) -> None:
        """Schedule for ever."""
        prolonged = False
        while True:
            self._kicked.clear()
            try:
                if not prolonged:
                    await self._work.prolong_all()
                    prolonged = True
                await self.tick()
            except VoiceloomError as exc:
                # The broker or the task store is away; what was not done is done at the next look.
                log.warning("scheduling_waits", error=str(exc))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._kicked.wait(), self._tick_s)

    async def tick(self) -> None:
        """Take back lost leases, release what may run, send what has to be sent."""
        await self._work.expire()
        now = time.time()
        stages = await self._unfinished()
        busy = [stage for stage in stages if stage.state == "running" or stage.released_at is not None]
        unsent = [stage for stage in busy if stage.state == "pending" and (stage.sent_at or 0) + self._resend_s <= now]
        chosen = choose(
            _waiting(stages, now),
            busy_by_stage=Counter(stage.name for stage in busy),
            served_at=self._served_at,
            slots=self._slots - len(busy),
            window=self._window,
        )
        released = await self._release(chosen, now)
        await self._send([*((stage.task_id, stage.name) for stage in unsent), *released], now)

    async def _unfinished(self) -> Sequence[Row[*tuple[Any, ...]]]:
        query = (
            select(
                Stage.task_id,
                Stage.name,
                Stage.state,
                Stage.released_at,
                Stage.not_before,
                Stage.sent_at,
                Task.owner,
                Task.created_at,
            )
            .join(Task, Task.id == Stage.task_id)
            .where(Task.state.in_(UNFINISHED))
        )
        async with self._store.reading() as session:
            return (await session.execute(query)).all()

    async def _release(self, chosen: list[Waiting], now: float) -> list[tuple[str, str]]:
        released = []
        for item in chosen:
            async with self._store.writing() as session:
                task = await session.scalar(select(Task).where(Task.id == item.task_id).with_for_update())
                ready = lifecycle.ready(task, now) if task is not None and task.state in UNFINISHED else []
                for stage in ready:
                    if stage.name == item.stage:
                        stage.released_at = now
                        released.append((item.task_id, item.stage))
        return released

    async def _send(self, commands: list[tuple[str, str]], now: float) -> None:
        for task_id, stage in commands:
            await self._commands.send(task_id, stage, f"{task_id}/{stage}/{now:.3f}")
            log.info("stage_released", task_id=task_id, stage=stage)
            async with self._store.writing() as session:
                await session.execute(
                    update(Stage).where(Stage.task_id == task_id, Stage.name == stage).values(sent_at=now)
                )


def _waiting(stages: Sequence[Row[*tuple[Any, ...]]], now: float) -> list[Waiting]:
    states: dict[str, dict[str, str]] = {}
    for stage in stages:
        states.setdefault(stage.task_id, {})[stage.name] = stage.state
    runnable_now = {task_id: set(runnable(by_name)) for task_id, by_name in states.items()}
    return [
        Waiting(stage.task_id, stage.owner, stage.created_at, stage.name)
        for stage in stages
        if stage.name in runnable_now[stage.task_id] and stage.released_at is None and (stage.not_before or 0.0) <= now
    ]
