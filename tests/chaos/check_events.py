"""Rules about what happened: every task ends, once per life; every event is told to everybody, in order, once."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from services.orchestrator.events import CANCELLED, COMPLETED, FAILED
from services.orchestrator.models import EventRow, Task
from services.orchestrator.servicer.convert import to_event
from tests.chaos.load import Accepted
from tests.chaos.report import Violations
from tests.chaos.state import ENDED, Rows
from voiceloom.pipeline.v1.pipeline_pb2 import TaskEvent

TERMINAL = (COMPLETED, FAILED, CANCELLED)
DONE = ("stage.done", "stage.taken_over")


def check_tasks(accepted: Sequence[Accepted], rows: Rows, violations: Violations) -> None:
    """What was accepted is there, once, and has ended well or as it was asked to; nothing else is there."""
    for task in accepted:
        row = rows.tasks.get(task.task_id)
        if task.purged:
            if row is not None:
                violations.add("purged", f"{task.wish.name} is still in the store")
        elif row is None:
            violations.add("accepted", f"{task.wish.name} ({task.task_id}) is not in the store")
        else:
            _check_end(task, row, violations)
    for row in rows.waiting_purges():
        violations.add("purged", f"{row.exp_name} ({row.id}): nobody uses it, and it is still in the store")
    known = {task.task_id for task in accepted}
    for row in (*rows.tasks.values(), *rows.purged.values()):
        if row.id not in known:
            violations.add("once", f"{row.exp_name} was created twice: nobody knows {row.id}")


def check_files(known: set[str], rows: Rows, violations: Violations) -> None:
    """Every upload is there once, however often it was sent."""
    for file_id in known - rows.files.keys():
        violations.add("accepted", f"the recording {file_id} is not in the store")
    for file_id in rows.files.keys() - known:
        violations.add("once", f"a recording was stored twice: nobody knows {file_id}")


def _check_end(task: Accepted, row: Task, violations: Violations) -> None:
    label = f"{task.wish.name} ({row.id})"
    if row.state not in ENDED:
        stages = ", ".join(f"{stage.name} {stage.state}" for stage in row.stages if stage.state not in ENDED)
        violations.add("ended", f"{label} is {row.state}: {stages}")
    elif row.state == "failed":
        violations.add("failed", f"{label}: {row.fault}")
    elif row.state == "cancelled" and task.deeds[-1:] != ["cancelled"]:
        violations.add("cancelled", f"{label} was cancelled, but not by us: {task.deeds}")
    elif row.state == "completed":
        for stage in row.stages:
            if stage.state not in ("completed", "skipped") or (stage.state == "completed" and not stage.manifest):
                violations.add("completed", f"{label} is completed and its {stage.name} is {stage.state}")


def check_history(task: Task, events: Sequence[EventRow], violations: Violations) -> None:
    """The store's own history of one task."""
    label = f"{task.exp_name} ({task.id})"
    seqs = [event.seq for event in events]
    if seqs != list(range(1, task.last_seq + 1)):
        violations.add("history", f"{label}: the store has {_holes(seqs, task.last_seq)} of 1..{task.last_seq}")
    if any(event.published_at is None for event in events):
        violations.add("history", f"{label}: an event was never published")
    made: Counter[str] = Counter()
    for number, life in enumerate(_lives(events)):
        kinds = [event.data["kind"] for event in life]
        ends = sum(kind in TERMINAL for kind in kinds)
        if ends != 1 or kinds[-1] not in TERMINAL:
            violations.add("terminal", f"{label}: life {number + 1} has {ends} ends, and ends with {kinds[-1]}")
        if life[0].data.get("state") != "queued":
            violations.add("terminal", f"{label}: life {number + 1} begins with {life[0].data}")
        done = Counter(event.data["stage"] for event in life if event.data.get("key") in DONE)
        twice = [stage for stage, times in done.items() if times > 1]
        if twice:
            violations.add("committed", f"{label}: committed twice in one life: {twice}")
        made.update(done)
        shares = [event.data.get("progress", 0.0) for event in life if event.data["kind"] == "progressed"]
        if shares != sorted(shares):
            violations.add("progress", f"{label}: progress falls")
    if task.state == "completed":
        for stage in task.stages:
            if stage.state == "completed" and not made[stage.name]:
                violations.add("committed", f"{label}: {stage.name} is completed, but nothing says when")


def _lives(events: Sequence[EventRow]) -> Iterator[Sequence[EventRow]]:
    """A task that is run again after its end has another life."""
    begin = 0
    for position, event in enumerate(events, 1):
        if event.data["kind"] in TERMINAL:
            yield events[begin:position]
            begin = position
    if begin < len(events):
        yield events[begin:]


def check_followers(accepted: Sequence[Accepted], rows: Rows, violations: Violations) -> None:
    """What each client saw: every id once, rising, none missing."""
    for task in accepted:
        row = rows.tasks.get(task.task_id)
        for follower in task.followers:
            newest = row.last_seq if row is not None else max(follower.ids, default=follower.began_at)
            if follower.ids != list(range(follower.began_at + 1, newest + 1)):
                holes = _holes(follower.ids, newest, follower.began_at)
                violations.add("followers", f"{follower.label} ({task.task_id}): saw {holes}")
            if row is not None and follower.gone:
                violations.add("followers", f"{follower.label} ({task.task_id}): was told that the task is gone")


def check_told(told: Mapping[str, Sequence[TaskEvent]], rows: Rows, violations: Violations) -> int:
    """The broker's events are the store's, in order, each once; how many there are."""
    for task_id, task in rows.tasks.items():
        label = f"{task.exp_name} ({task_id})"
        expected = [to_event(event) for event in rows.events[task_id]]
        found = list(told.get(task_id, []))
        if [event.seq for event in found] != [event.seq for event in expected]:
            holes = _holes([event.seq for event in found], task.last_seq)
            violations.add("told", f"{label}: the broker has {holes} of 1..{task.last_seq}")
        elif found != expected:
            violations.add("told", f"{label}: the broker's events are not the store's")
    for task_id, events in told.items():
        seqs = [event.seq for event in events]
        if task_id not in rows.tasks and seqs != list(range(1, len(seqs) + 1)):
            violations.add("told", f"purged task {task_id}: the broker has {_holes(seqs, max(seqs))}")
    return sum(len(events) for events in told.values())


def _holes(seqs: Sequence[int], newest: int, began_at: int = 0) -> str:
    """What is wrong with a sequence, for people."""
    missing = sorted(set(range(began_at + 1, newest + 1)) - set(seqs))
    twice = sorted(seq for seq, times in Counter(seqs).items() if times > 1)
    late = [later for earlier, later in itertools.pairwise(seqs) if later < earlier]
    return f"{len(seqs)} ids, missing {missing[:10]}, twice {twice[:10]}, out of order {late[:10]}"
