"""What must be true of every task at every moment, read from the store."""

from __future__ import annotations

import json
from typing import Any

from services.orchestrator.events import CANCELLED, COMPLETED, FAILED, PROGRESSED
from services.orchestrator.lifecycle import UNFINISHED
from services.orchestrator.pipeline import NEEDS, STAGES
from tests.unit.orchestrator.life.world import RULES, SLOTS, WINDOW, World

# What may follow the end of a task, and begins another life of it.
TERMINAL = (COMPLETED, FAILED, CANCELLED)
AGAIN = ("task.resumed", "task.retried")
ENDED_STAGES = ("completed", "failed", "cancelled", "skipped")


def check(world: World) -> None:
    """All of it."""
    stages: dict[str, dict[str, dict[str, Any]]] = {}
    for row in world.rows("SELECT * FROM stages"):
        stages.setdefault(row["task_id"], {})[row["name"]] = row
    events: dict[str, list[dict[str, Any]]] = {}
    for row in world.rows("SELECT task_id, seq, data, published_at FROM events ORDER BY task_id, seq"):
        events.setdefault(row["task_id"], []).append(row)
    for task in world.rows("SELECT * FROM tasks"):
        _check_events(task, events[task["id"]])
        _check_state(task, stages[task["id"]])
        _check_published(events[task["id"]], world.broker.published(task["id"]))
        for stage in stages[task["id"]].values():
            _check_stage(task, stage, stages[task["id"]])
    _check_slots(world)


def _check_events(task: dict[str, Any], events: list[dict[str, Any]]) -> None:
    assert [event["seq"] for event in events] == list(range(1, task["last_seq"] + 1)), "numbers have gaps"
    progress, ended = 0.0, ""
    for event in (json.loads(event["data"]) for event in events):
        if ended:
            assert event.get("key") in AGAIN, f"something follows the end of a life: {event}"
        if event.get("key") == "task.retried":
            progress = 0.0
        if event["kind"] == PROGRESSED:
            assert event.get("progress", 0.0) >= progress, "progress falls"
            progress = event.get("progress", 0.0)
        ended = event["kind"] if event["kind"] in TERMINAL else ""
    assert ended == ("" if task["state"] in UNFINISHED else task["state"]), "state and last event differ"


def _check_state(task: dict[str, Any], stages: dict[str, dict[str, Any]]) -> None:
    states = {stages[name]["state"] for name in STAGES}
    match task["state"]:
        case "completed":
            assert states <= {"completed", "skipped"}
            assert task["progress"] == 1.0
            assert all(stages[name]["state"] == "completed" for name in STAGES if name != "inference")
        case "failed":
            assert "failed" in states
            assert states <= set(ENDED_STAGES)
            assert task["fault"] is not None
        case "cancelled":
            assert "cancelled" in states
            assert states <= set(ENDED_STAGES)
        case unfinished:
            assert states & {"pending", "running"}, "nothing is left to do, and yet it has not ended"
            assert not states & {"failed", "cancelled"}
            assert ("running" in states) <= (unfinished == "running"), "somebody works on what does not run"
            assert task["completed_at"] is None
            assert task["fault"] is None
    if task["state"] not in UNFINISHED:
        assert task["completed_at"] is not None


def _check_stage(task: dict[str, Any], stage: dict[str, Any], stages: dict[str, dict[str, Any]]) -> None:
    if stage["state"] == "running":
        assert stage["expires_at"] is not None
        assert stage["released_at"] is not None
        assert stage["worker_id"]
        assert stage["lease"] > 0
        assert all(stages[need]["state"] == "completed" for need in NEEDS[stage["name"]]), "works on what is not there"
    else:
        assert stage["expires_at"] is None
    if stage["state"] == "completed":
        assert stage["manifest"] is not None
        assert stage["progress"] == 1.0
        assert stage["checkpoint"] is None
        assert stage["older_checkpoint"] is None
    if stage["not_before"] is not None and stage["released_at"] is not None:
        assert stage["released_at"] >= stage["not_before"], "what waits for another try holds a slot"
    if stage["state"] in ENDED_STAGES:
        assert stage["released_at"] is None
    assert 0 <= stage["attempt"] <= RULES.max_attempts


def _check_published(events: list[dict[str, Any]], published: list[int]) -> None:
    assert published == list(range(1, len(published) + 1)), "the world hears of events out of order"
    told = [event["seq"] for event in events if event["published_at"] is not None]
    assert set(told) <= set(published), "an event counts as told that was not"


def _check_slots(world: World) -> None:
    busy = world.rows("SELECT name FROM stages WHERE state = 'running' OR released_at IS NOT NULL")
    assert len(busy) <= SLOTS, "more runs at once than may"
    for name in STAGES:
        assert sum(row["name"] == name for row in busy) <= WINDOW
