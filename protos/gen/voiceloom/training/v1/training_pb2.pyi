from voiceloom.pipeline.v1 import pipeline_pb2 as _pipeline_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Run(_message.Message):
    __slots__ = ("task_id", "stage", "lease", "step", "total_steps", "epoch", "total_epochs", "batch_size", "losses", "child_pid", "running")
    class LossesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    LEASE_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    TOTAL_STEPS_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    TOTAL_EPOCHS_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    LOSSES_FIELD_NUMBER: _ClassVar[int]
    CHILD_PID_FIELD_NUMBER: _ClassVar[int]
    RUNNING_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    stage: _pipeline_pb2.Stage
    lease: int
    step: int
    total_steps: int
    epoch: int
    total_epochs: int
    batch_size: int
    losses: _containers.ScalarMap[str, float]
    child_pid: int
    running: bool
    def __init__(self, task_id: _Optional[str] = ..., stage: _Optional[_Union[_pipeline_pb2.Stage, str]] = ..., lease: _Optional[int] = ..., step: _Optional[int] = ..., total_steps: _Optional[int] = ..., epoch: _Optional[int] = ..., total_epochs: _Optional[int] = ..., batch_size: _Optional[int] = ..., losses: _Optional[_Mapping[str, float]] = ..., child_pid: _Optional[int] = ..., running: _Optional[bool] = ...) -> None: ...

class GetRunRequest(_message.Message):
    __slots__ = ("task_id", "stage")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    stage: _pipeline_pb2.Stage
    def __init__(self, task_id: _Optional[str] = ..., stage: _Optional[_Union[_pipeline_pb2.Stage, str]] = ...) -> None: ...

class GetRunResponse(_message.Message):
    __slots__ = ("run",)
    RUN_FIELD_NUMBER: _ClassVar[int]
    run: Run
    def __init__(self, run: _Optional[_Union[Run, _Mapping]] = ...) -> None: ...

class WatchRunRequest(_message.Message):
    __slots__ = ("task_id", "stage")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    stage: _pipeline_pb2.Stage
    def __init__(self, task_id: _Optional[str] = ..., stage: _Optional[_Union[_pipeline_pb2.Stage, str]] = ...) -> None: ...

class WatchRunResponse(_message.Message):
    __slots__ = ("run",)
    RUN_FIELD_NUMBER: _ClassVar[int]
    run: Run
    def __init__(self, run: _Optional[_Union[Run, _Mapping]] = ...) -> None: ...

class StopRunRequest(_message.Message):
    __slots__ = ("task_id", "stage")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    stage: _pipeline_pb2.Stage
    def __init__(self, task_id: _Optional[str] = ..., stage: _Optional[_Union[_pipeline_pb2.Stage, str]] = ...) -> None: ...

class StopRunResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class MeasureSpeedRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class MeasureSpeedResponse(_message.Message):
    __slots__ = ("sovits_epoch_s", "gpt_epoch_s", "start_s", "work_s")
    SOVITS_EPOCH_S_FIELD_NUMBER: _ClassVar[int]
    GPT_EPOCH_S_FIELD_NUMBER: _ClassVar[int]
    START_S_FIELD_NUMBER: _ClassVar[int]
    WORK_S_FIELD_NUMBER: _ClassVar[int]
    sovits_epoch_s: float
    gpt_epoch_s: float
    start_s: float
    work_s: float
    def __init__(self, sovits_epoch_s: _Optional[float] = ..., gpt_epoch_s: _Optional[float] = ..., start_s: _Optional[float] = ..., work_s: _Optional[float] = ...) -> None: ...
