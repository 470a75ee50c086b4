"""Stages that hang are stopped, written to the log, and tried again; a process that cannot be freed ends itself."""

from __future__ import annotations

from google.protobuf.message import Message as ProtoMessage

from services.runtime.stage import StageContext
from tests.contract.orchestrator.harness import System, manifest_of, stages
from tests.contract.orchestrator.test_recovery import appeared, worker
from voiceloom.pipeline.v1.pipeline_pb2 import TaskEvent, TaskState


def warnings(events: list[TaskEvent]) -> list[str]:
    return [
        event.logged.message.key for event in events if event.HasField("logged") and event.logged.level == "warning"
    ]


async def test_stage_that_hangs_is_stopped_and_tried_again(system: System) -> None:
    attempts: list[int] = []

    def hangs_once(context: StageContext) -> ProtoMessage:
        attempts.append(context.attempt)
        if len(attempts) == 1:
            context.stop.wait(60)
            context.stop.raise_if_set()
        return manifest_of(context)

    await system.start_workers(stages(asr=hangs_once), stall_s=0.5)
    task = await system.create()
    task = await system.ended(task.id)
    assert task.state == TaskState.TASK_STATE_COMPLETED
    assert attempts == [1, 2]
    assert warnings(await system.events(task.id)) == ["error.STAGE_STALLED"]


async def test_stage_that_hangs_every_time_fails_the_task(system: System) -> None:
    def hangs(context: StageContext) -> ProtoMessage:
        context.stop.wait(60)
        context.stop.raise_if_set()
        raise AssertionError("nobody stopped this")

    await system.start_workers(stages(asr=hangs), stall_s=0.3)
    task = await system.create()
    task = await system.ended(task.id, within_s=25)
    assert (task.failure.code, task.stages[1].attempt) == ("ATTEMPTS_EXHAUSTED", 3)


async def test_quiet_work_that_takes_steps_is_not_taken_to_hang(system: System) -> None:
    def quiet(context: StageContext) -> ProtoMessage:
        for _ in range(60):
            context.step()
            context.stop.wait(0.05)
        return manifest_of(context)

    await system.start_workers(stages(asr=quiet), stall_s=2.0)
    task = await system.create()
    task = await system.ended(task.id, within_s=25)
    assert task.state == TaskState.TASK_STATE_COMPLETED
    assert task.stages[1].attempt == 1


async def test_process_of_a_stage_that_does_not_come_back_ends_after_saying_so(system: System) -> None:
    system.overrides |= {"stall_s": 0.5, "stall_grace_s": 0.5, "log_level": "info"}
    task = await system.create()
    with worker(system, "deaf") as stuck:
        await appeared(system.folder / "working")
        stuck.wait(timeout=30)
        assert stuck.returncode == 1
    task = await system.until(task.id, lambda task: task.stages[1].message.key == "task.retrying")
    log = (system.folder / "process.log").read_text()
    assert "stage_stalled" in log
    assert "worker_process.py" in log, "the stacks say where it hung"
    assert "stage_did_not_come_back" in log
    with worker(system, "work"):
        task = await system.ended(task.id, within_s=25)
    assert task.state == TaskState.TASK_STATE_COMPLETED
    assert (system.folder / "resumed").read_text() == "12 state at 12"
    assert warnings(await system.events(task.id)) == ["error.STAGE_STALLED"]
