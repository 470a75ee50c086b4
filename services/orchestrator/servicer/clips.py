"""The clips of a task as people can play them: WAV files, cut out of the one object that holds all clips."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import struct
import wave
from dataclasses import dataclass

from services.orchestrator.models import Task
from services.orchestrator.servicer.convert import to_ref
from services.runtime.artifacts import ArtifactStore
from services.runtime.errors import NotFoundError, StageFailedError
from voiceloom.pipeline.v1.manifest_pb2 import AudioSliceManifest
from voiceloom.pipeline.v1.pipeline_pb2 import ArtifactRef

SUFFIX = ".wav"
_LENGTH = struct.Struct("<Q")
# Of a recording of two hours, some hundred kilobytes.
_MAX_HEADER_BYTES = 16 << 20
_SAMPLE_BYTES = 2


@dataclass(frozen=True)
class ClipFile:
    """A clip as a WAV file: mono, 16 bits."""

    filename: str
    data: bytes
    created_at: float

    @property
    def sha256(self) -> str:
        """Digest of the bytes."""
        return hashlib.sha256(self.data).hexdigest()


class Clips:
    """Cuts out clips. Reads of the object only what it takes."""

    def __init__(self, artifacts: ArtifactStore) -> None:
        self._artifacts = artifacts

    async def find(self, task: Task, name: str) -> ClipFile:
        """The clip "<clip id>.wav". Raises NotFoundError (OUTPUT_NOT_FOUND), StageFailedError (ARTIFACT_CORRUPT)."""
        stage = next(stage for stage in task.stages if stage.name == "audio_slice")
        if stage.state != "completed" or stage.manifest is None or not name.endswith(SUFFIX):
            raise NotFoundError("OUTPUT_NOT_FOUND")
        data = await asyncio.to_thread(self._wav, to_ref(stage.manifest), name.removesuffix(SUFFIX))
        return ClipFile(name, data, stage.completed_at or 0.0)

    def _wav(self, manifest: ArtifactRef, clip_id: str) -> bytes:
        slices = AudioSliceManifest.FromString(self._artifacts.get_bytes(manifest))
        if not any(clip.id == clip_id and clip.kept for clip in slices.clips):
            raise NotFoundError("OUTPUT_NOT_FOUND")
        file = io.BytesIO()
        with wave.open(file, "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(_SAMPLE_BYTES)
            sound.setframerate(slices.sample_rate_hz)
            sound.writeframes(self._samples(slices.clips_ref, clip_id))
        return file.getvalue()

    def _samples(self, ref: ArtifactRef, clip_id: str) -> bytes:
        """One tensor of a safetensors object (its format: eight bytes of length, a JSON header, then the data)."""
        (length,) = _LENGTH.unpack(self._read(ref, 0, _LENGTH.size))
        if length > _MAX_HEADER_BYTES:
            raise StageFailedError("ARTIFACT_CORRUPT", detail=f"{ref.uri} has a header of {length} bytes")
        entry = json.loads(self._read(ref, _LENGTH.size, length)).get(clip_id)
        if entry is None or entry["dtype"] != "I16":
            raise StageFailedError("ARTIFACT_CORRUPT", detail=f"{ref.uri} has no samples of {clip_id}")
        begin, end = entry["data_offsets"]
        return self._read(ref, _LENGTH.size + length + begin, end - begin) if end > begin else b""

    def _read(self, ref: ArtifactRef, offset: int, length: int) -> bytes:
        return b"".join(self._artifacts.read(ref, offset, length))
