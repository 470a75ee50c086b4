"""Loss curves of training stages while they run: points as they are told, kept as rows.

A stage that is completed has its whole curve among its artifacts; its rows are dropped then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TypeVar

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.orchestrator.models import MetricRow, Stage
from services.orchestrator.store import Store

TRAINING = ("sovits_train", "gpt_train")
MAX_POINTS = 1000

T = TypeVar("T")


@dataclass(frozen=True)
class Point:
    """One step: its losses, and how long the run will be as far as was known then."""

    step: int
    epoch: int
    losses: dict[str, float]
    total_steps: int
    total_epochs: int
    batch_size: int


async def add(session: AsyncSession, stage: Stage, point: Point) -> None:
    """Keep a point of the current lease. Points at and after its step are of a run that went on from before it."""
    await session.execute(
        delete(MetricRow).where(
            MetricRow.task_id == stage.task_id, MetricRow.stage == stage.name, MetricRow.step >= point.step
        )
    )
    session.add(
        MetricRow(
            task_id=stage.task_id,
            stage=stage.name,
            step=point.step,
            owner=stage.owner,
            lease=stage.lease,
            data=asdict(point),
        )
    )


async def drop(session: AsyncSession, task_id: str, stages: Iterable[str]) -> None:
    """Forget the curves of some stages of a task."""
    await session.execute(delete(MetricRow).where(MetricRow.task_id == task_id, MetricRow.stage.in_(list(stages))))


async def points_of(store: Store, task_id: str, stage: str) -> list[Point]:
    """The points of a stage that is not completed, in order of their steps, thinned out to at most MAX_POINTS."""
    query = (
        select(MetricRow.data).where(MetricRow.task_id == task_id, MetricRow.stage == stage).order_by(MetricRow.step)
    )
    async with store.reading() as session:
        return thinned([Point(**data) for data in await session.scalars(query)])


def thinned(points: Sequence[T], most: int = MAX_POINTS) -> list[T]:
    """At most so many of them, evenly spread, the first and the last among them."""
    if len(points) <= most:
        return list(points)
    return [points[number * (len(points) - 1) // (most - 1)] for number in range(most)]
