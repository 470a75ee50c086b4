"""gRPC side of asr: Transcribe."""

import asyncio

import grpc.aio
import numpy as np
import soxr

from services.asr.asr import AUTO
from services.asr.recogniser import SAMPLE_RATE_HZ, LazyRecogniser, Samples
from services.asr.settings import AsrSettings
from services.asr.transcribe import Transcription, transcribe
from services.asr.worker import to_word
from services.runtime.artifacts import ArtifactStore
from services.runtime.errors import InvalidInputError, TooLargeError, UnavailableError
from services.runtime.scratch import scratch_folder
from services.voice.decode_limits import DecodeLimits
from services.voice.errors import AudioTooLongError, AudioUnreadableError, DecoderLostError
from services.voice.isolated import decode_isolated
from voiceloom.asr.v1 import asr_pb2, asr_pb2_grpc
from voiceloom.pipeline.v1.pipeline_pb2 import ArtifactRef


class AsrServicer(asr_pb2_grpc.AsrServiceServicer):
    """Recognises short recordings, one at a time."""

    def __init__(self, settings: AsrSettings, recogniser: LazyRecogniser, artifacts: ArtifactStore) -> None:
        self._settings = settings
        self._recogniser = recogniser
        self._artifacts = artifacts
        self._turn = asyncio.Lock()

    async def Transcribe(
        self, request: asr_pb2.TranscribeRequest, context: grpc.aio.ServicerContext
    ) -> asr_pb2.TranscribeResponse:
        """Words of one recording; an empty text when nobody speaks in it."""
        async with self._turn:
            found = await asyncio.to_thread(self._transcribe, request)
        return asr_pb2.TranscribeResponse(
            text=found.text,
            language=found.language,
            language_probability=found.language_probability,
            confidence=found.confidence,
            words=[to_word(word) for word in found.words],
        )

    def _transcribe(self, request: asr_pb2.TranscribeRequest) -> Transcription:
        source = request.WhichOneof("source")
        wav = self._read(request.recording) if source == "recording" else _from_pcm(request.pcm_16khz)
        if len(wav) > self._settings.max_transcribe_s * SAMPLE_RATE_HZ:
            raise self._too_long()
        return transcribe(
            wav,
            self._recogniser.get(),
            language=request.language or AUTO,
            word_times=request.word_times,
            rules=self._settings.rules,
        )

    def _read(self, recording: ArtifactRef) -> Samples:
        limits = DecodeLimits(max_seconds=self._settings.max_transcribe_s)
        try:
            with scratch_folder(self._settings.scratch_dir, "transcribe") as folder:
                path = self._artifacts.get_file(recording, folder / "recording")
                wav, rate_hz = decode_isolated(path, limits)
        except AudioTooLongError as exc:
            raise self._too_long() from exc
        except AudioUnreadableError as exc:
            raise InvalidInputError("AUDIO_UNREADABLE", detail=str(exc), reason=exc.reason) from exc
        except DecoderLostError as exc:
            raise UnavailableError("UNAVAILABLE", detail=str(exc)) from exc
        return np.asarray(soxr.resample(wav, rate_hz, SAMPLE_RATE_HZ), np.float32)

    def _too_long(self) -> TooLargeError:
        return TooLargeError("AUDIO_TOO_LONG", limit=f"{self._settings.max_transcribe_s:g} s")


def _from_pcm(data: bytes) -> Samples:
    if not data or len(data) % 2:
        raise InvalidInputError("AUDIO_UNREADABLE", reason="empty" if not data else "damaged")
    return np.frombuffer(data, dtype="<i2").astype(np.float32) / 32768.0
