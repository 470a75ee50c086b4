"""Word error rate between what should have been said and what a recogniser heard; in Chinese, character error rate."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from services.inference.spelling import american, plain_number
from services.voice.hanzi import to_simplified
from services.voice.text import normalize, supported

# Scripts without spaces are compared character by character.
_WIDE = re.compile(r"([\u3007\u3040-\u30ff\u3400-\u9fff])")
# Characters that sound alike wherever they stand: pronouns, and the ways of saying one, two and nought.
_ALIKE = str.maketrans("她它妳牠祂幺两〇", "他他你他他一二零")


def comparable_words(text: str, language: str) -> list[str]:
    """Words of a text so that only what is heard counts: numbers written out, no case, no punctuation.

    Chinese characters and kana are words by themselves, in simplified form; Latin words among them stay whole. Letters
    that are spelled one by one are one word: "N A S A", "NASA" and "nasa" are the same.
    """
    if language in supported():
        text = normalize(text, language)
    text = unicodedata.normalize("NFKC", text).casefold().replace("'", "").replace("’", "")
    if language == "zh":
        text = to_simplified(text).translate(_ALIKE)
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
    if language == "en":
        merged = plain_number(merged)
    return [american(word) for word in merged]


def word_errors(said: str, heard: str, language: str) -> tuple[int, int]:
    """Edits, and the words said that they are counted against."""
    expected, found = comparable_words(said, language), comparable_words(heard, language)
    expected, found = _compounded(expected, found), _compounded(found, expected)
    return edit_distance(expected, found), len(expected)


def word_error_rate(said: str, heard: str, language: str) -> float:
    """Edits per word said; may exceed 1. Raises ValueError when nothing was to be said."""
    errors, words = word_errors(said, heard, language)
    if not words:
        raise ValueError("there is no word to compare with")
    return errors / words


def edit_distance(said: Sequence[str], heard: Sequence[str]) -> int:
    """Fewest insertions, deletions and substitutions (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, start=1):
        previous, row[0] = row[0], i
        for j, other in enumerate(heard, start=1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (word != other))
    return row[-1]


def _compounded(words: list[str], others: list[str]) -> list[str]:
    """Joins two words in a row ("plow shares") where the other side writes them as one."""
    whole = set(others) - set(words)
    joined: list[str] = []
    for word in words:
        if joined and word.isascii() and joined[-1] + word in whole:
            joined[-1] += word
        else:
            joined.append(word)
    return joined
