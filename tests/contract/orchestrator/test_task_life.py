"""From creation to the end of a task, with workers that run real leases."""

from __future__ import annotations

import asyncio
import time

import grpc
import pytest

from services.runtime.errors import InvalidInputError, StageFailedError, UnavailableError
from services.runtime.grpc_errors import from_rpc_error
from services.runtime.stage import StageContext
from tests.contract.orchestrator.harness import System, manifest_of, no_inference, stages
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.pipeline.v1.pipeline_pb2 import Stage, StageState, TaskState


async def test_task_runs_through_all_stages_in_order_with_gapless_events(system: System) -> None:
    await system.start_workers(stages())
    task = await system.create("声音_1")
    assert task.state == TaskState.TASK_STATE_QUEUED
    assert task.queue_position == 1
    events = await system.events(task.id)

    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert events[-1].WhichOneof("event") == "completed"
    progress = [event.progressed for event in events if event.HasField("progressed")]
    assert progress[0].message.key == "task.queued"
    fractions = [event.progress for event in progress]
    assert fractions == sorted(fractions)
    done = [event.stage for event in progress if event.message.key == "stage.done"]
    assert sorted(done) == list(range(1, 9))
    assert done[0] == Stage.STAGE_AUDIO_SLICE
    assert done[-1] == Stage.STAGE_INFERENCE
    assert done.index(Stage.STAGE_ASR) < done.index(Stage.STAGE_TEXT_FEATURE) < done.index(Stage.STAGE_SOVITS_TRAIN)

    task = await system.get(task.id)
    assert task.state == TaskState.TASK_STATE_COMPLETED
    assert task.progress == 1.0
    assert task.detected_language == "en"
    assert task.last_seq == events[-1].seq
    assert {status.state for status in task.stages} == {StageState.STAGE_STATE_COMPLETED}
    assert all(status.attempt == 1 and status.completed_at.seconds for status in task.stages)


async def test_disabled_inference_is_skipped_and_the_task_completes(system: System) -> None:
    await system.start_workers(stages())
    task = await system.create(inference=no_inference())
    task = await system.ended(task.id)
    assert task.state == TaskState.TASK_STATE_COMPLETED
    assert task.stages[-1].state == StageState.STAGE_STATE_SKIPPED
    outputs = await system.tasks.ListOutputs(pb.ListOutputsRequest(task_id=task.id))
    assert len(outputs.models) == 2
    assert not outputs.HasField("inference")


async def test_watching_resumes_after_any_sequence_and_ends_at_once_after_the_last(system: System) -> None:
    await system.start_workers(stages())
    task = await system.create()
    events = await system.events(task.id)
    middle = events[len(events) // 2].seq
    assert [event.seq for event in await system.events(task.id, middle)] == list(range(middle + 1, len(events) + 1))
    assert await system.events(task.id, events[-1].seq) == []


async def test_cancel_answers_at_once_and_stops_the_worker(system: System) -> None:
    stopped_at: list[float] = []

    def endless(context: StageContext) -> None:
        context.progress(0.1, "asr.loading")
        while not context.stop.wait(0.02):
            pass
        stopped_at.append(time.monotonic())
        context.stop.raise_if_set()

    await system.start_workers(stages(asr=endless))
    task = await system.create()
    await system.until(task.id, lambda task: task.current_stage == Stage.STAGE_ASR)
    asked_at = time.monotonic()
    response = await system.tasks.CancelTask(pb.CancelTaskRequest(task_id=task.id))
    assert response.task.state == TaskState.TASK_STATE_CANCELLED
    while not stopped_at:
        assert time.monotonic() < asked_at + 5
        await asyncio.sleep(0.02)
    events = await system.events(task.id)
    assert events[-1].WhichOneof("event") == "cancelled"
    states = [status.state for status in (await system.get(task.id)).stages]
    assert states == [StageState.STAGE_STATE_COMPLETED] + [StageState.STAGE_STATE_CANCELLED] * 7
    with pytest.raises(grpc.RpcError) as refused:
        await system.tasks.CancelTask(pb.CancelTaskRequest(task_id=task.id))
    assert refused.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert from_rpc_error(refused.value).code == "TASK_NOT_CANCELLABLE"


async def test_bad_input_fails_the_task_at_once_with_its_code(system: System) -> None:
    def too_short(context: StageContext) -> None:
        raise InvalidInputError("AUDIO_TOO_SHORT", seconds=2, minimum=10)

    await system.start_workers(stages(audio_slice=too_short))
    task = await system.ended((await system.create()).id)
    assert task.state == TaskState.TASK_STATE_FAILED
    assert task.failure.code == "AUDIO_TOO_SHORT"
    assert task.failure.stage == Stage.STAGE_AUDIO_SLICE
    assert dict(task.failure.message.args) == {"seconds": "2", "minimum": "10"}
    assert task.stages[0].attempt == 1
    assert {status.state for status in task.stages[1:]} == {StageState.STAGE_STATE_SKIPPED}
    assert (await system.events(task.id))[-1].failed.failure.code == "AUDIO_TOO_SHORT"


async def test_unexpected_error_fails_the_task_without_its_text(system: System) -> None:
    def broken(context: StageContext) -> None:
        raise KeyError("/secret/path")

    await system.start_workers(stages(asr=broken))
    task = await system.ended((await system.create()).id)
    assert task.failure.code == "INTERNAL"
    assert "secret" not in str(task)


async def test_retryable_failure_is_tried_again_and_the_task_completes(system: System) -> None:
    attempts: list[int] = []

    def flaky(context: StageContext) -> object:
        attempts.append(context.attempt)
        if len(attempts) < 3:
            raise StageFailedError("OUT_OF_MEMORY", retryable=True)
        return manifest_of(context)

    await system.start_workers(stages(asr=flaky))  # type: ignore[arg-type]
    task = await system.ended((await system.create()).id)
    assert task.state == TaskState.TASK_STATE_COMPLETED
    assert attempts == [1, 2, 3]
    keys = [event.progressed.message.key for event in await system.events(task.id)]
    assert keys.count("task.retrying") == 2


async def test_too_many_attempts_fail_the_task(system: System) -> None:
    def crash(context: StageContext) -> None:
        raise StageFailedError("OUT_OF_MEMORY", retryable=True)

    await system.start_workers(stages(asr=crash))
    task = await system.ended((await system.create()).id)
    assert task.state == TaskState.TASK_STATE_FAILED
    assert task.failure.code == "ATTEMPTS_EXHAUSTED"
    assert dict(task.failure.message.args) == {"stage": "asr", "attempts": "3"}


async def test_stage_outlasts_many_failures_of_what_surrounds_it(system: System) -> None:
    tries: list[int] = []

    def away(context: StageContext) -> object:
        tries.append(context.attempt)
        if len(tries) < 6:
            raise UnavailableError("UNAVAILABLE")
        return manifest_of(context)

    await system.start_workers(stages(asr=away))  # type: ignore[arg-type]
    task = await system.ended((await system.create()).id)
    assert task.state == TaskState.TASK_STATE_COMPLETED
    assert tries == [1] * 6
    keys = [event.progressed.message.key for event in await system.events(task.id)]
    assert keys.count("task.waiting") == 5


async def test_stage_that_takes_too_long_is_stopped_and_fails_the_task_with_its_name(system: System) -> None:
    def slow(context: StageContext) -> None:
        context.stop.wait(30)
        context.stop.raise_if_set()

    await system.start_workers(stages(asr=slow), stage_timeout_s=1.0)  # type: ignore[arg-type]
    task = await system.ended((await system.create()).id)
    assert task.state == TaskState.TASK_STATE_FAILED
    assert task.failure.code == "STAGE_TIMEOUT"
    assert dict(task.failure.message.args) == {"stage": "asr"}


async def test_purge_removes_the_task_its_artifacts_and_frees_the_name(system: System) -> None:
    await system.start_workers(stages())
    task = await system.ended((await system.create("again")).id)
    assert list((system.artifacts / "tasks" / task.id).rglob("*.pb"))
    await system.tasks.PurgeTask(pb.PurgeTaskRequest(task_id=task.id))
    assert not list((system.artifacts / "tasks").rglob("*.pb"))
    with pytest.raises(grpc.RpcError) as missing:
        await system.get(task.id)
    assert from_rpc_error(missing.value).code == "TASK_NOT_FOUND"
    assert (await system.create("again")).exp_name == "again"


async def test_purge_of_a_running_task_cancels_it_for_its_watchers(system: System) -> None:
    def endless(context: StageContext) -> None:
        context.stop.wait(20)
        context.stop.raise_if_set()

    await system.start_workers(stages(audio_slice=endless))
    task = await system.create()
    await system.until(task.id, lambda task: task.state == TaskState.TASK_STATE_RUNNING)
    watching = asyncio.create_task(system.events(task.id))
    await asyncio.sleep(0.1)
    await system.tasks.PurgeTask(pb.PurgeTaskRequest(task_id=task.id))
    assert (await watching)[-1].WhichOneof("event") == "cancelled"
