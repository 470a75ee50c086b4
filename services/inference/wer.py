"""Word error rate between what should have been said and what a recogniser heard."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from services.voice.text import normalize, supported

# Scripts without spaces are compared character by character.
_WIDE = re.compile(r"([\u3040-\u30ff\u3400-\u9fff])")


def comparable_words(text: str, language: str) -> list[str]:
    """Words of a text so that only what is heard counts: numbers written out, no case, no punctuation.

    Letters that are spelled one by one are one word: "N A S A", "NASA" and "nasa" are the same.
    """
    if language in supported():
        text = normalize(text, language)
    text = unicodedata.normalize("NFKC", text).casefold().replace("'", "").replace("’", "")
    text = _WIDE.sub(r" \1 ", text)
    words = re.sub(r"[\W_]+", " ", text).split()
    merged: list[str] = []
    spelling = False
    for word in words:
        letter = len(word) == 1 and word.isascii() and word.isalpha()
        if letter and spelling:
            merged[-1] += word
        else:
            merged.append(word)
        spelling = letter
    return merged


def edit_distance(said: Sequence[str], heard: Sequence[str]) -> int:
    """Fewest insertions, deletions and substitutions (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, start=1):
        previous, row[0] = row[0], i
        for j, other in enumerate(heard, start=1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (word != other))
    return row[-1]


def word_error_rate(said: str, heard: str, language: str) -> float:
    """Edits per word said; may exceed 1. Raises ValueError when nothing was to be said."""
    words = comparable_words(said, language)
    if not words:
        raise ValueError("there is no word to compare with")
    return edit_distance(words, comparable_words(heard, language)) / len(words)
