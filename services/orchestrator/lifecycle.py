"""The life of a task, one function per thing that can happen. Rows in, changed rows and an event out; no I/O here.

A task: queued -> running -> completed | failed | cancelled, with interrupted in between whenever a worker is lost.
What has ended can be resumed or retried (retry.py) and is queued again.
A stage: pending -> running -> completed | failed | cancelled | skipped; back to pending when its lease is lost, handed
back, or ended by a failure that another try may mend. Only the current lease's reports change anything.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import inspect as state_of

from services.orchestrator.events import (
    CANCELLED,
    COMPLETED,
    FAILED,
    LOGGED,
    PROGRESSED,
    Event,
    Fault,
    Ref,
    Text,
    to_json,
)
from services.orchestrator.models import EventRow, Stage, Task
from services.orchestrator.names import searchable
from services.orchestrator.pipeline import STAGES, finished, folder_of, runnable, whole_progress

# Failures of what surrounds a stage, not of its work.
SURROUNDINGS = ("UNAVAILABLE", "DISK_FULL")
UNFINISHED = ("queued", "running", "interrupted")


@dataclass(frozen=True)
class RetryRules:
    """How often a stage is tried without making progress, and how long to wait in between.

    ``patience_s`` is how long a stage is tried while what it needs is away: that is no fault of the stage, and no such
    try is counted.
    """

    max_attempts: int
    backoff_s: float
    backoff_max_s: float
    patience_s: float = 6 * 3600.0

    def wait_s(self, attempt: int) -> float:
        """Wait after the given attempt."""
        return min(self.backoff_max_s, self.backoff_s * 2.0 ** (attempt - 1))


def new_task(
    *,
    task_id: str,
    owner: str,
    exp_name: str,
    file_ids: list[str],
    ref_audio_id: str,
    language: str,
    options: bytes,
    inference: bool,
    callback_url: str,
    now: float,
) -> Task:
    """A queued task with all its stages and its first event."""
    task = Task(
        id=task_id,
        owner=owner,
        exp_name=exp_name,
        search_name=searchable(exp_name),
        file_ids=file_ids,
        ref_audio_id=ref_audio_id,
        language=language,
        options=options,
        state="queued",
        detected_language="",
        progress=0.0,
        eta_s=None,
        message={},
        fault=None,
        last_seq=0,
        created_at=now,
        started_at=None,
        completed_at=None,
        purged_at=None,
        callback_url=callback_url,
        callback_state="",
        callback_tries=0,
        callback_at=None,
        stages=[
            _new_stage(owner, position, name, "skipped" if name == "inference" and not inference else "pending")
            for position, name in enumerate(STAGES)
        ],
    )
    tell(task, Text("task.queued"), now)
    return task


def _new_stage(owner: str, position: int, name: str, state: str) -> Stage:
    return Stage(
        name=name,
        owner=owner,
        position=position,
        state=state,
        progress=0.0,
        message=None,
        lease=0,
        attempt=0,
        worker_id="",
        expires_at=None,
        released_at=None,
        not_before=None,
        away_since=None,
        sent_at=None,
        last_report=0,
        manifest=None,
        cache_key="",
        origin="",
        checkpoint=None,
        checkpoint_step=0,
        older_checkpoint=None,
        started_at=None,
        completed_at=None,
    )


def stage_of(task: Task, name: str) -> Stage:
    """The stage of that name."""
    return next(stage for stage in task.stages if stage.name == name)


def states_of(task: Task) -> dict[str, str]:
    """State of every stage, in order."""
    return {stage.name: stage.state for stage in task.stages}


def begin(task: Task, stage: Stage, worker_id: str, *, ttl_s: float, now: float) -> None:
    """A worker claimed the stage: a new lease, a new attempt."""
    stage.state = "running"
    stage.lease += 1
    stage.attempt += 1
    stage.worker_id = worker_id
    stage.expires_at = now + ttl_s
    stage.released_at = stage.released_at or now
    stage.not_before = None
    stage.last_report = 0
    stage.started_at = stage.started_at or now
    task.state = "running"
    task.started_at = task.started_at or now
    tell(task, Text("task.running"), now, stage)


def advance(task: Task, stage: Stage, *, fraction: float, text: Text, eta_s: float | None, now: float) -> None:
    """Progress of a stage."""
    stage.progress = max(stage.progress, fraction)
    stage.message = to_json(text)
    task.progress = max(task.progress, progress_of(task))
    task.eta_s = eta_s
    tell(task, text, now, stage, eta_s=eta_s)


def note(task: Task, stage: Stage, *, level: str, text: Text, now: float) -> None:
    """A line for people who want details."""
    _emit(task, Event(LOGGED, stage=stage.name, level=level, key=text.key, args=text.args), now)


def checkpoint(stage: Stage, ref: Ref, step: int) -> str:
    """A state to go on from. Answers the key of the one that is too old to keep, or ""."""
    if stage.checkpoint == to_json(ref):
        return ""
    dropped = stage.older_checkpoint
    stage.older_checkpoint, stage.checkpoint = stage.checkpoint, to_json(ref)
    if step > stage.checkpoint_step:
        # A stage that gets on is no crash loop, however often it is interrupted.
        stage.checkpoint_step = step
        stage.attempt = 1
        stage.away_since = None
    return str(dropped["uri"]) if dropped else ""


def complete(
    task: Task, stage: Stage, manifest: Ref, language: str, now: float, *, cache_key: str = "", taken_from: str = ""
) -> list[str]:
    """A stage committed its manifest. Answers the keys of checkpoints that nobody needs any more.

    ``taken_from`` is the folder of the artifacts when they were taken over, else empty.
    """
    text = Text("stage.taken_over" if taken_from else "stage.done")
    _end(stage, "completed", now)
    stage.progress = 1.0
    stage.manifest = to_json(manifest)
    stage.cache_key = cache_key
    stage.origin = taken_from or folder_of(task.id, stage.name)
    stage.message = to_json(text)
    obsolete = [str(ref["uri"]) for ref in (stage.checkpoint, stage.older_checkpoint) if ref]
    stage.checkpoint = stage.older_checkpoint = None
    if language:
        task.detected_language = language
    task.eta_s = None
    task.progress = max(task.progress, progress_of(task))
    tell(task, text, now, stage)
    if finished(states_of(task)):
        task.progress = 1.0
        _finish(task, "completed", Text("task.completed"), Event(COMPLETED), now)
    return obsolete


def take_back(task: Task, stage: Stage, now: float) -> None:
    """What a stage took over was purged meanwhile: it runs again at once, and no attempt is counted."""
    stage.attempt = max(0, stage.attempt - 1)
    _give_up_lease(stage, not_before=None)
    _emit(task, Event(LOGGED, stage=stage.name, level="info", key="stage.taken_away"), now)


def hand_back(task: Task, stage: Stage, now: float) -> None:
    """A worker that must go returned its lease: no attempt is counted, and somebody else may begin at once."""
    stage.attempt = max(0, stage.attempt - 1)
    _interrupt(task, stage, not_before=None, now=now)


def lose(task: Task, stage: Stage, rules: RetryRules, now: float) -> None:
    """A lease ran out: its worker is gone, or as good as gone."""
    if stage.attempt >= rules.max_attempts:
        _exhaust(task, stage, now)
        return
    # The first time at once: the lease has been waited for, and a free slot would go to another stage for long.
    wait_s = rules.wait_s(stage.attempt) / 2 if stage.attempt > 1 else 0.0
    _interrupt(task, stage, not_before=now + wait_s, now=now)


def fail(task: Task, stage: Stage, fault: Fault, rules: RetryRules, now: float) -> None:
    """A stage reported a failure: it is tried again later if that can help, else the task ends."""
    if not fault.retryable:
        _fail_task(task, stage, fault, now)
    elif fault.code in SURROUNDINGS:
        _wait(task, stage, fault, rules, now)
    elif stage.attempt >= rules.max_attempts:
        _exhaust(task, stage, now)
    else:
        stage.away_since = None
        text = Text("task.retrying", {"stage": stage.name, "attempt": str(stage.attempt + 1)})
        _try_again(task, stage, fault, text, not_before=now + rules.wait_s(stage.attempt), now=now)


def _wait(task: Task, stage: Stage, fault: Fault, rules: RetryRules, now: float) -> None:
    if stage.away_since is None:
        stage.away_since = now
    waited_s = now - stage.away_since
    if waited_s > rules.patience_s:
        _fail_task(task, stage, fault, now)
        return
    stage.attempt = max(0, stage.attempt - 1)
    wait_s = min(rules.backoff_max_s, max(rules.backoff_s, waited_s))
    _try_again(task, stage, fault, Text("task.waiting", {"stage": stage.name}), not_before=now + wait_s, now=now)


def _try_again(task: Task, stage: Stage, fault: Fault, text: Text, *, not_before: float, now: float) -> None:
    _emit(task, Event(LOGGED, stage=stage.name, level="warning", key=f"error.{fault.code}", args=fault.args), now)
    _give_up_lease(stage, not_before=not_before)
    stage.message = to_json(text)
    tell(task, text, now, stage)


def cancel(task: Task, now: float) -> None:
    """Somebody asked for the end of an unfinished task."""
    for stage in task.stages:
        if stage.state in ("pending", "running"):
            _end(stage, "cancelled", now if stage.state == "running" else None)
    _finish(task, "cancelled", Text("task.cancelled"), Event(CANCELLED), now)


def ready(task: Task, now: float) -> list[Stage]:
    """Stages that may be released now."""
    names = set(runnable(states_of(task)))
    return [
        stage
        for stage in task.stages
        if stage.name in names and stage.released_at is None and (stage.not_before or 0.0) <= now
    ]


def _interrupt(task: Task, stage: Stage, *, not_before: float | None, now: float) -> None:
    _give_up_lease(stage, not_before=not_before)
    text = Text("task.interrupted", {"stage": stage.name})
    stage.message = to_json(text)
    if not any(other.state == "running" for other in task.stages):
        task.state = "interrupted"
        task.eta_s = None
    tell(task, text, now, stage)


def _give_up_lease(stage: Stage, *, not_before: float | None) -> None:
    stage.state = "pending"
    stage.expires_at = stage.released_at = stage.sent_at = None
    stage.not_before = not_before


def _exhaust(task: Task, stage: Stage, now: float) -> None:
    args = {"stage": stage.name, "attempts": str(stage.attempt)}
    _fail_task(task, stage, Fault("ATTEMPTS_EXHAUSTED", args), now)


def _fail_task(task: Task, stage: Stage, fault: Fault, now: float) -> None:
    text = Text(f"error.{fault.code}", fault.args)
    _end(stage, "failed", now)
    stage.message = to_json(text)
    for other in task.stages:
        if other.state == "running":
            _end(other, "cancelled", now)
        elif other.state == "pending":
            _end(other, "skipped", None)
    task.fault = to_json(Fault(fault.code, fault.args, stage.name, fault.retryable))
    _finish(task, "failed", text, Event(FAILED, stage=stage.name, code=fault.code, key=text.key, args=text.args), now)


def _end(stage: Stage, state: str, completed_at: float | None) -> None:
    stage.state = state
    stage.expires_at = stage.released_at = stage.sent_at = stage.not_before = stage.away_since = None
    stage.completed_at = completed_at


def _finish(task: Task, state: str, text: Text, event: Event, now: float) -> None:
    task.state = state
    task.message = to_json(text)
    task.eta_s = None
    task.completed_at = now
    if task.callback_url:
        task.callback_state, task.callback_tries, task.callback_at = "due", 0, now
    _emit(task, event, now)


def progress_of(task: Task) -> float:
    """Progress of the whole task as its stages stand."""
    return whole_progress(states_of(task), {stage.name: stage.progress for stage in task.stages})


def tell(task: Task, text: Text, now: float, stage: Stage | None = None, eta_s: float | None = None) -> None:
    """Say how the task is, and where."""
    task.message = to_json(text)
    event = Event(
        PROGRESSED,
        state=task.state,
        stage=stage.name if stage else "",
        progress=task.progress,
        stage_progress=stage.progress if stage else 0.0,
        key=text.key,
        args=text.args,
        eta_s=eta_s,
    )
    _emit(task, event, now)


def _emit(task: Task, event: Event, now: float) -> None:
    """Write an event with the next number of the task, in whatever transaction the task is being changed."""
    task.last_seq += 1
    task.events.add(EventRow(seq=task.last_seq, owner=task.owner, time=now, data=event.to_json()))
    touch(task)


def touch(task: Task) -> None:
    """Have the commit that follows announce the task's newest event."""
    session = state_of(task).session
    if session is not None:
        session.info.setdefault("touched", {})[task.id] = task.last_seq
