"""gRPC side of preprocessing: Inspect and Report."""

import asyncio
import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar, cast

import grpc.aio

from services.preprocessing.audio_slice import Recording
from services.preprocessing.inspection import inspect_recording
from services.preprocessing.recording_report import RecordingReport, report_recording
from services.preprocessing.settings import PreprocessingSettings
from services.preprocessing.worker import to_report, to_row
from services.runtime.artifacts import ArtifactStore
from services.runtime.errors import StoppedError
from services.runtime.grpc_errors import to_failure
from services.runtime.recipe import Recipe
from services.runtime.scratch import scratch_folder
from services.runtime.stage import message
from services.voice.decode_limits import AudioFacts
from voiceloom.pipeline.v1 import manifest_pb2
from voiceloom.pipeline.v1.pipeline_pb2 import ArtifactRef
from voiceloom.preprocessing.v1 import preprocessing_pb2, preprocessing_pb2_grpc

T = TypeVar("T")


class PreprocessingServicer(preprocessing_pb2_grpc.PreprocessingServiceServicer):
    """Answers questions about stored recordings."""

    def __init__(
        self, settings: PreprocessingSettings, artifacts: ArtifactStore, sample_rate_hz: int, basis: str
    ) -> None:
        """``sample_rate_hz`` is the pack's; ``basis`` is the digest of all that decides a report."""
        self._settings, self._artifacts = settings, artifacts
        self._sample_rate_hz, self._basis = sample_rate_hz, basis
        # Uploads do not wait behind reports, which take much longer.
        self._inspections = asyncio.Semaphore(settings.inspections)
        self._reports = asyncio.Semaphore(settings.reports)

    async def Inspect(
        self, request: preprocessing_pb2.InspectRequest, context: grpc.aio.ServicerContext
    ) -> preprocessing_pb2.InspectResponse:
        """Decode a recording to its end; a caller who goes away stops the decoding."""
        async with self._inspections:
            facts = await _until_gone(lambda check: self._inspect(request.recording, request.max_seconds, check))
        return preprocessing_pb2.InspectResponse(
            seconds=facts.seconds,
            sample_rate_hz=facts.sample_rate_hz,
            channels=facts.channels,
            container=facts.container,
            codec=facts.codec,
        )

    async def Report(
        self, request: preprocessing_pb2.ReportRequest, context: grpc.aio.ServicerContext
    ) -> preprocessing_pb2.ReportResponse:
        """Slice a recording and judge it; a caller who goes away stops the work."""
        if request.known_basis == self._basis:
            return preprocessing_pb2.ReportResponse(basis=self._basis)
        async with self._reports:
            report = await _until_gone(lambda check: self._report(request.recording, request.seconds, check))
        return preprocessing_pb2.ReportResponse(report=_to_recording_report(report), basis=self._basis)

    def _inspect(self, recording: ArtifactRef, max_seconds: float, check: Callable[[], None]) -> AudioFacts:
        limits = self._settings.decode_limits
        if max_seconds > 0:
            limits = replace(limits, max_seconds=min(max_seconds, limits.max_seconds))
        with scratch_folder(self._settings.scratch_dir, "inspect") as folder:
            return inspect_recording(self._fetch(recording, folder), limits, self._settings.child_limits, check)

    def _report(self, recording: ArtifactRef, seconds: float, check: Callable[[], None]) -> RecordingReport:
        with scratch_folder(self._settings.scratch_dir, "report") as folder:
            return report_recording(
                Recording(self._fetch(recording, folder), seconds),
                self._sample_rate_hz,
                folder,
                rules=self._settings.slice_rules,
                limits=self._settings.decode_limits,
                child=self._settings.child_limits,
                check_stop=check,
            )

    def _fetch(self, recording: ArtifactRef, folder: Path) -> Path:
        return self._artifacts.get_file(recording, folder / "recording")


async def _until_gone(work: Callable[[Callable[[], None]], T]) -> T:
    """Run work in a thread; it is handed a check that raises StoppedError once nobody waits for it any more."""
    gone = threading.Event()

    def check() -> None:
        if gone.is_set():
            raise StoppedError(detail="the caller went away")

    try:
        return await asyncio.to_thread(work, check)
    finally:
        gone.set()


def report_basis(recipe: Recipe) -> str:
    """Digest of what decides a report: it is what decides the clips."""
    decisive = {"code": recipe.code, "pack": recipe.pack_sha256, "settings": recipe.settings}
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def _to_recording_report(report: RecordingReport) -> manifest_pb2.RecordingReport:
    verdict = report.verdict
    return manifest_pb2.RecordingReport(
        report=to_report(report.facts),
        clips=map(to_row, report.clips),
        peaks=report.peaks,
        outlook=cast("manifest_pb2.Outlook", manifest_pb2.Outlook.Value(f"OUTLOOK_{verdict.outlook.name}")),
        verdict=message(verdict.key, **verdict.args),
        problem=None if report.problem is None else to_failure(report.problem),
    )
