"""What a client sees of a report on a recording: the JSON of GET /files/{id}/report, and how it is made."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from gateway.messages import Language
from gateway.views import failure_said, said, seconds, share, told, word
from voiceloom.pipeline.v1 import manifest_pb2, pipeline_pb2

Byte = Annotated[int, Field(ge=0, le=255)]


class ReportClip(BaseModel):
    """One clip that would be cut from the recording."""

    id: str
    start: float
    seconds: float
    kept: bool
    drop_reason: str | None
    loudness_lufs: float
    snr_db: float


class ReportWarning(BaseModel):
    """One thing that people should know before they train on this."""

    message: str | None
    message_key: str | None
    message_args: dict[str, str]


class ReportProblem(BaseModel):
    """Why a task with this recording alone would be refused."""

    code: str
    detail: str
    key: str
    args: dict[str, str]


class FileReportResponse(BaseModel):
    """How good a recording is for training."""

    file_id: str
    seconds: float
    speech_seconds: float
    usable_seconds: float
    silence_ratio: float
    clipping_ratio: float
    snr_db: float
    loudness_lufs: float
    sample_rate: int
    channels: int
    clips: list[ReportClip]
    peaks: list[Byte] = Field(max_length=2000)
    outlook: Literal["unusable", "poor", "fair", "good"]
    verdict: str | None
    verdict_key: str | None
    verdict_args: dict[str, str]
    warnings: list[ReportWarning]
    problem: ReportProblem | None


def report_view(file_id: str, made: manifest_pb2.RecordingReport, language: Language) -> FileReportResponse:
    """A report as a client sees it."""
    facts, verdict = made.report, told(said(made.verdict), language)
    return FileReportResponse(
        file_id=file_id,
        seconds=seconds(facts.total_s),
        speech_seconds=seconds(facts.speech_s),
        usable_seconds=seconds(facts.usable_s),
        silence_ratio=share(facts.silence_ratio),
        clipping_ratio=round(facts.clipping_ratio, 6),  # a thousandth is a lot
        snr_db=round(facts.snr_db, 1),
        loudness_lufs=round(facts.loudness_lufs, 1),
        sample_rate=facts.source_sample_rate_hz,
        channels=facts.source_channels,
        clips=[_clip(clip) for clip in made.clips],
        peaks=list(made.peaks),
        outlook=word(manifest_pb2.Outlook, made.outlook, "OUTLOOK_"),
        verdict=verdict["message"],
        verdict_key=verdict["message_key"],
        verdict_args=verdict["message_args"],
        warnings=[ReportWarning(**told(said(warning), language)) for warning in facts.warnings],
        problem=_problem(made.problem, language) if made.HasField("problem") else None,
    )


def _clip(clip: manifest_pb2.Clip) -> ReportClip:
    return ReportClip(
        id=clip.id,
        start=seconds(clip.start_s),
        seconds=seconds(clip.seconds),
        kept=clip.kept,
        drop_reason=clip.drop_reason or None,
        loudness_lufs=round(clip.loudness_lufs, 1),
        snr_db=round(clip.snr_db, 1),
    )


def _problem(failure: pipeline_pb2.Failure, language: Language) -> ReportProblem:
    why = failure_said(failure)
    return ReportProblem(code=failure.code, detail=why.text(language), key=why.key, args=dict(why.args))
