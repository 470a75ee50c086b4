"""Knows the voice pack in use: asked of the inference service, kept for a while."""

import time

import grpc.aio
import structlog

from gateway.clients import Clients
from voiceloom.inference.v1 import inference_pb2

_KEEP_S = 30.0

log = structlog.get_logger(__name__)


class PackFacts:
    """The facts of the pack; an old answer is better than none while the inference service restarts."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._pack: inference_pb2.Pack | None = None
        self._fresh_until = 0.0

    async def get(self) -> inference_pb2.Pack:
        """The pack in use. Raises AioRpcError when it was never known and cannot be asked for."""
        if self._pack is None or time.monotonic() > self._fresh_until:
            try:
                answer = await self._clients.call(self._clients.inference.ListVoices, inference_pb2.ListVoicesRequest())
            except grpc.aio.AioRpcError:
                if self._pack is None:
                    raise
                log.warning("pack_not_refreshed")
            else:
                self._pack = answer.pack
            self._fresh_until = time.monotonic() + _KEEP_S
        return self._pack
