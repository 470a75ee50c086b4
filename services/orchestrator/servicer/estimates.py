"""Estimates of an owner's next task: what decides them, out of the task store and the training service."""

from __future__ import annotations

from collections.abc import Iterable

import grpc.aio
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.orchestrator.estimates import BY_LENGTH, Pace, Past, Speed, estimates, pace_of, pace_of_measure
from services.orchestrator.lifecycle import UNFINISHED
from services.orchestrator.models import File, Stage, Task
from services.orchestrator.pipeline import folder_of
from services.orchestrator.servicer.convert import to_options
from services.orchestrator.store import Store
from services.runtime.errors import InvalidInputError
from services.runtime.grpc_errors import from_rpc_error
from services.voice.presets import DEFAULT_PRESET, PRESETS, Epochs
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.pipeline.v1.pipeline_pb2 import Quality
from voiceloom.training.v1.training_pb2 import MeasureSpeedRequest
from voiceloom.training.v1.training_pb2_grpc import TrainingServiceStub

# The newest tasks say how fast the machine is now.
NEWEST_TASKS = 20
MAX_USABLE_S = 7200.0
_STAGES = (*BY_LENGTH, "sovits_train", "gpt_train", "inference")


class GrpcMeter:
    """Has the training service measure the machine."""

    def __init__(self, channel: grpc.aio.Channel, timeout_s: float) -> None:
        self._stub, self._timeout_s = TrainingServiceStub(channel), timeout_s

    async def speed(self) -> Speed:
        """Ask, with a deadline. Raises UnavailableError while it trains, and when it is away."""
        try:
            found = await self._stub.MeasureSpeed(MeasureSpeedRequest(), timeout=self._timeout_s)
        except grpc.RpcError as exc:
            raise from_rpc_error(exc) from exc
        return Speed(found.sovits_epoch_s, found.gpt_epoch_s, found.start_s, found.work_s)


class Estimates:
    """Says how long tasks would take."""

    def __init__(self, store: Store, meter: GrpcMeter, heavy_slots: int) -> None:
        self._store, self._meter, self._slots = store, meter, heavy_slots

    async def of(self, owner: str, usable_s: float) -> pb.EstimateTasksResponse:
        """For a recording of so much speech. Raises InvalidInputError (INVALID_REQUEST), UnavailableError."""
        if not 0 < usable_s <= MAX_USABLE_S:
            raise InvalidInputError("INVALID_REQUEST", problem="usable_s")
        pace = pace_of(await self._past(owner)) or pace_of_measure(await self._meter.speed())
        before, wait_s = await self._before(pace)
        return pb.EstimateTasksResponse(
            estimates=[
                pb.Estimate(
                    quality=f"QUALITY_{found.quality.upper()}",
                    seconds=found.seconds,
                    least_s=found.least_s,
                    most_s=found.most_s,
                    from_history=pace.from_history,
                )
                for found in estimates(pace, usable_s)
            ],
            tasks_before=before,
            wait_s=wait_s,
        )

    async def _past(self, owner: str) -> list[Past]:
        newest = (
            select(Task)
            .where(Task.owner == owner, Task.state == "completed", Task.purged_at.is_(None))
            .order_by(Task.completed_at.desc())
            .limit(NEWEST_TASKS)
        )
        async with self._store.reading() as session:
            tasks = list(await session.scalars(newest))
            lengths = await _lengths(session, tasks)
        return [past for task in tasks if (past := _past_of(task, lengths))]

    async def _before(self, pace: Pace) -> tuple[int, float]:
        """How many tasks of anybody wait or run, and for how long the machine is busy with them."""
        async with self._store.reading() as session:
            tasks = list(await session.scalars(select(Task).where(Task.state.in_(UNFINISHED))))
            lengths = await _lengths(session, tasks)
        left_s = [
            pace.task_s(_epochs(task), sum(lengths.get(file_id, 0.0) for file_id in task.file_ids))
            * (1.0 - task.progress)
            for task in tasks
        ]
        return len(tasks), sum(left_s) / self._slots


async def _lengths(session: AsyncSession, tasks: Iterable[Task]) -> dict[str, float]:
    """Seconds of the recordings that are still there."""
    wanted = {file_id for task in tasks for file_id in task.file_ids}
    rows = await session.execute(select(File.id, File.seconds).where(File.id.in_(wanted)))
    return {row.id: row.seconds for row in rows}


def _past_of(task: Task, lengths: dict[str, float]) -> Past | None:
    """What a task says; None when it did not do all of its work itself, in the usual way."""
    seconds = {stage.name: taken for stage in task.stages if (taken := _own_seconds(stage)) is not None}
    recording_s = sum(lengths.get(file_id, 0.0) for file_id in task.file_ids)
    whole = all(file_id in lengths for file_id in task.file_ids)
    if not whole or not recording_s or set(_STAGES) - seconds.keys() or to_options(task).HasField("expert"):
        return None
    return Past(seconds, recording_s, _epochs(task))


def _own_seconds(stage: Stage) -> float | None:
    if stage.started_at is None or stage.completed_at is None or stage.state != "completed":
        return None
    # What was interrupted, or taken over from equal work, took another time.
    if stage.attempt != 1 or stage.origin != folder_of(stage.task_id, stage.name):
        return None
    return stage.completed_at - stage.started_at


def _epochs(task: Task) -> Epochs:
    options = to_options(task)
    usual = PRESETS.get(Quality.Name(options.quality).removeprefix("QUALITY_").lower(), PRESETS[DEFAULT_PRESET])
    return Epochs(options.expert.sovits_epochs or usual.sovits, options.expert.gpt_epochs or usual.gpt)
