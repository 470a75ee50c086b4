"""gRPC servers and channels: health, reflection, typed errors, and a drain that finishes what was begun."""

from __future__ import annotations

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
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
]
_CHANNEL_OPTIONS = [
    ("grpc.enable_http_proxy", 0),  # services talk to each other directly
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
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
    """A channel to another service, which reconnects within a second of its return."""
    return grpc.aio.insecure_channel(address, options=_CHANNEL_OPTIONS)
