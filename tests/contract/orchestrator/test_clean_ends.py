"""SIGTERM ends every process in time and with code 0, whatever hangs or is away; nothing is lost by it."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
from collections.abc import AsyncIterator

import grpc.aio
import pytest

from tests.contract.orchestrator.harness import System, stages
from tests.contract.orchestrator.test_recovery import appeared, process, worker
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.pipeline.v1.pipeline_pb2 import TaskState

# What Kubernetes waits before it kills.
IN_TIME_S = 30.0


async def ends_well(started: subprocess.Popen[bytes]) -> float:
    """Send SIGTERM; the seconds until the end, which must be a good one."""
    asked_at = time.monotonic()
    started.send_signal(signal.SIGTERM)
    code = await asyncio.to_thread(started.wait, IN_TIME_S)
    assert code == 0
    return time.monotonic() - asked_at


async def test_worker_whose_stage_does_not_listen_hands_its_claim_back(system: System) -> None:
    task = await system.create()
    with worker(system, "deaf") as deaf:
        await appeared(system.folder / "working")
        await ends_well(deaf)
    handed_back = await system.until(
        task.id, lambda task: task.state == TaskState.TASK_STATE_INTERRUPTED or task.stages[1].lease > 1, within_s=5
    )
    assert handed_back.stages[1].attempt == 0, "no attempt is counted"
    with worker(system, "work"):
        task = await system.ended(task.id, within_s=25)
    assert task.state == TaskState.TASK_STATE_COMPLETED
    assert (system.folder / "resumed").read_text() == "12 state at 12"


@pytest.mark.parametrize("mode", ["hang", "deaf"])
async def test_worker_ends_while_the_broker_is_away(system: System, mode: str) -> None:
    task = await system.create()
    with worker(system, mode) as started:
        await appeared(system.folder / "working")
        system.broker.kill()
        await ends_well(started)
    system.broker.start()
    with worker(system, "work"):
        task = await system.ended(task.id, within_s=40)
    assert task.state == TaskState.TASK_STATE_COMPLETED


async def test_worker_ends_while_the_orchestrator_is_away(system: System) -> None:
    task = await system.create()
    with worker(system, "hang") as started:
        await appeared(system.folder / "working")
        await system.stop("orchestrator")
        await ends_well(started)
    await system.start_orchestrator()
    with worker(system, "work"):
        task = await system.ended(task.id, within_s=25)
    assert task.state == TaskState.TASK_STATE_COMPLETED


async def test_worker_that_never_reached_the_broker_ends(system: System) -> None:
    system.broker.kill()
    with worker(system, "hang") as started:
        await asyncio.sleep(3)  # it is starting, or waits for the broker
        assert started.poll() is None
        started.send_signal(signal.SIGTERM)
        # Before the handler is there, a signal ends it the usual way.
        assert await asyncio.to_thread(started.wait, IN_TIME_S) in (0, -signal.SIGTERM)


async def test_orchestrator_ends_with_a_watcher_and_an_upload_and_goes_on_afterwards(system: System) -> None:
    await system.stop("orchestrator")
    with process(system, "services.orchestrator") as orchestrator:
        await system.reachable()
        task = await system.create()
        watching = asyncio.create_task(system.events(task.id))
        begun = asyncio.Event()

        async def parts() -> AsyncIterator[pb.WriteFileRequest]:
            yield pb.WriteFileRequest(header=pb.WriteFileHeader(filename="endless.wav"))
            for _ in range(100_000):
                yield pb.WriteFileRequest(chunk=bytes(1000))
                begun.set()
                await asyncio.sleep(0.01)

        uploading = asyncio.create_task(_result(system.files.WriteFile(parts())))
        await asyncio.wait_for(begun.wait(), 10)
        await ends_well(orchestrator)
        for call in (watching, uploading):
            with pytest.raises(grpc.aio.AioRpcError):
                await asyncio.wait_for(call, 10)
    kept = [path for path in (system.artifacts / "files").rglob("*") if path.is_file()]
    assert len(kept) == 1, "the upload that was cut off left nothing"
    with process(system, "services.orchestrator"):
        await system.start_workers(stages())
        assert (await system.ended(task.id, within_s=30)).state == TaskState.TASK_STATE_COMPLETED
        await system.stop("workers")


async def _result(call: grpc.aio.StreamUnaryCall) -> pb.WriteFileResponse:
    response: pb.WriteFileResponse = await call
    return response


@pytest.mark.parametrize("when", ["before", "after"])
async def test_orchestrator_ends_while_the_broker_is_away(system: System, when: str) -> None:
    await system.stop("orchestrator")
    if when == "before":
        system.broker.kill()
    with process(system, "services.orchestrator") as orchestrator:
        await system.reachable()
        task = await system.create()
        if when == "after":
            system.broker.kill()
            await system.tasks.CancelTask(pb.CancelTaskRequest(task_id=task.id))
        await ends_well(orchestrator)
