"""Ended tasks run again through the whole system: same id, same history, later events."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import grpc
import grpc.aio
import pytest
from google.protobuf.message import Message as ProtoMessage

from services.runtime.errors import InvalidInputError
from services.runtime.grpc_errors import from_rpc_error
from services.runtime.stage import StageContext
from tests.contract.orchestrator.harness import ENDED, System, manifest_of, no_inference, stages
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.pipeline.v1.pipeline_pb2 import Stage, StageState, Synthesis, TaskEvent, TaskState

ENDS = ("completed", "failed", "cancelled")


def ends(events: list[TaskEvent]) -> list[str]:
    """The terminal events of a history, in order."""
    return [kind for event in events if (kind := event.WhichOneof("event") or "") in ENDS]


def is_gapless(events: list[TaskEvent], first: int = 1) -> bool:
    return [event.seq for event in events] == list(range(first, first + len(events)))


async def retry(system: System, task_id: str, stage: Stage = Stage.STAGE_UNSPECIFIED) -> pb.Task:
    task: pb.Task = (await system.tasks.RetryTask(pb.RetryTaskRequest(task_id=task_id, from_stage=stage))).task
    return task


async def resume(system: System, task_id: str) -> pb.Task:
    task: pb.Task = (await system.tasks.ResumeTask(pb.ResumeTaskRequest(task_id=task_id))).task
    return task


async def refusal(call: object) -> tuple[grpc.StatusCode, str]:
    """Status and code with which a call is refused."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call  # type: ignore[misc]
    return caught.value.code(), from_rpc_error(caught.value).code


class Counted:
    """Stages that count their runs, and fail while there is a file that says so."""

    def __init__(self, folder: Path) -> None:
        self.broken = folder / "broken"
        self.ran: list[str] = []

    def __call__(self, context: StageContext) -> ProtoMessage:
        self.ran.append(context.stage)
        if context.stage == "gpt_train" and self.broken.exists():
            raise InvalidInputError("TRAINING_DIVERGED")
        if context.stage != "audio_slice":
            assert "audio_slice" in context.claim.manifests
        return manifest_of(context)

    def of(self, *names: str) -> dict[str, Counted]:
        return dict.fromkeys(names, self)


async def start(system: System) -> Counted:
    counted = Counted(system.folder)
    await system.start_workers(stages(**counted.of(*stages())))  # type: ignore[arg-type]
    return counted


async def test_failed_task_is_resumed_without_doing_anything_twice(system: System) -> None:
    counted = await start(system)
    counted.broken.write_text("")
    task = await system.create()
    failed = await system.ended(task.id)
    assert failed.state == TaskState.TASK_STATE_FAILED
    counted.broken.unlink()
    counted.ran.clear()
    again = await resume(system, task.id)
    assert (again.state, again.HasField("failure"), again.progress) == (
        TaskState.TASK_STATE_QUEUED,
        False,
        failed.progress,
    )
    assert (await system.ended(task.id)).state == TaskState.TASK_STATE_COMPLETED
    assert sorted(counted.ran) == ["gpt_train", "inference"]
    events = await system.events(task.id)
    assert is_gapless(events)
    assert ends(events) == ["failed", "completed"]


async def test_cancelled_training_is_resumed_from_its_checkpoint(system: System) -> None:
    resumed: list[tuple[int, bytes]] = []

    def train(context: StageContext) -> ProtoMessage:
        if context.claim.HasField("checkpoint"):
            checkpoint = context.claim.checkpoint
            resumed.append((checkpoint.step, context.artifacts.get_bytes(checkpoint.ref)))
            return manifest_of(context)
        context.save_checkpoint(context.put_bytes("state.bin", b"state at 12"), 12)
        context.progress(0.5, "sovits_train.epoch", epoch=1, epochs=2)
        context.stop.wait(60)
        context.stop.raise_if_set()
        raise AssertionError("nobody stopped this")

    await system.start_workers(stages(sovits_train=train))
    task = await system.create()
    await system.until(task.id, lambda task: task.stages[5].progress == 0.5)
    await system.tasks.CancelTask(pb.CancelTaskRequest(task_id=task.id))
    await resume(system, task.id)
    assert (await system.ended(task.id)).state == TaskState.TASK_STATE_COMPLETED
    assert resumed == [(12, b"state at 12")]


async def test_retried_stage_and_all_that_need_it_run_again(system: System) -> None:
    counted = await start(system)
    task = await system.create()
    first = await system.ended(task.id)
    before = await system.tasks.ListOutputs(pb.ListOutputsRequest(task_id=task.id))
    counted.ran.clear()
    await system.stop("workers")
    again = await retry(system, task.id, Stage.STAGE_SOVITS_TRAIN)
    assert 0 < again.progress < first.progress
    assert again.queue_position == 1
    waiting = await system.tasks.ListOutputs(pb.ListOutputsRequest(task_id=task.id))
    assert not waiting.HasField("inference"), "what will be made anew is not shown any more"
    assert [model.filename for model in waiting.models] == [before.models[1].filename]
    await system.start_workers(stages(**counted.of(*stages())))  # type: ignore[arg-type]
    second = await system.ended(task.id)
    assert second.state == TaskState.TASK_STATE_COMPLETED
    assert second.last_seq > first.last_seq
    # What the same work has left may be taken over; nothing else runs again.
    assert set(counted.ran) <= {"sovits_train", "inference"}


async def test_watcher_of_an_ended_task_gets_only_what_a_retry_added(system: System) -> None:
    await start(system)
    task = await system.create()
    first = await system.ended(task.id)
    assert await system.events(task.id, first.last_seq) == []
    await retry(system, task.id, Stage.STAGE_INFERENCE)
    later = await system.events(task.id, first.last_seq)
    assert is_gapless(later, first.last_seq + 1)
    assert ends(later) == ["completed"]
    whole = await system.events(task.id)
    assert is_gapless(whole)
    assert ends(whole) == ["completed", "completed"]
    assert len(whole) == first.last_seq + len(later)


async def test_watcher_that_is_connected_while_tasks_end_and_begin_again_misses_nothing(system: System) -> None:
    await start(system)
    task = await system.create()
    seen: list[TaskEvent] = []
    stop = asyncio.Event()

    async def watch() -> None:
        # As a client: opened again after each end, from the last event.
        while not stop.is_set():
            seen.extend(await system.events(task.id, seen[-1].seq if seen else 0))
            await asyncio.sleep(0.01)

    watching = asyncio.create_task(watch())
    for _ in range(3):
        await system.ended(task.id)
        await retry(system, task.id, Stage.STAGE_GPT_TRAIN)
    last = await system.ended(task.id)
    deadline = time.monotonic() + 10
    while not seen or seen[-1].seq < last.last_seq:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
    stop.set()
    await watching
    assert is_gapless(seen)
    assert ends(seen) == ["completed"] * 4


async def test_recording_that_would_be_read_again_must_still_be_there(system: System) -> None:
    await start(system)
    file = await system.upload()
    reference = await system.upload()
    task = await system.create(file_id=file.id, inference=Synthesis(ref_audio_id=reference.id))
    await system.ended(task.id)
    await system.files.DeleteFile(pb.DeleteFileRequest(file_id=file.id))
    not_found = (grpc.StatusCode.NOT_FOUND, "FILE_NOT_FOUND")
    assert await refusal(retry(system, task.id, Stage.STAGE_AUDIO_SLICE)) == not_found
    assert (await system.get(task.id)).state == TaskState.TASK_STATE_COMPLETED
    await retry(system, task.id, Stage.STAGE_TEXT_FEATURE)
    assert (await system.ended(task.id)).state == TaskState.TASK_STATE_COMPLETED
    await system.files.DeleteFile(pb.DeleteFileRequest(file_id=reference.id))
    assert await refusal(retry(system, task.id, Stage.STAGE_INFERENCE)) == not_found


async def test_what_cannot_run_again_is_refused_with_its_reason(system: System) -> None:
    counted = await start(system)
    not_ready = grpc.StatusCode.FAILED_PRECONDITION
    done = await system.create("done", inference=no_inference())
    await system.ended(done.id)
    assert await refusal(resume(system, done.id)) == (not_ready, "TASK_NOT_RESUMABLE")
    assert await refusal(retry(system, done.id)) == (not_ready, "TASK_NOT_RETRYABLE")
    for stage in (Stage.STAGE_INFERENCE, 99):
        refused = await refusal(retry(system, done.id, stage))  # type: ignore[arg-type]
        assert refused == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
    await system.stop("workers")
    waiting = await system.create("waiting")
    assert await refusal(resume(system, waiting.id)) == (not_ready, "TASK_NOT_RESUMABLE")
    assert await refusal(retry(system, waiting.id, Stage.STAGE_ASR)) == (not_ready, "TASK_NOT_RETRYABLE")
    for call in (resume(system, "nobody"), retry(system, "nobody")):
        assert await refusal(call) == (grpc.StatusCode.NOT_FOUND, "TASK_NOT_FOUND")
    assert counted.ran.count("inference") == 0


async def test_task_that_runs_again_counts_as_a_waiting_one(system: System) -> None:
    await system.stop("orchestrator")
    system.overrides["max_queued_tasks"] = 1
    await system.start_orchestrator()
    first = await system.create("first")
    await system.tasks.CancelTask(pb.CancelTaskRequest(task_id=first.id))
    second = await system.create("second")
    for call in (resume(system, first.id), retry(system, first.id)):
        assert await refusal(call) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL")
    await system.tasks.CancelTask(pb.CancelTaskRequest(task_id=second.id))
    assert (await resume(system, first.id)).state == TaskState.TASK_STATE_QUEUED
    assert await refusal(resume(system, second.id)) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL")


async def test_cancel_answers_at_once_while_a_stage_does_not_listen(system: System) -> None:
    gate = system.folder / "go"

    def deaf(context: StageContext) -> ProtoMessage:
        while not gate.exists():
            time.sleep(0.02)
        return manifest_of(context)

    await system.start_workers(stages(audio_slice=deaf))
    task = await system.create()
    await system.until(task.id, lambda task: task.current_stage == Stage.STAGE_AUDIO_SLICE)
    answer = await asyncio.wait_for(system.tasks.CancelTask(pb.CancelTaskRequest(task_id=task.id)), 5)
    assert answer.task.state == TaskState.TASK_STATE_CANCELLED
    again = await retry(system, task.id)
    assert again.state == TaskState.TASK_STATE_QUEUED
    await system.tasks.CancelTask(pb.CancelTaskRequest(task_id=task.id))
    await resume(system, task.id)
    gate.write_text("")
    task = await system.ended(task.id, within_s=25)
    assert task.state in ENDED
    assert task.state == TaskState.TASK_STATE_COMPLETED
    assert all(stage.state == StageState.STAGE_STATE_COMPLETED for stage in task.stages)
