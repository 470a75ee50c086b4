"""What a client sees of estimates: the JSON of GET /estimate, and how it is made."""

from typing import Literal

from pydantic import BaseModel

from gateway.schemas import Quality
from gateway.views import seconds, word
from voiceloom.orchestrator.v1 import orchestrator_pb2
from voiceloom.pipeline.v1 import pipeline_pb2


class EstimateView(BaseModel):
    """How long a task of one preset would take from its start on."""

    quality: Quality
    seconds: float
    least_seconds: float
    most_seconds: float
    basis: Literal["history", "measured"]


class EstimatesResponse(BaseModel):
    """How long tasks would take on this machine."""

    items: list[EstimateView]
    tasks_before: int
    wait_seconds: float


def estimates_view(found: orchestrator_pb2.EstimateTasksResponse) -> EstimatesResponse:
    """Estimates as a client sees them."""
    return EstimatesResponse(
        items=[
            EstimateView(
                quality=word(pipeline_pb2.Quality, estimate.quality, "QUALITY_"),
                seconds=seconds(estimate.seconds),
                least_seconds=seconds(estimate.least_s),
                most_seconds=seconds(estimate.most_s),
                basis="history" if estimate.from_history else "measured",
            )
            for estimate in found.estimates
        ],
        tasks_before=found.tasks_before,
        wait_seconds=seconds(found.wait_s),
    )
