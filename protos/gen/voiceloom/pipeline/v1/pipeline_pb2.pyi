import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Stage(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STAGE_UNSPECIFIED: _ClassVar[Stage]
    STAGE_AUDIO_SLICE: _ClassVar[Stage]
    STAGE_ASR: _ClassVar[Stage]
    STAGE_TEXT_FEATURE: _ClassVar[Stage]
    STAGE_HUBERT_FEATURE: _ClassVar[Stage]
    STAGE_SEMANTIC_TOKEN: _ClassVar[Stage]
    STAGE_SOVITS_TRAIN: _ClassVar[Stage]
    STAGE_GPT_TRAIN: _ClassVar[Stage]
    STAGE_INFERENCE: _ClassVar[Stage]

class TaskState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TASK_STATE_UNSPECIFIED: _ClassVar[TaskState]
    TASK_STATE_QUEUED: _ClassVar[TaskState]
    TASK_STATE_RUNNING: _ClassVar[TaskState]
    TASK_STATE_COMPLETED: _ClassVar[TaskState]
    TASK_STATE_FAILED: _ClassVar[TaskState]
    TASK_STATE_CANCELLED: _ClassVar[TaskState]
    TASK_STATE_INTERRUPTED: _ClassVar[TaskState]

class StageState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STAGE_STATE_UNSPECIFIED: _ClassVar[StageState]
    STAGE_STATE_PENDING: _ClassVar[StageState]
    STAGE_STATE_RUNNING: _ClassVar[StageState]
    STAGE_STATE_COMPLETED: _ClassVar[StageState]
    STAGE_STATE_FAILED: _ClassVar[StageState]
    STAGE_STATE_CANCELLED: _ClassVar[StageState]
    STAGE_STATE_SKIPPED: _ClassVar[StageState]

class Quality(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    QUALITY_UNSPECIFIED: _ClassVar[Quality]
    QUALITY_FAST: _ClassVar[Quality]
    QUALITY_STANDARD: _ClassVar[Quality]
    QUALITY_HIGH: _ClassVar[Quality]
STAGE_UNSPECIFIED: Stage
STAGE_AUDIO_SLICE: Stage
STAGE_ASR: Stage
STAGE_TEXT_FEATURE: Stage
STAGE_HUBERT_FEATURE: Stage
STAGE_SEMANTIC_TOKEN: Stage
STAGE_SOVITS_TRAIN: Stage
STAGE_GPT_TRAIN: Stage
STAGE_INFERENCE: Stage
TASK_STATE_UNSPECIFIED: TaskState
TASK_STATE_QUEUED: TaskState
TASK_STATE_RUNNING: TaskState
TASK_STATE_COMPLETED: TaskState
TASK_STATE_FAILED: TaskState
TASK_STATE_CANCELLED: TaskState
TASK_STATE_INTERRUPTED: TaskState
STAGE_STATE_UNSPECIFIED: StageState
STAGE_STATE_PENDING: StageState
STAGE_STATE_RUNNING: StageState
STAGE_STATE_COMPLETED: StageState
STAGE_STATE_FAILED: StageState
STAGE_STATE_CANCELLED: StageState
STAGE_STATE_SKIPPED: StageState
QUALITY_UNSPECIFIED: Quality
QUALITY_FAST: Quality
QUALITY_STANDARD: Quality
QUALITY_HIGH: Quality

class ArtifactRef(_message.Message):
    __slots__ = ("uri", "sha256", "size_bytes")
    URI_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    uri: str
    sha256: str
    size_bytes: int
    def __init__(self, uri: _Optional[str] = ..., sha256: _Optional[str] = ..., size_bytes: _Optional[int] = ...) -> None: ...

class Message(_message.Message):
    __slots__ = ("key", "args")
    class ArgsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    KEY_FIELD_NUMBER: _ClassVar[int]
    ARGS_FIELD_NUMBER: _ClassVar[int]
    key: str
    args: _containers.ScalarMap[str, str]
    def __init__(self, key: _Optional[str] = ..., args: _Optional[_Mapping[str, str]] = ...) -> None: ...

class Failure(_message.Message):
    __slots__ = ("code", "stage", "message", "retryable")
    CODE_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    RETRYABLE_FIELD_NUMBER: _ClassVar[int]
    code: str
    stage: Stage
    message: Message
    retryable: bool
    def __init__(self, code: _Optional[str] = ..., stage: _Optional[_Union[Stage, str]] = ..., message: _Optional[_Union[Message, _Mapping]] = ..., retryable: _Optional[bool] = ...) -> None: ...

class Synthesis(_message.Message):
    __slots__ = ("target_text", "ref_audio_id", "ref_text", "top_k", "top_p", "temperature", "repetition_penalty", "speed", "seed", "disabled")
    TARGET_TEXT_FIELD_NUMBER: _ClassVar[int]
    REF_AUDIO_ID_FIELD_NUMBER: _ClassVar[int]
    REF_TEXT_FIELD_NUMBER: _ClassVar[int]
    TOP_K_FIELD_NUMBER: _ClassVar[int]
    TOP_P_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    REPETITION_PENALTY_FIELD_NUMBER: _ClassVar[int]
    SPEED_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    DISABLED_FIELD_NUMBER: _ClassVar[int]
    target_text: str
    ref_audio_id: str
    ref_text: str
    top_k: int
    top_p: float
    temperature: float
    repetition_penalty: float
    speed: float
    seed: int
    disabled: bool
    def __init__(self, target_text: _Optional[str] = ..., ref_audio_id: _Optional[str] = ..., ref_text: _Optional[str] = ..., top_k: _Optional[int] = ..., top_p: _Optional[float] = ..., temperature: _Optional[float] = ..., repetition_penalty: _Optional[float] = ..., speed: _Optional[float] = ..., seed: _Optional[int] = ..., disabled: _Optional[bool] = ...) -> None: ...

class TaskOptions(_message.Message):
    __slots__ = ("quality", "language", "transcript", "inference", "callback_url", "expert")
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    TRANSCRIPT_FIELD_NUMBER: _ClassVar[int]
    INFERENCE_FIELD_NUMBER: _ClassVar[int]
    CALLBACK_URL_FIELD_NUMBER: _ClassVar[int]
    EXPERT_FIELD_NUMBER: _ClassVar[int]
    quality: Quality
    language: str
    transcript: str
    inference: Synthesis
    callback_url: str
    expert: Expert
    def __init__(self, quality: _Optional[_Union[Quality, str]] = ..., language: _Optional[str] = ..., transcript: _Optional[str] = ..., inference: _Optional[_Union[Synthesis, _Mapping]] = ..., callback_url: _Optional[str] = ..., expert: _Optional[_Union[Expert, _Mapping]] = ...) -> None: ...

class Expert(_message.Message):
    __slots__ = ("min_clip_s", "max_clip_s", "sovits_epochs", "gpt_epochs", "sovits_batch_size", "gpt_batch_size", "sovits_learning_rate", "gpt_learning_rate", "sovits_save_every_epochs", "gpt_save_every_epochs")
    MIN_CLIP_S_FIELD_NUMBER: _ClassVar[int]
    MAX_CLIP_S_FIELD_NUMBER: _ClassVar[int]
    SOVITS_EPOCHS_FIELD_NUMBER: _ClassVar[int]
    GPT_EPOCHS_FIELD_NUMBER: _ClassVar[int]
    SOVITS_BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    GPT_BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    SOVITS_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    GPT_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    SOVITS_SAVE_EVERY_EPOCHS_FIELD_NUMBER: _ClassVar[int]
    GPT_SAVE_EVERY_EPOCHS_FIELD_NUMBER: _ClassVar[int]
    min_clip_s: float
    max_clip_s: float
    sovits_epochs: int
    gpt_epochs: int
    sovits_batch_size: int
    gpt_batch_size: int
    sovits_learning_rate: float
    gpt_learning_rate: float
    sovits_save_every_epochs: int
    gpt_save_every_epochs: int
    def __init__(self, min_clip_s: _Optional[float] = ..., max_clip_s: _Optional[float] = ..., sovits_epochs: _Optional[int] = ..., gpt_epochs: _Optional[int] = ..., sovits_batch_size: _Optional[int] = ..., gpt_batch_size: _Optional[int] = ..., sovits_learning_rate: _Optional[float] = ..., gpt_learning_rate: _Optional[float] = ..., sovits_save_every_epochs: _Optional[int] = ..., gpt_save_every_epochs: _Optional[int] = ...) -> None: ...

class Correction(_message.Message):
    __slots__ = ("clip_id", "text", "dropped")
    CLIP_ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    clip_id: str
    text: str
    dropped: bool
    def __init__(self, clip_id: _Optional[str] = ..., text: _Optional[str] = ..., dropped: _Optional[bool] = ...) -> None: ...

class StageCommand(_message.Message):
    __slots__ = ("task_id", "stage")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    stage: Stage
    def __init__(self, task_id: _Optional[str] = ..., stage: _Optional[_Union[Stage, str]] = ...) -> None: ...

class StageReport(_message.Message):
    __slots__ = ("task_id", "stage", "lease", "number", "progress", "log", "checkpoint", "result", "failure", "release", "metrics")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    LEASE_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    LOG_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    stage: Stage
    lease: int
    number: int
    progress: StageProgress
    log: StageLog
    checkpoint: StageCheckpoint
    result: StageResult
    failure: Failure
    release: StageRelease
    metrics: StageMetrics
    def __init__(self, task_id: _Optional[str] = ..., stage: _Optional[_Union[Stage, str]] = ..., lease: _Optional[int] = ..., number: _Optional[int] = ..., progress: _Optional[_Union[StageProgress, _Mapping]] = ..., log: _Optional[_Union[StageLog, _Mapping]] = ..., checkpoint: _Optional[_Union[StageCheckpoint, _Mapping]] = ..., result: _Optional[_Union[StageResult, _Mapping]] = ..., failure: _Optional[_Union[Failure, _Mapping]] = ..., release: _Optional[_Union[StageRelease, _Mapping]] = ..., metrics: _Optional[_Union[StageMetrics, _Mapping]] = ...) -> None: ...

class StageProgress(_message.Message):
    __slots__ = ("fraction", "message", "eta_seconds")
    FRACTION_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    ETA_SECONDS_FIELD_NUMBER: _ClassVar[int]
    fraction: float
    message: Message
    eta_seconds: float
    def __init__(self, fraction: _Optional[float] = ..., message: _Optional[_Union[Message, _Mapping]] = ..., eta_seconds: _Optional[float] = ...) -> None: ...

class StageMetrics(_message.Message):
    __slots__ = ("step", "epoch", "total_steps", "total_epochs", "losses", "batch_size")
    class LossesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    STEP_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    TOTAL_STEPS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_EPOCHS_FIELD_NUMBER: _ClassVar[int]
    LOSSES_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    step: int
    epoch: int
    total_steps: int
    total_epochs: int
    losses: _containers.ScalarMap[str, float]
    batch_size: int
    def __init__(self, step: _Optional[int] = ..., epoch: _Optional[int] = ..., total_steps: _Optional[int] = ..., total_epochs: _Optional[int] = ..., losses: _Optional[_Mapping[str, float]] = ..., batch_size: _Optional[int] = ...) -> None: ...

class StageLog(_message.Message):
    __slots__ = ("level", "message")
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    level: str
    message: Message
    def __init__(self, level: _Optional[str] = ..., message: _Optional[_Union[Message, _Mapping]] = ...) -> None: ...

class StageCheckpoint(_message.Message):
    __slots__ = ("ref", "step")
    REF_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    ref: ArtifactRef
    step: int
    def __init__(self, ref: _Optional[_Union[ArtifactRef, _Mapping]] = ..., step: _Optional[int] = ...) -> None: ...

class StageResult(_message.Message):
    __slots__ = ("manifest", "detected_language", "cache_key", "origin")
    MANIFEST_FIELD_NUMBER: _ClassVar[int]
    DETECTED_LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    CACHE_KEY_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    manifest: ArtifactRef
    detected_language: str
    cache_key: str
    origin: str
    def __init__(self, manifest: _Optional[_Union[ArtifactRef, _Mapping]] = ..., detected_language: _Optional[str] = ..., cache_key: _Optional[str] = ..., origin: _Optional[str] = ...) -> None: ...

class StageRelease(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CancelNotice(_message.Message):
    __slots__ = ("task_id",)
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    def __init__(self, task_id: _Optional[str] = ...) -> None: ...

class TaskEvent(_message.Message):
    __slots__ = ("task_id", "seq", "time", "progressed", "logged", "completed", "failed", "cancelled")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    PROGRESSED_FIELD_NUMBER: _ClassVar[int]
    LOGGED_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    CANCELLED_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    seq: int
    time: _timestamp_pb2.Timestamp
    progressed: TaskProgressed
    logged: TaskLogged
    completed: TaskCompleted
    failed: TaskFailed
    cancelled: TaskCancelled
    def __init__(self, task_id: _Optional[str] = ..., seq: _Optional[int] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., progressed: _Optional[_Union[TaskProgressed, _Mapping]] = ..., logged: _Optional[_Union[TaskLogged, _Mapping]] = ..., completed: _Optional[_Union[TaskCompleted, _Mapping]] = ..., failed: _Optional[_Union[TaskFailed, _Mapping]] = ..., cancelled: _Optional[_Union[TaskCancelled, _Mapping]] = ...) -> None: ...

class TaskProgressed(_message.Message):
    __slots__ = ("state", "stage", "progress", "stage_progress", "message", "eta_seconds")
    STATE_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    STAGE_PROGRESS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    ETA_SECONDS_FIELD_NUMBER: _ClassVar[int]
    state: TaskState
    stage: Stage
    progress: float
    stage_progress: float
    message: Message
    eta_seconds: float
    def __init__(self, state: _Optional[_Union[TaskState, str]] = ..., stage: _Optional[_Union[Stage, str]] = ..., progress: _Optional[float] = ..., stage_progress: _Optional[float] = ..., message: _Optional[_Union[Message, _Mapping]] = ..., eta_seconds: _Optional[float] = ...) -> None: ...

class TaskLogged(_message.Message):
    __slots__ = ("stage", "level", "message")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    stage: Stage
    level: str
    message: Message
    def __init__(self, stage: _Optional[_Union[Stage, str]] = ..., level: _Optional[str] = ..., message: _Optional[_Union[Message, _Mapping]] = ...) -> None: ...

class TaskCompleted(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class TaskFailed(_message.Message):
    __slots__ = ("failure",)
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    failure: Failure
    def __init__(self, failure: _Optional[_Union[Failure, _Mapping]] = ...) -> None: ...

class TaskCancelled(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
