from voiceloom.pipeline.v1 import pipeline_pb2 as _pipeline_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Outlook(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OUTLOOK_UNSPECIFIED: _ClassVar[Outlook]
    OUTLOOK_UNUSABLE: _ClassVar[Outlook]
    OUTLOOK_POOR: _ClassVar[Outlook]
    OUTLOOK_FAIR: _ClassVar[Outlook]
    OUTLOOK_GOOD: _ClassVar[Outlook]

class ModelKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MODEL_KIND_UNSPECIFIED: _ClassVar[ModelKind]
    MODEL_KIND_SOVITS: _ClassVar[ModelKind]
    MODEL_KIND_GPT: _ClassVar[ModelKind]
OUTLOOK_UNSPECIFIED: Outlook
OUTLOOK_UNUSABLE: Outlook
OUTLOOK_POOR: Outlook
OUTLOOK_FAIR: Outlook
OUTLOOK_GOOD: Outlook
MODEL_KIND_UNSPECIFIED: ModelKind
MODEL_KIND_SOVITS: ModelKind
MODEL_KIND_GPT: ModelKind

class Provenance(_message.Message):
    __slots__ = ("seed", "pack_name", "pack_sha256", "code_version", "lease", "seconds", "peak_rss_bytes", "settings", "taken_from")
    class SettingsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    SEED_FIELD_NUMBER: _ClassVar[int]
    PACK_NAME_FIELD_NUMBER: _ClassVar[int]
    PACK_SHA256_FIELD_NUMBER: _ClassVar[int]
    CODE_VERSION_FIELD_NUMBER: _ClassVar[int]
    LEASE_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    PEAK_RSS_BYTES_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    TAKEN_FROM_FIELD_NUMBER: _ClassVar[int]
    seed: int
    pack_name: str
    pack_sha256: str
    code_version: str
    lease: int
    seconds: float
    peak_rss_bytes: int
    settings: _containers.ScalarMap[str, str]
    taken_from: str
    def __init__(self, seed: _Optional[int] = ..., pack_name: _Optional[str] = ..., pack_sha256: _Optional[str] = ..., code_version: _Optional[str] = ..., lease: _Optional[int] = ..., seconds: _Optional[float] = ..., peak_rss_bytes: _Optional[int] = ..., settings: _Optional[_Mapping[str, str]] = ..., taken_from: _Optional[str] = ...) -> None: ...

class AudioSliceManifest(_message.Message):
    __slots__ = ("provenance", "clips_ref", "sample_rate_hz", "clips", "report")
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    CLIPS_REF_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    CLIPS_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    provenance: Provenance
    clips_ref: _pipeline_pb2.ArtifactRef
    sample_rate_hz: int
    clips: _containers.RepeatedCompositeFieldContainer[Clip]
    report: DataReport
    def __init__(self, provenance: _Optional[_Union[Provenance, _Mapping]] = ..., clips_ref: _Optional[_Union[_pipeline_pb2.ArtifactRef, _Mapping]] = ..., sample_rate_hz: _Optional[int] = ..., clips: _Optional[_Iterable[_Union[Clip, _Mapping]]] = ..., report: _Optional[_Union[DataReport, _Mapping]] = ...) -> None: ...

class Clip(_message.Message):
    __slots__ = ("id", "start_s", "seconds", "kept", "drop_reason", "loudness_lufs", "snr_db")
    ID_FIELD_NUMBER: _ClassVar[int]
    START_S_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    KEPT_FIELD_NUMBER: _ClassVar[int]
    DROP_REASON_FIELD_NUMBER: _ClassVar[int]
    LOUDNESS_LUFS_FIELD_NUMBER: _ClassVar[int]
    SNR_DB_FIELD_NUMBER: _ClassVar[int]
    id: str
    start_s: float
    seconds: float
    kept: bool
    drop_reason: str
    loudness_lufs: float
    snr_db: float
    def __init__(self, id: _Optional[str] = ..., start_s: _Optional[float] = ..., seconds: _Optional[float] = ..., kept: _Optional[bool] = ..., drop_reason: _Optional[str] = ..., loudness_lufs: _Optional[float] = ..., snr_db: _Optional[float] = ...) -> None: ...

class DataReport(_message.Message):
    __slots__ = ("total_s", "speech_s", "usable_s", "silence_ratio", "clipping_ratio", "snr_db", "loudness_lufs", "source_sample_rate_hz", "source_channels", "warnings")
    TOTAL_S_FIELD_NUMBER: _ClassVar[int]
    SPEECH_S_FIELD_NUMBER: _ClassVar[int]
    USABLE_S_FIELD_NUMBER: _ClassVar[int]
    SILENCE_RATIO_FIELD_NUMBER: _ClassVar[int]
    CLIPPING_RATIO_FIELD_NUMBER: _ClassVar[int]
    SNR_DB_FIELD_NUMBER: _ClassVar[int]
    LOUDNESS_LUFS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_SAMPLE_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    SOURCE_CHANNELS_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    total_s: float
    speech_s: float
    usable_s: float
    silence_ratio: float
    clipping_ratio: float
    snr_db: float
    loudness_lufs: float
    source_sample_rate_hz: int
    source_channels: int
    warnings: _containers.RepeatedCompositeFieldContainer[_pipeline_pb2.Message]
    def __init__(self, total_s: _Optional[float] = ..., speech_s: _Optional[float] = ..., usable_s: _Optional[float] = ..., silence_ratio: _Optional[float] = ..., clipping_ratio: _Optional[float] = ..., snr_db: _Optional[float] = ..., loudness_lufs: _Optional[float] = ..., source_sample_rate_hz: _Optional[int] = ..., source_channels: _Optional[int] = ..., warnings: _Optional[_Iterable[_Union[_pipeline_pb2.Message, _Mapping]]] = ...) -> None: ...

class RecordingReport(_message.Message):
    __slots__ = ("report", "clips", "peaks", "outlook", "verdict", "problem")
    REPORT_FIELD_NUMBER: _ClassVar[int]
    CLIPS_FIELD_NUMBER: _ClassVar[int]
    PEAKS_FIELD_NUMBER: _ClassVar[int]
    OUTLOOK_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    report: DataReport
    clips: _containers.RepeatedCompositeFieldContainer[Clip]
    peaks: bytes
    outlook: Outlook
    verdict: _pipeline_pb2.Message
    problem: _pipeline_pb2.Failure
    def __init__(self, report: _Optional[_Union[DataReport, _Mapping]] = ..., clips: _Optional[_Iterable[_Union[Clip, _Mapping]]] = ..., peaks: _Optional[bytes] = ..., outlook: _Optional[_Union[Outlook, str]] = ..., verdict: _Optional[_Union[_pipeline_pb2.Message, _Mapping]] = ..., problem: _Optional[_Union[_pipeline_pb2.Failure, _Mapping]] = ...) -> None: ...

class AsrManifest(_message.Message):
    __slots__ = ("provenance", "transcripts", "language", "language_probability", "aligned")
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    TRANSCRIPTS_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    ALIGNED_FIELD_NUMBER: _ClassVar[int]
    provenance: Provenance
    transcripts: _containers.RepeatedCompositeFieldContainer[Transcript]
    language: str
    language_probability: float
    aligned: bool
    def __init__(self, provenance: _Optional[_Union[Provenance, _Mapping]] = ..., transcripts: _Optional[_Iterable[_Union[Transcript, _Mapping]]] = ..., language: _Optional[str] = ..., language_probability: _Optional[float] = ..., aligned: _Optional[bool] = ...) -> None: ...

class Transcript(_message.Message):
    __slots__ = ("clip_id", "text", "language", "language_probability", "confidence", "words", "kept", "drop_reason")
    CLIP_ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    WORDS_FIELD_NUMBER: _ClassVar[int]
    KEPT_FIELD_NUMBER: _ClassVar[int]
    DROP_REASON_FIELD_NUMBER: _ClassVar[int]
    clip_id: str
    text: str
    language: str
    language_probability: float
    confidence: float
    words: _containers.RepeatedCompositeFieldContainer[Word]
    kept: bool
    drop_reason: str
    def __init__(self, clip_id: _Optional[str] = ..., text: _Optional[str] = ..., language: _Optional[str] = ..., language_probability: _Optional[float] = ..., confidence: _Optional[float] = ..., words: _Optional[_Iterable[_Union[Word, _Mapping]]] = ..., kept: _Optional[bool] = ..., drop_reason: _Optional[str] = ...) -> None: ...

class Word(_message.Message):
    __slots__ = ("text", "start_s", "end_s", "probability")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    START_S_FIELD_NUMBER: _ClassVar[int]
    END_S_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    text: str
    start_s: float
    end_s: float
    probability: float
    def __init__(self, text: _Optional[str] = ..., start_s: _Optional[float] = ..., end_s: _Optional[float] = ..., probability: _Optional[float] = ...) -> None: ...

class TextFeatureManifest(_message.Message):
    __slots__ = ("provenance", "features_ref", "rows", "symbols")
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    FEATURES_REF_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    provenance: Provenance
    features_ref: _pipeline_pb2.ArtifactRef
    rows: _containers.RepeatedCompositeFieldContainer[PhonemeRow]
    symbols: str
    def __init__(self, provenance: _Optional[_Union[Provenance, _Mapping]] = ..., features_ref: _Optional[_Union[_pipeline_pb2.ArtifactRef, _Mapping]] = ..., rows: _Optional[_Iterable[_Union[PhonemeRow, _Mapping]]] = ..., symbols: _Optional[str] = ...) -> None: ...

class PhonemeRow(_message.Message):
    __slots__ = ("clip_id", "text", "normalized_text", "language", "phonemes", "word2ph", "kept", "drop_reason", "corrected")
    CLIP_ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    NORMALIZED_TEXT_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    PHONEMES_FIELD_NUMBER: _ClassVar[int]
    WORD2PH_FIELD_NUMBER: _ClassVar[int]
    KEPT_FIELD_NUMBER: _ClassVar[int]
    DROP_REASON_FIELD_NUMBER: _ClassVar[int]
    CORRECTED_FIELD_NUMBER: _ClassVar[int]
    clip_id: str
    text: str
    normalized_text: str
    language: str
    phonemes: _containers.RepeatedScalarFieldContainer[str]
    word2ph: _containers.RepeatedScalarFieldContainer[int]
    kept: bool
    drop_reason: str
    corrected: bool
    def __init__(self, clip_id: _Optional[str] = ..., text: _Optional[str] = ..., normalized_text: _Optional[str] = ..., language: _Optional[str] = ..., phonemes: _Optional[_Iterable[str]] = ..., word2ph: _Optional[_Iterable[int]] = ..., kept: _Optional[bool] = ..., drop_reason: _Optional[str] = ..., corrected: _Optional[bool] = ...) -> None: ...

class HubertFeatureManifest(_message.Message):
    __slots__ = ("provenance", "features_ref", "encoder", "channels", "clip_ids")
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    FEATURES_REF_FIELD_NUMBER: _ClassVar[int]
    ENCODER_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    CLIP_IDS_FIELD_NUMBER: _ClassVar[int]
    provenance: Provenance
    features_ref: _pipeline_pb2.ArtifactRef
    encoder: str
    channels: int
    clip_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, provenance: _Optional[_Union[Provenance, _Mapping]] = ..., features_ref: _Optional[_Union[_pipeline_pb2.ArtifactRef, _Mapping]] = ..., encoder: _Optional[str] = ..., channels: _Optional[int] = ..., clip_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class SemanticTokenManifest(_message.Message):
    __slots__ = ("provenance", "tokens_ref", "vocabulary_size", "clip_ids")
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    TOKENS_REF_FIELD_NUMBER: _ClassVar[int]
    VOCABULARY_SIZE_FIELD_NUMBER: _ClassVar[int]
    CLIP_IDS_FIELD_NUMBER: _ClassVar[int]
    provenance: Provenance
    tokens_ref: _pipeline_pb2.ArtifactRef
    vocabulary_size: int
    clip_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, provenance: _Optional[_Union[Provenance, _Mapping]] = ..., tokens_ref: _Optional[_Union[_pipeline_pb2.ArtifactRef, _Mapping]] = ..., vocabulary_size: _Optional[int] = ..., clip_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class Model(_message.Message):
    __slots__ = ("kind", "filename", "ref", "epoch", "step")
    KIND_FIELD_NUMBER: _ClassVar[int]
    FILENAME_FIELD_NUMBER: _ClassVar[int]
    REF_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    kind: ModelKind
    filename: str
    ref: _pipeline_pb2.ArtifactRef
    epoch: int
    step: int
    def __init__(self, kind: _Optional[_Union[ModelKind, str]] = ..., filename: _Optional[str] = ..., ref: _Optional[_Union[_pipeline_pb2.ArtifactRef, _Mapping]] = ..., epoch: _Optional[int] = ..., step: _Optional[int] = ...) -> None: ...

class TrainManifest(_message.Message):
    __slots__ = ("provenance", "models", "loss_curve_ref", "epochs", "batch_size", "resumed_from_step")
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    LOSS_CURVE_REF_FIELD_NUMBER: _ClassVar[int]
    EPOCHS_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    RESUMED_FROM_STEP_FIELD_NUMBER: _ClassVar[int]
    provenance: Provenance
    models: _containers.RepeatedCompositeFieldContainer[Model]
    loss_curve_ref: _pipeline_pb2.ArtifactRef
    epochs: _containers.RepeatedCompositeFieldContainer[EpochLosses]
    batch_size: int
    resumed_from_step: int
    def __init__(self, provenance: _Optional[_Union[Provenance, _Mapping]] = ..., models: _Optional[_Iterable[_Union[Model, _Mapping]]] = ..., loss_curve_ref: _Optional[_Union[_pipeline_pb2.ArtifactRef, _Mapping]] = ..., epochs: _Optional[_Iterable[_Union[EpochLosses, _Mapping]]] = ..., batch_size: _Optional[int] = ..., resumed_from_step: _Optional[int] = ...) -> None: ...

class EpochLosses(_message.Message):
    __slots__ = ("epoch", "losses")
    class LossesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    LOSSES_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    losses: _containers.ScalarMap[str, float]
    def __init__(self, epoch: _Optional[int] = ..., losses: _Optional[_Mapping[str, float]] = ...) -> None: ...

class InferenceManifest(_message.Message):
    __slots__ = ("provenance", "ref_text", "ref_audio_ref", "ref_clip_id", "target_text", "outputs", "pace_phonemes_per_s", "best_sovits", "best_gpt")
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    REF_TEXT_FIELD_NUMBER: _ClassVar[int]
    REF_AUDIO_REF_FIELD_NUMBER: _ClassVar[int]
    REF_CLIP_ID_FIELD_NUMBER: _ClassVar[int]
    TARGET_TEXT_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    PACE_PHONEMES_PER_S_FIELD_NUMBER: _ClassVar[int]
    BEST_SOVITS_FIELD_NUMBER: _ClassVar[int]
    BEST_GPT_FIELD_NUMBER: _ClassVar[int]
    provenance: Provenance
    ref_text: str
    ref_audio_ref: _pipeline_pb2.ArtifactRef
    ref_clip_id: str
    target_text: str
    outputs: _containers.RepeatedCompositeFieldContainer[Output]
    pace_phonemes_per_s: float
    best_sovits: str
    best_gpt: str
    def __init__(self, provenance: _Optional[_Union[Provenance, _Mapping]] = ..., ref_text: _Optional[str] = ..., ref_audio_ref: _Optional[_Union[_pipeline_pb2.ArtifactRef, _Mapping]] = ..., ref_clip_id: _Optional[str] = ..., target_text: _Optional[str] = ..., outputs: _Optional[_Iterable[_Union[Output, _Mapping]]] = ..., pace_phonemes_per_s: _Optional[float] = ..., best_sovits: _Optional[str] = ..., best_gpt: _Optional[str] = ...) -> None: ...

class Output(_message.Message):
    __slots__ = ("filename", "ref", "gpt", "sovits", "seconds", "heard_text", "word_error_rate", "speaker_similarity", "speech_ratio", "length_ratio", "best")
    FILENAME_FIELD_NUMBER: _ClassVar[int]
    REF_FIELD_NUMBER: _ClassVar[int]
    GPT_FIELD_NUMBER: _ClassVar[int]
    SOVITS_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    HEARD_TEXT_FIELD_NUMBER: _ClassVar[int]
    WORD_ERROR_RATE_FIELD_NUMBER: _ClassVar[int]
    SPEAKER_SIMILARITY_FIELD_NUMBER: _ClassVar[int]
    SPEECH_RATIO_FIELD_NUMBER: _ClassVar[int]
    LENGTH_RATIO_FIELD_NUMBER: _ClassVar[int]
    BEST_FIELD_NUMBER: _ClassVar[int]
    filename: str
    ref: _pipeline_pb2.ArtifactRef
    gpt: Model
    sovits: Model
    seconds: float
    heard_text: str
    word_error_rate: float
    speaker_similarity: float
    speech_ratio: float
    length_ratio: float
    best: bool
    def __init__(self, filename: _Optional[str] = ..., ref: _Optional[_Union[_pipeline_pb2.ArtifactRef, _Mapping]] = ..., gpt: _Optional[_Union[Model, _Mapping]] = ..., sovits: _Optional[_Union[Model, _Mapping]] = ..., seconds: _Optional[float] = ..., heard_text: _Optional[str] = ..., word_error_rate: _Optional[float] = ..., speaker_similarity: _Optional[float] = ..., speech_ratio: _Optional[float] = ..., length_ratio: _Optional[float] = ..., best: _Optional[bool] = ...) -> None: ...
