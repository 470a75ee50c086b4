"""Clips into words: recognition (or alignment of the user's own words), the language of the recording, and a ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import soxr
from numpy.typing import NDArray

from services.asr.alignment import align_transcript
from services.asr.chinese_writing import write_chinese
from services.asr.recogniser import SAMPLE_RATE_HZ, Listening, Recogniser, Recognition, Samples, Word
from services.runtime.errors import InvalidInputError

AUTO = "auto"
# Whisper base writes Cantonese down as Chinese.
STANDS_FOR = {"yue": "zh"}


class Progress(Protocol):
    """Told how far the work is (0..1), with a message key and its arguments; may raise to stop."""

    def __call__(self, fraction: float, key: str, /, *, done: int, total: int) -> None: ...


@dataclass(frozen=True)
class AsrRules:
    """How much is done at once, and what counts as speech."""

    batch_size: int = 4
    # The language is decided by this many clips, spread over the recording; their encodings are kept (3 MB each).
    language_clips: int = 24
    # Whisper puts words to noise and music. Its own doubts tell: on noise, chords, drums and melodies it was above 0.55
    # with word probabilities under 0.6; on 90 clips of real speech below 0.5, with words above 0.7.
    surely_no_speech: float = 0.8
    most_no_speech: float = 0.5
    surest_no_speech: float = 0.6
    # Whisper's own limits for a failed decoding, and the least mean word probability worth training on.
    least_log_probability: float = -1.0
    most_compression: float = 2.4
    least_confidence: float = 0.35
    # A clip is in another language when that one is this likely and the recording's own is this unlikely.
    surely_other: float = 0.8
    hardly_own: float = 0.05


@dataclass(frozen=True)
class Clip:
    """A kept clip: int16 samples (N,) at the pack's rate."""

    id: str
    samples: NDArray[np.int16]
    sample_rate_hz: int

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / self.sample_rate_hz

    def at_16khz(self) -> NDArray[np.float32]:
        """The waveform as the recogniser takes it."""
        wav = self.samples.astype(np.float32) / 32768.0
        return np.asarray(soxr.resample(wav, self.sample_rate_hz, SAMPLE_RATE_HZ), np.float32)


@dataclass(frozen=True)
class Transcript:
    """One row of the ledger."""

    clip_id: str
    text: str
    language: str
    language_probability: float
    confidence: float
    words: tuple[Word, ...]
    drop_reason: str = ""  # "no_words", "other_language", "low_confidence", "not_in_transcript"; empty when kept

    @property
    def kept(self) -> bool:
        """Whether the clip goes into training."""
        return not self.drop_reason


@dataclass(frozen=True)
class Transcripts:
    """What was said in the recording."""

    rows: tuple[Transcript, ...]
    language: str
    language_probability: float
    aligned: bool


@dataclass
class _Heard:
    """What is known of the clips so far, by their index."""

    languages: dict[int, dict[str, float]] = field(default_factory=dict)
    recognitions: dict[int, Recognition] = field(default_factory=dict)


def transcribe_clips(
    clips: Sequence[Clip],
    recogniser: Recogniser,
    *,
    languages: Sequence[str],
    language: str = AUTO,
    transcript: str = "",
    rules: AsrRules = AsrRules(),
    progress: Progress = lambda fraction, key, /, *, done, total: None,
) -> Transcripts:
    """Writes down every clip, in time order; `languages` are those that the pack speaks.

    With a `transcript` each clip gets its span of these words instead of what was recognised.

    Raises:
        InvalidInputError: NO_SPEECH_RECOGNISED, LANGUAGE_UNSUPPORTED(language, languages), LANGUAGE_MISMATCH(language,
            asked) or TRANSCRIPT_MISMATCH.
    """
    heard = _Heard()
    batches = _batches(clips, rules.batch_size)
    sample = batches[:: max(1, len(batches) * rules.batch_size // rules.language_clips)]
    listened: dict[int, Listening] = {}
    if language == AUTO:
        for number, batch in enumerate(sample):
            progress(0.2 * number / len(sample), "asr.transcribing", done=0, total=len(clips))
            listened[batch[0]] = _listen(clips, batch, recogniser, heard)
        spoken, probability = _majority(clips, heard.languages)
    else:
        spoken, probability = language, 1.0
    supported = spoken in languages
    key = "asr.aligning" if transcript else "asr.transcribing"
    # When the pack does not speak the language, the sample is enough to know that it is speech at all.
    todo = batches if supported else sample
    for batch in todo:
        done = len(heard.recognitions)
        progress(0.2 + 0.8 * done / len(clips) if listened else done / len(clips), key, done=done, total=len(clips))
        listening = listened.pop(batch[0], None) or _listen(clips, batch, recogniser, heard)
        written_as = spoken if spoken in recogniser.languages else STANDS_FOR.get(spoken, spoken)
        found = recogniser.recognise(listening, written_as)
        for i, clip, one in zip(batch, listening.clips, found, strict=True):
            heard.recognitions[i] = written(one, spoken, clip)
    rows = [
        _row(clips[i], heard.recognitions[i], heard.languages[i], spoken, rules) for i in sorted(heard.recognitions)
    ]
    _check(rows, spoken, languages)
    if transcript:
        rows = _aligned(rows, transcript, spoken)
        if not any(row.kept for row in rows):
            raise InvalidInputError("TRANSCRIPT_MISMATCH")
    return Transcripts(tuple(rows), spoken, probability, bool(transcript))


def written(found: Recognition, language: str, clip: Samples) -> Recognition:
    """What was heard in a clip (N,) at 16 kHz, as its language is trained on."""
    return write_chinese(found, clip) if language == "zh" else found


def _batches(clips: Sequence[Clip], size: int) -> list[list[int]]:
    """Indices of the clips in batches of similar length, so that little silence is encoded."""
    order = sorted(range(len(clips)), key=lambda i: len(clips[i].samples))
    return [order[start : start + size] for start in range(0, len(order), size)]


def _listen(clips: Sequence[Clip], batch: list[int], recogniser: Recogniser, heard: _Heard) -> Listening:
    listening = recogniser.listen([clips[i].at_16khz() for i in batch])
    heard.languages.update(zip(batch, listening.languages, strict=True))
    return listening


def _majority(clips: Sequence[Clip], languages: dict[int, dict[str, float]]) -> tuple[str, float]:
    """The language with the greatest probability over all seconds listened to, and that probability."""
    seconds: Counter[str] = Counter()
    for i, probabilities in languages.items():
        for language, probability in probabilities.items():
            seconds[language] += probability * clips[i].seconds  # type: ignore[assignment]  # Counter of floats
    if not seconds:
        raise InvalidInputError("NO_SPEECH_RECOGNISED", detail="no clips")
    language, weight = seconds.most_common(1)[0]
    return language, weight / sum(clips[i].seconds for i in languages)


def _row(clip: Clip, heard: Recognition, languages: dict[str, float], spoken: str, rules: AsrRules) -> Transcript:
    likeliest = max(languages, key=lambda language: languages[language])
    own = languages.get(spoken, languages.get(STANDS_FOR.get(spoken, ""), 0.0))
    reason = ""
    if is_noise(heard, rules):
        reason = "no_words"
    elif own <= rules.hardly_own and languages[likeliest] >= rules.surely_other:
        reason = "other_language"
    elif (
        heard.mean_log_probability < rules.least_log_probability
        or heard.compression_ratio > rules.most_compression
        or heard.confidence < rules.least_confidence
    ):
        reason = "low_confidence"
    language, probability = (likeliest, languages[likeliest]) if reason == "other_language" else (spoken, own)
    return Transcript(clip.id, heard.text, language, probability, heard.confidence, heard.words, reason)


def is_noise(heard: Recognition, rules: AsrRules) -> bool:
    wordless = not any(char.isalnum() for char in heard.text)
    doubtful = heard.no_speech_probability > rules.most_no_speech and heard.confidence < rules.surest_no_speech
    return wordless or doubtful or heard.no_speech_probability > rules.surely_no_speech


def _check(rows: list[Transcript], spoken: str, languages: Sequence[str]) -> None:
    """Raises unless there is speech in a language that the pack speaks."""
    if any(row.kept for row in rows):
        if spoken not in languages:
            raise _unsupported(spoken, languages)
        return
    others = Counter(row.language for row in rows if row.drop_reason == "other_language")
    if others:
        # The user named a language, but the recording is in another.
        other = others.most_common(1)[0][0]
        if other in languages:
            raise InvalidInputError("LANGUAGE_MISMATCH", language=other, asked=spoken)
        raise _unsupported(other, languages)
    raise InvalidInputError("NO_SPEECH_RECOGNISED", detail=str(Counter(row.drop_reason for row in rows)))


def _unsupported(language: str, languages: Sequence[str]) -> InvalidInputError:
    return InvalidInputError("LANGUAGE_UNSUPPORTED", language=language, languages=", ".join(languages))


def _aligned(rows: list[Transcript], transcript: str, language: str) -> list[Transcript]:
    """Replaces what was recognised by the user's words, also in clips that were understood badly but match."""
    usable = [row.drop_reason in ("", "low_confidence") for row in rows]
    heard = [row.words if use else () for row, use in zip(rows, usable, strict=True)]
    spans = align_transcript(transcript, heard, language)
    aligned = []
    for row, use, span in zip(rows, usable, spans, strict=True):
        if span is not None:
            row = replace(row, text=span.text, words=span.words, drop_reason="")
        elif use:
            row = replace(row, drop_reason="not_in_transcript")
        aligned.append(row)
    return aligned
