"""Chooses the reference: the 3-10 seconds of speech whose manner and timbre the voice copies, and their words."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.runtime.errors import InvalidInputError
from services.voice.hanzi import HANZI
from services.voice.script import join_text
from services.voice.synthesis import trim_silence
from services.voice.text import phonemize

SHORTEST_S, LONGEST_S = 3.0, 10.0
# Longer prompts cost time with every sentence and teach no more.
BEST_S = 5.5
# Of a long recording only the beginning is used.
HEARD_S = 28.0
# Between clips that are joined because each is too short.
GAP_S = 0.3
# A clip is cut this long after a word, or halfway to the next one.
RELEASE_S = 0.12

_SENTENCE_ENDS = (".", "!", "?", "。", "！", "？")
# A word with its marks; each character of a script without spaces is one.
_WIDE = rf"\u3041-\u30ff{HANZI}"
_WORD = re.compile(rf"[{_WIDE}](?:(?![{_WIDE}])[^\w\s])*|[^\s{_WIDE}]+")


@dataclass(frozen=True)
class Word:
    """A word with its times within the clip."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Heard:
    """What a recogniser heard."""

    text: str
    words: tuple[Word, ...] = ()


@dataclass(frozen=True)
class Clip:
    """A kept clip as the choice sees it."""

    id: str
    seconds: float
    text: str
    confidence: float
    snr_db: float
    n_phonemes: int
    words: tuple[Word, ...] = ()

    @property
    def pace(self) -> float:
        """Phonemes a second."""
        return self.n_phonemes / self.seconds


@dataclass(frozen=True)
class Cut:
    """The beginning of a clip, and the words in it."""

    clip_id: str
    seconds: float
    text: str


@dataclass(frozen=True)
class Reference:
    """Cuts to be joined (nearly always one), in order."""

    cuts: tuple[Cut, ...]

    @property
    def text(self) -> str:
        """The words of the whole reference."""
        return join_text([cut.text for cut in self.cuts])

    @property
    def clip_ids(self) -> tuple[str, ...]:
        """Clips that must not be used to judge how alike a voice sounds."""
        return tuple(cut.clip_id for cut in self.cuts)

    def audio(self, samples: Mapping[str, np.ndarray], sample_rate_hz: int) -> np.ndarray:
        """The sound: (N,) float32, from whole clips (samples,) float32 by id."""
        gap = np.zeros(int(GAP_S * sample_rate_hz), np.float32)
        parts: list[np.ndarray] = []
        for cut in self.cuts:
            part = samples[cut.clip_id][: int(cut.seconds * sample_rate_hz)]
            parts += [gap, part] if parts else [part]
        return np.concatenate(parts).astype(np.float32)


def usable_clip(
    clip_id: str,
    seconds: float,
    text: str,
    language: str,
    *,
    confidence: float,
    snr_db: float,
    words: Sequence[Word] = (),
) -> Clip | None:
    """A clip with its phonemes counted; None when its text does not fit it."""
    phonemes = phonemize(text, language)
    if not phonemes.fits(seconds):
        return None
    return Clip(clip_id, seconds, text, confidence, snr_db, len(phonemes.ids), tuple(words))


def speaking_pace(clips: Sequence[Clip]) -> float:
    """Phonemes a second over all clips. Raises InvalidInputError NO_SPEECH_RECOGNISED when there is none."""
    seconds = sum(clip.seconds for clip in clips)
    if seconds <= 0:
        raise InvalidInputError("NO_SPEECH_RECOGNISED", detail="no clip has words that fit it")
    return sum(clip.n_phonemes for clip in clips) / seconds


def choose_reference(clips: Sequence[Clip]) -> Reference:
    """The best cut among all clips, or several joined when every clip is shorter than 3 s.

    The best is well recognised, quiet behind the voice, at the usual pace, near 5.5 s long, and ends with its sentence.
    Raises InvalidInputError NO_SPEECH_RECOGNISED when no clip can serve.
    """
    pace = speaking_pace(clips)
    ranked = sorted(
        ((_score(clip, cut, pace), clip.id, cut) for clip in clips if (cut := trim(clip)) is not None),
        key=lambda entry: (-entry[0], entry[1]),
    )
    for _, _, cut in ranked:
        if SHORTEST_S <= cut.seconds <= LONGEST_S:
            return Reference((cut,))
    joined: list[Cut] = []
    for _, _, cut in ranked:
        joined.append(cut)
        if sum(part.seconds for part in joined) + GAP_S * (len(joined) - 1) >= SHORTEST_S:
            break
    if not joined:
        raise InvalidInputError("NO_SPEECH_RECOGNISED", detail="no clip can be cut to a reference")
    return Reference(tuple(joined))


def trim(clip: Clip) -> Cut | None:
    """The whole clip, or its beginning up to the best word end between 3 and 10 s; None when no word ends there."""
    if clip.seconds <= LONGEST_S:
        return Cut(clip.id, clip.seconds, clip.text.strip())
    words = clip.words or _evenly_spread(clip)
    best: tuple[float, int, float] | None = None
    for index, word in enumerate(words[:-1]):
        pause = words[index + 1].start_s - word.end_s
        end_s = word.end_s + min(max(pause / 2, 0.0), RELEASE_S)
        if not SHORTEST_S <= end_s <= LONGEST_S:
            continue
        # A tenth of a second of pause is worth as much as half a second of length.
        ends_sentence = word.text.strip().endswith(_SENTENCE_ENDS)
        worth = 5.0 * min(pause, 0.5) + 2.0 * ends_sentence - abs(end_s - BEST_S)
        if best is None or worth > best[0]:
            best = (worth, index, end_s)
    if best is None:
        return None
    _, last, end_s = best
    return Cut(clip.id, end_s, join_text([word.text for word in words[: last + 1]]))


def _evenly_spread(clip: Clip) -> tuple[Word, ...]:
    """Word times of a clip without any: a guess that is seldom off by more than a word."""
    texts = _WORD.findall(clip.text)
    step = clip.seconds / max(1, len(texts))
    return tuple(Word(text, n * step, (n + 1) * step) for n, text in enumerate(texts))


def fit_recording(
    wav: np.ndarray, sample_rate_hz: int, text: str, hear: Callable[[np.ndarray], Heard]
) -> tuple[np.ndarray, str] | None:
    """A recording (N,) float32 that the user gave, cut to a reference, and its words; None when it cannot serve.

    `hear` recognises words and their times where they are needed: without a text, or when only a part is used.
    """
    wav = trim_silence(wav, sample_rate_hz)
    if len(wav) / sample_rate_hz < SHORTEST_S:
        return None
    seconds = min(len(wav) / sample_rate_hz, HEARD_S)
    wav = wav[: int(seconds * sample_rate_hz)]
    if text.strip() and seconds <= LONGEST_S:
        return wav, text.strip()
    heard = hear(wav)
    cut = trim(Clip("", seconds, heard.text, 1.0, 0.0, 0, heard.words))
    if cut is None or not cut.text:
        return None
    return wav[: int(cut.seconds * sample_rate_hz)], cut.text


def _score(clip: Clip, cut: Cut, pace: float) -> float:
    snr = min(max(clip.snr_db, 0.0), 40.0) / 40.0
    off_pace = abs(math.log(clip.pace / pace))
    off_length = abs(cut.seconds - BEST_S) / BEST_S
    return clip.confidence + 0.5 * snr - off_pace - 0.5 * off_length + 0.1 * cut.text.endswith(_SENTENCE_ENDS)
