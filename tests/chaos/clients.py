"""Clients that do not give up: every request is sent again, to whichever gateway or orchestrator answers."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from typing import Any

import grpc.aio
import httpx

from tests.chaos.report import Violations
from voiceloom.orchestrator.v1.orchestrator_pb2_grpc import FileServiceStub, TaskServiceStub

# Nobody is away for longer than a pause of the longest kind and a restart after it.
PATIENCE_S = 300.0
_PAUSE_S = 0.5
_AWAY = (429, 503, 507)
_AWAY_CODES = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.CANCELLED,
)
_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=20)


class GaveUpError(Exception):
    """Nobody answered for longer than anything is away."""


class Rest:
    """Speaks to all gateways in turn."""

    def __init__(self, urls: Sequence[str], violations: Violations) -> None:
        self._urls = itertools.cycle(urls)
        self._violations = violations
        self.http = httpx.AsyncClient(
            timeout=httpx.Timeout(20.0), trust_env=False, limits=_LIMITS, headers={"Accept-Language": "en"}
        )
        self.sent = self.unanswered = 0

    def url(self) -> str:
        """The gateway whose turn it is."""
        return next(self._urls)

    async def ask(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """The first answer that is more than "not now"."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            self.sent += 1
            try:
                answer = await self.http.request(method, f"{self.url()}/api/v1{path}", **arguments)
            except httpx.TransportError:
                self.unanswered += 1
            else:
                if answer.status_code not in _AWAY and answer.status_code < 500:
                    return answer
                if answer.status_code not in _AWAY:
                    self._violations.add("answers", f"{method} {path}: {answer.status_code} {answer.text[:300]}")
            await asyncio.sleep(_PAUSE_S)
        raise GaveUpError(f"{method} {path} was not answered for {PATIENCE_S:.0f} s")

    async def close(self) -> None:
        """Close every connection."""
        await self.http.aclose()


class Grpc:
    """Speaks to all orchestrators, past the gateway: the owners that REST does not have."""

    def __init__(self, addresses: Sequence[str], violations: Violations) -> None:
        self._violations = violations
        self._channel = grpc.aio.insecure_channel(
            "ipv4:" + ",".join(addresses),
            options=[
                ("grpc.lb_policy_name", "round_robin"),
                ("grpc.enable_http_proxy", 0),
                ("grpc.max_reconnect_backoff_ms", 1000),
                ("grpc.keepalive_time_ms", 10_000),
                ("grpc.keepalive_timeout_ms", 5_000),
            ],
        )
        self.tasks = TaskServiceStub(self._channel)
        self.files = FileServiceStub(self._channel)

    async def ask(self, method: Callable[..., Any], request: Any, *, fine: grpc.StatusCode | None = None) -> Any:
        """The first answer that is more than "not now"; None for a refusal that is fine.

        Raises grpc.aio.AioRpcError for any other refusal.
        """
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                return await method(request, timeout=10)
            except grpc.aio.AioRpcError as exc:
                if exc.code() is fine:
                    return None
                self.check(exc, type(request).__name__)
            await asyncio.sleep(_PAUSE_S)
        raise GaveUpError(f"{type(request).__name__} was not answered for {PATIENCE_S:.0f} s")

    def check(self, exc: grpc.aio.AioRpcError, what: str) -> None:
        """Pass a refusal on; "not now" is fine, and what nobody foresaw is a violation."""
        if exc.code() in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN):
            self._violations.add("answers", f"{what}: {exc.code().name} {exc.details()}")
        elif exc.code() not in _AWAY_CODES:
            raise exc

    async def close(self) -> None:
        """Close every connection."""
        await self._channel.close()
