"""One process of the system: a gRPC server and the workers of its stages, until it is told to end."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import grpc.aio

from services.runtime.settings import RuntimeSettings
from services.runtime.stage import StageFunction

Register = Callable[[grpc.aio.Server], list[str]]


def run_service(
    name: str,
    settings: RuntimeSettings,
    *,
    register: Register,
    stages: Mapping[str, StageFunction] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then drain. ``register`` adds servicers and returns their full service names."""
    raise NotImplementedError  # being written
