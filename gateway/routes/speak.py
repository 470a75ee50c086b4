"""Lets a trained voice say something else."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.schemas import SpeakRequest
from gateway.speech import ClientGone, unless_gone
from gateway.state import Gateway, GatewayDep, errors
from voiceloom.inference.v1 import inference_pb2
from voiceloom.orchestrator.v1 import orchestrator_pb2
from voiceloom.pipeline.v1 import pipeline_pb2

# What a proxy logs of a client that closed its connection; the client itself never sees it.
_CLIENT_CLOSED = 499

router = APIRouter(tags=["tasks"])


async def _spoken(task_id: str, body: SpeakRequest, gateway: Gateway) -> bytes:
    clients = gateway.clients
    wanted = orchestrator_pb2.GetVoiceRequest(owner=gateway.settings.owner, task_id=task_id)
    voice = await clients.call(clients.tasks.GetVoice, wanted)
    asked = inference_pb2.SynthesizeRequest(
        manifests=voice.manifests,
        voice_id=task_id,
        text=body.text,
        language=body.language or voice.language,
        synthesis=pipeline_pb2.Synthesis(**body.model_dump(exclude={"text", "language"}, exclude_none=True)),
    )
    return await gateway.speech.say(asked)


@router.post(
    "/tasks/{task_id}/speak",
    response_class=Response,
    responses={200: {"content": {"audio/wav": {}}}, **errors(400, 404, 409, 429, 503)},
)
async def speak(task_id: str, body: SpeakRequest, request: Request, gateway: GatewayDep) -> Response:
    try:
        sound = await unless_gone(request, _spoken(task_id, body, gateway))
    except ClientGone:
        return Response(status_code=_CLIENT_CLOSED)
    headers = {"Content-Disposition": 'attachment; filename="speech.wav"', "Cache-Control": "no-store"}
    return Response(sound, media_type="audio/wav", headers=headers)
