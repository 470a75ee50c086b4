"""Looks into the task store, past everything under test: how far the tasks are, and at the end every row of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from services.orchestrator.models import Base, EventRow, File, Stage, Task

EVERY_S = 0.7
ENDED = ("completed", "failed", "cancelled")


@dataclass(frozen=True)
class Rows:
    """Everything that the store knows."""

    tasks: dict[str, Task]
    events: dict[str, list[EventRow]]
    files: dict[str, File]
    # Purged ones whose rows are still there: hidden, and only for as long as others use what they made.
    purged: dict[str, Task] = field(default_factory=dict)

    def waiting_purges(self) -> list[Task]:
        """Purged tasks of which more is there than others use."""
        return [task for task in self.purged.values() if task.exp_name or not self.used_folders(task.id)]

    def used_folders(self, task_id: str) -> set[str]:
        """Folders of a task in which artifacts of others lie."""
        origins = {stage.origin for task in self.tasks.values() for stage in task.stages if stage.manifest}
        return {origin for origin in origins if origin.startswith(f"tasks/{task_id}/")}

    def write(self, path: Path) -> None:
        """As JSON lines: tasks, their stages, their events."""
        with path.open("w", encoding="utf-8") as file:
            for task in self.tasks.values():
                stages = [_columns(stage) for stage in task.stages]
                file.write(json.dumps({**_columns(task), "stages": stages}) + "\n")
                file.writelines(json.dumps(_columns(event)) + "\n" for event in self.events[task.id])


def _columns(row: Base) -> dict[str, Any]:
    """A row as JSON takes it."""
    values = {column.key: getattr(row, column.key) for column in inspect(type(row)).column_attrs}
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in values.items()}


@dataclass
class Seen:
    """How the tasks stood at the last look."""

    states: dict[str, str] = field(default_factory=dict)
    seqs: dict[str, int] = field(default_factory=dict)
    stages: dict[str, dict[str, str]] = field(default_factory=dict)


class Watch:
    """Looks again and again, for as long as the database answers."""

    def __init__(self, url: str) -> None:
        self._engine: AsyncEngine = create_async_engine(url, pool_pre_ping=True, connect_args={"timeout": 5})
        self._seen = Seen()
        self._looks = 0
        self._changed = asyncio.Condition()
        # Stages that were seen to have ended, also those that a retry made pending again.
        self.stages_ended = 0

    async def run(self) -> None:
        """Look for ever."""
        while True:
            with contextlib.suppress(SQLAlchemyError, OSError):
                async with asyncio.timeout(5):
                    await self._look()
            await asyncio.sleep(EVERY_S)

    async def _look(self) -> None:
        fresh = Seen()
        async with AsyncSession(self._engine) as session:
            for task_id, state, seq in await session.execute(select(Task.id, Task.state, Task.last_seq)):
                fresh.states[task_id], fresh.seqs[task_id] = state, seq
            for task_id, name, state in await session.execute(select(Stage.task_id, Stage.name, Stage.state)):
                fresh.stages.setdefault(task_id, {})[name] = state
        before = self._seen
        for task_id, stages in fresh.stages.items():
            known = before.stages.get(task_id, {})
            self.stages_ended += sum(state in ENDED and known.get(name) not in ENDED for name, state in stages.items())
        async with self._changed:
            self._seen = fresh
            self._looks += 1
            self._changed.notify_all()

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait until a look finds it so."""
        async with self._changed:
            await self._changed.wait_for(reached)

    async def fresh(self) -> None:
        """Wait for a look that begins after this."""
        enough = self._looks + 2
        await self.until(lambda: self._looks >= enough)

    def ended(self, task_id: str) -> bool:
        """Whether a task has ended (or is gone)."""
        return self._seen.states.get(task_id, "") in ENDED

    def last_seq(self, task_id: str) -> int:
        """The sequence of a task's newest event."""
        return self._seen.seqs.get(task_id, 0)

    def reached(self, task_id: str, stage: str) -> bool:
        """Whether a task has come to a stage, or will not any more."""
        return self.ended(task_id) or self._seen.stages.get(task_id, {}).get(stage, "pending") != "pending"

    def running(self) -> set[str]:
        """Stages that somebody works on."""
        return {name for stages in self._seen.stages.values() for name, state in stages.items() if state == "running"}

    def total_events(self) -> int:
        """Rises whenever anything happens to any task."""
        return sum(self._seen.seqs.values())

    def unfinished(self) -> list[str]:
        """Tasks that have not ended."""
        return [task_id for task_id, state in self._seen.states.items() if state not in ENDED]

    async def rows(self) -> Rows:
        """Everything, at one moment."""
        async with AsyncSession(self._engine, expire_on_commit=False) as session:
            tasks = {task.id: task for task in await session.scalars(select(Task))}
            events: dict[str, list[EventRow]] = {task_id: [] for task_id in tasks}
            for event in await session.scalars(select(EventRow).order_by(EventRow.task_id, EventRow.seq)):
                events.setdefault(event.task_id, []).append(event)
            files = {file.id: file for file in await session.scalars(select(File))}
        purged = {task_id: task for task_id, task in tasks.items() if task.purged_at is not None}
        return Rows({task_id: tasks[task_id] for task_id in tasks.keys() - purged.keys()}, events, files, purged)

    async def close(self) -> None:
        """Disconnect."""
        await self._engine.dispose()
