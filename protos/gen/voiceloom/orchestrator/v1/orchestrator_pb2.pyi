import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from voiceloom.pipeline.v1 import manifest_pb2 as _manifest_pb2
from voiceloom.pipeline.v1 import pipeline_pb2 as _pipeline_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FileType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FILE_TYPE_UNSPECIFIED: _ClassVar[FileType]
    FILE_TYPE_OUTPUT: _ClassVar[FileType]
    FILE_TYPE_REF_AUDIO: _ClassVar[FileType]
    FILE_TYPE_GPT_MODEL: _ClassVar[FileType]
    FILE_TYPE_SOVITS_MODEL: _ClassVar[FileType]
    FILE_TYPE_CLIP: _ClassVar[FileType]

class RefusalReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REFUSAL_REASON_UNSPECIFIED: _ClassVar[RefusalReason]
    REFUSAL_REASON_STOPPED: _ClassVar[RefusalReason]
    REFUSAL_REASON_DONE: _ClassVar[RefusalReason]
    REFUSAL_REASON_LEASED: _ClassVar[RefusalReason]
    REFUSAL_REASON_NOT_READY: _ClassVar[RefusalReason]
FILE_TYPE_UNSPECIFIED: FileType
FILE_TYPE_OUTPUT: FileType
FILE_TYPE_REF_AUDIO: FileType
FILE_TYPE_GPT_MODEL: FileType
FILE_TYPE_SOVITS_MODEL: FileType
FILE_TYPE_CLIP: FileType
REFUSAL_REASON_UNSPECIFIED: RefusalReason
REFUSAL_REASON_STOPPED: RefusalReason
REFUSAL_REASON_DONE: RefusalReason
REFUSAL_REASON_LEASED: RefusalReason
REFUSAL_REASON_NOT_READY: RefusalReason

class StageStatus(_message.Message):
    __slots__ = ("stage", "state", "progress", "message", "started_at", "completed_at", "seconds", "attempt", "lease")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_AT_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    LEASE_FIELD_NUMBER: _ClassVar[int]
    stage: _pipeline_pb2.Stage
    state: _pipeline_pb2.StageState
    progress: float
    message: _pipeline_pb2.Message
    started_at: _timestamp_pb2.Timestamp
    completed_at: _timestamp_pb2.Timestamp
    seconds: float
    attempt: int
    lease: int
    def __init__(self, stage: _Optional[_Union[_pipeline_pb2.Stage, str]] = ..., state: _Optional[_Union[_pipeline_pb2.StageState, str]] = ..., progress: _Optional[float] = ..., message: _Optional[_Union[_pipeline_pb2.Message, _Mapping]] = ..., started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., completed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., seconds: _Optional[float] = ..., attempt: _Optional[int] = ..., lease: _Optional[int] = ...) -> None: ...

class Task(_message.Message):
    __slots__ = ("id", "owner", "exp_name", "file_ids", "options", "state", "detected_language", "current_stage", "progress", "stages", "message", "failure", "queue_position", "created_at", "started_at", "completed_at", "last_seq", "eta_seconds")
    ID_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    EXP_NAME_FIELD_NUMBER: _ClassVar[int]
    FILE_IDS_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    DETECTED_LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    CURRENT_STAGE_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    STAGES_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    QUEUE_POSITION_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_AT_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQ_FIELD_NUMBER: _ClassVar[int]
    ETA_SECONDS_FIELD_NUMBER: _ClassVar[int]
    id: str
    owner: str
    exp_name: str
    file_ids: _containers.RepeatedScalarFieldContainer[str]
    options: _pipeline_pb2.TaskOptions
    state: _pipeline_pb2.TaskState
    detected_language: str
    current_stage: _pipeline_pb2.Stage
    progress: float
    stages: _containers.RepeatedCompositeFieldContainer[StageStatus]
    message: _pipeline_pb2.Message
    failure: _pipeline_pb2.Failure
    queue_position: int
    created_at: _timestamp_pb2.Timestamp
    started_at: _timestamp_pb2.Timestamp
    completed_at: _timestamp_pb2.Timestamp
    last_seq: int
    eta_seconds: float
    def __init__(self, id: _Optional[str] = ..., owner: _Optional[str] = ..., exp_name: _Optional[str] = ..., file_ids: _Optional[_Iterable[str]] = ..., options: _Optional[_Union[_pipeline_pb2.TaskOptions, _Mapping]] = ..., state: _Optional[_Union[_pipeline_pb2.TaskState, str]] = ..., detected_language: _Optional[str] = ..., current_stage: _Optional[_Union[_pipeline_pb2.Stage, str]] = ..., progress: _Optional[float] = ..., stages: _Optional[_Iterable[_Union[StageStatus, _Mapping]]] = ..., message: _Optional[_Union[_pipeline_pb2.Message, _Mapping]] = ..., failure: _Optional[_Union[_pipeline_pb2.Failure, _Mapping]] = ..., queue_position: _Optional[int] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., completed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_seq: _Optional[int] = ..., eta_seconds: _Optional[float] = ...) -> None: ...

class File(_message.Message):
    __slots__ = ("id", "owner", "filename", "ref", "seconds", "sample_rate_hz", "channels", "transcript", "created_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    FILENAME_FIELD_NUMBER: _ClassVar[int]
    REF_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    TRANSCRIPT_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    owner: str
    filename: str
    ref: _pipeline_pb2.ArtifactRef
    seconds: float
    sample_rate_hz: int
    channels: int
    transcript: str
    created_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., owner: _Optional[str] = ..., filename: _Optional[str] = ..., ref: _Optional[_Union[_pipeline_pb2.ArtifactRef, _Mapping]] = ..., seconds: _Optional[float] = ..., sample_rate_hz: _Optional[int] = ..., channels: _Optional[int] = ..., transcript: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CreateTaskRequest(_message.Message):
    __slots__ = ("owner", "exp_name", "file_ids", "options", "idempotency_key")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    EXP_NAME_FIELD_NUMBER: _ClassVar[int]
    FILE_IDS_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    owner: str
    exp_name: str
    file_ids: _containers.RepeatedScalarFieldContainer[str]
    options: _pipeline_pb2.TaskOptions
    idempotency_key: str
    def __init__(self, owner: _Optional[str] = ..., exp_name: _Optional[str] = ..., file_ids: _Optional[_Iterable[str]] = ..., options: _Optional[_Union[_pipeline_pb2.TaskOptions, _Mapping]] = ..., idempotency_key: _Optional[str] = ...) -> None: ...

class CreateTaskResponse(_message.Message):
    __slots__ = ("task",)
    TASK_FIELD_NUMBER: _ClassVar[int]
    task: Task
    def __init__(self, task: _Optional[_Union[Task, _Mapping]] = ...) -> None: ...

class GetTaskRequest(_message.Message):
    __slots__ = ("owner", "task_id", "known_seq")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    KNOWN_SEQ_FIELD_NUMBER: _ClassVar[int]
    owner: str
    task_id: str
    known_seq: int
    def __init__(self, owner: _Optional[str] = ..., task_id: _Optional[str] = ..., known_seq: _Optional[int] = ...) -> None: ...

class GetTaskResponse(_message.Message):
    __slots__ = ("task",)
    TASK_FIELD_NUMBER: _ClassVar[int]
    task: Task
    def __init__(self, task: _Optional[_Union[Task, _Mapping]] = ...) -> None: ...

class ListTasksRequest(_message.Message):
    __slots__ = ("owner", "state", "limit", "offset", "search")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    SEARCH_FIELD_NUMBER: _ClassVar[int]
    owner: str
    state: _pipeline_pb2.TaskState
    limit: int
    offset: int
    search: str
    def __init__(self, owner: _Optional[str] = ..., state: _Optional[_Union[_pipeline_pb2.TaskState, str]] = ..., limit: _Optional[int] = ..., offset: _Optional[int] = ..., search: _Optional[str] = ...) -> None: ...

class ListTasksResponse(_message.Message):
    __slots__ = ("tasks", "total")
    TASKS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    tasks: _containers.RepeatedCompositeFieldContainer[Task]
    total: int
    def __init__(self, tasks: _Optional[_Iterable[_Union[Task, _Mapping]]] = ..., total: _Optional[int] = ...) -> None: ...

class CancelTaskRequest(_message.Message):
    __slots__ = ("owner", "task_id")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    owner: str
    task_id: str
    def __init__(self, owner: _Optional[str] = ..., task_id: _Optional[str] = ...) -> None: ...

class CancelTaskResponse(_message.Message):
    __slots__ = ("task",)
    TASK_FIELD_NUMBER: _ClassVar[int]
    task: Task
    def __init__(self, task: _Optional[_Union[Task, _Mapping]] = ...) -> None: ...

class PurgeTaskRequest(_message.Message):
    __slots__ = ("owner", "task_id")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    owner: str
    task_id: str
    def __init__(self, owner: _Optional[str] = ..., task_id: _Optional[str] = ...) -> None: ...

class PurgeTaskResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ResumeTaskRequest(_message.Message):
    __slots__ = ("owner", "task_id")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    owner: str
    task_id: str
    def __init__(self, owner: _Optional[str] = ..., task_id: _Optional[str] = ...) -> None: ...

class ResumeTaskResponse(_message.Message):
    __slots__ = ("task",)
    TASK_FIELD_NUMBER: _ClassVar[int]
    task: Task
    def __init__(self, task: _Optional[_Union[Task, _Mapping]] = ...) -> None: ...

class RetryTaskRequest(_message.Message):
    __slots__ = ("owner", "task_id", "from_stage")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_STAGE_FIELD_NUMBER: _ClassVar[int]
    owner: str
    task_id: str
    from_stage: _pipeline_pb2.Stage
    def __init__(self, owner: _Optional[str] = ..., task_id: _Optional[str] = ..., from_stage: _Optional[_Union[_pipeline_pb2.Stage, str]] = ...) -> None: ...

class RetryTaskResponse(_message.Message):
    __slots__ = ("task",)
    TASK_FIELD_NUMBER: _ClassVar[int]
    task: Task
    def __init__(self, task: _Optional[_Union[Task, _Mapping]] = ...) -> None: ...

class WatchTaskRequest(_message.Message):
    __slots__ = ("owner", "task_id", "after_seq")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_SEQ_FIELD_NUMBER: _ClassVar[int]
    owner: str
    task_id: str
    after_seq: int
    def __init__(self, owner: _Optional[str] = ..., task_id: _Optional[str] = ..., after_seq: _Optional[int] = ...) -> None: ...

class WatchTaskResponse(_message.Message):
    __slots__ = ("event",)
    EVENT_FIELD_NUMBER: _ClassVar[int]
    event: _pipeline_pb2.TaskEvent
    def __init__(self, event: _Optional[_Union[_pipeline_pb2.TaskEvent, _Mapping]] = ...) -> None: ...

class ListOutputsRequest(_message.Message):
    __slots__ = ("owner", "task_id")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    owner: str
    task_id: str
    def __init__(self, owner: _Optional[str] = ..., task_id: _Optional[str] = ...) -> None: ...

class ListOutputsResponse(_message.Message):
    __slots__ = ("inference", "models", "created_at", "target_text")
    INFERENCE_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    TARGET_TEXT_FIELD_NUMBER: _ClassVar[int]
    inference: _manifest_pb2.InferenceManifest
    models: _containers.RepeatedCompositeFieldContainer[_manifest_pb2.Model]
    created_at: _timestamp_pb2.Timestamp
    target_text: str
    def __init__(self, inference: _Optional[_Union[_manifest_pb2.InferenceManifest, _Mapping]] = ..., models: _Optional[_Iterable[_Union[_manifest_pb2.Model, _Mapping]]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., target_text: _Optional[str] = ...) -> None: ...

class ClipTranscript(_message.Message):
    __slots__ = ("clip_id", "start_s", "seconds", "recognised", "correction", "trained")
    CLIP_ID_FIELD_NUMBER: _ClassVar[int]
    START_S_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    RECOGNISED_FIELD_NUMBER: _ClassVar[int]
    CORRECTION_FIELD_NUMBER: _ClassVar[int]
    TRAINED_FIELD_NUMBER: _ClassVar[int]
    clip_id: str
    start_s: float
    seconds: float
    recognised: _manifest_pb2.Transcript
    correction: _pipeline_pb2.Correction
    trained: _manifest_pb2.PhonemeRow
    def __init__(self, clip_id: _Optional[str] = ..., start_s: _Optional[float] = ..., seconds: _Optional[float] = ..., recognised: _Optional[_Union[_manifest_pb2.Transcript, _Mapping]] = ..., correction: _Optional[_Union[_pipeline_pb2.Correction, _Mapping]] = ..., trained: _Optional[_Union[_manifest_pb2.PhonemeRow, _Mapping]] = ...) -> None: ...

class TaskTranscripts(_message.Message):
    __slots__ = ("clips", "language", "aligned", "pending")
    CLIPS_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    ALIGNED_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    clips: _containers.RepeatedCompositeFieldContainer[ClipTranscript]
    language: str
    aligned: bool
    pending: bool
    def __init__(self, clips: _Optional[_Iterable[_Union[ClipTranscript, _Mapping]]] = ..., language: _Optional[str] = ..., aligned: _Optional[bool] = ..., pending: _Optional[bool] = ...) -> None: ...

class ListTranscriptsRequest(_message.Message):
    __slots__ = ("owner", "task_id")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    owner: str
    task_id: str
    def __init__(self, owner: _Optional[str] = ..., task_id: _Optional[str] = ...) -> None: ...

class ListTranscriptsResponse(_message.Message):
    __slots__ = ("transcripts",)
    TRANSCRIPTS_FIELD_NUMBER: _ClassVar[int]
    transcripts: TaskTranscripts
    def __init__(self, transcripts: _Optional[_Union[TaskTranscripts, _Mapping]] = ...) -> None: ...

class CorrectTranscriptsRequest(_message.Message):
    __slots__ = ("owner", "task_id", "corrections")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    CORRECTIONS_FIELD_NUMBER: _ClassVar[int]
    owner: str
    task_id: str
    corrections: _containers.RepeatedCompositeFieldContainer[_pipeline_pb2.Correction]
    def __init__(self, owner: _Optional[str] = ..., task_id: _Optional[str] = ..., corrections: _Optional[_Iterable[_Union[_pipeline_pb2.Correction, _Mapping]]] = ...) -> None: ...

class CorrectTranscriptsResponse(_message.Message):
    __slots__ = ("transcripts",)
    TRANSCRIPTS_FIELD_NUMBER: _ClassVar[int]
    transcripts: TaskTranscripts
    def __init__(self, transcripts: _Optional[_Union[TaskTranscripts, _Mapping]] = ...) -> None: ...

class LossCurve(_message.Message):
    __slots__ = ("stage", "total_steps", "total_epochs", "points", "batch_size")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_STEPS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_EPOCHS_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    stage: _pipeline_pb2.Stage
    total_steps: int
    total_epochs: int
    points: _containers.RepeatedCompositeFieldContainer[_pipeline_pb2.StageMetrics]
    batch_size: int
    def __init__(self, stage: _Optional[_Union[_pipeline_pb2.Stage, str]] = ..., total_steps: _Optional[int] = ..., total_epochs: _Optional[int] = ..., points: _Optional[_Iterable[_Union[_pipeline_pb2.StageMetrics, _Mapping]]] = ..., batch_size: _Optional[int] = ...) -> None: ...

class ListMetricsRequest(_message.Message):
    __slots__ = ("owner", "task_id")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    owner: str
    task_id: str
    def __init__(self, owner: _Optional[str] = ..., task_id: _Optional[str] = ...) -> None: ...

class ListMetricsResponse(_message.Message):
    __slots__ = ("curves",)
    CURVES_FIELD_NUMBER: _ClassVar[int]
    curves: _containers.RepeatedCompositeFieldContainer[LossCurve]
    def __init__(self, curves: _Optional[_Iterable[_Union[LossCurve, _Mapping]]] = ...) -> None: ...

class GetVoiceRequest(_message.Message):
    __slots__ = ("owner", "task_id")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    owner: str
    task_id: str
    def __init__(self, owner: _Optional[str] = ..., task_id: _Optional[str] = ...) -> None: ...

class GetVoiceResponse(_message.Message):
    __slots__ = ("manifests", "language")
    class ManifestsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _pipeline_pb2.ArtifactRef
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_pipeline_pb2.ArtifactRef, _Mapping]] = ...) -> None: ...
    MANIFESTS_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    manifests: _containers.MessageMap[str, _pipeline_pb2.ArtifactRef]
    language: str
    def __init__(self, manifests: _Optional[_Mapping[str, _pipeline_pb2.ArtifactRef]] = ..., language: _Optional[str] = ...) -> None: ...

class EstimateTasksRequest(_message.Message):
    __slots__ = ("owner", "usable_s")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    USABLE_S_FIELD_NUMBER: _ClassVar[int]
    owner: str
    usable_s: float
    def __init__(self, owner: _Optional[str] = ..., usable_s: _Optional[float] = ...) -> None: ...

class Estimate(_message.Message):
    __slots__ = ("quality", "seconds", "least_s", "most_s", "from_history")
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    LEAST_S_FIELD_NUMBER: _ClassVar[int]
    MOST_S_FIELD_NUMBER: _ClassVar[int]
    FROM_HISTORY_FIELD_NUMBER: _ClassVar[int]
    quality: _pipeline_pb2.Quality
    seconds: float
    least_s: float
    most_s: float
    from_history: bool
    def __init__(self, quality: _Optional[_Union[_pipeline_pb2.Quality, str]] = ..., seconds: _Optional[float] = ..., least_s: _Optional[float] = ..., most_s: _Optional[float] = ..., from_history: _Optional[bool] = ...) -> None: ...

class EstimateTasksResponse(_message.Message):
    __slots__ = ("estimates", "tasks_before", "wait_s")
    ESTIMATES_FIELD_NUMBER: _ClassVar[int]
    TASKS_BEFORE_FIELD_NUMBER: _ClassVar[int]
    WAIT_S_FIELD_NUMBER: _ClassVar[int]
    estimates: _containers.RepeatedCompositeFieldContainer[Estimate]
    tasks_before: int
    wait_s: float
    def __init__(self, estimates: _Optional[_Iterable[_Union[Estimate, _Mapping]]] = ..., tasks_before: _Optional[int] = ..., wait_s: _Optional[float] = ...) -> None: ...

class WriteFileRequest(_message.Message):
    __slots__ = ("header", "chunk", "transcript")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    TRANSCRIPT_FIELD_NUMBER: _ClassVar[int]
    header: WriteFileHeader
    chunk: bytes
    transcript: str
    def __init__(self, header: _Optional[_Union[WriteFileHeader, _Mapping]] = ..., chunk: _Optional[bytes] = ..., transcript: _Optional[str] = ...) -> None: ...

class WriteFileHeader(_message.Message):
    __slots__ = ("owner", "filename", "transcript", "idempotency_key", "announced_bytes")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    FILENAME_FIELD_NUMBER: _ClassVar[int]
    TRANSCRIPT_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    ANNOUNCED_BYTES_FIELD_NUMBER: _ClassVar[int]
    owner: str
    filename: str
    transcript: str
    idempotency_key: str
    announced_bytes: int
    def __init__(self, owner: _Optional[str] = ..., filename: _Optional[str] = ..., transcript: _Optional[str] = ..., idempotency_key: _Optional[str] = ..., announced_bytes: _Optional[int] = ...) -> None: ...

class WriteFileResponse(_message.Message):
    __slots__ = ("file",)
    FILE_FIELD_NUMBER: _ClassVar[int]
    file: File
    def __init__(self, file: _Optional[_Union[File, _Mapping]] = ...) -> None: ...

class GetFileRequest(_message.Message):
    __slots__ = ("owner", "file_id")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    FILE_ID_FIELD_NUMBER: _ClassVar[int]
    owner: str
    file_id: str
    def __init__(self, owner: _Optional[str] = ..., file_id: _Optional[str] = ...) -> None: ...

class GetFileResponse(_message.Message):
    __slots__ = ("file",)
    FILE_FIELD_NUMBER: _ClassVar[int]
    file: File
    def __init__(self, file: _Optional[_Union[File, _Mapping]] = ...) -> None: ...

class ListFilesRequest(_message.Message):
    __slots__ = ("owner", "limit", "offset")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    owner: str
    limit: int
    offset: int
    def __init__(self, owner: _Optional[str] = ..., limit: _Optional[int] = ..., offset: _Optional[int] = ...) -> None: ...

class ListFilesResponse(_message.Message):
    __slots__ = ("files", "total")
    FILES_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    files: _containers.RepeatedCompositeFieldContainer[File]
    total: int
    def __init__(self, files: _Optional[_Iterable[_Union[File, _Mapping]]] = ..., total: _Optional[int] = ...) -> None: ...

class GetFileReportRequest(_message.Message):
    __slots__ = ("owner", "file_id")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    FILE_ID_FIELD_NUMBER: _ClassVar[int]
    owner: str
    file_id: str
    def __init__(self, owner: _Optional[str] = ..., file_id: _Optional[str] = ...) -> None: ...

class GetFileReportResponse(_message.Message):
    __slots__ = ("report",)
    REPORT_FIELD_NUMBER: _ClassVar[int]
    report: _manifest_pb2.RecordingReport
    def __init__(self, report: _Optional[_Union[_manifest_pb2.RecordingReport, _Mapping]] = ...) -> None: ...

class DeleteFileRequest(_message.Message):
    __slots__ = ("owner", "file_id")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    FILE_ID_FIELD_NUMBER: _ClassVar[int]
    owner: str
    file_id: str
    def __init__(self, owner: _Optional[str] = ..., file_id: _Optional[str] = ...) -> None: ...

class DeleteFileResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ReadFileRequest(_message.Message):
    __slots__ = ("owner", "file_id", "artifact", "offset", "length")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    FILE_ID_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    LENGTH_FIELD_NUMBER: _ClassVar[int]
    owner: str
    file_id: str
    artifact: TaskArtifact
    offset: int
    length: int
    def __init__(self, owner: _Optional[str] = ..., file_id: _Optional[str] = ..., artifact: _Optional[_Union[TaskArtifact, _Mapping]] = ..., offset: _Optional[int] = ..., length: _Optional[int] = ...) -> None: ...

class TaskArtifact(_message.Message):
    __slots__ = ("task_id", "file_type", "name")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    FILE_TYPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    file_type: FileType
    name: str
    def __init__(self, task_id: _Optional[str] = ..., file_type: _Optional[_Union[FileType, str]] = ..., name: _Optional[str] = ...) -> None: ...

class ReadFileResponse(_message.Message):
    __slots__ = ("header", "chunk")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    header: ReadFileHeader
    chunk: bytes
    def __init__(self, header: _Optional[_Union[ReadFileHeader, _Mapping]] = ..., chunk: _Optional[bytes] = ...) -> None: ...

class ReadFileHeader(_message.Message):
    __slots__ = ("filename", "total_bytes", "sha256", "created_at")
    FILENAME_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    filename: str
    total_bytes: int
    sha256: str
    created_at: _timestamp_pb2.Timestamp
    def __init__(self, filename: _Optional[str] = ..., total_bytes: _Optional[int] = ..., sha256: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ClaimStageRequest(_message.Message):
    __slots__ = ("task_id", "stage", "worker_id")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    stage: _pipeline_pb2.Stage
    worker_id: str
    def __init__(self, task_id: _Optional[str] = ..., stage: _Optional[_Union[_pipeline_pb2.Stage, str]] = ..., worker_id: _Optional[str] = ...) -> None: ...

class ClaimStageResponse(_message.Message):
    __slots__ = ("lease", "refusal")
    LEASE_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    lease: Lease
    refusal: Refusal
    def __init__(self, lease: _Optional[_Union[Lease, _Mapping]] = ..., refusal: _Optional[_Union[Refusal, _Mapping]] = ...) -> None: ...

class Lease(_message.Message):
    __slots__ = ("lease", "attempt", "ttl_s", "exp_name", "owner", "options", "files", "manifests", "checkpoint", "ref_audio", "detected_language", "corrections")
    class ManifestsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _pipeline_pb2.ArtifactRef
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_pipeline_pb2.ArtifactRef, _Mapping]] = ...) -> None: ...
    LEASE_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    TTL_S_FIELD_NUMBER: _ClassVar[int]
    EXP_NAME_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    MANIFESTS_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    REF_AUDIO_FIELD_NUMBER: _ClassVar[int]
    DETECTED_LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    CORRECTIONS_FIELD_NUMBER: _ClassVar[int]
    lease: int
    attempt: int
    ttl_s: float
    exp_name: str
    owner: str
    options: _pipeline_pb2.TaskOptions
    files: _containers.RepeatedCompositeFieldContainer[File]
    manifests: _containers.MessageMap[str, _pipeline_pb2.ArtifactRef]
    checkpoint: _pipeline_pb2.StageCheckpoint
    ref_audio: File
    detected_language: str
    corrections: _containers.RepeatedCompositeFieldContainer[_pipeline_pb2.Correction]
    def __init__(self, lease: _Optional[int] = ..., attempt: _Optional[int] = ..., ttl_s: _Optional[float] = ..., exp_name: _Optional[str] = ..., owner: _Optional[str] = ..., options: _Optional[_Union[_pipeline_pb2.TaskOptions, _Mapping]] = ..., files: _Optional[_Iterable[_Union[File, _Mapping]]] = ..., manifests: _Optional[_Mapping[str, _pipeline_pb2.ArtifactRef]] = ..., checkpoint: _Optional[_Union[_pipeline_pb2.StageCheckpoint, _Mapping]] = ..., ref_audio: _Optional[_Union[File, _Mapping]] = ..., detected_language: _Optional[str] = ..., corrections: _Optional[_Iterable[_Union[_pipeline_pb2.Correction, _Mapping]]] = ...) -> None: ...

class Refusal(_message.Message):
    __slots__ = ("reason", "retry_after_s")
    REASON_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_S_FIELD_NUMBER: _ClassVar[int]
    reason: RefusalReason
    retry_after_s: float
    def __init__(self, reason: _Optional[_Union[RefusalReason, str]] = ..., retry_after_s: _Optional[float] = ...) -> None: ...

class KeepAliveRequest(_message.Message):
    __slots__ = ("task_id", "stage", "lease")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    LEASE_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    stage: _pipeline_pb2.Stage
    lease: int
    def __init__(self, task_id: _Optional[str] = ..., stage: _Optional[_Union[_pipeline_pb2.Stage, str]] = ..., lease: _Optional[int] = ...) -> None: ...

class KeepAliveResponse(_message.Message):
    __slots__ = ("stop",)
    STOP_FIELD_NUMBER: _ClassVar[int]
    stop: bool
    def __init__(self, stop: _Optional[bool] = ...) -> None: ...

class FindCachedRequest(_message.Message):
    __slots__ = ("task_id", "stage", "lease", "cache_key")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    LEASE_FIELD_NUMBER: _ClassVar[int]
    CACHE_KEY_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    stage: _pipeline_pb2.Stage
    lease: int
    cache_key: str
    def __init__(self, task_id: _Optional[str] = ..., stage: _Optional[_Union[_pipeline_pb2.Stage, str]] = ..., lease: _Optional[int] = ..., cache_key: _Optional[str] = ...) -> None: ...

class FindCachedResponse(_message.Message):
    __slots__ = ("manifest", "origin")
    MANIFEST_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    manifest: _pipeline_pb2.ArtifactRef
    origin: str
    def __init__(self, manifest: _Optional[_Union[_pipeline_pb2.ArtifactRef, _Mapping]] = ..., origin: _Optional[str] = ...) -> None: ...
