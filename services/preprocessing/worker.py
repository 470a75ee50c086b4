"""Runs the stage audio_slice: uploads in, clips and a manifest out."""

from dataclasses import asdict, replace
from pathlib import Path

from services.preprocessing.audio_slice import Clip, Recording, SliceRules, Slices, slice_recordings
from services.preprocessing.clip_file import write_tensors
from services.preprocessing.report import DataReport
from services.preprocessing.settings import PreprocessingSettings
from services.runtime.recipe import Recipe
from services.runtime.stage import StageContext, message
from services.voice.pack import Pack
from voiceloom.pipeline.v1 import manifest_pb2

# The ledger names every dropped clip; people who watch are spared more than this many lines.
MOST_LOGGED_CLIPS = 20


class AudioSliceWorker:
    """The stage function of audio_slice for one voice pack."""

    def __init__(self, settings: PreprocessingSettings, pack: Pack) -> None:
        self._settings = settings
        self._pack = pack

    def __call__(self, ctx: StageContext) -> manifest_pb2.AudioSliceManifest:
        """Fetch, slice, store. Raises what slice_recordings raises."""
        slices, report = slice_recordings(
            self._fetch(ctx),
            self._pack.sample_rate_hz,
            ctx.scratch,
            rules=self._rules(ctx),
            limits=self._settings.decode_limits,
            child=self._settings.child_limits,
            progress=ctx.progress,
            check_stop=ctx.step,
        )
        _tell(ctx, slices, report)
        tensors = ctx.scratch / "clips.safetensors"
        write_tensors(slices.samples, tensors)
        return manifest_pb2.AudioSliceManifest(
            clips_ref=ctx.put_file("clips.safetensors", tensors),
            sample_rate_hz=self._pack.sample_rate_hz,
            clips=[to_row(clip) for clip in slices.clips],
            report=to_report(report),
            provenance=ctx.provenance(pack_name=self._pack.name, pack_sha256=self._pack.sha256),
        )

    def _rules(self, ctx: StageContext) -> SliceRules:
        """The usual ones, but for what the client chose."""
        rules, chosen = self._settings.slice_rules, ctx.claim.options.expert
        limits = [getattr(chosen, name) if chosen.HasField(name) else None for name in ("min_clip_s", "max_clip_s")]
        return replace(rules, cuts=rules.cuts.within(*limits))

    def _fetch(self, ctx: StageContext) -> list[Recording]:
        recordings = []
        for number, file in enumerate(ctx.claim.files):
            ctx.stop.raise_if_set()
            path: Path = ctx.artifacts.get_file(file.ref, ctx.scratch / f"recording_{number}")
            recordings.append(Recording(path, file.seconds))
        return recordings


def audio_slice_recipe(settings: PreprocessingSettings, pack: Pack, code: str) -> Recipe:
    """What decides the clips."""
    return Recipe(
        makes=manifest_pb2.AudioSliceManifest,
        code=code,
        pack_sha256=pack.sha256,
        claims=("files.ref", "files.seconds", "options.expert.min_clip_s", "options.expert.max_clip_s"),
        settings={"slice_rules": asdict(settings.slice_rules), "decode_limits": asdict(settings.decode_limits)},
        take_over=_warn_again,
    )


def _warn_again(ctx: StageContext, manifest: manifest_pb2.AudioSliceManifest) -> None:
    """What is wrong with a recording is told in every task that uses it."""
    for warning in manifest.report.warnings:
        ctx.log("warning", warning.key, **warning.args)


def _tell(ctx: StageContext, slices: Slices, report: DataReport) -> None:
    for warning in report.warnings():
        ctx.log("warning", warning.key, **warning.args)
    dropped = [clip for clip in slices.clips if not clip.kept]
    for clip in dropped[:MOST_LOGGED_CLIPS]:
        ctx.log("info", "clip.dropped", clip=clip.id, reason=clip.drop_reason)


def to_row(clip: Clip) -> manifest_pb2.Clip:
    """A row of the ledger."""
    return manifest_pb2.Clip(
        id=clip.id,
        start_s=clip.start_s,
        seconds=clip.seconds,
        kept=clip.kept,
        drop_reason=clip.drop_reason,
        loudness_lufs=clip.loudness_lufs,
        snr_db=clip.snr_db,
    )


def to_report(report: DataReport) -> manifest_pb2.DataReport:
    """The data report."""
    return manifest_pb2.DataReport(
        total_s=report.total_s,
        speech_s=report.speech_s,
        usable_s=report.usable_s,
        silence_ratio=report.silence_ratio,
        clipping_ratio=report.clipping_ratio,
        snr_db=report.snr_db,
        loudness_lufs=report.loudness_lufs,
        source_sample_rate_hz=report.sample_rate_hz,
        source_channels=report.channels,
        warnings=[message(warning.key, **warning.args) for warning in report.warnings()],
    )
