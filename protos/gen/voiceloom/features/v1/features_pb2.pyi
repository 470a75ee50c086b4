from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class PhonemizeRequest(_message.Message):
    __slots__ = ("text", "language")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    text: str
    language: str
    def __init__(self, text: _Optional[str] = ..., language: _Optional[str] = ...) -> None: ...

class PhonemizeResponse(_message.Message):
    __slots__ = ("normalized_text", "phonemes", "ids", "word2ph")
    NORMALIZED_TEXT_FIELD_NUMBER: _ClassVar[int]
    PHONEMES_FIELD_NUMBER: _ClassVar[int]
    IDS_FIELD_NUMBER: _ClassVar[int]
    WORD2PH_FIELD_NUMBER: _ClassVar[int]
    normalized_text: str
    phonemes: _containers.RepeatedScalarFieldContainer[str]
    ids: _containers.RepeatedScalarFieldContainer[int]
    word2ph: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, normalized_text: _Optional[str] = ..., phonemes: _Optional[_Iterable[str]] = ..., ids: _Optional[_Iterable[int]] = ..., word2ph: _Optional[_Iterable[int]] = ...) -> None: ...
