"""Runs the three feature stages: manifests and tensors in, tensors and a manifest out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from services.features.hubert_feature import hubert_feature
from services.features.models import Models
from services.features.semantic_token import semantic_token
from services.features.text_feature import ClipText, PhonemeRow, text_feature
from services.runtime.recipe import Recipe, Repeatable
from services.runtime.stage import StageContext
from services.voice.pack import Pack
from voiceloom.pipeline.v1 import manifest_pb2
from voiceloom.pipeline.v1.pipeline_pb2 import Correction


class FeaturesWorker:
    """The stage functions of one voice pack."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._pack = models.pack

    def text_feature(self, ctx: StageContext) -> manifest_pb2.TextFeatureManifest:
        """Phonemes of every transcript that asr kept or a person wrote. Raises InvalidInputError TEXT_EMPTY."""
        slices = ctx.manifest("audio_slice", manifest_pb2.AudioSliceManifest)
        transcripts = ctx.manifest("asr", manifest_pb2.AsrManifest)
        seconds = {clip.id: clip.seconds for clip in slices.clips if clip.kept}
        corrections = {correction.clip_id: correction for correction in ctx.claim.corrections}
        clips = [
            clip
            for row in transcripts.transcripts
            if row.clip_id in seconds and (clip := _clip_text(row, seconds[row.clip_id], corrections.get(row.clip_id)))
        ]
        rows = text_feature(
            clips,
            transcripts.language,
            progress=lambda done, total: _step(ctx, "text_feature.phonemizing", done, total),
        )
        for row in rows:
            if not row.kept:
                ctx.log("info", "clip.dropped", clip=row.clip_id, reason=row.drop_reason)
        phones = {f"{row.clip_id}.phones": np.asarray(row.phonemes.ids, np.int32) for row in rows if row.kept}
        return manifest_pb2.TextFeatureManifest(
            features_ref=ctx.write_tensors("text_features.safetensors", phones),
            rows=[_to_row(row) for row in rows],
            symbols=self._pack.symbols,
            provenance=ctx.provenance(pack_name=self._pack.name, pack_sha256=self._pack.sha256),
        )

    def hubert_feature(self, ctx: StageContext) -> manifest_pb2.HubertFeatureManifest:
        """Content features of every kept clip."""
        slices = ctx.manifest("audio_slice", manifest_pb2.AudioSliceManifest)
        encoder = self._models.content_encoder()
        samples = ctx.read_tensors(slices.clips_ref)
        clips = [(clip.id, samples[clip.id]) for clip in slices.clips if clip.kept]
        progress = _counter(ctx, "hubert_feature.encoding", len(clips))
        features = dict(hubert_feature(clips, slices.sample_rate_hz, encoder, progress=progress))
        return manifest_pb2.HubertFeatureManifest(
            features_ref=ctx.write_tensors("hubert_features.safetensors", features),
            encoder=encoder.name,
            channels=encoder.channels,
            clip_ids=list(features),
            provenance=ctx.provenance(pack_name=self._pack.name, pack_sha256=self._pack.sha256),
        )

    def semantic_token(self, ctx: StageContext) -> manifest_pb2.SemanticTokenManifest:
        """Tokens of every clip that has content features."""
        manifest = ctx.manifest("hubert_feature", manifest_pb2.HubertFeatureManifest)
        sovits = self._models.sovits()
        features = ctx.read_tensors(manifest.features_ref)
        progress = _counter(ctx, "semantic_token.encoding", len(manifest.clip_ids))
        rows = ((clip_id, features[clip_id]) for clip_id in manifest.clip_ids)
        tokens = dict(semantic_token(rows, sovits, progress=progress))
        return manifest_pb2.SemanticTokenManifest(
            tokens_ref=ctx.write_tensors("semantic_tokens.safetensors", tokens),
            vocabulary_size=sovits.config.codebook_size,
            clip_ids=list(tokens),
            provenance=ctx.provenance(pack_name=self._pack.name, pack_sha256=self._pack.sha256),
        )


def feature_stages(worker: FeaturesWorker, pack: Pack, code: str) -> dict[str, Repeatable]:
    """The three stages, each with what decides its result: what it reads, what people corrected, code and pack."""
    slices = {"audio_slice": manifest_pb2.AudioSliceManifest}
    words = {"asr": manifest_pb2.AsrManifest}
    features = {"hubert_feature": manifest_pb2.HubertFeatureManifest}
    return {
        "text_feature": Repeatable(
            worker.text_feature,
            Recipe(
                makes=manifest_pb2.TextFeatureManifest,
                code=code,
                pack_sha256=pack.sha256,
                reads={**slices, **words},
                claims=("corrections",),
            ),
        ),
        "hubert_feature": Repeatable(
            worker.hubert_feature,
            Recipe(makes=manifest_pb2.HubertFeatureManifest, code=code, pack_sha256=pack.sha256, reads=slices),
        ),
        "semantic_token": Repeatable(
            worker.semantic_token,
            Recipe(makes=manifest_pb2.SemanticTokenManifest, code=code, pack_sha256=pack.sha256, reads=features),
        ),
    }


def _clip_text(row: manifest_pb2.Transcript, seconds: float, correction: Correction | None) -> ClipText | None:
    """The words of a clip; None for one that asr left out and nobody wrote the words of."""
    text = correction.text if correction else ""
    if not (row.kept or text):
        return None
    dropped = correction is not None and correction.dropped
    return ClipText(row.clip_id, text or row.text, seconds, corrected=bool(text), dropped=dropped)


def _step(ctx: StageContext, key: str, done: int, total: int) -> None:
    ctx.stop.raise_if_set()
    ctx.progress(done / total, key, done=done, total=total)


def _counter(ctx: StageContext, key: str, total: int) -> Callable[[int], None]:
    return lambda done: _step(ctx, key, done, total)


def _to_row(row: PhonemeRow) -> manifest_pb2.PhonemeRow:
    return manifest_pb2.PhonemeRow(
        clip_id=row.clip_id,
        text=row.text,
        normalized_text=row.phonemes.normalized_text,
        language=row.language,
        phonemes=row.phonemes.phonemes,
        word2ph=row.phonemes.word2ph,
        kept=row.kept,
        drop_reason=row.drop_reason,
        corrected=row.corrected,
    )
