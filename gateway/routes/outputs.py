"""Shows what a task made, and hands it out."""

from typing import Annotated

import grpc.aio
from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from gateway.downloads import Source, answer
from gateway.errors import ApiError, from_rpc_error
from gateway.schemas import FileType, InferenceOutputsResponse
from gateway.state import GatewayDep, errors
from gateway.views import outputs_view, task_folder
from voiceloom.orchestrator.v1 import orchestrator_pb2

CONTENT_TYPES: dict[FileType, str] = {
    "output": "audio/wav",
    "ref_audio": "audio/wav",
    "gpt_model": "application/octet-stream",
    "sovits_model": "application/octet-stream",
    "clip": "audio/wav",
}

router = APIRouter(tags=["tasks"])


@router.get("/tasks/{task_id}/outputs", response_model=InferenceOutputsResponse, responses=errors(404, 503))
async def list_outputs(task_id: str, gateway: GatewayDep) -> InferenceOutputsResponse:
    request = orchestrator_pb2.ListOutputsRequest(owner=gateway.settings.owner, task_id=task_id)
    made = await gateway.clients.call(gateway.clients.tasks.ListOutputs, request)
    return outputs_view(task_id, made)


def _stored_name(task_id: str, filename: str) -> str:
    """``file_path`` is relative to the task's folder; every other path that we showed begins at the store's root.

    That of an artifact that was taken over lies in the folder of the task that made it.
    """
    return filename if "/" not in filename or filename.startswith("tasks/") else task_folder(task_id) + filename


async def download_output(
    task_id: str, file_type: Annotated[FileType, Path()], filename: str, request: Request, gateway: GatewayDep
) -> Response:
    artifact = orchestrator_pb2.TaskArtifact(
        task_id=task_id,
        file_type=f"FILE_TYPE_{file_type.upper()}",
        name=_stored_name(task_id, filename),
    )
    asked = orchestrator_pb2.ReadFileRequest(owner=gateway.settings.owner, artifact=artifact)
    try:
        return await answer(request, Source(gateway.clients, asked), CONTENT_TYPES[file_type])
    except grpc.aio.AioRpcError as error:
        failed = from_rpc_error(error)
        if failed.status == 404:
            # One sentence, whichever of the two is missing.
            code = failed.code if failed.code == "TASK_NOT_FOUND" else "FILE_NOT_FOUND"
            failed = ApiError(code, key="error.OUTPUT_NOT_FOUND")
        raise failed from error


_DOWNLOAD = "/tasks/{task_id}/outputs/{file_type}/{filename:path}"
_BYTES: dict[int | str, dict[str, object]] = {
    200: {"content": {"audio/wav": {}, "application/octet-stream": {}}},
    206: {},
    304: {},
}
router.add_api_route(
    _DOWNLOAD,
    download_output,
    methods=["GET"],
    response_class=Response,
    responses={**_BYTES, **errors(400, 404, 416, 503)},
)
router.add_api_route(_DOWNLOAD, download_output, methods=["HEAD"], response_class=Response, include_in_schema=False)
