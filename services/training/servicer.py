"""gRPC side of training: shows and stops the runs of this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import grpc.aio

from services.runtime.errors import NotFoundError
from services.runtime.stage import stage_name
from services.training.run import ActiveRun, Runs
from services.training.speed import SpeedMeter
from voiceloom.pipeline.v1.pipeline_pb2 import Stage
from voiceloom.training.v1 import training_pb2, training_pb2_grpc

WATCH_INTERVAL_S = 0.25


class TrainingServicer(training_pb2_grpc.TrainingServiceServicer):
    """Answers about runs; the stages do the work."""

    def __init__(self, runs: Runs, meter: SpeedMeter) -> None:
        self._runs, self._meter = runs, meter

    async def GetRun(
        self, request: training_pb2.GetRunRequest, context: grpc.aio.ServicerContext
    ) -> training_pb2.GetRunResponse:
        """The run as it is now, or as it ended."""
        run = self._find(request.task_id, request.stage)
        return training_pb2.GetRunResponse(run=_to_run(request.task_id, request.stage, run))

    async def WatchRun(
        self, request: training_pb2.WatchRunRequest, context: grpc.aio.ServicerContext
    ) -> AsyncIterator[training_pb2.WatchRunResponse]:
        """The run at every step, until it ends."""
        run = self._find(request.task_id, request.stage)
        shown = -1
        while True:
            running, step = run.state.running, run.state.step
            if step != shown or not running:
                shown = step
                yield training_pb2.WatchRunResponse(run=_to_run(request.task_id, request.stage, run))
            if not running:
                return
            await asyncio.sleep(WATCH_INTERVAL_S)

    async def StopRun(
        self, request: training_pb2.StopRunRequest, context: grpc.aio.ServicerContext
    ) -> training_pb2.StopRunResponse:
        """Ask the run to stop; one that has ended is left alone."""
        self._find(request.task_id, request.stage).stop()
        return training_pb2.StopRunResponse()

    async def MeasureSpeed(
        self, request: training_pb2.MeasureSpeedRequest, context: grpc.aio.ServicerContext
    ) -> training_pb2.MeasureSpeedResponse:
        """How fast this machine trains; UNAVAILABLE while a run is active and nothing was measured before."""
        return training_pb2.MeasureSpeedResponse(**vars(await self._meter.speed()))

    def _find(self, task_id: str, stage: Stage) -> ActiveRun:
        run = self._runs.find(task_id, stage_name(stage))
        if run is None:
            raise NotFoundError("RUN_NOT_FOUND", task_id=task_id)
        return run


def _to_run(task_id: str, stage: Stage, run: ActiveRun) -> training_pb2.Run:
    state = run.state
    return training_pb2.Run(
        task_id=task_id,
        stage=stage,
        lease=run.lease,
        step=state.step,
        total_steps=state.total_steps,
        epoch=state.epoch,
        total_epochs=state.total_epochs,
        batch_size=state.batch,
        losses=dict(state.losses),
        child_pid=state.child_pid,
        running=state.running,
    )
