"""Speaks with a trained voice: the sentences of one text, put together as one WAV file."""

import asyncio
import io
import wave
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import Request

from gateway.clients import Clients
from gateway.errors import ApiError
from gateway.settings import GatewaySettings
from voiceloom.inference.v1 import inference_pb2

T = TypeVar("T")

_SAMPLE_BYTES = 2


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


class Speech:
    """Has texts spoken, a few at once: each of them keeps a core of the inference service busy."""

    def __init__(self, clients: Clients, settings: GatewaySettings) -> None:
        self._clients = clients
        self._timeout_s, self._most = settings.speak_timeout_s, settings.max_speaking
        self._running = 0

    async def say(self, asked: inference_pb2.SynthesizeRequest) -> bytes:
        """A WAV file, mono, 16 bits. Raises ApiError (SPEECH_BUSY, UNAVAILABLE), AioRpcError."""
        if self._running >= self._most:
            raise ApiError("SPEECH_BUSY")
        self._running += 1
        try:
            await self._clients.require("inference")
            return await self._say(asked)
        finally:
            self._running -= 1

    async def _say(self, asked: inference_pb2.SynthesizeRequest) -> bytes:
        pieces, rate_hz = [], 0
        call = self._clients.inference.Synthesize(asked, timeout=self._timeout_s, metadata=self._clients.metadata())
        try:
            async for piece in call:
                pieces.append(piece.pcm)
                rate_hz = piece.sample_rate_hz
        finally:
            call.cancel()
        if not rate_hz:
            raise ApiError("INTERNAL")  # a text with something to pronounce has sound
        return _wav_file(b"".join(pieces), rate_hz)


def _wav_file(pcm: bytes, rate_hz: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(_SAMPLE_BYTES)
        sound.setframerate(rate_hz)
        sound.writeframes(pcm)
    return file.getvalue()


async def unless_gone(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """What the work gives, which is stopped when the client leaves. Raises ClientGone."""
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(_left(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientGone
        return working.result()
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
