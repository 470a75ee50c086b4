"""The words of the clips of a task: the JSON of GET and PUT /tasks/{id}/transcripts, and how it is made."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from gateway.schemas import FileId, check_text
from gateway.views import seconds, share
from voiceloom.orchestrator.v1 import orchestrator_pb2
from voiceloom.pipeline.v1 import manifest_pb2, pipeline_pb2

MAX_CORRECTIONS = 5000
ClipText = Annotated[str, Field(max_length=1000), AfterValidator(check_text)]


class TranscriptWord(BaseModel):
    """One word as it was recognised."""

    text: str
    start: float
    end: float
    probability: float


class TranscriptView(BaseModel):
    """One clip with its text."""

    clip_id: str
    start: float
    seconds: float
    text: str
    recognised_text: str
    language: str
    confidence: float
    kept: bool
    drop_reason: str | None
    corrected: bool
    dropped: bool
    words: list[TranscriptWord]


class TranscriptsResponse(BaseModel):
    """Every clip of a task that was heard, in time order."""

    task_id: str
    language: str
    aligned: bool
    pending: bool
    items: list[TranscriptView]


class TranscriptCorrection(BaseModel):
    """What a person says about the text of one clip."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    clip_id: FileId
    text: ClipText | None = None
    dropped: bool = False


class TranscriptsRequest(BaseModel):
    """All corrections of a task; what is not named is as it was recognised."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"example": {"items": [{"clip_id": "c0000", "text": "Hello."}]}}
    )

    items: Annotated[list[TranscriptCorrection], Field(max_length=MAX_CORRECTIONS)]

    def corrections(self) -> list[pipeline_pb2.Correction]:
        """As the orchestrator takes them."""
        return [
            pipeline_pb2.Correction(clip_id=item.clip_id, text=(item.text or "").strip(), dropped=item.dropped)
            for item in self.items
        ]


def transcripts_view(task_id: str, found: orchestrator_pb2.TaskTranscripts) -> TranscriptsResponse:
    """Transcripts as a client sees them."""
    return TranscriptsResponse(
        task_id=task_id,
        language=found.language,
        aligned=found.aligned,
        pending=found.pending,
        items=[_clip(clip) for clip in found.clips],
    )


def _clip(clip: orchestrator_pb2.ClipTranscript) -> TranscriptView:
    heard, correction = clip.recognised, clip.correction
    # Whether it was trained on is what the last run says; before that run, what asr said.
    last = clip.trained if clip.HasField("trained") else heard
    return TranscriptView(
        clip_id=clip.clip_id,
        start=seconds(clip.start_s),
        seconds=seconds(clip.seconds),
        text=correction.text or heard.text,
        recognised_text=heard.text,
        language=heard.language,
        confidence=share(heard.confidence),
        kept=last.kept,
        drop_reason=last.drop_reason or None,
        corrected=bool(correction.text),
        dropped=correction.dropped,
        words=[_word(word) for word in heard.words],
    )


def _word(word: manifest_pb2.Word) -> TranscriptWord:
    return TranscriptWord(
        text=word.text, start=seconds(word.start_s), end=seconds(word.end_s), probability=share(word.probability)
    )
