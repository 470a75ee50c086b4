"""Knows the voice pack in use: asked of the inference service, kept for a while."""

import time

import grpc.aio
import structlog

from gateway.clients import Clients
from gateway.errors import ApiError
from gateway.schemas import AskedLanguage
from voiceloom.inference.v1 import inference_pb2

_KEEP_S = 30.0

log = structlog.get_logger(__name__)


class PackFacts:
    """The facts of the pack; an old answer is better than none while the inference service restarts."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._pack: inference_pb2.Pack | None = None
        self._fresh_until = 0.0

    async def get(self, *, timeout_s: float | None = None) -> inference_pb2.Pack:
        """The pack in use. Raises AioRpcError when it was never known and cannot be asked for."""
        if self._pack is None or time.monotonic() > self._fresh_until:
            try:
                answer = await self._clients.call(
                    self._clients.inference.ListVoices, inference_pb2.ListVoicesRequest(), timeout_s=timeout_s
                )
            except grpc.aio.AioRpcError:
                if self._pack is None:
                    raise
                log.warning("pack_not_refreshed")
            else:
                self._pack = answer.pack
            self._fresh_until = time.monotonic() + _KEEP_S
        return self._pack

    async def require(self, language: AskedLanguage) -> None:
        """Refuse a language that the pack does not speak. Without an answer the asr stage will decide."""
        if language == "auto":
            return
        try:
            pack = await self.get(timeout_s=1.0)
        except grpc.aio.AioRpcError as error:
            log.warning("pack_unknown", status=error.code().name)
            return
        if language not in pack.languages:
            args = {"language": language, "languages": ",".join(pack.languages)}
            raise ApiError("LANGUAGE_UNSUPPORTED", args, status=400)
