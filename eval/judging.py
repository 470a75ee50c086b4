"""From recordings to figures: every judge hears every sentence of a voice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

import numpy as np

from eval.judges import RATE_HZ, Ear, Listener
from eval.metrics import Spread, leave_one_out, length_ratio, likeness, median_pace, spread, unit_mean
from eval.speak import Said
from eval.speakers import Clip, EvalSpeaker
from eval.texts import Errors, count_errors
from services.voice.audio import resample
from services.voice.errors import LanguageError
from services.voice.synthesis import trim_silence
from services.voice.text import phonemize


@dataclass(frozen=True)
class Sentence:
    """What the judges say of one sentence."""

    name: str
    text: str
    seconds: float
    length_ratio: float | None
    heard: dict[str, str]
    errors: dict[str, Errors]
    naturalness: dict[str, float]
    attempts: int = 1
    flaw: str = ""


@dataclass
class Figures:
    """What is known of one voice, spoken or natural. Rates are over all sentences together."""

    voice: str
    kind: str  # "natural", "resynthesis", "zero-shot" or "fine-tuned"
    language: str
    sentences: list[Sentence]
    vectors: dict[str, np.ndarray] = field(default_factory=dict)  # by ear, of everything that was said
    similarity: dict[str, float] = field(default_factory=dict)
    task: dict[str, Any] = field(default_factory=dict)

    def error_rate(self, listener: str) -> float | None:
        """Edits per word or character; None when that judge heard nothing of this language."""
        counted = [sentence.errors[listener] for sentence in self.sentences if listener in sentence.errors]
        return sum(counted[1:], counted[0]).rate if counted else None

    def naturalness(self, scale: str) -> float | None:
        """Mean over the sentences."""
        rated = [sentence.naturalness[scale] for sentence in self.sentences if scale in sentence.naturalness]
        return fmean(rated) if rated else None

    @property
    def lengths(self) -> Spread | None:
        """Where the length ratios lie; None in a language without phonemes."""
        ratios = [sentence.length_ratio for sentence in self.sentences if sentence.length_ratio is not None]
        return spread(ratios) if ratios else None


class Panel:
    """All judges together."""

    def __init__(
        self,
        listeners: Sequence[Listener],
        ears: Sequence[Ear],
        rate: Callable[[np.ndarray], Mapping[str, float]] | None,
    ) -> None:
        self.listeners, self.ears, self._rate = listeners, ears, rate
        self._natural: dict[tuple[str, str], list[np.ndarray]] = {}

    def natural(self, speaker: EvalSpeaker) -> Figures:
        """The speaker's own references as the scale: likeness of each to the mean of the others."""
        pace = pace_of(speaker)
        said = [Said(clip.name, clip.text, clip.sound[0], clip.sound[1]) for clip in speaker.references]
        figures = Figures(
            speaker.name, "natural", speaker.language, [self._sentence(one, speaker.language, pace) for one in said]
        )
        for ear in self.ears:
            vectors = self.reference_vectors(ear, speaker.references)
            figures.similarity[ear.name] = fmean(leave_one_out(vectors))
        return figures

    def spoken(
        self, speaker: EvalSpeaker, kind: str, said: Sequence[Said], compared_with: Sequence[Clip] | None = None
    ) -> Figures:
        """What a voice said, beside the speaker's references (or those named)."""
        pace = pace_of(speaker)
        sentences = [self._sentence(one, speaker.language, pace) for one in said]
        figures = Figures(speaker.name, kind, speaker.language, sentences)
        everything = np.concatenate([_at_16k(one) for one in said]) if said else np.zeros(0, np.float32)
        for ear in self.ears:
            try:
                figures.vectors[ear.name] = vector = ear.embed(everything)
            except ValueError:  # silence has no speaker
                continue
            clips = speaker.references if compared_with is None else compared_with
            figures.similarity[ear.name] = float(vector @ unit_mean(self.reference_vectors(ear, clips)))
        return figures

    def matrix(
        self, ear: Ear, voices: Sequence[Figures], speakers: Sequence[EvalSpeaker]
    ) -> dict[str, dict[str, float]]:
        """Likeness of every voice to every speaker's references."""
        return likeness(
            {voice.voice: voice.vectors[ear.name] for voice in voices if ear.name in voice.vectors},
            {one.name: unit_mean(self.reference_vectors(ear, one.references)) for one in speakers},
        )

    def reference_vectors(self, ear: Ear, clips: Sequence[Clip]) -> list[np.ndarray]:
        """A vector per natural clip, kept."""
        vectors = []
        for clip in clips:
            key = ear.name, f"{clip.path}@{clip.start_s}"
            if key not in self._natural:
                self._natural[key] = [ear.embed(clip.at(RATE_HZ))]
            vectors.append(self._natural[key][0])
        return vectors

    def _sentence(self, said: Said, language: str, pace: float | None) -> Sentence:
        wav = _at_16k(said)
        able = [one for one in self.listeners if one.languages is None or language in one.languages]
        heard = {one.name: one.hear(wav, language) if len(wav) else "" for one in able}
        phonemes = len(phonemize(said.text, language).ids) if pace is not None else 0
        seconds = speech_seconds(said.wav, said.rate_hz)
        return Sentence(
            name=said.name,
            text=said.text,
            seconds=round(seconds, 3),
            length_ratio=length_ratio(phonemes, seconds, pace) if pace and phonemes else None,
            heard=heard,
            errors={name: count_errors(said.text, text, language) for name, text in heard.items()},
            naturalness=dict(self._rate(wav)) if self._rate and len(wav) else {},
            attempts=said.attempts,
            flaw=said.flaw,
        )


def pace_of(speaker: EvalSpeaker) -> float | None:
    """Median phonemes a second of the references; None when the language has no front end."""
    try:
        counts = [len(phonemize(clip.text, speaker.language).ids) for clip in speaker.references]
    except LanguageError:
        return None
    return median_pace(counts, [speech_seconds(*clip.sound) for clip in speaker.references])


def speech_seconds(wav: np.ndarray, rate_hz: int) -> float:
    """Length without the silence at both ends, which recordings have and spoken sentences have not."""
    return len(trim_silence(wav, rate_hz)) / rate_hz


def _at_16k(said: Said) -> np.ndarray:
    return resample(said.wav, said.rate_hz, RATE_HZ).astype(np.float32) if len(said.wav) else said.wav
