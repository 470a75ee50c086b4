from voiceloom.pipeline.v1 import manifest_pb2 as _manifest_pb2
from voiceloom.pipeline.v1 import pipeline_pb2 as _pipeline_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TranscribeRequest(_message.Message):
    __slots__ = ("recording", "pcm_16khz", "language", "word_times")
    RECORDING_FIELD_NUMBER: _ClassVar[int]
    PCM_16KHZ_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    WORD_TIMES_FIELD_NUMBER: _ClassVar[int]
    recording: _pipeline_pb2.ArtifactRef
    pcm_16khz: bytes
    language: str
    word_times: bool
    def __init__(self, recording: _Optional[_Union[_pipeline_pb2.ArtifactRef, _Mapping]] = ..., pcm_16khz: _Optional[bytes] = ..., language: _Optional[str] = ..., word_times: _Optional[bool] = ...) -> None: ...

class TranscribeResponse(_message.Message):
    __slots__ = ("text", "language", "language_probability", "confidence", "words")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    WORDS_FIELD_NUMBER: _ClassVar[int]
    text: str
    language: str
    language_probability: float
    confidence: float
    words: _containers.RepeatedCompositeFieldContainer[_manifest_pb2.Word]
    def __init__(self, text: _Optional[str] = ..., language: _Optional[str] = ..., language_probability: _Optional[float] = ..., confidence: _Optional[float] = ..., words: _Optional[_Iterable[_Union[_manifest_pb2.Word, _Mapping]]] = ...) -> None: ...
