"""What can happen to a task, without a database."""

from __future__ import annotations

from typing import Any

import pytest

from services.orchestrator import lifecycle
from services.orchestrator.events import Fault, Ref, Text
from services.orchestrator.lifecycle import RetryRules, stage_of
from services.orchestrator.models import EventRow, Task
from services.orchestrator.pipeline import STAGES

RULES = RetryRules(max_attempts=3, backoff_s=2.0, backoff_max_s=5.0, patience_s=60.0)


def ref(name: str) -> Ref:
    return Ref(f"tasks/t/{name}", "00", 1)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Data of the events, in order."""
    events: list[dict[str, Any]] = []
    emit = lifecycle._emit

    def remember(task: Task, event: Any, now: float) -> None:
        emit(task, event, now)
        events.append(event.to_json())

    monkeypatch.setattr(lifecycle, "_emit", remember)
    return events


def new(inference: bool = True) -> Task:
    return lifecycle.new_task(
        task_id="t",
        owner="local",
        exp_name="voice",
        file_ids=["f"],
        ref_audio_id="",
        language="auto",
        options=b"",
        inference=inference,
        callback_url="",
        now=100.0,
    )


def begin(task: Task, name: str, now: float = 101.0) -> None:
    stage_of(task, name).released_at = now
    lifecycle.begin(task, stage_of(task, name), "worker/1", ttl_s=10.0, now=now)


def advance(task: Task, name: str, fraction: float) -> None:
    lifecycle.advance(task, stage_of(task, name), fraction=fraction, text=Text("x"), eta_s=None, now=102.0)


def test_sequence_has_no_gap_and_every_event_its_owner() -> None:
    task = new()
    begin(task, "audio_slice")
    advance(task, "audio_slice", 0.5)
    lifecycle.cancel(task, 103.0)
    assert task.last_seq == 4


def test_progress_never_falls_also_when_a_new_lease_begins_again(told: list[dict[str, Any]]) -> None:
    task = new()
    begin(task, "audio_slice")
    advance(task, "audio_slice", 0.6)
    advance(task, "audio_slice", 0.9)
    lifecycle.lose(task, stage_of(task, "audio_slice"), RULES, 120.0)
    begin(task, "audio_slice", 121.0)
    advance(task, "audio_slice", 0.1)
    fractions = [event.get("progress", 0.0) for event in told]
    assert fractions == sorted(fractions)
    assert stage_of(task, "audio_slice").progress == 0.9
    assert len(told) == 7


def test_lost_lease_interrupts_and_waits_the_second_time() -> None:
    task = new()
    stage = stage_of(task, "audio_slice")
    waits = []
    for start in (200.0, 300.0):
        begin(task, "audio_slice", start)
        assert task.state == "running"
        lifecycle.lose(task, stage, RULES, start)
        assert (task.state, stage.state, stage.released_at) == ("interrupted", "pending", None)
        waits.append((stage.not_before or 0.0) - start)
    assert waits[0] == 0.0 < waits[1], "the first time at once: the lease has been waited for"
    assert not lifecycle.ready(task, 300.0)
    assert [ready.name for ready in lifecycle.ready(task, 400.0)] == ["audio_slice"]


def test_lost_lease_beside_a_running_stage_does_not_interrupt_the_task() -> None:
    task = new()
    begin(task, "audio_slice")
    lifecycle.complete(task, stage_of(task, "audio_slice"), ref("m"), "", 102.0)
    begin(task, "asr")
    begin(task, "hubert_feature")
    lifecycle.lose(task, stage_of(task, "asr"), RULES, 120.0)
    assert task.state == "running"


def test_last_attempt_lost_fails_the_task_and_skips_the_rest() -> None:
    task = new()
    stage = stage_of(task, "audio_slice")
    for _ in range(3):
        begin(task, "audio_slice")
        lifecycle.lose(task, stage, RULES, 120.0)
    assert task.state == "failed"
    assert task.fault is not None
    assert (task.fault["code"], task.fault["stage"]) == ("ATTEMPTS_EXHAUSTED", "audio_slice")
    assert [other.state for other in task.stages] == ["failed"] + ["skipped"] * 7


def test_stage_that_gets_on_may_be_interrupted_for_ever() -> None:
    task = new()
    stage = stage_of(task, "audio_slice")
    for step in range(10):
        begin(task, "audio_slice")
        lifecycle.checkpoint(stage, ref(str(step)), step + 1)
        lifecycle.lose(task, stage, RULES, 120.0)
    assert task.state == "interrupted"


def test_two_newest_checkpoints_are_kept_and_none_after_the_end() -> None:
    task = new()
    stage = stage_of(task, "audio_slice")
    begin(task, "audio_slice")
    dropped = [lifecycle.checkpoint(stage, ref(name), step) for step, name in enumerate("abcc")]
    assert dropped == ["", "", "tasks/t/a", ""]
    assert stage.checkpoint is not None
    assert stage.checkpoint["uri"] == "tasks/t/c"
    assert lifecycle.complete(task, stage, ref("m"), "", 130.0) == ["tasks/t/c", "tasks/t/b"]


def test_handed_back_lease_costs_no_attempt_and_no_wait() -> None:
    task = new()
    begin(task, "audio_slice")
    lifecycle.hand_back(task, stage_of(task, "audio_slice"), 102.0)
    stage = stage_of(task, "audio_slice")
    assert (stage.attempt, stage.state, task.state) == (0, "pending", "interrupted")
    assert lifecycle.ready(task, 102.0) == [stage]


def test_failure_of_one_stage_cancels_those_that_run_beside_it() -> None:
    task = new()
    begin(task, "audio_slice")
    lifecycle.complete(task, stage_of(task, "audio_slice"), ref("m"), "", 102.0)
    begin(task, "asr")
    begin(task, "hubert_feature")
    lifecycle.fail(task, stage_of(task, "asr"), Fault("NO_SPEECH_RECOGNISED"), RULES, 103.0)
    by_name = {stage.name: stage.state for stage in task.stages}
    assert by_name["asr"] == "failed"
    assert by_name["hubert_feature"] == "cancelled"
    assert by_name["text_feature"] == by_name["inference"] == "skipped"


def test_retryable_failure_keeps_the_task_running_and_says_so(told: list[dict[str, Any]]) -> None:
    task = new()
    begin(task, "audio_slice")
    lifecycle.fail(task, stage_of(task, "audio_slice"), Fault("OUT_OF_MEMORY", retryable=True), RULES, 103.0)
    assert task.state == "running"
    assert stage_of(task, "audio_slice").not_before == 105.0
    assert [event["key"] for event in told[-2:]] == ["error.OUT_OF_MEMORY", "task.retrying"]
    assert told[-1]["args"] == {"stage": "audio_slice", "attempt": "2"}


@pytest.mark.parametrize("code", ["UNAVAILABLE", "DISK_FULL"])
def test_stage_whose_surroundings_are_away_waits_with_more_patience_than_attempts(
    told: list[dict[str, Any]], code: str
) -> None:
    task = new()
    stage, fault = stage_of(task, "audio_slice"), Fault(code, retryable=True)
    waits, now = [], 100.0
    while now < 160.0:
        begin(task, "audio_slice", now)
        lifecycle.fail(task, stage, fault, RULES, now)
        assert (task.state, stage.state, stage.attempt) == ("running", "pending", 0)
        assert stage.not_before is not None
        waits.append(stage.not_before - now)
        now = stage.not_before
    assert waits[:5] == [2.0, 2.0, 4.0, 5.0, 5.0]
    assert [event["key"] for event in told[-2:]] == [f"error.{code}", "task.waiting"]
    # Whatever goes wrong next has all its attempts.
    begin(task, "audio_slice", now)
    lifecycle.lose(task, stage, RULES, now)
    assert task.state == "interrupted"
    begin(task, "audio_slice", 161.0)
    lifecycle.fail(task, stage, fault, RULES, 161.0)
    assert task.state == "failed"
    assert task.fault is not None
    assert (task.fault["code"], task.fault["stage"]) == (code, "audio_slice")


def test_patience_begins_anew_when_the_stage_gets_on_or_fails_otherwise() -> None:
    task = new()
    stage, away = stage_of(task, "audio_slice"), Fault("UNAVAILABLE", retryable=True)
    begin(task, "audio_slice")
    lifecycle.fail(task, stage, away, RULES, 100.0)
    begin(task, "audio_slice")
    lifecycle.checkpoint(stage, ref("a"), 1)
    lifecycle.fail(task, stage, away, RULES, 155.0)
    begin(task, "audio_slice")
    lifecycle.fail(task, stage, away, RULES, 214.0)
    begin(task, "audio_slice")
    lifecycle.fail(task, stage, Fault("OUT_OF_MEMORY", retryable=True), RULES, 215.0)
    begin(task, "audio_slice")
    lifecycle.fail(task, stage, away, RULES, 270.0)
    assert (task.state, stage.away_since) == ("running", 270.0)


def test_wait_between_attempts_doubles_up_to_its_limit() -> None:
    assert [RULES.wait_s(attempt) for attempt in (1, 2, 3)] == [2.0, 4.0, 5.0]


@pytest.mark.parametrize("inference", [True, False])
def test_task_is_completed_when_its_last_stage_is(inference: bool) -> None:
    task = new(inference)
    for name in STAGES if inference else STAGES[:-1]:
        assert task.state != "completed"
        begin(task, name)
        lifecycle.complete(task, stage_of(task, name), ref(name), "en" if name == "asr" else "", 130.0)
    assert (task.state, task.progress, task.detected_language) == ("completed", 1.0, "en")


def test_end_of_a_task_with_a_webhook_makes_it_due() -> None:
    task = new()
    task.callback_url = "https://example.com/hook"
    lifecycle.cancel(task, 110.0)
    assert (task.callback_state, task.callback_at) == ("due", 110.0)


def test_event_rows_belong_to_the_owner() -> None:
    row = EventRow(seq=1, owner="local", time=1.0, data={"kind": "completed"})
    assert row.owner == "local"
