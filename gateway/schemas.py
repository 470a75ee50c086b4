"""The JSON that clients send and get, field by field as the REST contract names it.

Descriptions of fields live in messages/api_{zh,en}.toml, because the OpenAPI page speaks two languages.
"""

import unicodedata
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from gateway.expert import ExpertOptions

Quality = Literal["fast", "standard", "high"]
Language = Literal["zh", "en", "ja", "ko", "yue"]
AskedLanguage = Literal["auto", Language]
TaskStatus = Literal["queued", "running", "completed", "failed", "cancelled", "interrupted"]
StageStatusName = Literal["pending", "running", "completed", "failed", "cancelled", "skipped"]
StageName = Literal[
    "audio_slice",
    "asr",
    "text_feature",
    "hubert_feature",
    "semantic_token",
    "sovits_train",
    "gpt_train",
    "inference",
]
FileType = Literal["output", "ref_audio", "gpt_model", "sovits_model", "clip"]

MAX_NAME_CHARACTERS = 64
MAX_TRANSCRIPT_CHARACTERS = 300_000
MAX_FILES_PER_TASK = 100


def _check_name(name: str) -> str:
    """NFC, 1..64 characters: letters of any script with their marks, decimal digits, ``-`` and ``_``."""
    name = unicodedata.normalize("NFC", name)
    if not name:
        raise PydanticCustomError("invalid.blank", "must not be empty")
    if len(name) > MAX_NAME_CHARACTERS:
        raise PydanticCustomError("invalid.too_long", "too long", {"max_length": MAX_NAME_CHARACTERS})
    categories = [unicodedata.category(character) for character in name]
    allowed = (
        category[0] in "LM" or category == "Nd" or c in "-_" for c, category in zip(name, categories, strict=True)
    )
    # A mark belongs to the letter before it.
    if not all(allowed) or categories[0][0] == "M":
        raise PydanticCustomError("invalid.name_characters", "not a letter, digit, - or _")
    return name


def check_text(text: str) -> str:
    """NFC, without control characters other than line breaks and tabs; blank text counts as none."""
    text = unicodedata.normalize("NFC", text)
    if any(unicodedata.category(character) == "Cc" and character not in "\n\r\t" for character in text):
        raise PydanticCustomError("invalid.control_characters", "control characters")
    return text if text.strip() else ""


def _check_not_blank(text: str) -> str:
    if not text:
        raise PydanticCustomError("invalid.blank", "must not be empty")
    return text


def check_search(text: str) -> str:
    """Part of a name: NFC, without blanks around it, at most as long as a name; empty finds all."""
    text = check_text(text).strip()
    if len(text) > MAX_NAME_CHARACTERS:
        raise PydanticCustomError("invalid.too_long", "too long", {"max_length": MAX_NAME_CHARACTERS})
    return text


def _check_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or not url.isascii() or not url.isprintable() or " " in url:
        raise PydanticCustomError("invalid.url", "not an http address")
    return url


def _check_distinct(ids: list[str]) -> list[str]:
    if len(set(ids)) != len(ids):
        raise PydanticCustomError("invalid.duplicates", "duplicates")
    return ids


FileId = Annotated[str, Field(min_length=1, max_length=128)]
ExpName = Annotated[str, AfterValidator(_check_name)]
LongText = Annotated[str, Field(max_length=MAX_TRANSCRIPT_CHARACTERS), AfterValidator(check_text)]
SpokenText = Annotated[str, Field(max_length=5000), AfterValidator(check_text)]
Url = Annotated[str, Field(max_length=2000), AfterValidator(_check_url)]


class _Request(BaseModel):
    """A misspelt option is refused rather than ignored: it would cost its sender half an hour of training."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SamplingOptions(_Request):
    """How speech is sampled; what is not set has a default."""

    top_k: int | None = Field(None, ge=1, le=1000)
    top_p: float | None = Field(None, gt=0, le=1, allow_inf_nan=False)
    temperature: float | None = Field(None, gt=0, le=2, allow_inf_nan=False)
    repetition_penalty: float | None = Field(None, ge=1, le=5, allow_inf_nan=False)
    speed: float | None = Field(None, ge=0.25, le=4, allow_inf_nan=False)
    seed: int | None = Field(None, ge=0, le=2**63 - 1)


class InferenceOptions(SamplingOptions):
    """What may be set about inference; what is not set has a default."""

    enabled: bool = True
    target_text: SpokenText | None = None
    ref_audio_id: FileId | None = None
    ref_text: SpokenText | None = None


class QuickModeOptions(_Request):
    """Everything that may be chosen beside name and recording."""

    quality: Quality = "standard"
    language: AskedLanguage = "auto"
    transcript: LongText | None = None
    inference: InferenceOptions | None = None
    expert: ExpertOptions | None = None
    callback_url: Url | None = None


class QuickModeRequest(_Request):
    """One name, one recording (or its parts), and options."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"exp_name": "my-voice", "audio_file_id": "file id", "options": {"quality": "standard"}}
        }
    )

    exp_name: ExpName = Field(json_schema_extra={"minLength": 1, "maxLength": MAX_NAME_CHARACTERS})
    audio_file_ids: (
        Annotated[list[FileId], Field(min_length=1, max_length=MAX_FILES_PER_TASK), AfterValidator(_check_distinct)]
        | None
    ) = None
    audio_file_id: FileId | None = Field(None, validate_default=True)
    options: QuickModeOptions | None = None

    @model_validator(mode="before")
    @classmethod
    def _check_object(cls, body: Any) -> Any:
        if not isinstance(body, dict | cls):
            raise PydanticCustomError("invalid.object", "not an object")
        return body

    @field_validator("audio_file_id")
    @classmethod
    def _check_files(cls, file_id: str | None, info: ValidationInfo) -> str | None:
        # The list is checked before this field; it is not in the data at all when it was wrong itself.
        file_ids = info.data.get("audio_file_ids", [])
        if file_id is None and file_ids is None:
            raise PydanticCustomError("invalid.missing", "neither form of one field")
        if file_id is not None and file_ids:
            raise PydanticCustomError("invalid.one_of_files", "both forms of one field")
        return file_id

    @property
    def file_ids(self) -> list[str]:
        """The recordings, in order."""
        return self.audio_file_ids or [self.audio_file_id or ""]


class SpeakRequest(SamplingOptions):
    """What a trained voice is to say, and how."""

    model_config = ConfigDict(json_schema_extra={"example": {"text": "Good morning."}})

    text: Annotated[SpokenText, AfterValidator(_check_not_blank)]
    language: Language | None = None


class StageView(BaseModel):
    """One stage of a task."""

    name: StageName
    status: StageStatusName
    progress: float = Field(ge=0, le=1)
    message: str | None
    message_key: str | None
    message_args: dict[str, str]
    started_at: datetime | None
    completed_at: datetime | None
    seconds: float | None


class TaskError(BaseModel):
    """Why a task failed."""

    code: str
    stage: StageName | None
    detail: str
    key: str
    args: dict[str, str]


class TaskResponse(BaseModel):
    """Everything that is known about one task."""

    id: str
    exp_name: str
    audio_file_ids: list[str]
    status: TaskStatus
    quality: Quality
    language: AskedLanguage
    detected_language: str | None
    current_stage: StageName | None
    progress: float = Field(ge=0, le=1)
    stages: list[StageView]
    message: str | None
    message_key: str | None
    message_args: dict[str, str]
    error: TaskError | None
    queue_position: int | None
    expert: ExpertOptions | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None


class TaskListResponse(BaseModel):
    """One page of tasks, newest first."""

    items: list[TaskResponse]
    total: int
    limit: int
    offset: int


class SuccessResponse(BaseModel):
    """Something was done."""

    success: Literal[True] = True
    message: str


class OutputView(BaseModel):
    """The target text spoken by one pair of models, and how well."""

    filename: str
    gpt_model: str
    sovits_model: str
    gpt_path: str
    sovits_path: str
    file_path: str
    size_bytes: int
    created_at: datetime | None
    seconds: float
    word_error_rate: float
    speaker_similarity: float
    heard_text: str
    speech_ratio: float
    length_ratio: float
    best: bool


class ModelView(BaseModel):
    """One saved set of fine-tuned weights."""

    kind: Literal["gpt", "sovits"]
    filename: str
    path: str
    epoch: int
    size_bytes: int
    best: bool


class InferenceOutputsResponse(BaseModel):
    """What a task has made so far."""

    task_id: str
    ref_text: str | None
    ref_audio_path: str | None
    target_text: str | None
    outputs: list[OutputView]
    models: list[ModelView]


class FileView(BaseModel):
    """One uploaded recording."""

    file_id: str
    filename: str
    size_bytes: int
    seconds: float
    sample_rate: int
    channels: int
    sha256: str
    created_at: datetime


class FileListResponse(BaseModel):
    """One page of recordings, newest first."""

    items: list[FileView]
    total: int
    limit: int
    offset: int


class FieldError(BaseModel):
    """What is wrong with one field of a request."""

    field: str
    message: str
    key: str
    args: dict[str, str]


class ErrorResponse(BaseModel):
    """An answer other than success."""

    detail: str
    code: str
    key: str | None
    args: dict[str, str]
    request_id: str
    errors: list[FieldError] | None = None


class HealthResponse(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class ReadyResponse(BaseModel):
    """Whether requests can be served; each part is ``ok`` or ``missing``."""

    status: Literal["ready", "not_ready"]
    parts: dict[str, Literal["ok", "missing"]]


class PackResponse(BaseModel):
    """The voice pack in use."""

    name: str
    family: str
    version: str
    languages: list[str]
    sample_rate: int
    licence: str
    sha256: str


class MessagesResponse(BaseModel):
    """Every sentence of one language, by key, with its arguments as {name}."""

    language: Literal["zh", "en"]
    messages: dict[str, str]
    translated_args: dict[str, str]
