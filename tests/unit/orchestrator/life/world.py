"""Two orchestrators over one store, a broker that may be away, a clock that a test moves: where tasks live."""

from __future__ import annotations

import importlib
import pkgutil
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import services.orchestrator
from services.orchestrator.events import Fault, Ref, Text
from services.orchestrator.files import Facts, Files, Upload
from services.orchestrator.leases import LeaseWatch
from services.orchestrator.lifecycle import RetryRules
from services.orchestrator.models import EventRow
from services.orchestrator.outbox import Outbox, OutOfOrderError, Told
from services.orchestrator.scheduler import Limits, Scheduler
from services.orchestrator.store import Store
from services.orchestrator.sweeper import Sweeper
from services.orchestrator.tasks import NewTask, Tasks
from services.orchestrator.work import Report, Work
from services.runtime.artifacts import ArtifactStore
from services.runtime.errors import UnavailableError

OWNER = "local"
SLOTS, WINDOW, TTL_S, RESEND_S, TICK_S, PURGE_AFTER_S = 2, 2, 15.0, 20.0, 1.0, 25.0
RULES = RetryRules(max_attempts=3, backoff_s=2.0, backoff_max_s=8.0)
EPOCH = 1_700_000_000.0


class Clock(ModuleType):
    """Stands where modules have ``time``; it moves when a test says so, and by a hair with every look at it."""

    def __init__(self) -> None:
        super().__init__("clock")
        self.now = EPOCH

    def time(self) -> float:
        self.now += 1e-6
        return self.now

    def monotonic(self) -> float:
        return self.now - EPOCH


@contextmanager
def ruling(clock: Clock) -> Iterator[None]:
    """Have the whole orchestrator live by a clock."""
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(services.orchestrator.__path__, "services.orchestrator.")
        if "migrations" not in found.name
    ]
    ruled = [module for module in modules if vars(module).get("time") is time]
    assert len(ruled) > 3
    for module in ruled:
        vars(module)["time"] = clock
    try:
        yield
    finally:
        for module in ruled:
            vars(module)["time"] = time


@dataclass
class Broker:
    """Keeps commands and events; while it is away, it takes nothing, or takes it and does not say so."""

    commands: list[tuple[str, str]] = field(default_factory=list)
    stream: list[tuple[str, int]] = field(default_factory=list)
    away: str = ""  # "", "deaf" or "mute"

    async def send(self, task_id: str, stage: str, msg_id: str) -> None:
        self._check("deaf")
        self.commands.append((task_id, stage))
        self._check("mute")

    async def publish(self, event: EventRow, after: int) -> int:
        self._check("deaf")
        if after != (await self.newest(event.task_id)).place:
            raise OutOfOrderError
        self.stream.append((event.task_id, event.seq))
        self._check("mute")
        return len(self.stream)

    async def newest(self, task_id: str) -> Told:
        self._check("deaf")
        places = [place for place, (told_of, _) in enumerate(self.stream, start=1) if told_of == task_id]
        return Told(self.stream[places[-1] - 1][1], places[-1]) if places else Told(0, 0)

    def published(self, task_id: str) -> list[int]:
        """Numbers of a task's events, as the world got them."""
        return [seq for told_of, seq in self.stream if told_of == task_id]

    def _check(self, how: str) -> None:
        if self.away == how:
            raise UnavailableError("UNAVAILABLE")


class Decoder:
    """Every recording can be read."""

    async def inspect(self, ref: Ref, max_seconds: float) -> Facts:
        return Facts(10.0, 24000, 1)


@dataclass
class Lease:
    """A lease that was given, and what its holder has said; a holder may go on talking when it is over."""

    task_id: str
    stage: str
    lease: int
    worker: str
    said: list[Report] = field(default_factory=list)

    def say(self, kind: str, fraction: float = 0.0, name: str = "") -> Report:
        """The next report."""
        number = len(self.said) + 1
        ref = Ref(f"tasks/{self.task_id}/{self.stage}/{self.lease}/{name or kind}{number}", "00", 1)
        fault = Fault("INTERNAL", retryable=kind == "failure") if kind in ("failure", "fatal") else None
        report = Report(
            self.task_id,
            self.stage,
            self.lease,
            number,
            "failure" if kind == "fatal" else kind,
            text=Text("asr.transcribing"),
            fraction=fraction,
            level="info",
            ref=ref if kind in ("checkpoint", "result") else None,
            step=number,
            fault=fault,
        )
        self.said.append(report)
        return report


class Orchestrator:
    """What one orchestrator process is made of, without its loops."""

    def __init__(self, store: Store, artifacts: ArtifactStore, broker: Broker) -> None:
        self.store = store
        self.stopped: list[str] = []
        self.sweeper = Sweeper(store, artifacts, purge_after_s=PURGE_AFTER_S, orphan_age_s=86400.0, keep_keys_s=86400.0)
        self.work = Work(
            store,
            ttl_s=TTL_S,
            rules=RULES,
            on_change=lambda: None,
            on_stop=self.stopped.append,
            on_obsolete=self.sweeper.remove,
        )
        self.tasks = Tasks(
            store,
            artifacts,
            languages=("en",),
            max_queued=100,
            callbacks=False,
            callback_private=False,
            on_change=lambda: None,
            on_stop=self.stopped.append,
            on_obsolete=self.sweeper.remove,
        )
        self.files = Files(
            store,
            artifacts,
            Decoder(),
            max_bytes=100,
            max_seconds=60,
            max_transcript_chars=100,
            min_free_bytes=0,
        )
        limits = Limits(SLOTS, WINDOW, WINDOW)
        self.scheduler = Scheduler(store, broker, limits=limits, resend_s=RESEND_S, tick_s=TICK_S)
        self.leases = LeaseWatch(
            self.work, ttl_s=TTL_S, every_s=TICK_S, connected=lambda: not broker.away, reports=no_reports
        )
        self.outbox = Outbox(store, broker)

    async def tick(self) -> None:
        """What both of its loops do every second."""
        await self.leases.look()
        await self.scheduler.tick()


async def no_reports() -> tuple[int, int]:
    """Reports come when hypothesis wants them to: none is waited for."""
    return 0, 0


class World:
    """One store in a folder of its own; ``orchestrators`` come and go, what they wrote stays."""

    def __init__(self, template: Path, folder: Path, clock: Clock) -> None:
        self.clock, self.broker = clock, Broker()
        self._database = folder / "tasks.db"
        shutil.copy(template, self._database)
        self._artifacts = ArtifactStore(str(folder / "artifacts"))
        self._rows = sqlite3.connect(self._database)
        self._rows.row_factory = sqlite3.Row
        self.orchestrators: list[Orchestrator] = []

    async def open(self, count: int) -> None:
        """Start orchestrators."""
        self.orchestrators = [await self._orchestrator() for _ in range(count)]

    async def restart(self, number: int) -> None:
        """End one orchestrator in the middle of its life and begin it anew: it knows nothing but what is stored."""
        await self.orchestrators[number].store.close()
        self.orchestrators[number] = await self._orchestrator()

    async def _orchestrator(self) -> Orchestrator:
        store = await Store.open(f"sqlite+aiosqlite:///{self._database}")
        return Orchestrator(store, self._artifacts, self.broker)

    async def close(self) -> None:
        """Stop everything."""
        for orchestrator in self.orchestrators:
            await orchestrator.store.close()
        self._rows.close()

    async def upload(self, number: int) -> str:
        """A recording's id."""

        async def sound() -> AsyncIterator[bytes]:
            yield b"sound"

        return (await self.orchestrators[number].files.write(Upload(OWNER, "me.wav"), sound())).id

    async def create(self, number: int, name: str, file_id: str, *, inference: bool) -> str:
        """A task's id."""
        new = NewTask(OWNER, name, (file_id,), "", "en", b"", inference, "", "")
        return (await self.orchestrators[number].tasks.create(new)).task.id

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """What is stored, read past the orchestrators."""
        return [dict(row) for row in self._rows.execute(query, values)]

    def task(self, task_id: str) -> dict[str, Any] | None:
        """A task's row."""
        return next(iter(self.rows("SELECT * FROM tasks WHERE id = ?", task_id)), None)

    def stage(self, task_id: str, name: str) -> dict[str, Any] | None:
        """A stage's row."""
        return next(iter(self.rows("SELECT * FROM stages WHERE task_id = ? AND name = ?", task_id, name)), None)

    def all_of(self, task_id: str) -> list[dict[str, Any]]:
        """Everything that is stored about a task."""
        tables = (("tasks", "id"), ("stages", "task_id"), ("events", "task_id"))
        return [row for table, key in tables for row in self.rows(f"SELECT * FROM {table} WHERE {key} = ?", task_id)]
