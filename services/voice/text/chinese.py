"""Chinese front end: normalised text to initials and finals with tones; Latin words in it are read in English."""

from __future__ import annotations

import re

from services.voice.text.chinese_normalize import ABBREVIATIONS, normalize
from services.voice.text.chinese_readings import read
from services.voice.text.chinese_syllables import syllable_symbols
from services.voice.text.chinese_tones import spoken_tones
from services.voice.text.chinese_words import segment
from services.voice.text.english_lexicon import pronounce

__all__ = ["ABBREVIATIONS", "normalize", "phonemize"]

_PUNCTUATION = frozenset(".,?!…-")
_RUN = re.compile(r"(?P<english>[A-Za-z]+(?:[' -]+[A-Za-z]+)*)|(?P<mark>[.,?!…-])|(?P<chinese>[^\sA-Za-z.,?!…'-]+)")
_ENGLISH_WORD = re.compile(r"[A-Za-z]+(?:['-][A-Za-z]+)*")


def phonemize(normalized: str) -> tuple[list[str], list[int]]:
    """Phonemes of a normalised text, and how many belong to each of its characters.

    Two for a Chinese character, one for a mark; those of an English word belong to its first letter.
    """
    phonemes: list[str] = []
    word2ph = [0] * len(normalized)
    for match in _RUN.finditer(normalized):
        for place, symbols in _RUNS[match.lastgroup or ""](match.group()):
            word2ph[match.start() + place] = len(symbols)
            phonemes += symbols
    if all(phoneme in _PUNCTUATION for phoneme in phonemes):
        return [], []
    return phonemes, word2ph


def _english(run: str) -> list[tuple[int, tuple[str, ...]]]:
    matches = list(_ENGLISH_WORD.finditer(run))
    words = [match.group() for match in matches]
    return [(match.start(), tuple(pronounce(words, index))) for index, match in enumerate(matches)]


def _mark(run: str) -> list[tuple[int, tuple[str, ...]]]:
    return [(0, (run,))]


def _chinese(run: str) -> list[tuple[int, tuple[str, ...]]]:
    words = segment(run)
    spoken = spoken_tones(words, read(words))
    return [(place, syllable_symbols(*syllable)) for place, syllable in enumerate(spoken)]


_RUNS = {"english": _english, "mark": _mark, "chinese": _chinese}
