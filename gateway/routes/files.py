"""Takes recordings, shows them, hands them out and deletes them."""

from pathlib import PurePosixPath

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway import messages
from gateway.downloads import Source, answer
from gateway.reports import FileReportResponse, report_view
from gateway.routes.tasks import Limit, Offset
from gateway.schemas import FileListResponse, FileView, SuccessResponse
from gateway.state import Gateway, GatewayDep, IdempotencyKeyDep, LanguageDep, errors
from gateway.upload import Upload
from gateway.views import file_view
from voiceloom.orchestrator.v1 import orchestrator_pb2

# What a browser may be told to play; anything else is only bytes.
_AUDIO_TYPES = {
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".m4a": "audio/mp4",
    ".aac": "audio/aac",
    ".webm": "audio/webm",
    ".mp4": "video/mp4",
}
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "title": "UploadForm",
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "transcript": {"type": "string"},
                    },
                }
            }
        },
    }
}

router = APIRouter(tags=["files"])


@router.post("/files", response_model=FileView, responses=errors(400, 409, 413, 503, 507), openapi_extra=_FORM)
async def upload_file(request: Request, gateway: GatewayDep, key: IdempotencyKeyDep) -> FileView:
    return file_view(await Upload(gateway, key).run(request))


@router.get("/files", response_model=FileListResponse, responses=errors(400, 503))
async def list_files(gateway: GatewayDep, limit: Limit = 50, offset: Offset = 0) -> FileListResponse:
    request = orchestrator_pb2.ListFilesRequest(owner=gateway.settings.owner, limit=limit, offset=offset)
    found = await gateway.clients.call(gateway.clients.files.ListFiles, request)
    items = [file_view(file) for file in found.files]
    return FileListResponse(items=items, total=found.total, limit=limit, offset=offset)


async def _file(gateway: Gateway, file_id: str) -> orchestrator_pb2.File:
    request = orchestrator_pb2.GetFileRequest(owner=gateway.settings.owner, file_id=file_id)
    return (await gateway.clients.call(gateway.clients.files.GetFile, request)).file


@router.get("/files/{file_id}", response_model=FileView, responses=errors(404, 503))
async def get_file(file_id: str, gateway: GatewayDep) -> FileView:
    return file_view(await _file(gateway, file_id))


@router.get("/files/{file_id}/report", response_model=FileReportResponse, responses=errors(400, 404, 413, 503))
async def report_file(file_id: str, gateway: GatewayDep, language: LanguageDep) -> FileReportResponse:
    # The deadline is long: a service that is away must not be waited for until then.
    await gateway.clients.require("orchestrator")
    request = orchestrator_pb2.GetFileReportRequest(owner=gateway.settings.owner, file_id=file_id)
    made = await gateway.clients.call(
        gateway.clients.files.GetFileReport, request, timeout_s=gateway.settings.report_timeout_s
    )
    return report_view(file_id, made.report, language)


async def download_file(file_id: str, request: Request, gateway: GatewayDep) -> Response:
    file = await _file(gateway, file_id)
    content_type = _AUDIO_TYPES.get(PurePosixPath(file.filename).suffix.lower(), "application/octet-stream")
    asked = orchestrator_pb2.ReadFileRequest(owner=gateway.settings.owner, file_id=file_id)
    return await answer(request, Source(gateway.clients, asked), content_type)


_DOWNLOAD = "/files/{file_id}/download"
_CONTENT: dict[str, object] = {kind: {} for kind in sorted({"application/octet-stream", *_AUDIO_TYPES.values()})}
_BYTES: dict[int | str, dict[str, object]] = {200: {"content": _CONTENT}, 206: {}, 304: {}}
router.add_api_route(
    _DOWNLOAD, download_file, methods=["GET"], response_class=Response, responses={**_BYTES, **errors(404, 416, 503)}
)
router.add_api_route(_DOWNLOAD, download_file, methods=["HEAD"], response_class=Response, include_in_schema=False)


@router.delete("/files/{file_id}", response_model=SuccessResponse, responses=errors(404, 409, 503))
async def delete_file(file_id: str, gateway: GatewayDep, language: LanguageDep) -> SuccessResponse:
    request = orchestrator_pb2.DeleteFileRequest(owner=gateway.settings.owner, file_id=file_id)
    await gateway.clients.call(gateway.clients.files.DeleteFile, request)
    return SuccessResponse(message=messages.text(language, "file.deleted"))
