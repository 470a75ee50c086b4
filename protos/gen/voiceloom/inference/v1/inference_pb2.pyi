from voiceloom.pipeline.v1 import pipeline_pb2 as _pipeline_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SynthesizeRequest(_message.Message):
    __slots__ = ("manifests", "voice_id", "text", "language", "synthesis")
    class ManifestsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _pipeline_pb2.ArtifactRef
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_pipeline_pb2.ArtifactRef, _Mapping]] = ...) -> None: ...
    MANIFESTS_FIELD_NUMBER: _ClassVar[int]
    VOICE_ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    SYNTHESIS_FIELD_NUMBER: _ClassVar[int]
    manifests: _containers.MessageMap[str, _pipeline_pb2.ArtifactRef]
    voice_id: str
    text: str
    language: str
    synthesis: _pipeline_pb2.Synthesis
    def __init__(self, manifests: _Optional[_Mapping[str, _pipeline_pb2.ArtifactRef]] = ..., voice_id: _Optional[str] = ..., text: _Optional[str] = ..., language: _Optional[str] = ..., synthesis: _Optional[_Union[_pipeline_pb2.Synthesis, _Mapping]] = ...) -> None: ...

class SynthesizeResponse(_message.Message):
    __slots__ = ("pcm", "sample_rate_hz", "text")
    PCM_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    pcm: bytes
    sample_rate_hz: int
    text: str
    def __init__(self, pcm: _Optional[bytes] = ..., sample_rate_hz: _Optional[int] = ..., text: _Optional[str] = ...) -> None: ...

class ListVoicesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListVoicesResponse(_message.Message):
    __slots__ = ("voices", "pack")
    VOICES_FIELD_NUMBER: _ClassVar[int]
    PACK_FIELD_NUMBER: _ClassVar[int]
    voices: _containers.RepeatedCompositeFieldContainer[Voice]
    pack: Pack
    def __init__(self, voices: _Optional[_Iterable[_Union[Voice, _Mapping]]] = ..., pack: _Optional[_Union[Pack, _Mapping]] = ...) -> None: ...

class Voice(_message.Message):
    __slots__ = ("voice_id", "sovits", "gpt")
    VOICE_ID_FIELD_NUMBER: _ClassVar[int]
    SOVITS_FIELD_NUMBER: _ClassVar[int]
    GPT_FIELD_NUMBER: _ClassVar[int]
    voice_id: str
    sovits: str
    gpt: str
    def __init__(self, voice_id: _Optional[str] = ..., sovits: _Optional[str] = ..., gpt: _Optional[str] = ...) -> None: ...

class Pack(_message.Message):
    __slots__ = ("name", "family", "version", "languages", "sample_rate_hz", "licence", "sha256")
    NAME_FIELD_NUMBER: _ClassVar[int]
    FAMILY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    LANGUAGES_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    LICENCE_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    name: str
    family: str
    version: str
    languages: _containers.RepeatedScalarFieldContainer[str]
    sample_rate_hz: int
    licence: str
    sha256: str
    def __init__(self, name: _Optional[str] = ..., family: _Optional[str] = ..., version: _Optional[str] = ..., languages: _Optional[_Iterable[str]] = ..., sample_rate_hz: _Optional[int] = ..., licence: _Optional[str] = ..., sha256: _Optional[str] = ...) -> None: ...
