"""Where errors meet gRPC: one interceptor on the way out, one function on the way in.

A typed error becomes a status and a ``voiceloom-error-bin`` trailer (a serialised ``Failure``: code, key and arguments
of the sentence, retryable). Anything else becomes INTERNAL with a fixed text, for unary and streaming handlers alike:
unwrapped, grpc.aio would send the exception's text to the caller.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NoReturn

import grpc
import grpc.aio

from services.runtime.disk import is_full
from services.runtime.errors import (
    BusyError,
    ConflictError,
    DiskFullError,
    InvalidInputError,
    NotFoundError,
    NotReadyError,
    StageFailedError,
    StoppedError,
    TooLargeError,
    UnavailableError,
    VoiceloomError,
)
from services.runtime.log import log
from voiceloom.pipeline.v1.pipeline_pb2 import Failure, Message

ERROR_TRAILER = "voiceloom-error-bin"
INTERNAL_TEXT = "internal error"

_STATUS: dict[type[VoiceloomError], grpc.StatusCode] = {
    InvalidInputError: grpc.StatusCode.INVALID_ARGUMENT,
    NotFoundError: grpc.StatusCode.NOT_FOUND,
    ConflictError: grpc.StatusCode.ALREADY_EXISTS,
    NotReadyError: grpc.StatusCode.FAILED_PRECONDITION,
    BusyError: grpc.StatusCode.RESOURCE_EXHAUSTED,
    UnavailableError: grpc.StatusCode.UNAVAILABLE,
    StoppedError: grpc.StatusCode.CANCELLED,
    StageFailedError: grpc.StatusCode.INTERNAL,
}
_CLASS: dict[grpc.StatusCode, type[VoiceloomError]] = {status: cls for cls, status in _STATUS.items()}


def to_failure(exc: VoiceloomError) -> Failure:
    """An error as it travels: without its detail."""
    return Failure(code=exc.code, message=Message(key=exc.key, args=exc.params), retryable=exc.retryable)


def from_failure(failure: Failure, cls: type[VoiceloomError] = StageFailedError) -> VoiceloomError:
    """The error that travelled."""
    return cls(failure.code, retryable=failure.retryable, **dict(failure.message.args))


def from_rpc_error(exc: grpc.RpcError) -> VoiceloomError:
    """The error behind a failed call, for ``raise from_rpc_error(exc) from exc``."""
    if not isinstance(exc, grpc.aio.AioRpcError | grpc.Call):
        return UnavailableError("UNAVAILABLE", detail=repr(exc))
    status, detail = exc.code(), exc.details() or ""
    for name, value in exc.trailing_metadata() or ():
        if name == ERROR_TRAILER:
            failure = Failure.FromString(value)
            cls = TooLargeError if failure.code == "PAYLOAD_TOO_LARGE" else _CLASS.get(status, StageFailedError)
            return from_failure(failure, cls)
    if status in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED):
        return UnavailableError("UNAVAILABLE", detail=f"{status.name}: {detail}")
    return StageFailedError("INTERNAL", detail=f"{status.name}: {detail}")


class ErrorInterceptor(grpc.aio.ServerInterceptor):
    """Turns what a handler raises into a status, for every kind of handler."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler:
        """Wrap the handler that would have served this call."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return handler
        method = handler_call_details.method
        options = {
            "request_deserializer": handler.request_deserializer,
            "response_serializer": handler.response_serializer,
        }
        if handler.unary_unary:
            return grpc.unary_unary_rpc_method_handler(_unary(handler.unary_unary, method), **options)
        if handler.stream_unary:
            return grpc.stream_unary_rpc_method_handler(_unary(handler.stream_unary, method), **options)
        if handler.unary_stream:
            return grpc.unary_stream_rpc_method_handler(_streaming(handler.unary_stream, method), **options)
        return grpc.stream_stream_rpc_method_handler(_streaming(handler.stream_stream, method), **options)


def _unary(behaviour: Callable[..., Awaitable[Any]], method: str) -> Callable[..., Awaitable[Any]]:
    async def call(request: Any, context: grpc.aio.ServicerContext) -> Any:
        try:
            return await behaviour(request, context)
        except (grpc.aio.AbortError, asyncio.CancelledError):
            raise
        except Exception as exc:  # noqa: BLE001  every error must be mapped here, or its text leaks
            await _abort(exc, context, method)

    return call


def _streaming(behaviour: Callable[..., AsyncIterator[Any]], method: str) -> Callable[..., AsyncIterator[Any]]:
    async def call(request: Any, context: grpc.aio.ServicerContext) -> AsyncIterator[Any]:
        try:
            async for response in behaviour(request, context):
                yield response
        except (grpc.aio.AbortError, asyncio.CancelledError, GeneratorExit):
            raise
        except Exception as exc:  # noqa: BLE001  as above
            await _abort(exc, context, method)

    return call


async def _abort(exc: Exception, context: grpc.aio.ServicerContext, method: str) -> NoReturn:
    if isinstance(exc, grpc.RpcError):
        exc = from_rpc_error(exc)
    if not isinstance(exc, VoiceloomError) and is_full(exc):
        log.error("disk_full", method=method, exc_info=exc)
        exc = DiskFullError()
    if isinstance(exc, VoiceloomError):
        status = next((_STATUS[cls] for cls in type(exc).__mro__ if cls in _STATUS), grpc.StatusCode.INTERNAL)
        log.info("call_refused", method=method, status=status.name, code=exc.code, detail=exc.detail, **_fields(exc))
        await context.abort(status, exc.code, ((ERROR_TRAILER, to_failure(exc).SerializeToString()),))
    log.error("call_failed", method=method, exc_info=exc)
    failure = Failure(code="INTERNAL", message=Message(key="error.INTERNAL"))
    await context.abort(grpc.StatusCode.INTERNAL, INTERNAL_TEXT, ((ERROR_TRAILER, failure.SerializeToString()),))
    raise AssertionError("abort returns never")


def _fields(exc: VoiceloomError) -> dict[str, str]:
    return {f"arg_{name}": value for name, value in exc.params.items()}
