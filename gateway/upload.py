"""Streams a multipart upload straight to the orchestrator: nothing is spooled, limits are counted on the way."""

import asyncio
import unicodedata
from dataclasses import dataclass, replace
from typing import Literal

import grpc.aio
from pydantic import TypeAdapter, ValidationError
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.requests import Request

from gateway.errors import ApiError, failure_of, invalid, too_large
from gateway.schemas import MAX_TRANSCRIPT_CHARACTERS, LongText
from gateway.state import Gateway
from gateway.validation import problems_of
from voiceloom.orchestrator.v1 import orchestrator_pb2

MAX_FILENAME_CHARACTERS = 1024
MAX_FILENAME_HEADER_BYTES = 16 * 1024
_MAX_TRANSCRIPT_BYTES = 4 * MAX_TRANSCRIPT_CHARACTERS
# Boundaries, headers and fields that nobody asked for.
_MAX_OVERHEAD_BYTES = 64 * 1024
_TRANSCRIPT: TypeAdapter[str] = TypeAdapter(LongText)


@dataclass
class Part:
    """Something that the parser found: the beginning, a piece or the end of a form field."""

    kind: Literal["begin", "data", "end"]
    name: str = ""
    filename: str | None = None
    data: bytes = b""


def _unescape(name: str) -> str:
    """Browsers write these three characters of a file name as escapes (WHATWG HTML, multipart/form-data)."""
    return name.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")


class FormReader:
    """Cuts a multipart body into parts as its bytes arrive. Raises ApiError when it is not one."""

    def __init__(self, content_type: str) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            raise invalid("file", "multipart")
        self.finished = False
        self._found: list[Part] = []
        self._header_name = b""
        self._header_value = b""
        self._headers: dict[bytes, bytes] = {}
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._on_part_begin,
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_part_data": self._on_part_data,
                    "on_part_end": self._on_part_end,
                    "on_end": self._on_end,
                },
                max_header_size=MAX_FILENAME_HEADER_BYTES,
            )
        except FormParserError as error:
            raise invalid("file", "multipart") from error

    def feed(self, data: bytes) -> list[Part]:
        """The parts that these bytes complete or go on with."""
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise invalid("file", "multipart_broken") from error
        found, self._found = self._found, []
        return found

    def _on_part_begin(self) -> None:
        self._headers = {}

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._header_name.lower()] = self._header_value
        self._header_name = self._header_value = b""

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        filename = options.get(b"filename")
        given = None if filename is None else _unescape(filename.decode("utf-8", "replace"))
        self._found.append(Part("begin", name=name, filename=given))

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._found.append(Part("data", data=data[start:end]))

    def _on_part_end(self) -> None:
        self._found.append(Part("end"))

    def _on_end(self) -> None:
        self.finished = True


class Upload:
    """One recording on its way from a form to the orchestrator."""

    def __init__(self, gateway: Gateway, idempotency_key: str) -> None:
        self._idempotency_key = idempotency_key
        self._settings = gateway.settings
        self._clients = gateway.clients
        self._metrics = gateway.metrics
        self._call: grpc.aio.StreamUnaryCall | None = None
        self._field = ""
        self._file_bytes = 0
        self._announced_bytes = 0
        self._overhead_bytes = 0
        self._words = bytearray()
        self._words_sent = False

    async def run(self, request: Request) -> orchestrator_pb2.File:
        """Take the form of a request. Raises ApiError, AioRpcError, or ClientDisconnect when the client gave up."""
        self._check_announced_size(request)
        reader = FormReader(request.headers.get("content-type", ""))
        try:
            async for data in request.stream():
                for part in reader.feed(data):
                    await self._take(part)
            if not reader.finished:
                raise invalid("file", "multipart_broken")
            return await self._finish()
        finally:
            if self._call is not None:
                self._call.cancel()

    def _check_announced_size(self, request: Request) -> None:
        announced = request.headers.get("content-length", "")
        most = self._settings.max_upload_bytes + _MAX_TRANSCRIPT_BYTES + _MAX_OVERHEAD_BYTES
        if announced.isascii() and announced.isdigit():
            if int(announced) > most:
                raise too_large(self._settings.max_upload_bytes)
            self._announced_bytes = int(announced)

    async def _take(self, part: Part) -> None:
        match part.kind, self._field:
            case "begin", _:
                self._field = part.name
                if part.name == "file":
                    await self._begin_file(part.filename)
            case "data", "file":
                self._file_bytes += len(part.data)
                self._metrics.uploaded_bytes.inc(len(part.data))
                if self._file_bytes > self._settings.max_upload_bytes:
                    raise too_large(self._settings.max_upload_bytes)
                await self._write(orchestrator_pb2.WriteFileRequest(chunk=part.data))
            case "data", "transcript":
                self._words += part.data
                if len(self._words) > _MAX_TRANSCRIPT_BYTES:
                    raise invalid("transcript", "too_long", limit=MAX_TRANSCRIPT_CHARACTERS)
            case "data", _:
                self._overhead_bytes += len(part.data)
                if self._overhead_bytes > _MAX_OVERHEAD_BYTES:
                    raise too_large(self._settings.max_upload_bytes)
            case _:
                self._field = ""

    async def _begin_file(self, filename: str | None) -> None:
        if self._call is not None:
            raise invalid("file", "one_file")
        if not filename:
            raise invalid("file", "file")
        filename = unicodedata.normalize("NFC", filename)
        if len(filename) > MAX_FILENAME_CHARACTERS:
            raise invalid("file", "filename_too_long")
        transcript = self._transcript()
        self._words_sent = bool(transcript)
        header = orchestrator_pb2.WriteFileHeader(
            owner=self._settings.owner,
            filename=filename,
            transcript=transcript,
            idempotency_key=self._idempotency_key,
            announced_bytes=self._announced_bytes,
        )
        await self._clients.require("orchestrator")
        self._call = self._clients.files.WriteFile(
            timeout=self._settings.upload_timeout_s, metadata=self._clients.metadata()
        )
        await self._write(orchestrator_pb2.WriteFileRequest(header=header))

    def _transcript(self) -> str:
        try:
            return _TRANSCRIPT.validate_python(self._words.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise invalid("transcript", "string") from error
        except ValidationError as error:
            problems = [replace(problem, field="transcript") for problem in problems_of(error.errors())]
            raise ApiError("INVALID_REQUEST", problems=problems) from error

    async def _write(self, message: orchestrator_pb2.WriteFileRequest) -> None:
        assert self._call is not None
        try:
            await self._call.write(message)
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError) as error:
            raise await self._broken() from error

    async def _broken(self) -> Exception:
        """Why the orchestrator took no more: its own answer, or it went away."""
        assert self._call is not None
        try:
            await self._call
        except grpc.aio.AioRpcError as error:
            # grpc.aio calls a write that nobody received an internal error.
            if failure_of(error) is not None or error.code() is not grpc.StatusCode.INTERNAL:
                return error
        return ApiError("UNAVAILABLE")

    async def _finish(self) -> orchestrator_pb2.File:
        if self._call is None:
            raise invalid("file", "file")
        transcript = self._transcript()
        if transcript and not self._words_sent:
            await self._write(orchestrator_pb2.WriteFileRequest(transcript=transcript))
        await self._call.done_writing()
        return (await self._call).file
