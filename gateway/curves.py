"""What a client sees of loss curves: the JSON of GET /tasks/{id}/metrics, and how it is made."""

from pydantic import BaseModel

from gateway.schemas import StageName
from gateway.views import stage_word
from voiceloom.orchestrator.v1 import orchestrator_pb2


class CurvePoint(BaseModel):
    """The losses of one step."""

    step: int
    epoch: int
    losses: dict[str, float]


class Curve(BaseModel):
    """What a training stage has lost so far."""

    stage: StageName
    total_steps: int
    total_epochs: int
    batch_size: int
    points: list[CurvePoint]


class MetricsResponse(BaseModel):
    """The loss curves of a task."""

    task_id: str
    curves: list[Curve]


def metrics_view(task_id: str, found: orchestrator_pb2.ListMetricsResponse) -> MetricsResponse:
    """Loss curves as a client sees them."""
    return MetricsResponse(task_id=task_id, curves=[_curve(curve) for curve in found.curves])


def _curve(curve: orchestrator_pb2.LossCurve) -> Curve:
    points = [
        CurvePoint(
            step=point.step,
            epoch=point.epoch,
            losses={name: round(loss, 5) for name, loss in sorted(point.losses.items())},
        )
        for point in curve.points
    ]
    return Curve(
        stage=stage_word(curve.stage),
        total_steps=curve.total_steps,
        total_epochs=curve.total_epochs,
        batch_size=curve.batch_size,
        points=points,
    )
