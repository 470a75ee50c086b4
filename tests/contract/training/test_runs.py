"""GetRun, WatchRun and StopRun over real gRPC."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

import grpc.aio
import pytest

from services.runtime.errors import NotFoundError
from services.runtime.grpc_errors import from_rpc_error
from services.runtime.grpc_server import GrpcServer, open_channel
from services.training.run import ActiveRun, Runs, RunState
from services.training.servicer import TrainingServicer
from services.training.settings import TrainingSettings
from services.training.speed import SpeedMeter
from services.voice.pack import load_pack
from tests.unit.training.conftest import NANO
from voiceloom.pipeline.v1.pipeline_pb2 import Stage
from voiceloom.training.v1 import training_pb2, training_pb2_grpc

Stub = training_pb2_grpc.TrainingServiceStub


@pytest.fixture
def runs() -> Runs:
    return Runs()


MEASURED = 'print(\'{"sovits_epoch_s": 1.5, "gpt_epoch_s": 0.5, "start_s": 2.0, "work_s": 0.01}\')'


@pytest.fixture
async def stub(runs: Runs) -> AsyncIterator[Stub]:
    meter = SpeedMeter(TrainingSettings(), load_pack(NANO), runs, command=(sys.executable, "-c", MEASURED))

    def register(server: grpc.aio.Server) -> list[str]:
        training_pb2_grpc.add_TrainingServiceServicer_to_server(TrainingServicer(runs, meter), server)
        return [training_pb2.DESCRIPTOR.services_by_name["TrainingService"].full_name]

    server = await GrpcServer.start("127.0.0.1", 0, register, reflect=False)
    channel = open_channel(f"127.0.0.1:{server.port}")
    yield Stub(channel)
    await channel.close()
    await server.stop(1.0)


async def test_run_that_nobody_knows_is_not_found(stub: Stub) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await stub.GetRun(training_pb2.GetRunRequest(task_id="t", stage=Stage.STAGE_GPT_TRAIN))
    error = from_rpc_error(failure.value)
    assert isinstance(error, NotFoundError)
    assert error.code == "RUN_NOT_FOUND"


async def test_run_is_shown_watched_and_stopped(stub: Stub, runs: Runs) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    state = RunState(total_epochs=4, step=7, epoch=2, batch=8, losses={"mel": 0.5}, child_pid=99)
    runs.add("t", "sovits_train", ActiveRun(3, state, lambda: loop.call_soon_threadsafe(stopped.set)))
    wanted = {"task_id": "t", "stage": Stage.STAGE_SOVITS_TRAIN}
    run = (await stub.GetRun(training_pb2.GetRunRequest(**wanted))).run
    assert (run.lease, run.step, run.epoch, run.batch_size, run.child_pid) == (3, 7, 2, 8, 99)
    assert run.losses["mel"] == 0.5

    seen = []
    async for answer in stub.WatchRun(training_pb2.WatchRunRequest(**wanted)):
        seen.append((answer.run.step, answer.run.running))
        if len(seen) == 1:
            state.step = 8
        if len(seen) == 2:
            await stub.StopRun(training_pb2.StopRunRequest(**wanted))
            await stopped.wait()
            state.running = False
    assert seen == [(7, True), (8, True), (8, False)]


async def test_oldest_runs_are_forgotten(runs: Runs) -> None:
    for index in range(150):
        runs.add(str(index), "gpt_train", ActiveRun(1, RunState(), lambda: None))
    assert runs.find("0", "gpt_train") is None
    assert runs.find("149", "gpt_train") is not None


async def test_the_machine_is_measured_unless_a_run_is_active(stub: Stub, runs: Runs) -> None:
    active = ActiveRun(lease=1, state=RunState(), stop=lambda: None)
    runs.add("t", "gpt_train", active)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.MeasureSpeed(training_pb2.MeasureSpeedRequest())
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    active.state.running = False
    speed = await stub.MeasureSpeed(training_pb2.MeasureSpeedRequest())
    assert (speed.sovits_epoch_s, speed.gpt_epoch_s, speed.start_s, speed.work_s) == (1.5, 0.5, 2.0, 0.01)
