"""Says how long tasks would take."""

from typing import Annotated

from fastapi import APIRouter, Query

from gateway.estimates import EstimatesResponse, estimates_view
from gateway.state import GatewayDep, errors
from voiceloom.orchestrator.v1 import orchestrator_pb2

MAX_USABLE_S = 7200
Usable = Annotated[float, Query(gt=0, le=MAX_USABLE_S, allow_inf_nan=False)]

router = APIRouter(tags=["tasks"])


@router.get("/estimate", response_model=EstimatesResponse, responses=errors(400, 503))
async def estimate_tasks(usable_seconds: Usable, gateway: GatewayDep) -> EstimatesResponse:
    # The deadline is long: a service that is away must not be waited for until then.
    await gateway.clients.require("orchestrator")
    request = orchestrator_pb2.EstimateTasksRequest(owner=gateway.settings.owner, usable_s=usable_seconds)
    found = await gateway.clients.call(
        gateway.clients.tasks.EstimateTasks, request, timeout_s=gateway.settings.estimate_timeout_s
    )
    return estimates_view(found)
