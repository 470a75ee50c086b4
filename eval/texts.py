"""Error rates between what should have been said and what was heard: words in English, characters in Chinese.

The pipeline's own comparison (services/inference/wer.py) brings texts to one form: numbers written out, no case, no
punctuation, one spelling, simplified characters. What is added here are contractions, which recognisers write in either
form whichever was said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from services.inference.wer import word_errors

WIDE = ("zh", "yue", "ja")
# 's stays: it may be "is", "has" or a genitive.
_CONTRACTIONS = (
    (re.compile(r"\bcan['’]t\b|\bcannot\b", re.I), "can not"),
    (re.compile(r"\bwon['’]t\b", re.I), "will not"),
    (re.compile(r"\blet['’]s\b", re.I), "let us"),
    (re.compile(r"n['’]t\b", re.I), " not"),
    (re.compile(r"['’]re\b", re.I), " are"),
    (re.compile(r"['’]ve\b", re.I), " have"),
    (re.compile(r"['’]ll\b", re.I), " will"),
    (re.compile(r"['’]m\b", re.I), " am"),
)


@dataclass(frozen=True)
class Errors:
    """Edits between a text and what was heard, and how many words or characters the text has."""

    edits: int
    length: int

    @property
    def rate(self) -> float:
        """Edits per word or character; may exceed 1."""
        return self.edits / self.length

    def __add__(self, other: Errors) -> Errors:
        return Errors(self.edits + other.edits, self.length + other.length)


def unit(language: str) -> str:
    """What is counted in a language: "WER" for words, "CER" for characters."""
    return "CER" if language in WIDE else "WER"


def count_errors(said: str, heard: str, language: str) -> Errors:
    """Edits between two texts. Raises ValueError when nothing was to be said."""
    if language == "en":
        said, heard = in_full(said), in_full(heard)
    edits, length = word_errors(said, heard, language)
    if not length:
        raise ValueError("there is no word to compare with")
    return Errors(edits, length)


def in_full(text: str) -> str:
    """English contractions written out, as far as they have one meaning."""
    for pattern, full in _CONTRACTIONS:
        text = pattern.sub(full, text)
    return text
