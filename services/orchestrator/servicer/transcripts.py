"""The words of every clip of a task: as they were heard, as people corrected them, as they were trained on."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Sequence
from typing import Any, TypeVar

from google.protobuf.message import Message

from services.orchestrator.models import Stage, Task
from services.orchestrator.servicer.convert import to_corrections, to_ref
from services.runtime.artifacts import ArtifactStore
from services.runtime.errors import InvalidInputError, NotReadyError, StageFailedError
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.pipeline.v1.manifest_pb2 import AsrManifest, AudioSliceManifest, TextFeatureManifest
from voiceloom.pipeline.v1.pipeline_pb2 import Correction

M = TypeVar("M", bound=Message)

# Of one clip. Nobody says more in its few seconds.
MAX_TEXT_CHARS = 1000


class Transcripts:
    """Reads the manifests of finished stages."""

    def __init__(self, artifacts: ArtifactStore) -> None:
        self._artifacts = artifacts

    async def of(self, task: Task) -> pb.TaskTranscripts:
        """Every clip that asr heard, in time order. Raises NotReadyError (TRANSCRIPTS_NOT_READY)."""
        stages = {stage.name: stage for stage in task.stages}
        heard = await self._manifest(stages["asr"], AsrManifest)
        slices = await self._manifest(stages["audio_slice"], AudioSliceManifest)
        if heard is None or slices is None:
            raise NotReadyError("TRANSCRIPTS_NOT_READY")
        trained = await self._manifest(stages["text_feature"], TextFeatureManifest)
        rows = {row.clip_id: row for row in trained.rows} if trained else {}
        recognised = {row.clip_id: row for row in heard.transcripts}
        corrections = {made.clip_id: made for made in to_corrections(task.corrections)}
        clips = [
            pb.ClipTranscript(
                clip_id=clip.id,
                start_s=clip.start_s,
                seconds=clip.seconds,
                recognised=recognised[clip.id],
                correction=corrections.get(clip.id),
                trained=rows.get(clip.id),
            )
            for clip in slices.clips
            if clip.id in recognised
        ]
        pending = bool(corrections) if trained is None else any(map(_differs, clips))
        return pb.TaskTranscripts(clips=clips, language=heard.language, aligned=heard.aligned, pending=pending)

    async def pending(self, task: Task) -> bool:
        """Whether corrections wait for a run; False where nothing was recognised, or it cannot be read any more."""
        try:
            return (await self.of(task)).pending
        except (NotReadyError, StageFailedError):
            return False

    async def _manifest(self, stage: Stage, cls: type[M]) -> M | None:
        if stage.state != "completed" or stage.manifest is None:
            return None
        return cls.FromString(await asyncio.to_thread(self._artifacts.get_bytes, to_ref(stage.manifest)))


def checked(corrections: Sequence[Correction], clips: Sequence[pb.ClipTranscript]) -> dict[str, dict[str, Any]]:
    """Corrections as a task keeps them, without those that change nothing.

    Raises InvalidInputError (CLIP_UNKNOWN, TEXT_TOO_LONG; INVALID_REQUEST for control characters; TRANSCRIPTS_EMPTY
    when no clip would be left).
    """
    known = {clip.clip_id: clip for clip in clips}
    kept: dict[str, dict[str, Any]] = {}
    for made in corrections:
        if made.clip_id not in known or made.clip_id in kept:
            raise InvalidInputError("CLIP_UNKNOWN", clip=made.clip_id)
        written = _clean(made.text)
        if len(written) > MAX_TEXT_CHARS:
            raise InvalidInputError("TEXT_TOO_LONG", limit=MAX_TEXT_CHARS)
        recognised = known[made.clip_id].recognised
        # The words of a clip that was left out count once a person has confirmed them.
        text = "" if written == _clean(recognised.text) and recognised.kept else written
        if text or made.dropped:
            kept[made.clip_id] = {"text": text, "dropped": made.dropped}
    left = [clip for clip in clips if clip.recognised.kept or kept.get(clip.clip_id, {}).get("text")]
    if all(kept.get(clip.clip_id, {}).get("dropped", False) for clip in left):
        raise InvalidInputError("TRANSCRIPTS_EMPTY")
    return kept


def _clean(text: str) -> str:
    """NFC, without blanks around it. Raises InvalidInputError (INVALID_REQUEST) for control characters."""
    text = unicodedata.normalize("NFC", text).strip()
    if any(unicodedata.category(character) == "Cc" and character not in "\n\r\t" for character in text):
        raise InvalidInputError("INVALID_REQUEST", problem="text")
    return text


def _differs(clip: pb.ClipTranscript) -> bool:
    """Whether the models were trained with something else than what is now said of a clip."""
    text, dropped = clip.correction.text, clip.correction.dropped
    if not clip.HasField("trained"):
        return bool(text)  # a clip that was left out, and has words now
    if not (clip.recognised.kept or text):
        return True  # words that were confirmed once, and are not any more
    was_dropped = clip.trained.drop_reason == "dropped_by_user"
    return was_dropped != dropped or (not dropped and clip.trained.text != (text or clip.recognised.text))
