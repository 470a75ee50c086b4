"""A recogniser that hears what a test says."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from services.asr.asr import Clip
from services.asr.recogniser import Listening, Recogniser, Recognition, Samples, Word

RATE = 24_000


@dataclass(frozen=True)
class Said:
    """What is in one clip, and what Whisper would make of it."""

    text: str
    language: str = "en"
    language_probability: float = 0.97
    confidence: float = 0.9
    no_speech: float = 0.05
    log_probability: float = -0.1
    compression: float = 0.9
    also: tuple[str, float] = ("ja", 0.0)  # another language that Whisper thinks of


@dataclass
class FakeRecogniser(Recogniser):
    """Clips carry their number as their level: clip `i` of `said` is made by `clips`."""

    said: Sequence[Said]
    written_in: list[str] = field(default_factory=list)
    listened: int = 0

    def clips(self) -> list[Clip]:
        levels = [round(32768 * (i + 1) / 100) for i in range(len(self.said))]
        return [Clip(f"c{i:04d}", np.full((2 + i % 5) * RATE, level, np.int16), RATE) for i, level in enumerate(levels)]

    @property
    def languages(self) -> frozenset[str]:
        return frozenset({"en", "zh", "ja"})

    def listen(self, clips: Sequence[Samples], *, full: bool = False) -> Listening:
        self.listened += len(clips)
        said = [self._said(clip) for clip in clips]
        languages = tuple(
            dict([s.also, ("cy", 1 - s.language_probability - s.also[1]), (s.language, s.language_probability)])
            for s in said
        )
        return Listening(tuple(clips), None, languages)

    def recognise(self, heard: Listening, language: str, *, word_times: bool = True) -> list[Recognition]:
        self.written_in.append(language)
        return [self._recognition(self._said(clip)) for clip in heard.clips]

    def _said(self, clip: Samples) -> Said:
        return self.said[round(float(np.median(clip)) * 100) - 1]

    def _recognition(self, said: Said) -> Recognition:
        words = tuple(Word(text, i * 0.5, i * 0.5 + 0.4, said.confidence) for i, text in enumerate(said.text.split()))
        return Recognition(said.text, words, said.confidence, said.no_speech, said.log_probability, said.compression)
