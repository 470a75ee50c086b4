"""gRPC servers and channels: health, reflection, typed errors, and a drain that finishes what was begun."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable

import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from services.runtime.grpc_errors import ErrorInterceptor
from services.runtime.log import log

Register = Callable[[grpc.aio.Server], list[str]]

MAX_MESSAGE_BYTES = 16 << 20
_SERVER_OPTIONS = [
    ("grpc.so_reuseport", 0),  # two servers on one port is a mistake, not load balancing
    # Clients may ask this often, and for as long as a call is silent, whether this process still answers.
    ("grpc.http2.min_ping_interval_without_data_ms", 500),
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
]
# Calls that do no harm when they are made twice: one that broke off is made again, at another replica if there is one.
_REPEATABLE = {
    "TaskService": ("GetTask", "ListTasks", "ListOutputs"),
    "FileService": ("GetFile", "ListFiles"),
    # The same claim gets the same lease again.
    "WorkService": ("ClaimStage", "KeepAlive", "FindCached"),
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
_CHANNEL_OPTIONS = [
    ("grpc.enable_http_proxy", 0),  # services talk to each other directly
    ("grpc.service_config", json.dumps(_SERVICE_CONFIG)),
    # A peer that is stopped but not dead keeps its connections open: it is left when it answers no ping.
    ("grpc.keepalive_time_ms", 2000),
    ("grpc.keepalive_timeout_ms", 3000),
    ("grpc.http2.ping_timeout_ms", 3000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1000),  # how long one attempt to connect may take
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
]


class GrpcServer:
    """A started server with health and, unless switched off, reflection."""

    def __init__(self, server: grpc.aio.Server, health_servicer: health.aio.HealthServicer, port: int) -> None:
        self._server, self._health, self.port = server, health_servicer, port

    @classmethod
    async def start(cls, host: str, port: int, register: Register, *, reflect: bool) -> GrpcServer:
        """Listen on ``host:port`` (0: a free port). Raises RuntimeError when the port is taken."""
        server = grpc.aio.server(interceptors=[ErrorInterceptor()], options=_SERVER_OPTIONS)
        names = register(server)
        health_servicer = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(health_servicer, server)
        if reflect:
            reflection.enable_server_reflection([*names, health.SERVICE_NAME, reflection.SERVICE_NAME], server)
        bound = server.add_insecure_port(f"{host}:{port}")
        await server.start()
        started = cls(server, health_servicer, bound)
        for name in ("", *names):
            await started.set_healthy(name, True)
        return started

    async def set_healthy(self, name: str, healthy: bool) -> None:
        """Say whether a service (or "" for the process) can do its work."""
        status = health_pb2.HealthCheckResponse
        await self._health.set(name, status.SERVING if healthy else status.NOT_SERVING)

    async def stop(self, grace_s: float) -> None:
        """Say "not serving", take no new calls, and let running ones finish within ``grace_s``."""
        await self._health.enter_graceful_shutdown()
        await self._server.stop(grace_s)
        log.info("server_stopped")


def open_channel(address: str) -> grpc.aio.Channel:
    """A channel to another service, or to all replicas of it in turn; reconnects within a second of a return."""
    return grpc.aio.insecure_channel(target_of(address), options=_CHANNEL_OPTIONS)


def target_of(address: str) -> str:
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
