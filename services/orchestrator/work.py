"""The orchestrator's side of working: claims, leases kept alive or lost, and what workers report."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.orchestrator import curves, lifecycle, origins
from services.orchestrator.curves import Point
from services.orchestrator.events import Fault, Ref, Text
from services.orchestrator.lifecycle import UNFINISHED, RetryRules, stage_of
from services.orchestrator.models import File, Stage, Task
from services.orchestrator.origins import Found
from services.orchestrator.store import Store
from services.runtime.log import log

# Why a claim was refused.
STOPPED, DONE, LEASED, NOT_READY = "stopped", "done", "leased", "not_ready"


# Task, stage and number of a lease.
Overdue: TypeAlias = tuple[str, str, int]


@dataclass(frozen=True)
class Claim:
    """A lease, with the rows that a worker needs to use it."""

    task: Task
    stage: Stage
    files: tuple[File, ...]
    ref_audio: File | None
    ttl_s: float


@dataclass(frozen=True)
class Refused:
    """Why there is nothing to do, and when to ask again if at all."""

    reason: str
    retry_after_s: float = 0.0


@dataclass(frozen=True)
class Report:
    """What a worker tells; ``kind`` is progress, metrics, log, checkpoint, result, failure or release."""

    task_id: str
    stage: str
    lease: int
    number: int
    kind: str
    text: Text = field(default_factory=lambda: Text(""))
    fraction: float = 0.0
    eta_s: float | None = None
    level: str = ""
    ref: Ref | None = None
    step: int = 0
    language: str = ""
    cache_key: str = ""
    origin: str = ""
    fault: Fault | None = None
    point: Point | None = None


class Work:
    """Leases: given to one worker at a time, for as long as it shows that it lives."""

    def __init__(
        self,
        store: Store,
        *,
        ttl_s: float,
        rules: RetryRules,
        on_change: Callable[[], None],
        on_stop: Callable[[str], None],
        on_obsolete: Callable[[list[str]], None],
    ) -> None:
        """``on_obsolete`` gets the keys of artifacts that nobody needs any more."""
        self._store, self._ttl_s, self._rules = store, ttl_s, rules
        self._on_change, self._on_stop, self._on_obsolete = on_change, on_stop, on_obsolete
        # How many keep-alives could not be written down.
        self.missed = 0

    async def claim(self, task_id: str, stage_name: str, worker_id: str) -> Claim | Refused:
        """Give a lease on a released stage, or say why not; the same claim gets the same lease again."""
        now = time.time()
        async with self._store.writing() as session:
            task = await _locked(session, task_id)
            if task is None or task.state not in UNFINISHED:
                return Refused(STOPPED)
            stage = stage_of(task, stage_name)
            answered_before = stage.state == "running" and stage.worker_id == worker_id
            if not answered_before:
                refused = _refusal(stage, now)
                if refused is not None:
                    return refused
                lifecycle.begin(task, stage, worker_id, ttl_s=self._ttl_s, now=now)
            rows = await session.scalars(select(File).where(File.id.in_([*task.file_ids, task.ref_audio_id])))
            files = {file.id: file for file in rows}
        log.info(
            "stage_claimed",
            task_id=task_id,
            stage=stage_name,
            lease=stage.lease,
            attempt=stage.attempt,
            worker=worker_id,
        )
        return Claim(
            task,
            stage,
            tuple(files[file_id] for file_id in task.file_ids if file_id in files),
            files.get(task.ref_audio_id),
            self._ttl_s,
        )

    async def keep_alive(self, task_id: str, stage: str, lease: int) -> bool:
        """Prolong a lease; False when it is over and its holder must stop."""
        prolong = (
            update(Stage)
            .where(Stage.task_id == task_id, Stage.name == stage, Stage.lease == lease, Stage.state == "running")
            .values(expires_at=time.time() + self._ttl_s)
        )
        try:
            async with self._store.writing() as session:
                result = await session.execute(prolong)
        except BaseException:
            self.missed += 1
            raise
        return bool(result.rowcount)  # type: ignore[attr-defined]

    async def find_cached(self, task_id: str, stage: str, lease: int, key: str) -> Found | None:
        """What the same owner's same work has left, for the holder of a lease."""
        async with self._store.reading() as session:
            return await origins.find(session, task_id, stage, lease, key)

    async def apply(self, report: Report) -> None:
        """Take a report of the current lease; any other is too late to count and is left unread."""
        now = time.time()
        obsolete: list[str] = []
        async with self._store.writing() as session:
            task = await _locked(session, report.task_id)
            stage = stage_of(task, report.stage) if task is not None else None
            if task is None or stage is None or not _counts(stage, report):
                log.info(
                    "report_ignored", task_id=report.task_id, stage=report.stage, lease=report.lease, kind=report.kind
                )
                return
            stage.last_report = report.number
            if report.origin and not await origins.is_kept(session, stage.owner, stage.name, report.origin):
                lifecycle.take_back(task, stage, now)
                log.info("origin_gone", task_id=task.id, stage=stage.name, origin=report.origin)
            elif report.point is not None:
                await curves.add(session, stage, report.point)
            else:
                obsolete = self._take(task, stage, report, now)
            if stage.state == "completed" and stage.name in curves.TRAINING:
                await curves.drop(session, task.id, (stage.name,))
        if obsolete:
            self._on_obsolete(obsolete)
        if report.kind in ("result", "failure", "release"):
            log.info("stage_reported", task_id=task.id, stage=stage.name, kind=report.kind, task_state=task.state)
            if task.state == "failed":
                self._on_stop(task.id)
            self._on_change()

    def _take(self, task: Task, stage: Stage, report: Report, now: float) -> list[str]:
        match report.kind:
            case "progress":
                lifecycle.advance(task, stage, fraction=report.fraction, text=report.text, eta_s=report.eta_s, now=now)
            case "log":
                lifecycle.note(task, stage, level=report.level, text=report.text, now=now)
            case "checkpoint" if report.ref is not None:
                dropped = lifecycle.checkpoint(stage, report.ref, report.step)
                return [dropped] if dropped else []
            case "result" if report.ref is not None:
                return lifecycle.complete(
                    task,
                    stage,
                    report.ref,
                    report.language,
                    now,
                    cache_key=report.cache_key,
                    taken_from=report.origin,
                )
            case "failure" if report.fault is not None:
                lifecycle.fail(task, stage, report.fault, self._rules, now)
            case "release":
                lifecycle.hand_back(task, stage, now)
            case _:
                log.error("report_unknown", kind=report.kind)
        return []

    async def lose(self, overdue: list[Overdue], now: float) -> int:
        """Take back those of the leases that really had run out by ``now``; answers how many."""
        lost = 0
        for task_id, name, _ in overdue:
            async with self._store.writing() as session:
                task = await _locked(session, task_id)
                stage = stage_of(task, name) if task is not None else None
                if task is None or stage is None or stage.state != "running" or (stage.expires_at or now) >= now:
                    continue  # its worker was heard of meanwhile
                lifecycle.lose(task, stage, self._rules, now)
            log.warning("lease_lost", task_id=task_id, stage=name, lease=stage.lease, attempt=stage.attempt)
            lost += 1
            if task.state == "failed":
                self._on_stop(task_id)
        if lost:
            self._on_change()
        return lost

    async def overdue(self, now: float) -> list[Overdue]:
        """Each lease that had run out by ``now``."""
        query = select(Stage.task_id, Stage.name, Stage.lease).where(Stage.state == "running", Stage.expires_at < now)
        async with self._store.reading() as session:
            return [(row.task_id, row.name, row.lease) for row in await session.execute(query)]


def _counts(stage: Stage, report: Report) -> bool:
    """Whether a report is of the current lease, and newer than all that were taken."""
    return stage.state == "running" and stage.lease == report.lease and report.number > stage.last_report


def _refusal(stage: Stage, now: float) -> Refused | None:
    if stage.state == "running":
        return Refused(LEASED, retry_after_s=max(0.5, (stage.expires_at or now) - now))
    if stage.state == "completed":
        return Refused(DONE)
    if stage.state != "pending":
        return Refused(STOPPED)
    return None if stage.released_at is not None else Refused(NOT_READY)


async def _locked(session: AsyncSession, task_id: str) -> Task | None:
    task: Task | None = await session.scalar(select(Task).where(Task.id == task_id).with_for_update())
    return task
