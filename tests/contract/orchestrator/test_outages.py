"""Outages of the real stores in the middle of tasks: clients are told, nothing is lost, and all goes on by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import grpc
import pytest

from services.runtime.stage import StageContext
from tests.contract.orchestrator.harness import Broker, System, manifest_of, stages
from tests.contract.orchestrator.test_admission import refusal
from tests.support.postgres import Postgres
from tests.support.s3 import Bucket
from tests.support.s3_front import S3Front
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.pipeline.v1.pipeline_pb2 import StageState, TaskState

# Seconds that the database stays away: one shorter and one longer than a lease, and than every time out.
SHORT_S, LONG_S = 0.0, 5.0
DATABASE = {"database_connect_timeout_s": 1.0, "database_timeout_s": 1.0, "database_pool_size": 3}
BUCKET = {
    "artifacts_connect_timeout_s": 1.0,
    "artifacts_timeout_s": 2.0,
    "artifacts_retries": 1,
    "artifacts_retry_s": 0.5,
}


@pytest.fixture
async def on_postgres(tmp_path: Path, broker: Broker, own_postgres: Postgres) -> AsyncIterator[System]:
    """A system whose database can be stopped."""
    system = System(tmp_path, broker, own_postgres.url(own_postgres.create()))
    system.overrides.update(DATABASE)
    await system.start_preprocessing()
    await system.start_orchestrator()
    yield system
    await system.close()


@pytest.fixture
async def on_s3(tmp_path: Path, broker: Broker, bucket_behind_front: Bucket) -> AsyncIterator[System]:
    """A system whose bucket can be shut."""
    system = System(tmp_path, broker)
    system.storage = {**bucket_behind_front.settings, **BUCKET}
    await system.start_preprocessing()
    await system.start_orchestrator()
    yield system
    await system.close()


class Gate:
    """Holds a stage until it is opened."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "go"

    def open(self) -> None:
        self._file.write_text("")

    def held(self, context: StageContext) -> object:
        context.progress(0.5, "asr.transcribing", done=1, total=2)
        while not self._file.exists():
            context.stop.raise_if_set()
            context.stop.wait(0.02)
        return manifest_of(context)


async def completed_once(system: System, task_id: str) -> pb.Task:
    """The completed task, whose events have no gap and one end."""
    task = await system.ended(task_id, within_s=60)
    assert task.state == TaskState.TASK_STATE_COMPLETED, task
    events = await system.events(task_id)
    assert [event.seq for event in events] == list(range(1, task.last_seq + 1))
    assert [event.WhichOneof("event") for event in events].count("completed") == 1
    return task


@pytest.mark.parametrize("away_s", [SHORT_S, LONG_S])
@pytest.mark.parametrize("how", [Postgres.stop, Postgres.kill])
async def test_database_outage_in_the_middle_of_a_task_loses_nothing(
    on_postgres: System, own_postgres: Postgres, away_s: float, how: Callable[[Postgres], None]
) -> None:
    system, gate = on_postgres, Gate(on_postgres.folder)
    await system.start_workers(stages(asr=gate.held))  # type: ignore[arg-type]
    file = await system.upload()
    running, waiting = [await system.create(name, file_id=file.id) for name in ("running", "waiting")]
    await system.until(running.id, lambda task: task.stages[1].progress == 0.5)
    await asyncio.to_thread(how, own_postgres)
    for call in (
        system.create("meanwhile", file_id=file.id),
        system.tasks.ListTasks(pb.ListTasksRequest()),
        system.files.GetFile(pb.GetFileRequest(file_id=file.id)),
    ):
        status, error = await refusal(call)
        assert (status, error.code, error.retryable) == (grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE", True)
    gate.open()  # the result is reported while nobody can write it down
    await asyncio.sleep(away_s)
    await asyncio.to_thread(own_postgres.start)
    for task in (running, waiting):
        await completed_once(system, task.id)
    again = await system.create("meanwhile", file_id=file.id)
    await completed_once(system, again.id)


async def test_orchestrator_that_starts_before_its_database_stays_up_and_says_so(
    on_postgres: System, own_postgres: Postgres
) -> None:
    task = await on_postgres.create()
    await on_postgres.stop("orchestrator")
    await asyncio.to_thread(own_postgres.stop)
    starting = asyncio.create_task(on_postgres.start_orchestrator())
    deadline = time.monotonic() + 20
    while (await health(on_postgres, "storage")) != "NOT_SERVING":
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    status, error = await refusal(on_postgres.tasks.GetTask(pb.GetTaskRequest(task_id=task.id)))
    assert (status, error.code) == (grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE")
    await asyncio.to_thread(own_postgres.start)
    await starting
    await on_postgres.start_workers(stages())
    await completed_once(on_postgres, task.id)
    assert await health(on_postgres, "storage") == "SERVING"


@pytest.mark.parametrize("mode", ["broken", "silent"])
async def test_outage_of_the_bucket_in_the_middle_of_a_task_loses_nothing(
    on_s3: System, s3_front: S3Front, mode: str
) -> None:
    system, gate = on_s3, Gate(on_s3.folder)
    await system.start_workers(stages(asr=gate.held))  # type: ignore[arg-type]
    file = await system.upload(b"sound" * 1000)
    task = await system.create(file_id=file.id)
    task = await system.until(task.id, lambda task: task.stages[1].progress == 0.5)
    done = [stage for stage in task.stages if stage.state == StageState.STAGE_STATE_COMPLETED]
    assert done
    s3_front.shut(mode)
    gate.open()  # the work is done, and cannot be stored
    await system.until(task.id, lambda task: task.message.key == "task.waiting", within_s=30)
    assert (await refusal(system.upload()))[0] == grpc.StatusCode.UNAVAILABLE
    status, error = await refusal(drained(system, pb.ReadFileRequest(file_id=file.id)))
    assert (status, error.code) == (grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE")
    s3_front.open()
    task = await completed_once(system, task.id)
    for stage in done:
        assert task.stages[stage.stage - 1].lease == stage.lease, "what was finished is not done again"
    assert await drained(system, pb.ReadFileRequest(file_id=file.id)) == b"sound" * 1000
    await system.tasks.PurgeTask(pb.PurgeTaskRequest(task_id=task.id))


async def test_purge_during_an_outage_of_the_bucket_hides_the_task_at_once(on_s3: System, s3_front: S3Front) -> None:
    await on_s3.start_workers(stages())
    task = await completed_once(on_s3, (await on_s3.create("again")).id)
    s3_front.shut("broken")
    await on_s3.tasks.PurgeTask(pb.PurgeTaskRequest(task_id=task.id))
    assert (await refusal(on_s3.tasks.GetTask(pb.GetTaskRequest(task_id=task.id))))[0] == grpc.StatusCode.NOT_FOUND
    s3_front.open()
    assert (await on_s3.create("again")).exp_name == "again"


async def health(system: System, name: str) -> str:
    """What the orchestrator says about something that it depends on; "" while it does not listen."""
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    async with grpc.aio.insecure_channel(system.address) as channel:
        try:
            answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=name))
        except grpc.RpcError:
            return ""
        return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))


async def drained(system: System, request: pb.ReadFileRequest) -> bytes:
    """All bytes of a download."""
    return b"".join([part.chunk async for part in system.files.ReadFile(request)])
