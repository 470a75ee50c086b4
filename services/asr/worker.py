"""Runs the stage asr: clips in, a manifest of their words out."""

from dataclasses import asdict

from services.asr.asr import AUTO, Clip, Transcript, transcribe_clips
from services.asr.recogniser import LazyRecogniser, Word
from services.asr.settings import AsrSettings
from services.runtime.recipe import Recipe
from services.runtime.stage import StageContext
from services.voice.pack import Pack
from voiceloom.pipeline.v1 import manifest_pb2

# The ledger names every dropped clip; people who watch are spared more than this many lines.
MOST_LOGGED_CLIPS = 20


class AsrWorker:
    """The stage function of asr for one voice pack."""

    def __init__(self, settings: AsrSettings, pack: Pack, recogniser: LazyRecogniser) -> None:
        self._settings = settings
        self._pack = pack
        self._recogniser = recogniser

    def __call__(self, ctx: StageContext) -> manifest_pb2.AsrManifest:
        """Transcribe the kept clips. Raises what transcribe_clips raises."""
        ctx.progress(0.0, "asr.loading")
        recogniser = self._recogniser.get()
        slices = ctx.manifest("audio_slice", manifest_pb2.AudioSliceManifest)
        samples = ctx.read_tensors(slices.clips_ref)
        clips = [Clip(clip.id, samples[clip.id], slices.sample_rate_hz) for clip in slices.clips if clip.kept]

        def progress(fraction: float, key: str, /, *, done: int, total: int) -> None:
            ctx.stop.raise_if_set()
            ctx.progress(fraction, key, done=done, total=total)

        found = transcribe_clips(
            clips,
            recogniser,
            languages=self._pack.languages,
            language=ctx.claim.options.language or AUTO,
            transcript=_transcript(ctx),
            rules=self._settings.rules,
            progress=progress,
        )
        for row in [row for row in found.rows if not row.kept][:MOST_LOGGED_CLIPS]:
            ctx.log("info", "clip.dropped", clip=row.clip_id, reason=row.drop_reason)
        return manifest_pb2.AsrManifest(
            transcripts=[_to_row(row) for row in found.rows],
            language=found.language,
            language_probability=found.language_probability,
            aligned=found.aligned,
            provenance=ctx.provenance(pack_name=self._pack.name, pack_sha256=self._pack.sha256),
        )


def asr_recipe(settings: AsrSettings, pack: Pack, code: str) -> Recipe:
    """What decides the words."""
    return Recipe(
        makes=manifest_pb2.AsrManifest,
        code=code,
        pack_sha256=pack.sha256,
        reads={"audio_slice": manifest_pb2.AudioSliceManifest},
        claims=("options.language", "options.transcript", "files.transcript"),
        settings={
            "model": _model_of(settings),
            "beam_size": settings.asr_beam_size,
            "rules": asdict(settings.rules),
        },
    )


def _model_of(settings: AsrSettings) -> object:
    """The bundled model is what the code says; another is known by names, sizes and times of its files.

    Digesting gigabytes at every start would cost more than hearing a recording once more after a copy.
    """
    folder = settings.asr_model_dir
    if folder is None:
        return "bundled"
    stats = {path.name: path.stat() for path in folder.iterdir()} if folder.is_dir() else {}
    return {name: f"{stat.st_size}@{stat.st_mtime_ns}" for name, stat in stats.items()}


def _transcript(ctx: StageContext) -> str:
    """The task's own transcript, else those of its files: all of them or none, since a gap would drop clips."""
    if ctx.claim.options.transcript.strip():
        return ctx.claim.options.transcript
    texts = [file.transcript.strip() for file in ctx.claim.files]
    return "\n".join(texts) if texts and all(texts) else ""


def _to_row(row: Transcript) -> manifest_pb2.Transcript:
    return manifest_pb2.Transcript(
        clip_id=row.clip_id,
        text=row.text,
        language=row.language,
        language_probability=row.language_probability,
        confidence=row.confidence,
        words=[to_word(word) for word in row.words],
        kept=row.kept,
        drop_reason=row.drop_reason,
    )


def to_word(word: Word) -> manifest_pb2.Word:
    """A word as it travels."""
    return manifest_pb2.Word(text=word.text, start_s=word.start_s, end_s=word.end_s, probability=word.probability)
