"""Connections to the gRPC services: one channel each, a deadline on every short call."""

import asyncio
import ipaddress
import json
from collections.abc import Callable, Iterable
from typing import Any, Self

import grpc.aio
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc

from gateway.errors import ApiError
from gateway.settings import GatewaySettings
from voiceloom.inference.v1 import inference_pb2_grpc
from voiceloom.orchestrator.v1 import orchestrator_pb2_grpc

SERVICES = ("orchestrator", "preprocessing", "asr", "features", "training", "inference")

# Calls that only read: one that broke off is made again, at another replica if there is one.
_REPEATABLE = {
    "TaskService": ("GetTask", "ListTasks", "ListOutputs", "ListMetrics", "ListTranscripts", "GetVoice"),
    "FileService": ("GetFile", "ListFiles"),
}
_SERVICE_CONFIG = {
    "loadBalancingConfig": [{"round_robin": {}}],
    "methodConfig": [
        {
            "name": [
                {"service": f"voiceloom.orchestrator.v1.{service}", "method": method}
                for service, methods in _REPEATABLE.items()
                for method in methods
            ],
            "retryPolicy": {
                "maxAttempts": 5,
                "initialBackoff": "0.1s",
                "maxBackoff": "1s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ],
}
_CHANNEL_OPTIONS = (
    ("grpc.service_config", json.dumps(_SERVICE_CONFIG)),
    # A peer that is stopped but not dead keeps its connections open: it is left when it answers no ping.
    ("grpc.keepalive_time_ms", 2000),
    ("grpc.keepalive_timeout_ms", 3000),
    ("grpc.http2.ping_timeout_ms", 3000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    # A restarted service is found again within a second; the default waits up to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1000),  # how long one attempt to connect may take
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.max_receive_message_length", 16 << 20),
    # Addresses are settings; no proxy of the environment belongs between processes of one system.
    ("grpc.enable_http_proxy", 0),
)


class Clients:
    """The stubs that routes call. Use as an async context manager."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        self.timeout_s = settings.rpc_timeout_s
        self._channels: dict[str, grpc.aio.Channel] = {}

    async def __aenter__(self) -> Self:
        for name in SERVICES:
            address = getattr(self._settings, f"{name}_address")
            self._channels[name] = open_channel(address)
        self.tasks = orchestrator_pb2_grpc.TaskServiceStub(self._channels["orchestrator"])
        self.files = orchestrator_pb2_grpc.FileServiceStub(self._channels["orchestrator"])
        self.inference = inference_pb2_grpc.InferenceServiceStub(self._channels["inference"])
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(channel.close() for channel in self._channels.values()))

    async def call(self, method: Callable[..., Any], request: Any, *, timeout_s: float | None = None) -> Any:
        """One short call. It waits within its deadline for a service that is just restarting."""
        timeout_s = timeout_s or self.timeout_s
        return await method(request, timeout=timeout_s, wait_for_ready=True, metadata=self.metadata())

    async def require(self, name: str) -> None:
        """Return once a service is connected, before a stream that has no short deadline. Raises ApiError (503)."""
        try:
            async with asyncio.timeout(self.timeout_s):
                await self._channels[name].channel_ready()
        except TimeoutError as error:
            raise ApiError("UNAVAILABLE") from error

    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What every call carries: the id under which this request appears in all logs."""
        request_id = structlog.contextvars.get_contextvars().get("request_id")
        return (("x-request-id", request_id),) if request_id else ()

    async def healthy(self, name: str, part: str = "") -> bool:
        """Whether a service says that it (or a part it depends on) serves. A part it does not know counts as served."""
        stub = health_pb2_grpc.HealthStub(self._channels[name])
        try:
            answer = await stub.Check(
                health_pb2.HealthCheckRequest(service=part), timeout=self._settings.health_timeout_s
            )
        except grpc.aio.AioRpcError as error:
            return bool(part) and error.code() is grpc.StatusCode.NOT_FOUND
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    async def all_healthy(self, checks: Iterable[tuple[str, str]]) -> list[bool]:
        """The answers to several checks, asked at once."""
        return await asyncio.gather(*(self.healthy(name, part) for name, part in checks))


def open_channel(address: str) -> grpc.aio.Channel:
    """A channel to a service, or to all replicas of it in turn."""
    return grpc.aio.insecure_channel(_target_of(address), options=_CHANNEL_OPTIONS)


def _target_of(address: str) -> str:
    """What gRPC calls one "host:port", or several with commas between them. Raises ValueError for several names."""
    replicas = [replica.strip() for replica in address.split(",") if replica.strip()]
    if len(replicas) == 1:
        return replicas[0]
    for replica in replicas:
        host, _, port = replica.rpartition(":")
        if not port.isdecimal():
            raise ValueError(f"{replica!r} is no host:port")
        ipaddress.IPv4Address(host)  # gRPC looks no names up in a list; one name may stand for many addresses
    if not replicas:
        raise ValueError("no address")
    return "ipv4:" + ",".join(replicas)
