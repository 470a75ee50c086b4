"""Estimates out of the task store, and out of a measure where there is nothing in it yet."""

from __future__ import annotations

from collections.abc import AsyncIterator

import grpc
import pytest

from services.runtime.errors import UnavailableError
from services.runtime.grpc_errors import from_rpc_error
from services.runtime.grpc_server import GrpcServer
from services.runtime.stage import StageContext
from tests.contract.orchestrator.harness import System, free_port, manifest_of, stages
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.pipeline.v1.pipeline_pb2 import Expert, Quality
from voiceloom.training.v1 import training_pb2_grpc
from voiceloom.training.v1.training_pb2 import MeasureSpeedRequest, MeasureSpeedResponse


class Meter(training_pb2_grpc.TrainingServiceServicer):
    """Stands in for the training service."""

    def __init__(self) -> None:
        self.asked, self.busy = 0, False

    async def MeasureSpeed(
        self, request: MeasureSpeedRequest, context: grpc.aio.ServicerContext
    ) -> MeasureSpeedResponse:
        self.asked += 1
        if self.busy:
            raise UnavailableError("UNAVAILABLE")
        return MeasureSpeedResponse(sovits_epoch_s=10.0, gpt_epoch_s=5.0, start_s=2.0, work_s=0.0138)


@pytest.fixture
async def meter(system: System) -> AsyncIterator[Meter]:
    """A training service that has measured, and an orchestrator that asks it."""
    servicer, port = Meter(), free_port()

    def register(server: grpc.aio.Server) -> list[str]:
        training_pb2_grpc.add_TrainingServiceServicer_to_server(servicer, server)
        return []

    server = await GrpcServer.start("127.0.0.1", port, register, reflect=False)
    await system.stop("orchestrator")
    system.overrides["training_address"] = f"127.0.0.1:{port}"
    await system.start_orchestrator()
    yield servicer
    await server.stop(0.1)


async def estimate(system: System, usable_s: float = 90.0) -> pb.EstimateTasksResponse:
    found: pb.EstimateTasksResponse = await system.tasks.EstimateTasks(pb.EstimateTasksRequest(usable_s=usable_s))
    return found


def pause(context: StageContext) -> object:
    context.stop.wait(0.2)
    return manifest_of(context)


async def test_a_machine_without_tasks_is_measured(system: System, meter: Meter) -> None:
    found = await estimate(system)
    assert [item.quality for item in found.estimates] == [
        Quality.QUALITY_FAST,
        Quality.QUALITY_STANDARD,
        Quality.QUALITY_HIGH,
    ]
    assert not any(item.from_history for item in found.estimates)
    fast = found.estimates[0]
    assert fast.seconds > 4 * 10 + 8 * 5 + 2 * 2
    assert fast.least_s < fast.seconds < fast.most_s
    assert (found.tasks_before, found.wait_s) == (0, 0.0)


async def test_a_task_that_was_completed_says_more_than_a_measure(system: System, meter: Meter) -> None:
    await system.start_workers(stages(sovits_train=pause, gpt_train=pause))  # type: ignore[arg-type]
    task = await system.ended((await system.create()).id)
    found = await estimate(system, 10.0)  # the recording of the harness has ten seconds
    assert all(item.from_history for item in found.estimates)
    assert meter.asked == 0
    taken = sum(stage.seconds for stage in task.stages)
    assert found.estimates[0].seconds == pytest.approx(taken, abs=0.05)
    assert found.estimates[2].seconds > found.estimates[0].seconds


async def test_tasks_that_were_trained_in_another_way_say_nothing(system: System, meter: Meter) -> None:
    await system.start_workers(stages())
    await system.ended((await system.create(expert=Expert(sovits_epochs=1))).id)
    assert not any(item.from_history for item in (await estimate(system)).estimates)


async def test_tasks_that_wait_are_waited_for(system: System, meter: Meter) -> None:
    await system.create("one")
    found = await estimate(system, 10.0)
    assert found.tasks_before == 1
    assert found.wait_s == pytest.approx(found.estimates[0].seconds, rel=0.01)
    await system.create("two")
    assert (await estimate(system, 10.0)).wait_s == pytest.approx(2 * found.wait_s, rel=0.01)


@pytest.mark.parametrize("usable_s", [0.0, -1.0, 7200.5, float("nan"), float("inf")])
async def test_lengths_that_no_recording_has_are_refused(system: System, meter: Meter, usable_s: float) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        await estimate(system, usable_s)
    assert from_rpc_error(caught.value).code == "INVALID_REQUEST"


async def test_nothing_is_said_while_nothing_is_known(system: System, meter: Meter) -> None:
    meter.busy = True
    with pytest.raises(grpc.RpcError) as caught:
        await estimate(system)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE  # type: ignore[attr-defined]
