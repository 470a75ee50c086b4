"""Hands stored bytes to HTTP clients: whole, or one range of them, so that a browser can seek."""

import re
import unicodedata
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from urllib.parse import quote

import grpc.aio
import structlog
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from gateway.clients import Clients
from gateway.errors import ApiError
from gateway.tags import matches
from voiceloom.orchestrator.v1 import orchestrator_pb2

# How often a download goes on after the orchestrator went away in the middle.
_RESUMES = 5
_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)
_MAX_OFFSET = 2**63 - 1

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Span:
    """Bytes ``start`` to ``end`` (exclusive) of a file."""

    start: int
    end: int


def parse_range(header: str, total: int) -> Span | None:
    """The single range that a Range header asks for (RFC 9110, 14.2); None when the header is to be ignored.

    Raises ApiError (416) when nothing of it lies within the file.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        span = Span(max(0, total - int(last)), total)
    else:
        if last and int(last) < int(first):
            return None
        span = Span(int(first), min(total, int(last) + 1) if last else total)
    if span.start >= span.end:
        raise ApiError("RANGE_NOT_SATISFIABLE", headers={"Content-Range": f"bytes */{total}"})
    return span


def disposition(filename: str) -> str:
    """Content-Disposition of a download (RFC 6266); names other than plain ASCII also as RFC 5987 ``filename*``."""
    # Control characters end header lines, separators name folders: neither belongs in a name to save under.
    name = "".join("_" if c in "/\\" or unicodedata.category(c)[0] == "C" else c for c in filename) or "download"
    plain = "".join(c if c.isascii() and c not in '"%' else "_" for c in name)
    header = f'attachment; filename="{plain}"'
    return header if plain == name else f"{header}; filename*=UTF-8''{quote(name, safe='')}"


class Source:
    """A stored file: an upload, or something that a task made."""

    def __init__(self, clients: Clients, request: orchestrator_pb2.ReadFileRequest) -> None:
        self._clients = clients
        self._request = request

    async def _open(self, offset: int, length: int, timeout_s: float | None = None) -> grpc.aio.UnaryStreamCall:
        await self._clients.require("orchestrator")
        request = orchestrator_pb2.ReadFileRequest()
        request.CopyFrom(self._request)
        request.offset, request.length = offset, length
        return self._clients.files.ReadFile(request, timeout=timeout_s, metadata=self._clients.metadata())

    async def header(self) -> orchestrator_pb2.ReadFileHeader:
        """Name, size and digest. Raises AioRpcError when there is no such file."""
        call = await self._open(0, 1, self._clients.timeout_s)
        try:
            async for part in call:
                if part.WhichOneof("part") == "header":
                    return part.header
        finally:
            call.cancel()
        raise ApiError("INTERNAL")

    async def read(self, span: Span) -> AsyncGenerator[bytes, None]:
        """The bytes of a span; it goes on where it was when the orchestrator restarts in between."""
        position, resumes = span.start, _RESUMES
        while position < span.end:
            call = await self._open(position, span.end - position)
            try:
                async for part in call:
                    if part.WhichOneof("part") == "chunk":
                        position += len(part.chunk)
                        yield part.chunk
                if position < span.end:
                    raise EOFError("stored file is shorter than its header says")
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE or not resumes:
                    raise
                resumes -= 1
                log.warning("download_resumed", offset=position)
            finally:
                call.cancel()


async def answer(request: Request, source: Source, content_type: str) -> Response:
    """200 with everything, 206 with one range, 304 when the client has it, 416 when the range lies outside."""
    header = await source.header()
    etag = f'"{header.sha256}"'
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Content-Disposition": disposition(header.filename),
        "Cache-Control": "private, no-cache",
    }
    if matches(request, etag):
        return Response(status_code=304, headers=headers)
    span = None
    if request.method == "GET" and request.headers.get("if-range", etag) == etag:
        span = parse_range(request.headers.get("range", ""), header.total_bytes)
    if span is not None:
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{header.total_bytes}"
    whole = Span(0, header.total_bytes)
    return _stream(request, source, span or whole, content_type, headers, partial=span is not None)


def _stream(
    request: Request, source: Source, span: Span, content_type: str, headers: Mapping[str, str], *, partial: bool
) -> Response:
    headers = {**headers, "Content-Length": str(span.end - span.start), "Content-Type": content_type}
    if request.method == "HEAD":
        return Response(headers=headers)

    async def chunks() -> AsyncGenerator[bytes, None]:
        async with aclosing(source.read(span)) as pieces:
            async for piece in pieces:
                yield piece

    return StreamingResponse(chunks(), status_code=206 if partial else 200, headers=headers)
