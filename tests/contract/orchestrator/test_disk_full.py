"""A full disk refuses uploads, makes stages wait, and is over when there is room again."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import grpc.aio
import pytest
from google.protobuf.message import Message as ProtoMessage

from services.runtime.errors import VoiceloomError
from services.runtime.grpc_errors import from_rpc_error
from services.runtime.stage import StageContext
from tests.contract.orchestrator.harness import System, manifest_of, stages
from tests.contract.orchestrator.test_recovery import process
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.pipeline.v1.pipeline_pb2 import TaskState

LIMIT = 4 << 20
UNLIMITED = resource.RLIM_INFINITY


def limit_files(started: subprocess.Popen[bytes], size: int) -> None:
    """Make every write beyond a size fail in a running process, as on a full disk; works for root and others alike."""
    resource.prlimit(started.pid, resource.RLIMIT_FSIZE, (size, UNLIMITED))


async def upload(system: System, size: int, *, announced: int = 0) -> pb.File:
    async def parts() -> AsyncIterator[pb.WriteFileRequest]:
        yield pb.WriteFileRequest(header=pb.WriteFileHeader(filename="me.wav", announced_bytes=announced))
        for start in range(0, size, 100_000):
            yield pb.WriteFileRequest(chunk=bytes(min(100_000, size - start)))

    file: pb.File = (await system.files.WriteFile(parts(), timeout=30)).file
    return file


async def refusal(system: System, size: int, *, announced: int = 0) -> tuple[grpc.StatusCode, VoiceloomError]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await upload(system, size, announced=announced)
    return caught.value.code(), from_rpc_error(caught.value)


def stored(folder: Path) -> list[Path]:
    return [path for path in (folder / "files").rglob("*") if path.is_file()]


async def test_upload_that_fills_the_disk_is_refused_and_leaves_nothing(system: System) -> None:
    await system.stop("orchestrator")
    with process(system, "services.orchestrator") as orchestrator:
        await system.reachable()
        limit_files(orchestrator, LIMIT)
        status, error = await refusal(system, 2 * LIMIT)
        assert (status, error.code, error.retryable) == (grpc.StatusCode.UNAVAILABLE, "DISK_FULL", True)
        assert stored(system.artifacts) == []
        assert (await system.files.ListFiles(pb.ListFilesRequest())).total == 0
        limit_files(orchestrator, UNLIMITED)
        assert (await upload(system, 2 * LIMIT)).ref.size_bytes == 2 * LIMIT


async def test_upload_without_room_is_refused_before_its_bytes(system: System) -> None:
    await system.stop("orchestrator")
    system.overrides["min_free_bytes"] = 1 << 60
    await system.start_orchestrator()
    _, error = await refusal(system, 1000)
    assert error.code == "DISK_FULL"
    await system.stop("orchestrator")
    system.overrides |= {"min_free_bytes": 0, "max_upload_bytes": 1 << 60}
    await system.start_orchestrator()
    _, error = await refusal(system, 1000, announced=1 << 59)
    assert error.code == "DISK_FULL"
    assert stored(system.artifacts) == []
    assert (await upload(system, 1000, announced=1200)).ref.size_bytes == 1000


async def test_stage_on_a_full_disk_waits_for_room(system: System) -> None:
    full = True

    def fills(context: StageContext) -> ProtoMessage:
        if full:
            # Unbuffered, so that the error comes from the write.
            with open("/dev/full", "wb", buffering=0) as file:
                file.write(b"x")
        return manifest_of(context)

    await system.start_workers(stages(asr=fills))
    task = await system.create()
    await system.until(task.id, lambda task: task.stages[1].message.key == "task.waiting")
    full = False
    task = await system.ended(task.id, within_s=60)  # the longer it has waited, the longer it waits
    assert task.state == TaskState.TASK_STATE_COMPLETED
    told = [event.logged.message.key for event in await system.events(task.id) if event.HasField("logged")]
    assert set(told) == {"error.DISK_FULL"}


async def test_stage_does_not_begin_without_the_room_that_is_kept_free(system: System) -> None:
    ran: list[str] = []

    def runs(context: StageContext) -> ProtoMessage:
        ran.append(context.stage)
        return manifest_of(context)

    await system.start_workers(stages(audio_slice=runs), min_free_bytes=1 << 60)
    task = await system.create()
    await system.until(task.id, lambda task: task.stages[0].message.key == "task.waiting")
    events = system.tasks.WatchTask(pb.WatchTaskRequest(task_id=task.id), timeout=20)
    codes = set()
    async for answer in events:
        if answer.event.HasField("logged"):
            codes.add(answer.event.logged.message.key)
            break
    events.cancel()
    assert codes == {"error.DISK_FULL"}
    assert ran == []
