"""Estimates: from what tasks have taken, else from what the training service has measured; and the queue before."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator

import grpc
import grpc.aio
import pytest
from google.protobuf.message import Message as ProtoMessage

from services.runtime.errors import UnavailableError
from services.runtime.grpc_server import GrpcServer
from services.runtime.stage import StageContext
from tests.contract.orchestrator.harness import System, free_port, manifest_of, stages
from tests.contract.orchestrator.test_admission import refusal
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.pipeline.v1.manifest_pb2 import AudioSliceManifest
from voiceloom.pipeline.v1.pipeline_pb2 import Expert, Quality, TaskState
from voiceloom.training.v1 import training_pb2, training_pb2_grpc

# Seconds that every stage says to have taken.
SOUND_S, SOVITS_S, GPT_S = 4.0, 100.0, 50.0
USABLE_S = 60.0


class FakeTraining(training_pb2_grpc.TrainingServiceServicer):
    """Measures at once, unless it is busy."""

    def __init__(self) -> None:
        self.busy, self.asked = False, 0

    async def MeasureSpeed(
        self, request: training_pb2.MeasureSpeedRequest, context: grpc.aio.ServicerContext
    ) -> training_pb2.MeasureSpeedResponse:
        self.asked += 1
        if self.busy:
            raise UnavailableError("UNAVAILABLE", detail="a training runs")
        return training_pb2.MeasureSpeedResponse(sovits_epoch_s=20.0, gpt_epoch_s=8.0, start_s=4.0, work_s=0.15)


@pytest.fixture
async def training(system: System) -> AsyncIterator[FakeTraining]:
    """A training service that the orchestrator knows."""
    servicer = FakeTraining()

    def register(server: grpc.aio.Server) -> list[str]:
        training_pb2_grpc.add_TrainingServiceServicer_to_server(servicer, server)
        return []

    port = free_port()
    server = await GrpcServer.start("127.0.0.1", port, register, reflect=False)
    await system.stop("orchestrator")
    system.overrides["training_address"] = f"127.0.0.1:{port}"
    await system.start_orchestrator()
    yield servicer
    await server.stop(0.1)


async def ask(system: System, usable_s: float = USABLE_S, owner: str = "") -> pb.EstimateTasksResponse:
    request = pb.EstimateTasksRequest(owner=owner, usable_s=usable_s)
    response: pb.EstimateTasksResponse = await system.tasks.EstimateTasks(request, timeout=10)
    return response


def took(seconds: float) -> object:
    """A stage that says to have taken so long."""

    def run(context: StageContext) -> ProtoMessage:
        manifest = manifest_of(context)
        manifest.provenance.seconds = seconds  # type: ignore[attr-defined]
        if isinstance(manifest, AudioSliceManifest):
            manifest.report.usable_s = USABLE_S
        return manifest

    return run


def slow_stages() -> dict:
    return {name: took({"sovits_train": SOVITS_S, "gpt_train": GPT_S}.get(name, SOUND_S)) for name in stages()}


async def test_without_tasks_the_measured_speed_says_how_long_they_take(system: System, training: FakeTraining) -> None:
    answer = await ask(system)
    assert [item.quality for item in answer.estimates] == [
        Quality.QUALITY_FAST,
        Quality.QUALITY_STANDARD,
        Quality.QUALITY_HIGH,
    ]
    fast, standard, high = answer.estimates
    trained = (4.0 + 4 * 20.0) + (4.0 + 8 * 8.0)
    assert trained < fast.seconds < trained + 60
    assert fast.least_s < fast.seconds < fast.most_s
    assert fast.seconds < standard.seconds < high.seconds
    assert not any(item.from_history for item in answer.estimates)
    assert (answer.tasks_before, answer.wait_s) == (0, 0.0)
    longer = await ask(system, 1800.0)
    assert longer.estimates[0].seconds > fast.seconds + 300


async def test_once_tasks_are_completed_they_say_and_nothing_is_measured(
    system: System, training: FakeTraining
) -> None:
    await system.start_workers(slow_stages())
    task = await system.ended((await system.create()).id)
    assert task.state == TaskState.TASK_STATE_COMPLETED
    fast, standard, _ = (await ask(system)).estimates
    assert fast.from_history
    assert fast.seconds == pytest.approx(6 * SOUND_S + SOVITS_S + GPT_S, rel=0.02)
    # Twice the epochs, about, and more pairs to speak with: nothing else grows.
    assert fast.seconds + 0.8 * (SOVITS_S + GPT_S) < standard.seconds < fast.seconds + 1.2 * (SOVITS_S + GPT_S)
    assert training.asked == 0


async def test_tasks_of_others_with_their_own_batch_or_taken_over_say_nothing(
    system: System, training: FakeTraining
) -> None:
    await system.start_workers(slow_stages())
    await system.ended((await system.create()).id)
    assert not (await ask(system, owner="eve")).estimates[0].from_history
    purge = pb.PurgeTaskRequest(task_id=(await system.tasks.ListTasks(pb.ListTasksRequest())).tasks[0].id)
    await system.tasks.PurgeTask(purge)
    await system.ended((await system.create("batch", expert=Expert(sovits_batch_size=2))).id)
    assert not (await ask(system)).estimates[0].from_history


async def test_while_nothing_is_known_and_a_training_runs_there_is_no_estimate(
    system: System, training: FakeTraining
) -> None:
    training.busy = True
    status, error = await refusal(ask(system))
    assert (status, error.code, error.retryable) == (grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE", True)
    training.busy = False
    assert len((await ask(system)).estimates) == 3


async def test_what_waits_before_is_counted_with_its_time(system: System, training: FakeTraining) -> None:
    await system.create("one")
    one = await ask(system)
    await system.create("two")
    two = await ask(system, owner="eve")
    assert (one.tasks_before, two.tasks_before) == (1, 2)
    assert one.wait_s > one.estimates[0].seconds / 2
    assert two.wait_s == pytest.approx(2 * one.wait_s)


@pytest.mark.parametrize("usable_s", [0.0, 7200.1, -1.0, math.nan, math.inf])
async def test_seconds_out_of_range_are_refused(system: System, usable_s: float) -> None:
    status, error = await refusal(ask(system, usable_s))
    assert (status, error.code) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
