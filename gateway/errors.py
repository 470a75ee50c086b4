"""Turns whatever goes wrong into an ErrorResponse: a status, a code for the machine, a sentence for the person.

Services answer errors as gRPC status plus a serialised ``pipeline.v1.Failure`` in the trailing metadata. What carries
no such thing is nobody's message: it becomes UNAVAILABLE or INTERNAL with a fixed text; its own text is for the log.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import grpc
import structlog
from fastapi.exceptions import RequestValidationError
from google.protobuf.message import DecodeError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Scope

from gateway import messages
from gateway.language import language_of
from gateway.messages import Language, Said
from gateway.sizes import size_text
from gateway.validation import Problem, problems_of
from voiceloom.pipeline.v1 import pipeline_pb2

ERROR_METADATA_KEY = "voiceloom-error-bin"
RETRY_AFTER_S = "5"

# HTTP status of the codes that the contract names; other codes follow the gRPC status they came with.
STATUS_OF_CODE = {
    "INVALID_REQUEST": 400,
    "CALLBACKS_OFF": 400,
    "TASK_NOT_CANCELLABLE": 400,
    "TASK_NOT_RESUMABLE": 400,
    "TASK_NOT_RETRYABLE": 400,
    "HOST_NOT_ALLOWED": 403,
    "ORIGIN_NOT_ALLOWED": 403,
    "TASK_NOT_FOUND": 404,
    "FILE_NOT_FOUND": 404,
    "OUTPUT_NOT_FOUND": 404,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "NAME_TAKEN": 409,
    "IDEMPOTENCY_KEY_REUSED": 409,
    "FILE_IN_USE": 409,
    "TASK_NOT_ENDED": 409,
    "TRANSCRIPTS_NOT_READY": 409,
    "VOICE_NOT_READY": 409,
    "PAYLOAD_TOO_LARGE": 413,
    "RANGE_NOT_SATISFIABLE": 416,
    "QUEUE_FULL": 429,
    "SPEECH_BUSY": 429,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DISK_FULL": 507,
}
STATUS_OF_RPC = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.FAILED_PRECONDITION: 400,
    grpc.StatusCode.OUT_OF_RANGE: 400,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.ABORTED: 409,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 503,
}
RETRIED_STATUSES = (429, 503, 507)
# Statuses of 500 and more whose code and sentence are for clients; all others hide what happened.
TOLD_STATUSES = (507,)

log = structlog.get_logger(__name__)


@dataclass
class ApiError(Exception):
    """An answer other than success. ``problems`` says field by field what is wrong with a request."""

    code: str
    args_of_sentence: Mapping[str, str] | None = None
    problems: Sequence[Problem] = ()
    status: int = 0
    # Key of the sentence when it is not the code's own.
    key: str = ""
    headers: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        self.status = self.status or STATUS_OF_CODE[self.code]
        self.key = self.key or f"error.{self.code}"

    def said(self, language: Language) -> Said:
        """The sentence for people. One of its arguments, "problem", is itself a sentence of that language."""
        args = dict(self.args_of_sentence or {})
        if self.problems:
            args["problem"] = self.problems[0].sentence(language)
        return Said(self.key, args)


def invalid(field: str, key: str, **args: object) -> ApiError:
    """A request that is wrong in one field; ``key`` is one of messages ``invalid.*`` without the prefix."""
    problem = Problem(field, key, {name: str(value) for name, value in args.items()})
    return ApiError("INVALID_REQUEST", problems=[problem])


def too_large(limit_bytes: int) -> ApiError:
    """A body beyond a limit."""
    return ApiError("PAYLOAD_TOO_LARGE", {"limit": size_text(limit_bytes)})


def failure_of(error: grpc.aio.AioRpcError) -> pipeline_pb2.Failure | None:
    """The failure that a service attached to a gRPC error, if it did."""
    for key, value in error.trailing_metadata() or ():
        if key == ERROR_METADATA_KEY and isinstance(value, bytes):
            try:
                return pipeline_pb2.Failure.FromString(value)
            except DecodeError:
                log.warning("error_metadata_unreadable", size=len(value))
    return None


def from_rpc_error(error: grpc.aio.AioRpcError, path_args: Mapping[str, str] | None = None) -> ApiError:
    """The answer for a failed call to a service. ``path_args`` fill what the service left out of its sentence."""
    status = STATUS_OF_RPC.get(error.code(), 500)
    failure = failure_of(error)
    if failure is not None and messages.has(f"error.{failure.code}"):
        status = STATUS_OF_CODE.get(failure.code, status)
        if status < 500 or status in TOLD_STATUSES:
            return ApiError(failure.code, {**(path_args or {}), **failure.message.args}, status=status)
    log.warning("call_failed", status=error.code().name, detail=error.details(), code=failure.code if failure else "")
    return ApiError("UNAVAILABLE" if status == 503 else "INTERNAL")


def error_response(scope: Scope, error: ApiError) -> JSONResponse:
    """The ErrorResponse of API.md for one request."""
    language = language_of(scope)
    said = error.said(language)
    body: dict[str, object] = {
        "detail": said.text(language),
        "code": error.code,
        "key": said.key,
        "args": said.args,
        "request_id": scope.get("state", {}).get("request_id", ""),
    }
    if error.problems:
        body["errors"] = [_field_error(problem, language) for problem in error.problems]
    headers = dict(error.headers or {})
    if error.status in RETRIED_STATUSES:
        headers.setdefault("Retry-After", RETRY_AFTER_S)
    return JSONResponse(body, status_code=error.status, headers=headers)


def _field_error(problem: Problem, language: Language) -> dict[str, object]:
    said = problem.said
    return {"field": problem.field, "message": said.text(language), "key": said.key, "args": said.args}


async def on_api_error(request: Request, error: Exception) -> JSONResponse:
    """Answers what a route raised on purpose."""
    assert isinstance(error, ApiError)
    return error_response(request.scope, error)


async def on_rpc_error(request: Request, error: Exception) -> JSONResponse:
    """Answers a failed call to a service."""
    assert isinstance(error, grpc.aio.AioRpcError)
    return error_response(request.scope, from_rpc_error(error, request.path_params))


async def on_validation_error(request: Request, error: Exception) -> JSONResponse:
    """Answers a request that does not fit its schema: 400, never the framework's 422."""
    assert isinstance(error, RequestValidationError)
    return error_response(request.scope, ApiError("INVALID_REQUEST", problems=problems_of(error.errors())))


async def on_http_exception(request: Request, error: Exception) -> JSONResponse:
    """Answers what the framework itself refuses: unknown paths and methods, bodies that cannot be read."""
    assert isinstance(error, HTTPException)
    match error.status_code:
        case 404:
            answer = ApiError("NOT_FOUND")
        case 405:
            answer = ApiError("METHOD_NOT_ALLOWED", headers={"Allow": request.app.state.methods_of(request.url.path)})
        case 413:
            answer = too_large(request.app.state.settings.max_body_bytes)
        case status if 400 <= status < 500:
            answer = ApiError("INVALID_REQUEST", problems=[Problem("body", "value")])
        case _:
            answer = ApiError("INTERNAL")
    return error_response(request.scope, answer)
