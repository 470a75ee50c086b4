"""Shows the loss curves of a task."""

from fastapi import APIRouter

from gateway.curves import MetricsResponse, metrics_view
from gateway.state import GatewayDep, errors
from voiceloom.orchestrator.v1 import orchestrator_pb2

router = APIRouter(tags=["tasks"])


@router.get("/tasks/{task_id}/metrics", response_model=MetricsResponse, responses=errors(404, 503))
async def list_metrics(task_id: str, gateway: GatewayDep) -> MetricsResponse:
    request = orchestrator_pb2.ListMetricsRequest(owner=gateway.settings.owner, task_id=task_id)
    return metrics_view(task_id, await gateway.clients.call(gateway.clients.tasks.ListMetrics, request))
