"""Speaks a text with candidate pairs of models, scores each, and marks the best.

The last SoVITS speaks with every GPT; then the best GPT with every other SoVITS. That finds a good pair without trying
all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from services.inference.wer import word_errors
from services.voice.audio import resample
from services.voice.script import Passage, join_text
from services.voice.speaker import SpeakerEncoder
from services.voice.synthesis import PAUSE_S, Spoken, join
from services.voice.vad import speech_ratio

LISTENING_HZ = 16_000
# The recogniser works on windows of 30 s.
LISTENING_S = 28.0
# Differences below this are chance.
WER_STEP = 0.05
# How alike a voice sounds is measured against at most this many clips.
COMPARED_CLIPS = 20

# One sentence of everyday words per language, for those who give no text of their own.
DEFAULT_TEXTS = {
    "en": "After lunch we walked slowly along the river and watched the boats go by.",
    "zh": "吃过午饭，我们沿着河边慢慢散步，看着船一只一只驶过。",
    "ja": "昼ご飯のあと、私たちは川に沿ってゆっくり歩き、船が通り過ぎるのを眺めました。",
    "ko": "점심을 먹고 우리는 강을 따라 천천히 걸으며 지나가는 배들을 바라보았습니다.",
    "yue": "食完晏晝飯，我哋沿住河邊慢慢行，睇住啲船一隻一隻駛過。",
}


@dataclass(frozen=True)
class Weights:
    """A saved model: what people call it, and where in the row of epochs it stands."""

    filename: str
    epoch: int
    step: int


@dataclass(frozen=True)
class Scores:
    """How well a text was spoken."""

    heard_text: str
    word_error_rate: float
    speaker_similarity: float
    speech_ratio: float
    length_ratio: float


@dataclass(frozen=True)
class Candidate:
    """The text spoken by one pair."""

    gpt: Weights
    sovits: Weights
    wav: np.ndarray  # (N,) float32
    scores: Scores


@dataclass(frozen=True)
class Read:
    """A passage of the text and what was spoken of it."""

    passage: Passage
    sentences: Sequence[Spoken]


class Judge:
    """Scores what was spoken: a recogniser hears it, a speaker encoder compares it with the real voice."""

    def __init__(
        self,
        recognise: Callable[[np.ndarray, str], str],
        speaker_encoder: SpeakerEncoder,
        clips_16k: Sequence[np.ndarray],
        sample_rate_hz: int,
    ) -> None:
        """`recognise` takes (N,) float32 at 16 kHz and a language; `clips_16k` are the speaker's, but no reference."""
        self._recognise = recognise
        self._speaker_encoder = speaker_encoder
        self._sample_rate_hz = sample_rate_hz
        vectors = [speaker_encoder.embed(clip) for clip in clips_16k[:COMPARED_CLIPS]]
        mean = np.mean(vectors, axis=0)
        self._speaker = mean / np.linalg.norm(mean)

    def score(self, readings: Sequence[Read]) -> Scores:
        """Score what one candidate made of a text. Raises ValueError when there is no word in it."""
        sentences = [sentence for read in readings for sentence in read.sentences]
        wav = self._at_16k(join([sentence.wav for sentence in sentences], self._sample_rate_hz))
        expected_s = sum(sentence.expected_s for sentence in sentences) + PAUSE_S * max(0, len(sentences) - 1)
        heard = [self._hear(read) for read in readings]
        counts = [
            word_errors(read.passage.text, text, read.passage.language)
            for read, text in zip(readings, heard, strict=True)
        ]
        words = sum(said for _, said in counts)
        if not words:
            raise ValueError("there is no word to compare with")
        return Scores(
            heard_text=join_text(heard),
            word_error_rate=sum(errors for errors, _ in counts) / words,
            speaker_similarity=self._similarity(wav),
            speech_ratio=speech_ratio(wav),
            length_ratio=len(wav) / LISTENING_HZ / expected_s,
        )

    def _hear(self, read: Read) -> str:
        groups = self._groups([sentence.wav for sentence in read.sentences])
        wavs = (self._at_16k(join(group, self._sample_rate_hz)) for group in groups)
        return join_text([self._recognise(wav, read.passage.language) for wav in wavs])

    def _at_16k(self, wav: np.ndarray) -> np.ndarray:
        return resample(wav, self._sample_rate_hz, LISTENING_HZ).astype(np.float32) if len(wav) else wav

    def _similarity(self, wav: np.ndarray) -> float:
        """Cosine to the mean of the speaker's clips; 0 for silence, which has no speaker."""
        try:
            return float(self._speaker_encoder.embed(wav) @ self._speaker)
        except ValueError:
            return 0.0

    def _groups(self, parts: Sequence[np.ndarray]) -> list[list[np.ndarray]]:
        """Neighbouring sentences that together fit the recogniser's window."""
        groups: list[list[np.ndarray]] = []
        held = 0.0
        for part in parts:
            seconds = len(part) / self._sample_rate_hz + PAUSE_S
            if not len(part):
                continue
            if not groups or held + seconds > LISTENING_S:
                groups.append([])
                held = 0.0
            groups[-1].append(part)
            held += seconds
        return groups


def share_of_mistakes(text: str, heard: str, language: str) -> float:
    """Wrong words of a sentence in parts of all; 0 when it has none that can be compared."""
    errors, words = word_errors(text, heard, language)
    return errors / words if words else 0.0


def quality(candidate: Candidate) -> tuple[int, float, int, int]:
    """Sort key, best first: word errors in steps of 0.05, then similarity, then the earlier epochs."""
    scores = candidate.scores
    step = round(scores.word_error_rate / WER_STEP)
    return step, -scores.speaker_similarity, candidate.sovits.epoch, candidate.gpt.epoch


def best_candidate(candidates: Sequence[Candidate]) -> Candidate:
    """The one to recommend."""
    return min(candidates, key=quality)


def count_candidates(n_gpts: int, n_sovits: int) -> int:
    """How many pairs `audition` tries."""
    return n_gpts + n_sovits - 1


def audition(
    gpts: Sequence[Weights], sovits: Sequence[Weights], try_pair: Callable[[Weights, Weights], Candidate]
) -> list[Candidate]:
    """Try the last SoVITS with every GPT, then the best GPT with every other SoVITS, in the order of epochs."""
    gpts = sorted(gpts, key=lambda weights: (weights.epoch, weights.step))
    sovits = sorted(sovits, key=lambda weights: (weights.epoch, weights.step))
    candidates = [try_pair(gpt, sovits[-1]) for gpt in gpts]
    best_gpt = best_candidate(candidates).gpt
    return candidates + [try_pair(best_gpt, other) for other in sovits[:-1]]
