"""Estimates for whoever asks: from what tasks have taken, else from the measured speed; and how long the queue is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.orchestrator.estimate import (
    USABLE_SHARE,
    Estimate,
    Load,
    Rates,
    Speed,
    Taken,
    estimates,
    rates_of,
    remaining_s,
    trained_before,
)
from services.orchestrator.lifecycle import UNFINISHED
from services.orchestrator.models import File, Task
from services.orchestrator.store import Store
from services.runtime.errors import InvalidInputError

MAX_USABLE_S = 7200.0
# What was long ago says less of how fast the machine is now.
NEWEST = 12


class SpeedMeter(Protocol):
    """Knows how fast this machine trains."""

    async def speed(self) -> Speed:
        """Raises UnavailableError when it cannot be measured now."""


class Ledger(Protocol):
    """Reads what tasks ask for and what they have taken."""

    async def taken(self, task: Task) -> Taken:
        """Of a completed task. Raises UnavailableError."""

    async def load(self, task: Task, recorded_s: float) -> Load:
        """Of a task whose recordings last so long. Raises UnavailableError."""


@dataclass(frozen=True)
class Answer:
    """An estimate for each quality, and what comes before: so many tasks, for so many seconds."""

    estimates: list[Estimate]
    tasks_before: int
    wait_s: float


class Estimates:
    """How long tasks would take on this machine."""

    def __init__(self, store: Store, meter: SpeedMeter, ledger: Ledger, *, slots: int) -> None:
        """``slots`` is how many stages run at once."""
        self._store, self._meter, self._ledger, self._slots = store, meter, ledger, slots

    async def of(self, owner: str, usable_s: float) -> Answer:
        """Estimates for so many seconds of usable speech.

        Raises InvalidInputError (INVALID_REQUEST), UnavailableError when nothing is known and nothing can be measured.
        """
        if not 0 < usable_s <= MAX_USABLE_S:
            raise InvalidInputError("INVALID_REQUEST", problem="usable_s")
        newest = select(Task).where(Task.owner == owner, Task.state == "completed", Task.purged_at.is_(None))
        async with self._store.reading() as session:
            completed = list(await session.scalars(newest.order_by(Task.completed_at.desc()).limit(NEWEST)))
            before = list(await session.scalars(select(Task).where(Task.state.in_(UNFINISHED))))
            recorded = await _recorded(session, before)
        history = [await self._ledger.taken(task) for task in completed]
        rates = rates_of(history, None if trained_before(history) else await self._meter.speed())
        return Answer(estimates(usable_s, rates), len(before), await self._wait_s(before, recorded, rates))

    async def _wait_s(self, tasks: list[Task], recorded: Mapping[str, float], rates: Rates) -> float:
        """Stages share the slots; with several, what is left is done so many times as fast."""
        total = 0.0
        for task in tasks:
            recorded_s = sum(recorded.get(file_id, 0.0) for file_id in task.file_ids) * USABLE_SHARE
            load = await self._ledger.load(task, recorded_s)
            left = {stage.name: stage.progress for stage in task.stages if stage.state in ("pending", "running")}
            total += remaining_s(rates, load, left)
        return total / self._slots


async def _recorded(session: AsyncSession, tasks: list[Task]) -> dict[str, float]:
    """Seconds of the recordings of some tasks."""
    ids = {file_id for task in tasks for file_id in task.file_ids}
    rows = await session.execute(select(File.id, File.seconds).where(File.id.in_(ids)))
    return {row.id: row.seconds for row in rows}
