"""FileService: recordings in, recordings and artifacts out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TypeAlias

import grpc.aio

from services.orchestrator.events import Ref, to_json
from services.orchestrator.file_reports import FileReport, FileReports
from services.orchestrator.files import Facts, Files, Upload
from services.orchestrator.servicer.clips import Clips
from services.orchestrator.servicer.convert import owner_of, to_file, to_ref, to_timestamp
from services.orchestrator.servicer.outputs import Named, Outputs
from services.orchestrator.servicer.tasks import page_of
from services.orchestrator.tasks import Tasks
from services.runtime.artifacts import ArtifactStore
from services.runtime.errors import InvalidInputError, NotFoundError, VoiceloomError
from services.runtime.grpc_errors import from_rpc_error
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.orchestrator.v1.orchestrator_pb2_grpc import FileServiceServicer
from voiceloom.pipeline.v1.manifest_pb2 import RecordingReport
from voiceloom.preprocessing.v1.preprocessing_pb2 import InspectRequest, ReportRequest
from voiceloom.preprocessing.v1.preprocessing_pb2_grpc import PreprocessingServiceStub

Context: TypeAlias = grpc.aio.ServicerContext

CLIP_CHUNK_BYTES = 256 * 1024


class GrpcInspector:
    """Has recordings decoded by the preprocessing service."""

    def __init__(self, channel: grpc.aio.Channel, timeout_s: float) -> None:
        self._stub, self._timeout_s = PreprocessingServiceStub(channel), timeout_s

    async def inspect(self, ref: Ref, max_seconds: float) -> Facts:
        """Ask, with a deadline; the other service's typed errors are passed on."""
        request = InspectRequest(recording=to_ref(to_json(ref)), max_seconds=max_seconds)
        try:
            answer = await self._stub.Inspect(request, timeout=self._timeout_s)
        except grpc.RpcError as exc:
            raise from_rpc_error(exc) from exc
        return Facts(answer.seconds, answer.sample_rate_hz, answer.channels)


class GrpcReporter:
    """Has recordings reported on by the preprocessing service."""

    def __init__(self, channel: grpc.aio.Channel, timeout_s: float) -> None:
        self._stub, self._timeout_s = PreprocessingServiceStub(channel), timeout_s

    async def report(self, ref: Ref, seconds: float, known_basis: str) -> FileReport:
        """Ask, with a deadline; the other service's typed errors are passed on."""
        request = ReportRequest(recording=to_ref(to_json(ref)), seconds=seconds, known_basis=known_basis)
        try:
            answer = await self._stub.Report(request, timeout=self._timeout_s)
        except grpc.RpcError as exc:
            raise from_rpc_error(exc) from exc
        return FileReport(answer.basis, answer.report.SerializeToString() if answer.HasField("report") else b"")


class FileServicer(FileServiceServicer):
    """Adapter of Files, FileReports and Outputs."""

    def __init__(
        self, files: Files, reports: FileReports, tasks: Tasks, outputs: Outputs, artifacts: ArtifactStore
    ) -> None:
        self._files, self._reports, self._tasks = files, reports, tasks
        self._outputs, self._clips, self._artifacts = outputs, Clips(artifacts), artifacts

    async def WriteFile(
        self, request_iterator: AsyncIterator[pb.WriteFileRequest], context: Context
    ) -> pb.WriteFileResponse:
        """Store an upload."""
        first = await anext(aiter(request_iterator), None)
        if first is None or first.WhichOneof("part") != "header":
            raise InvalidInputError("INVALID_REQUEST", problem="header")
        header = first.header
        upload = Upload(
            owner_of(header), header.filename, header.transcript, header.idempotency_key, max(0, header.announced_bytes)
        )
        try:
            file = await self._files.write(upload, _chunks(request_iterator, upload))
        except VoiceloomError:
            # A caller that is still writing when the answer comes would lose it (grpc.aio); its own limit ends this.
            async for _ in request_iterator:
                pass
            raise
        return pb.WriteFileResponse(file=to_file(file))

    async def GetFile(self, request: pb.GetFileRequest, context: Context) -> pb.GetFileResponse:
        """Show a file."""
        return pb.GetFileResponse(file=to_file(await self._files.get(owner_of(request), request.file_id)))

    async def ListFiles(self, request: pb.ListFilesRequest, context: Context) -> pb.ListFilesResponse:
        """List files, newest first."""
        limit, offset = page_of(request.limit, request.offset)
        files, total = await self._files.page(owner_of(request), limit=limit, offset=offset)
        return pb.ListFilesResponse(files=map(to_file, files), total=total)

    async def GetFileReport(self, request: pb.GetFileReportRequest, context: Context) -> pb.GetFileReportResponse:
        """Say how good a recording is for training."""
        report = await self._reports.get(owner_of(request), request.file_id)
        return pb.GetFileReportResponse(report=RecordingReport.FromString(report.data))

    async def DeleteFile(self, request: pb.DeleteFileRequest, context: Context) -> pb.DeleteFileResponse:
        """Remove a file."""
        await self._files.delete(owner_of(request), request.file_id)
        return pb.DeleteFileResponse()

    async def ReadFile(self, request: pb.ReadFileRequest, context: Context) -> AsyncIterator[pb.ReadFileResponse]:
        """Stream a range of a file or an artifact."""
        if request.artifact.file_type == pb.FileType.FILE_TYPE_CLIP:
            async for part in self._read_clip(request):
                yield part
            return
        named = await self._named(request)
        size = named.ref.size_bytes
        if not 0 <= request.offset <= size or request.length < 0:
            raise InvalidInputError("RANGE_NOT_SATISFIABLE")
        if not await asyncio.to_thread(self._artifacts.exists, named.ref.uri):
            raise _missing(request)
        header = pb.ReadFileHeader(
            filename=named.filename,
            total_bytes=size,
            sha256=named.ref.sha256,
            created_at=to_timestamp(named.created_at),
        )
        yield pb.ReadFileResponse(header=header)
        chunks = self._artifacts.read(named.ref, request.offset, request.length)
        while chunk := await asyncio.to_thread(next, chunks, b""):
            yield pb.ReadFileResponse(chunk=chunk)

    async def _read_clip(self, request: pb.ReadFileRequest) -> AsyncIterator[pb.ReadFileResponse]:
        view = await self._tasks.get(owner_of(request), request.artifact.task_id)
        clip = await self._clips.find(view.task, request.artifact.name)
        size = len(clip.data)
        if not 0 <= request.offset <= size or request.length < 0:
            raise InvalidInputError("RANGE_NOT_SATISFIABLE")
        header = pb.ReadFileHeader(
            filename=clip.filename, total_bytes=size, sha256=clip.sha256, created_at=to_timestamp(clip.created_at)
        )
        yield pb.ReadFileResponse(header=header)
        end = request.offset + request.length if request.length else size
        for start in range(request.offset, min(end, size), CLIP_CHUNK_BYTES):
            yield pb.ReadFileResponse(chunk=clip.data[start : min(start + CLIP_CHUNK_BYTES, end)])

    async def _named(self, request: pb.ReadFileRequest) -> Named:
        owner = owner_of(request)
        if request.WhichOneof("source") == "artifact":
            view = await self._tasks.get(owner, request.artifact.task_id)
            return await self._outputs.find(view.task, request.artifact.file_type, request.artifact.name)
        file = await self._files.get(owner, request.file_id)
        return Named(file.filename, to_ref(file.ref), file.created_at)


def _missing(request: pb.ReadFileRequest) -> NotFoundError:
    if request.WhichOneof("source") == "artifact":
        return NotFoundError("OUTPUT_NOT_FOUND")
    return NotFoundError("FILE_NOT_FOUND", file_id=request.file_id)


async def _chunks(requests: AsyncIterator[pb.WriteFileRequest], upload: Upload) -> AsyncIterator[bytes]:
    """The bytes of an upload; words that come after them go into ``upload``."""
    async for request in requests:
        match request.WhichOneof("part"):
            case "chunk":
                yield request.chunk
            case "transcript":
                upload.transcript = request.transcript
            case _:
                raise InvalidInputError("INVALID_REQUEST", problem="header")
