"""kill -9 of any service in any stage, of the broker, of the whole stack: the task still completes, exactly once."""

import os
import signal
from pathlib import Path

import pytest

from tests.e2e.conftest import Stack, start_stack
from tests.e2e.rest import Rest, stage_of

SAMPLE = Path(__file__).parents[2] / "samples" / "bella_25s.flac"
WORKERS = {
    "audio_slice": "preprocessing",
    "asr": "asr",
    "text_feature": "features",
    "hubert_feature": "features",
    "semantic_token": "features",
    "sovits_train": "training",
    "gpt_train": "training",
    "inference": "inference",
}


@pytest.fixture(scope="module")
def file_id(rest: Rest) -> str:
    return rest.upload(SAMPLE)


def assert_whole(rest: Rest, task_id: str) -> None:
    """The task is complete, its events are gapless, and everything it lists can be downloaded."""
    events = rest.events(task_id)
    ids = [event.id for event in events if event.id is not None]
    assert ids == list(range(1, len(ids) + 1))
    assert [event.name for event in events if event.name in ("completed", "failed", "cancelled")] == ["completed"]
    shares = [event.data["progress"] for event in events if event.name == "progress"]
    assert shares == sorted(shares)
    outputs = rest.http.get(f"/tasks/{task_id}/outputs").json()
    for output in outputs["outputs"]:
        answer = rest.http.get(f"/tasks/{task_id}/outputs/output/{output['filename']}")
        assert len(answer.content) == output["size_bytes"]
    for model in outputs["models"]:
        answer = rest.http.get(f"/tasks/{task_id}/outputs/{model['kind']}_model/{model['filename']}")
        assert len(answer.content) == model["size_bytes"]


def test_a_worker_killed_in_each_stage_delays_the_task_and_loses_nothing(
    stack: Stack, rest: Rest, file_id: str
) -> None:
    task_id = rest.create("worker-killed", file_id)
    interrupted = []
    for stage, service in WORKERS.items():
        task = rest.wait_stage(task_id, stage, timeout_s=180)
        if stage_of(task, stage)["status"] == "running":
            stack.kill(service)
            interrupted.append(stage)
    rest.wait_completed(task_id, timeout_s=240)
    assert_whole(rest, task_id)
    assert {"sovits_train", "gpt_train", "inference"} <= set(interrupted), "the long stages were hit while they ran"
    seen = {event.data.get("status") for event in rest.events(task_id) if event.name == "progress"}
    assert "interrupted" in seen


@pytest.mark.parametrize("service", ["gateway", "orchestrator", "nats"])
def test_a_killed_coordinator_comes_back_and_the_task_goes_on(
    stack: Stack, rest: Rest, file_id: str, service: str
) -> None:
    task_id = rest.create(f"{service}-killed", file_id, inference={"enabled": False})
    rest.wait_stage(task_id, "sovits_train", timeout_s=180)
    stack.kill(service)
    rest.wait_completed(task_id, timeout_s=180)
    assert_whole(rest, task_id)


def test_a_killed_stack_goes_on_where_it_was(tmp_path: Path) -> None:
    stack = start_stack(tmp_path / "data")
    try:
        with Rest(stack.base_url) as rest:
            task_id = rest.create("stack-killed", rest.upload(SAMPLE), inference={"enabled": False})
            rest.wait_stage(task_id, "sovits_train", timeout_s=180)
        os.kill(stack.pid, signal.SIGKILL)
        stack.wait_gone(timeout_s=15)
        stack = start_stack(tmp_path / "data")
        with Rest(stack.base_url) as rest:
            rest.wait_completed(task_id, timeout_s=180)
            assert_whole(rest, task_id)
    finally:
        stack.stop()


def test_cancelling_a_training_stops_its_child_within_five_seconds(stack: Stack, rest: Rest, file_id: str) -> None:
    task_id = rest.create("cancelled", file_id, quality="high")
    rest.wait_stage(task_id, "sovits_train", timeout_s=180)
    children = stack.wait_children("training", at_least=1, timeout_s=30)
    answer = rest.http.delete(f"/tasks/{task_id}")
    assert answer.status_code == 200
    assert rest.task(task_id)["status"] == "cancelled"
    stack.wait_pids_gone(children, timeout_s=5)
    events = rest.events(task_id)
    assert events[-1].name == "cancelled"
    assert rest.http.delete(f"/tasks/{task_id}").status_code == 400
