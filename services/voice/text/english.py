"""English front end: normalised text to ARPAbet phonemes with stress, punctuation kept as symbols of its own."""

from __future__ import annotations

import re

from services.voice.text.english_lexicon import pronounce
from services.voice.text.english_normalize import ABBREVIATIONS, normalize

__all__ = ["ABBREVIATIONS", "normalize", "phonemize"]

_PUNCTUATION = frozenset(".,?!-")
_TOKEN = re.compile(r"[A-Za-z]+(?:['-][A-Za-z]+)*|[.,?!-]")
# The models were trained with a comma in front of anything shorter than this.
_SHORTEST = 4


def phonemize(normalized: str) -> tuple[list[str], list[int]]:
    """Phonemes of a normalised text; empty when nothing in it can be spoken. English has no word2ph."""
    tokens = _TOKEN.findall(normalized)
    phonemes: list[str] = []
    for index, token in enumerate(tokens):
        phonemes += [token] if token in _PUNCTUATION else pronounce(tokens, index)
    if all(phoneme in _PUNCTUATION for phoneme in phonemes):
        return [], []
    if len(phonemes) < _SHORTEST:
        phonemes.insert(0, ",")
    return phonemes, []
