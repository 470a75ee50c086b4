"""Running an ended task again: what is done over, what stays, and who is told."""

from __future__ import annotations

from typing import Any

import pytest

from services.orchestrator import lifecycle, retry
from services.orchestrator.events import Fault, Ref
from services.orchestrator.lifecycle import RetryRules, stage_of, states_of
from services.orchestrator.models import Task
from services.orchestrator.pipeline import STAGES
from services.runtime.errors import InvalidInputError, NotReadyError
from tests.unit.orchestrator.test_lifecycle import RULES, begin, new, ref, told

__all__ = ["told"]


def complete(task: Task, *names: str) -> None:
    for name in names:
        begin(task, name)
        lifecycle.complete(task, stage_of(task, name), ref(name), "en" if name == "asr" else "", 130.0)
        stage_of(task, name).cache_key = f"key of {name}"


def failed_in_training(inference: bool = True) -> Task:
    """gpt_train failed beside sovits_train, which had saved a checkpoint."""
    task = new(inference)
    complete(task, "audio_slice", "asr", "text_feature", "hubert_feature", "semantic_token")
    begin(task, "sovits_train")
    lifecycle.checkpoint(stage_of(task, "sovits_train"), ref("older"), 5)
    lifecycle.checkpoint(stage_of(task, "sovits_train"), ref("newer"), 9)
    begin(task, "gpt_train")
    lifecycle.fail(task, stage_of(task, "gpt_train"), Fault("TRAINING_DIVERGED"), RULES, 140.0)
    assert task.state == "failed"
    return task


def completed(inference: bool = True) -> Task:
    task = new(inference)
    complete(task, *(STAGES if inference else STAGES[:-1]))
    assert task.state == "completed"
    return task


def resumed(task: Task, *, inference: bool = True) -> Task:
    retry.resume(task, inference=inference, now=200.0)
    return task


def retried(task: Task, from_stage: str = "", *, inference: bool = True) -> Task:
    retry.retry(task, from_stage, inference=inference, now=200.0)
    return task


def pending(task: Task) -> list[str]:
    return [name for name, state in states_of(task).items() if state == "pending"]


def test_resumed_task_keeps_what_was_done_and_its_checkpoints() -> None:
    task = resumed(failed_in_training())
    assert (task.state, task.fault, task.completed_at) == ("queued", None, None)
    assert pending(task) == ["sovits_train", "gpt_train", "inference"]
    stage = stage_of(task, "sovits_train")
    assert (stage.checkpoint, stage.checkpoint_step, stage.attempt) == (lifecycle.to_json(ref("newer")), 9, 0)
    assert [stage.name for stage in lifecycle.ready(task, 200.0)] == ["sovits_train", "gpt_train"]


def test_progress_does_not_fall_when_a_task_is_resumed(told: list[dict[str, Any]]) -> None:
    task = failed_in_training()
    before = task.progress
    resumed(task)
    assert told[-1]["progress"] == task.progress == before > 0


def test_lease_numbers_go_on_rising_over_a_retry() -> None:
    task = retried(completed(), "asr")
    begin(task, "asr", 210.0)
    assert stage_of(task, "asr").lease == 2
    assert stage_of(task, "asr").attempt == 1


@pytest.mark.parametrize("state", ["queued", "running", "completed"])
def test_only_what_stopped_can_be_resumed(state: str) -> None:
    task = completed() if state == "completed" else new()
    if state == "running":
        begin(task, "audio_slice")
    with pytest.raises(NotReadyError, match="TASK_NOT_RESUMABLE"):
        resumed(task)


@pytest.mark.parametrize("state", ["queued", "running", "interrupted"])
def test_task_that_has_not_ended_cannot_be_retried(state: str) -> None:
    task = new()
    if state != "queued":
        begin(task, "audio_slice")
    if state == "interrupted":
        lifecycle.lose(task, stage_of(task, "audio_slice"), RULES, 120.0)
    assert task.state == state
    with pytest.raises(NotReadyError, match="TASK_NOT_RETRYABLE"):
        retried(task, "audio_slice")


def test_interrupted_task_goes_on_without_its_wait() -> None:
    task = new()
    for _ in range(2):
        begin(task, "audio_slice")
        lifecycle.lose(task, stage_of(task, "audio_slice"), RULES, 120.0)
    assert not lifecycle.ready(task, 120.0)
    retry.resume(task, inference=True, now=120.0)
    assert [stage.name for stage in lifecycle.ready(task, 120.0)] == ["audio_slice"]
    assert stage_of(task, "audio_slice").attempt == 0


def test_retry_begins_with_the_first_stage_that_is_not_completed_and_forgets_what_was_half_done() -> None:
    task = failed_in_training()
    obsolete = retry.retry(task, "", inference=True, now=200.0)
    assert pending(task) == ["sovits_train", "gpt_train", "inference"]
    assert sorted(obsolete) == ["tasks/t/newer", "tasks/t/older"]
    stage = stage_of(task, "sovits_train")
    assert (stage.checkpoint, stage.older_checkpoint, stage.checkpoint_step, stage.progress) == (None, None, 0, 0.0)


@pytest.mark.parametrize(
    ("from_stage", "again"),
    [
        ("audio_slice", list(STAGES)),
        ("asr", ["asr", "text_feature", "sovits_train", "gpt_train", "inference"]),
        ("hubert_feature", ["hubert_feature", "semantic_token", "sovits_train", "gpt_train", "inference"]),
        ("sovits_train", ["sovits_train", "inference"]),
        ("gpt_train", ["gpt_train", "inference"]),
        ("inference", ["inference"]),
    ],
)
def test_a_stage_and_all_that_need_it_run_again(from_stage: str, again: list[str]) -> None:
    task = retried(completed(), from_stage)
    assert pending(task) == again
    assert all(state == "completed" for name, state in states_of(task).items() if name not in again)
    for name in again:
        begin(task, name)
        lifecycle.complete(task, stage_of(task, name), ref(name), "", 230.0)
    assert (task.state, task.progress) == ("completed", 1.0)


def test_retried_stage_keeps_its_manifest_and_cache_key_while_it_waits() -> None:
    stage = stage_of(retried(completed(), "asr"), "asr")
    assert stage.manifest == lifecycle.to_json(Ref("tasks/t/asr", "00", 1))
    assert stage.cache_key == "key of asr"


def test_progress_falls_to_what_is_kept_and_events_go_on(told: list[dict[str, Any]]) -> None:
    task = completed()
    last_seq = task.last_seq
    retried(task, "sovits_train")
    assert task.last_seq == last_seq + 1
    assert told[-1]["state"] == "queued"
    assert told[-1]["key"] == "task.retried"
    assert told[-1]["progress"] == task.progress == pytest.approx(0.4)


def test_inference_that_was_not_asked_for_stays_skipped() -> None:
    for task in (
        retried(completed(inference=False), "asr", inference=False),
        retried(failed_in_training(inference=False), inference=False),
        resumed(failed_in_training(inference=False), inference=False),
    ):
        assert states_of(task)["inference"] == "skipped"


@pytest.mark.parametrize("from_stage", ["inference", "slicing"])
def test_stage_that_the_task_does_not_have_is_refused(from_stage: str) -> None:
    with pytest.raises(InvalidInputError, match="INVALID_REQUEST"):
        retried(completed(inference=False), from_stage, inference=False)


def test_completed_task_has_to_be_told_where_to_begin() -> None:
    for inference in (True, False):
        with pytest.raises(NotReadyError, match="TASK_NOT_RETRYABLE"):
            retried(completed(inference), inference=inference)


def test_only_stages_that_read_recordings_need_them() -> None:
    def wanted(from_stage: str, ref_audio_id: str) -> list[str]:
        task = completed()
        task.ref_audio_id = ref_audio_id
        return retry.recordings(retried(task, from_stage))

    assert wanted("audio_slice", "r") == ["f", "r"]
    assert wanted("asr", "") == ["f"]
    assert wanted("text_feature", "") == []
    assert wanted("inference", "r") == ["r"]


def test_webhook_is_told_of_the_next_end_with_all_its_tries() -> None:
    task = new()
    task.callback_url = "https://example.com/hook"
    lifecycle.cancel(task, 110.0)
    task.callback_tries = 3
    resumed(task)
    assert (task.callback_state, task.callback_at) == ("", None)
    lifecycle.cancel(task, 300.0)
    assert (task.callback_state, task.callback_tries, task.callback_at) == ("due", 0, 300.0)


@pytest.mark.parametrize("state", ["queued", "running", "backing_off", "interrupted", "resumed", "retried"])
def test_task_can_be_cancelled_in_every_state_that_is_no_end(state: str, told: list[dict[str, Any]]) -> None:
    task = new()
    stage = stage_of(task, "audio_slice")
    if state in ("running", "backing_off", "interrupted"):
        begin(task, "audio_slice")
    if state == "backing_off":
        lifecycle.fail(task, stage, Fault("UNAVAILABLE", retryable=True), RULES, 103.0)
    if state == "interrupted":
        lifecycle.lose(task, stage, RetryRules(5, 2.0, 5.0, 60.0), 103.0)
    if state in ("resumed", "retried"):
        lifecycle.cancel(task, 104.0)
        (resumed if state == "resumed" else retried)(task)
    lifecycle.cancel(task, 210.0)
    assert (task.state, told[-1]["kind"]) == ("cancelled", "cancelled")
    assert not lifecycle.ready(task, 1000.0)
