"""Shows the words of the clips of a task, and takes what people correct."""

from fastapi import APIRouter

from gateway.state import GatewayDep, errors
from gateway.transcripts import TranscriptsRequest, TranscriptsResponse, transcripts_view
from voiceloom.orchestrator.v1 import orchestrator_pb2

_PATH = "/tasks/{task_id}/transcripts"

router = APIRouter(tags=["tasks"])


@router.get(_PATH, response_model=TranscriptsResponse, responses=errors(404, 409, 503))
async def list_transcripts(task_id: str, gateway: GatewayDep) -> TranscriptsResponse:
    request = orchestrator_pb2.ListTranscriptsRequest(owner=gateway.settings.owner, task_id=task_id)
    found = await gateway.clients.call(gateway.clients.tasks.ListTranscripts, request)
    return transcripts_view(task_id, found.transcripts)


@router.put(_PATH, response_model=TranscriptsResponse, responses=errors(400, 404, 409, 413, 503))
async def correct_transcripts(task_id: str, body: TranscriptsRequest, gateway: GatewayDep) -> TranscriptsResponse:
    request = orchestrator_pb2.CorrectTranscriptsRequest(
        owner=gateway.settings.owner, task_id=task_id, corrections=body.corrections()
    )
    found = await gateway.clients.call(gateway.clients.tasks.CorrectTranscripts, request)
    return transcripts_view(task_id, found.transcripts)
