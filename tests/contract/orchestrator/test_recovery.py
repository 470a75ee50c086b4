"""What is killed comes back, and nothing is lost: workers, the orchestrator, the broker."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.runtime.bus import Bus, report_subject
from services.runtime.stage import StageContext
from tests.contract.orchestrator.harness import System, kill, manifest_of, stages
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.pipeline.v1.pipeline_pb2 import (
    Failure,
    Stage,
    StageReport,
    TaskEvent,
    TaskState,
)

ROOT = Path(__file__).resolve().parents[3]


@contextmanager
def process(system: System, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the system with its settings; killed at the end if it still runs."""
    environment = {**system.environment(), "VOICELOOM_ORCHESTRATOR_ADDRESS": system.address}
    with (system.folder / "process.log").open("ab") as output:
        started = subprocess.Popen([sys.executable, "-m", *command], env=environment, cwd=ROOT, stderr=output)
    try:
        yield started
    finally:
        kill(started)


@contextmanager
def worker(system: System, mode: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process of all stages."""
    system.overrides["port"] = 0
    with process(system, "tests.contract.orchestrator.worker_process", mode, str(system.folder)) as started:
        system.overrides.pop("port")
        yield started


async def appeared(path: Path) -> None:
    deadline = time.monotonic() + 20
    while not path.exists():  # noqa: ASYNC240
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


def states(events: list[TaskEvent]) -> list[int]:
    """States of the task in the order in which it took them."""
    told = [event.progressed.state for event in events if event.HasField("progressed")]
    return [state for i, state in enumerate(told) if i == 0 or told[i - 1] != state]


async def test_killed_worker_is_noticed_and_another_goes_on_from_its_checkpoint(system: System) -> None:
    task = await system.create()
    with worker(system, "hang") as first:
        await appeared(system.folder / "working")
        await system.until(task.id, lambda task: task.stages[1].progress == 0.5)
        kill(first, signal.SIGKILL)
    with worker(system, "work"):
        task = await system.ended(task.id, within_s=25)
    assert task.state == TaskState.TASK_STATE_COMPLETED
    assert (system.folder / "resumed").read_text() == "12 state at 12"
    assert task.stages[1].lease == 2
    events = await system.events(task.id)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert states(events) == [
        TaskState.TASK_STATE_QUEUED,
        TaskState.TASK_STATE_RUNNING,
        TaskState.TASK_STATE_INTERRUPTED,
        TaskState.TASK_STATE_RUNNING,
    ]


async def test_drained_worker_hands_its_claim_back_without_counting_an_attempt(system: System) -> None:
    task = await system.create()
    with worker(system, "hang") as first:
        await appeared(system.folder / "working")
        asked_at = time.monotonic()
        kill(first, signal.SIGTERM)
        assert time.monotonic() - asked_at < 4
        assert first.returncode == 0
    handed_back = await system.until(task.id, lambda task: task.state == TaskState.TASK_STATE_INTERRUPTED, within_s=2)
    assert handed_back.stages[1].attempt == 0
    with worker(system, "work"):
        task = await system.ended(task.id, within_s=25)
    assert task.state == TaskState.TASK_STATE_COMPLETED
    assert task.stages[1].attempt == 1


async def test_report_of_a_lost_lease_changes_nothing(system: System) -> None:
    release = asyncio.Event()
    loop = asyncio.get_running_loop()
    leases: list[int] = []

    def held(context: StageContext) -> object:
        leases.append(context.lease)
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result()
        return manifest_of(context)

    await system.start_workers(stages(audio_slice=held))  # type: ignore[arg-type]
    task = await system.create()
    await system.until(task.id, lambda task: task.current_stage == Stage.STAGE_AUDIO_SLICE)
    bus = await Bus.connect(system.broker.url, "stale")
    stale = StageReport(task_id=task.id, stage=Stage.STAGE_AUDIO_SLICE, lease=leases[0] + 7, number=1)
    stale.failure.CopyFrom(Failure(code="TRAINING_DIVERGED"))
    await bus.publish(report_subject(task.id), stale.SerializeToString(), msg_id="stale")
    await asyncio.sleep(0.3)
    assert (await system.get(task.id)).state == TaskState.TASK_STATE_RUNNING
    release.set()
    assert (await system.ended(task.id)).state == TaskState.TASK_STATE_COMPLETED
    await bus.close()


async def test_worker_that_slept_through_its_lease_throws_its_work_away(system: System) -> None:
    task = await system.create()
    with worker(system, "hang") as sleeper:
        await appeared(system.folder / "working")
        sleeper.send_signal(signal.SIGSTOP)
        await system.until(task.id, lambda task: task.state == TaskState.TASK_STATE_INTERRUPTED)
        await system.start_workers(stages())
        task = await system.ended(task.id)
        assert task.state == TaskState.TASK_STATE_COMPLETED
        sleeper.send_signal(signal.SIGCONT)
        await appeared(system.folder / "stopped")
        assert (system.folder / "stopped").read_text() == "lease_lost"
    assert (await system.get(task.id)).last_seq == task.last_seq


async def test_orchestrator_restart_loses_neither_work_nor_reports(system: System) -> None:
    gate = system.folder / "go"

    def held(context: StageContext) -> object:
        context.progress(0.5, "asr.transcribing", done=1, total=2)
        while not gate.exists():
            context.stop.raise_if_set()
            context.stop.wait(0.02)
        return manifest_of(context)

    await system.start_workers(stages(asr=held))  # type: ignore[arg-type]
    task = await system.create()
    await system.until(task.id, lambda task: task.stages[1].progress == 0.5)
    await system.stop("orchestrator")
    gate.write_text("")  # the result is reported while nobody is there to read it
    await asyncio.sleep(0.5)
    await system.start_orchestrator()
    task = await system.ended(task.id)
    assert task.state == TaskState.TASK_STATE_COMPLETED
    assert task.stages[1].lease == 1
    events = await system.events(task.id)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert TaskState.TASK_STATE_INTERRUPTED not in states(events)


async def test_killed_orchestrator_goes_on_where_it_was(system: System) -> None:
    await system.stop("orchestrator")
    with process(system, "services.orchestrator") as orchestrator:
        await system.reachable()
        task = await system.create()
        kill(orchestrator, signal.SIGKILL)
    with process(system, "services.orchestrator"):
        await system.start_workers(stages())
        task = await system.ended(task.id, within_s=25)
        assert task.state == TaskState.TASK_STATE_COMPLETED
        await system.stop("workers")


@pytest.mark.parametrize("keeps_its_data", [True, False])
async def test_broker_restart_is_survived_by_everyone(system: System, keeps_its_data: bool) -> None:
    gate = system.folder / "go"

    def held(context: StageContext) -> object:
        context.progress(0.5, "asr.transcribing", done=1, total=2)
        while not gate.exists():
            context.stop.raise_if_set()
            context.stop.wait(0.02)
        return manifest_of(context)

    await system.start_workers(stages(asr=held))  # type: ignore[arg-type]
    task = await system.create()
    await system.until(task.id, lambda task: task.stages[1].progress == 0.5)
    system.broker.kill()
    gate.write_text("")  # the result has to wait for the broker
    await asyncio.sleep(0.3)
    second = await system.create("meanwhile")
    if not keeps_its_data:
        system.broker.forget()
    system.broker.start()
    assert (await system.ended(task.id, within_s=25)).state == TaskState.TASK_STATE_COMPLETED
    assert (await system.ended(second.id, within_s=25)).state == TaskState.TASK_STATE_COMPLETED


async def test_resume_lets_an_interrupted_task_go_on_at_once(system: System) -> None:
    await system.stop("orchestrator")
    system.overrides["backoff_s"] = 60.0
    await system.start_orchestrator()
    task = await system.create()
    with worker(system, "hang") as first:
        await appeared(system.folder / "working")
        kill(first, signal.SIGKILL)
    await system.until(task.id, lambda task: task.state == TaskState.TASK_STATE_INTERRUPTED)
    await system.tasks.ResumeTask(pb.ResumeTaskRequest(task_id=task.id))
    with worker(system, "work"):
        assert (await system.ended(task.id, within_s=25)).state == TaskState.TASK_STATE_COMPLETED
