"""Loss curves: kept while a stage trains, never of two runs at once, from its artifacts when it is done."""

from __future__ import annotations

import itertools
import json
import threading

import grpc
import pytest
from google.protobuf.message import Message as ProtoMessage

from services.orchestrator.curves import MAX_POINTS, thinned
from services.runtime.errors import StageFailedError
from services.runtime.grpc_errors import from_rpc_error
from services.runtime.stage import StageContext
from tests.contract.orchestrator.harness import System, manifest_of, stages
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.pipeline.v1.manifest_pb2 import TrainManifest
from voiceloom.pipeline.v1.pipeline_pb2 import StageMetrics, TaskState


def tell(context: StageContext, step: int, loss: float) -> None:
    context.metrics(
        StageMetrics(step=step, epoch=1, total_steps=9, total_epochs=3, losses={"total": loss}, batch_size=4)
    )
    context.progress(step / 9, "sovits_train.epoch", epoch=1, epochs=3)


async def curves_of(system: System, task_id: str) -> list[pb.LossCurve]:
    return list((await system.tasks.ListMetrics(pb.ListMetricsRequest(task_id=task_id))).curves)


async def points_of(system: System, task_id: str) -> dict[str, list[tuple[int, float]]]:
    return {
        str(curve.stage): [(point.step, point.losses["total"]) for point in curve.points]
        for curve in await curves_of(system, task_id)
    }


async def until_step(system: System, task_id: str, step: int) -> None:
    await system.until(task_id, lambda task: task.stages[5].progress >= step / 9, within_s=30)


async def test_a_curve_grows_while_the_stage_trains_and_is_whole_afterwards(system: System) -> None:
    go_on = threading.Event()

    def train(context: StageContext) -> ProtoMessage:
        for step in (1, 4, 7):
            tell(context, step, 10.0 - step)
        go_on.wait(30)
        manifest = manifest_of(context)
        assert isinstance(manifest, TrainManifest)
        rows = [{"step": step, "epoch": step, "lr": 0.1, "losses": {"total": 10.0 - step}} for step in range(1, 10)]
        data = "".join(json.dumps(row) + "\n" for row in rows).encode()
        manifest.loss_curve_ref.CopyFrom(context.put_bytes("loss_curve.jsonl", data))
        manifest.batch_size = 4
        return manifest

    await system.start_workers(stages(sovits_train=train))
    task = await system.create()
    assert await curves_of(system, task.id) == []
    await until_step(system, task.id, 7)
    (curve,) = await curves_of(system, task.id)
    assert (curve.total_steps, curve.total_epochs, curve.batch_size) == (9, 3, 4)
    assert [(point.step, point.losses["total"]) for point in curve.points] == [(1, 9.0), (4, 6.0), (7, 3.0)]
    go_on.set()
    assert (await system.ended(task.id)).state == TaskState.TASK_STATE_COMPLETED
    (curve,) = await curves_of(system, task.id)
    assert [point.step for point in curve.points] == list(range(1, 10))
    assert (curve.total_steps, curve.batch_size) == (9, 4)


async def test_a_run_that_goes_on_from_a_checkpoint_replaces_what_came_after_it(system: System) -> None:
    def train(context: StageContext) -> ProtoMessage:
        if context.attempt == 1:
            for step in (1, 3, 5):
                tell(context, step, 1.0)
            raise StageFailedError("INTERNAL", retryable=True)
        for step in (4, 6):
            tell(context, step, 2.0)
        raise StageFailedError("TRAINING_DIVERGED")

    await system.start_workers(stages(sovits_train=train))
    task = await system.create()
    assert (await system.ended(task.id)).state == TaskState.TASK_STATE_FAILED
    (points,) = (await points_of(system, task.id)).values()
    assert points == [(1, 1.0), (3, 1.0), (4, 2.0), (6, 2.0)]


async def test_a_retry_forgets_the_curve_of_the_run_before(system: System) -> None:
    runs = iter((1.0, 2.0))
    go_on = threading.Event()

    def train(context: StageContext) -> ProtoMessage:
        tell(context, 5, next(runs))
        go_on.wait(30)
        raise StageFailedError("TRAINING_DIVERGED")

    await system.start_workers(stages(sovits_train=train))
    task = await system.create()
    await until_step(system, task.id, 5)
    go_on.set()
    await system.ended(task.id)
    assert list((await points_of(system, task.id)).values()) == [[(5, 1.0)]]
    await system.stop("workers")
    await system.tasks.RetryTask(pb.RetryTaskRequest(task_id=task.id))
    assert await curves_of(system, task.id) == []


async def test_curves_of_an_unknown_task_are_not_found(system: System) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        await curves_of(system, "nowhere")
    assert from_rpc_error(caught.value).code == "TASK_NOT_FOUND"


def test_a_long_curve_is_thinned_out_evenly_and_keeps_its_ends() -> None:
    kept = thinned(range(2 * MAX_POINTS))
    assert len(kept) == MAX_POINTS
    assert (kept[0], kept[-1]) == (0, 2 * MAX_POINTS - 1)
    assert {later - earlier for earlier, later in itertools.pairwise(kept)} <= {2, 3}
