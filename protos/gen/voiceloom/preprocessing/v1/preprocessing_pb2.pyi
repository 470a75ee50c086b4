from voiceloom.pipeline.v1 import manifest_pb2 as _manifest_pb2
from voiceloom.pipeline.v1 import pipeline_pb2 as _pipeline_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class InspectRequest(_message.Message):
    __slots__ = ("recording", "max_seconds")
    RECORDING_FIELD_NUMBER: _ClassVar[int]
    MAX_SECONDS_FIELD_NUMBER: _ClassVar[int]
    recording: _pipeline_pb2.ArtifactRef
    max_seconds: float
    def __init__(self, recording: _Optional[_Union[_pipeline_pb2.ArtifactRef, _Mapping]] = ..., max_seconds: _Optional[float] = ...) -> None: ...

class InspectResponse(_message.Message):
    __slots__ = ("seconds", "sample_rate_hz", "channels", "container", "codec")
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    CONTAINER_FIELD_NUMBER: _ClassVar[int]
    CODEC_FIELD_NUMBER: _ClassVar[int]
    seconds: float
    sample_rate_hz: int
    channels: int
    container: str
    codec: str
    def __init__(self, seconds: _Optional[float] = ..., sample_rate_hz: _Optional[int] = ..., channels: _Optional[int] = ..., container: _Optional[str] = ..., codec: _Optional[str] = ...) -> None: ...

class ReportRequest(_message.Message):
    __slots__ = ("recording", "seconds", "known_basis")
    RECORDING_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    KNOWN_BASIS_FIELD_NUMBER: _ClassVar[int]
    recording: _pipeline_pb2.ArtifactRef
    seconds: float
    known_basis: str
    def __init__(self, recording: _Optional[_Union[_pipeline_pb2.ArtifactRef, _Mapping]] = ..., seconds: _Optional[float] = ..., known_basis: _Optional[str] = ...) -> None: ...

class ReportResponse(_message.Message):
    __slots__ = ("report", "basis")
    REPORT_FIELD_NUMBER: _ClassVar[int]
    BASIS_FIELD_NUMBER: _ClassVar[int]
    report: _manifest_pb2.RecordingReport
    basis: str
    def __init__(self, report: _Optional[_Union[_manifest_pb2.RecordingReport, _Mapping]] = ..., basis: _Optional[str] = ...) -> None: ...
