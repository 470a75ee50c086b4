"""gRPC side of preprocessing: Inspect."""

import asyncio
import threading
from dataclasses import replace

import grpc.aio

from services.preprocessing.inspection import inspect_recording
from services.preprocessing.settings import PreprocessingSettings
from services.runtime.artifacts import ArtifactStore
from services.runtime.errors import StoppedError
from services.runtime.scratch import scratch_folder
from services.voice.decode_limits import AudioFacts
from voiceloom.pipeline.v1.pipeline_pb2 import ArtifactRef
from voiceloom.preprocessing.v1 import preprocessing_pb2, preprocessing_pb2_grpc


class PreprocessingServicer(preprocessing_pb2_grpc.PreprocessingServiceServicer):
    """Answers questions about stored recordings."""

    def __init__(self, settings: PreprocessingSettings, artifacts: ArtifactStore) -> None:
        self._settings = settings
        self._artifacts = artifacts
        self._turns = asyncio.Semaphore(settings.inspections)

    async def Inspect(
        self, request: preprocessing_pb2.InspectRequest, context: grpc.aio.ServicerContext
    ) -> preprocessing_pb2.InspectResponse:
        """Decode a recording to its end; a caller who goes away stops the decoding."""
        gone = threading.Event()
        async with self._turns:
            try:
                facts = await asyncio.to_thread(self._inspect, request.recording, request.max_seconds, gone)
            finally:
                gone.set()
        return preprocessing_pb2.InspectResponse(
            seconds=facts.seconds,
            sample_rate_hz=facts.sample_rate_hz,
            channels=facts.channels,
            container=facts.container,
            codec=facts.codec,
        )

    def _inspect(self, recording: ArtifactRef, max_seconds: float, gone: threading.Event) -> AudioFacts:
        def check() -> None:
            if gone.is_set():
                raise StoppedError(detail="the caller went away")

        limits = self._settings.decode_limits
        if max_seconds > 0:
            limits = replace(limits, max_seconds=min(max_seconds, limits.max_seconds))
        with scratch_folder(self._settings.scratch_dir, "inspect") as folder:
            path = self._artifacts.get_file(recording, folder / "recording")
            return inspect_recording(path, limits, self._settings.child_limits, check)
