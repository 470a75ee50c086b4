"""What happens around every request, as plain ASGI so that streams stay streams.

Outermost first: RequestContext (id, headers, log line, figures, last line of defence), Guard (who may ask at all),
BodyLimit (how much may be sent).
"""

import re
import time
import uuid
from collections.abc import Collection
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors import ApiError, error_response, too_large
from gateway.metrics import Metrics
from gateway.settings import LOOPBACK_HOSTS

API_PREFIX = "/api/v1"
# Nobody gets this status: the log and the figures say with it that the client left before it was answered.
CLIENT_LEFT = 499
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)
# Asked every few seconds by machines; one log line each would drown the others.
_QUIET_ROUTES = ("/healthz", "/readyz", "/metrics")
_SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}

log = structlog.get_logger(__name__)


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _route(scope: Scope) -> str:
    """The template of the path ("/tasks/{task_id}"), the same for a documented path and its alias."""
    path: str = getattr(scope.get("route"), "path", "") or "unmatched"
    return path.removeprefix(API_PREFIX)


class RequestContext:
    """Gives every request an id, every answer its common headers, and the log one line for both."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens inside."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = scope.setdefault("state", {})["request_id"] = _request_id(scope)
        started, status, streams = time.perf_counter(), 0, False

        async def send_with_headers(message: Message) -> None:
            nonlocal status, streams
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                streams = headers.get("content-type", "").startswith("text/event-stream")
                _complete(headers, request_id)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_headers)
            except ClientDisconnect:
                status = status or CLIENT_LEFT
            except Exception:
                log.exception("request_failed", method=scope["method"], path=scope["path"])
                if status:
                    # Too late for another answer: the server cuts the connection, so that the client sees the gap.
                    raise
                await error_response(scope, ApiError("INTERNAL"))(scope, receive, send_with_headers)
            finally:
                self._record(scope, status, time.perf_counter() - started, streams=streams)

    def _record(self, scope: Scope, status: int, seconds: float, *, streams: bool) -> None:
        method, route = scope["method"], _route(scope)
        self._metrics.requests.labels(method, route, str(status)).inc()
        if not streams:
            self._metrics.seconds.labels(method, route).observe(seconds)
        write = log.debug if route in _QUIET_ROUTES else log.info
        write("request_answered", method=method, path=scope["path"], status=status, took_s=round(seconds, 4))


def _complete(headers: MutableHeaders, request_id: str) -> None:
    headers["X-Request-ID"] = request_id
    headers.add_vary_header("Accept-Language")
    for name, value in _SECURITY_HEADERS.items():
        headers.setdefault(name, value)
    # What a task is like now is nothing to keep; stored bytes and pages carry tags and may be asked for again.
    headers.setdefault("Cache-Control", "no-cache" if "etag" in headers else "no-store")


def _host_name(authority: str) -> str:
    """The name in a Host header or origin, without port, in lower case; empty when there is none."""
    try:
        return (urlsplit(f"//{authority}").hostname or "").rstrip(".")
    except ValueError:
        return ""


class Guard:
    """Refuses requests that a web page elsewhere makes its visitor's browser send (DNS rebinding, forgery)."""

    def __init__(self, app: ASGIApp, allowed_hosts: Collection[str], allowed_origins: Collection[str]) -> None:
        self._app = app
        self._allowed_hosts = {host.lower() for host in allowed_hosts}
        self._allowed_origins = {origin.lower().rstrip("/") for origin in allowed_origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http" and (code := self._refusal(Headers(scope=scope))):
            await error_response(scope, ApiError(code))(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _refusal(self, headers: Headers) -> str:
        """The code of the refusal, empty when there is none."""
        host = headers.get("host", "")
        if not self._host_allowed(_host_name(host)):
            return "HOST_NOT_ALLOWED"
        origins = headers.getlist("origin")
        if not all(self._origin_allowed(origin.lower(), host) for origin in origins):
            return "ORIGIN_NOT_ALLOWED"
        # Browsers send no Origin with what a page embeds (<img>, <audio>), but they do say where it comes from.
        embedded = headers.get("sec-fetch-site") == "cross-site" and headers.get("sec-fetch-mode") != "navigate"
        return "ORIGIN_NOT_ALLOWED" if embedded and not origins else ""

    def _host_allowed(self, name: str) -> bool:
        return bool(name) and ("*" in self._allowed_hosts or name in self._allowed_hosts)

    def _origin_allowed(self, origin: str, host: str) -> bool:
        if origin in self._allowed_origins:
            return True
        scheme, _, authority = origin.partition("://")
        if scheme not in ("http", "https") or not authority:
            return False
        # The gateway's own pages, and other ports of this machine when that is where the gateway is reached.
        local = _host_name(authority) in LOOPBACK_HOSTS and _host_name(host) in LOOPBACK_HOSTS
        return authority == host.lower() or local


class BodyLimit:
    """Refuses bodies larger than a limit, announced or counted; uploads count for themselves.

    The framework has such a limit, too, but it answers in plain text.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, unlimited_paths: Collection[str]) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._unlimited_paths = frozenset(unlimited_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its body counted."""
        if scope["type"] != "http" or scope["path"] in self._unlimited_paths:
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdigit() and int(announced) > self._max_bytes:
            await error_response(scope, too_large(self._max_bytes))(scope, receive, send)
            return
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                # The only exception that the framework passes on while it reads a body.
                raise HTTPException(413)
            return message

        await self._app(scope, receive_counted, send)
