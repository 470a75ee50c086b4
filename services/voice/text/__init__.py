"""Text into the phonemes a voice is trained on: one front end per language behind one interface.

A front end is a module with `normalize`, `phonemize` and `ABBREVIATIONS`; it is imported when its language is first
asked for, so that dictionaries are loaded only where they are used. Adding a language is one line in `FRONT_ENDS`.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Protocol, cast

from services.voice.errors import LanguageError
from services.voice.symbols import symbol_ids
from services.voice.text.sentences import split_text

# Phonemes a second that a person can speak; outside, a text does not belong to its recording.
SLOWEST_PACE, FASTEST_PACE = 3.0, 25.0

FRONT_ENDS = {
    "en": "services.voice.text.english",
    "zh": "services.voice.text.chinese",
}


@dataclass(frozen=True)
class Phonemes:
    """What one text becomes.

    `word2ph` counts the phonemes of every character of the normalised text in languages that have BERT features
    (zh, yue); it is empty for the others.
    """

    normalized_text: str
    phonemes: tuple[str, ...] = ()
    ids: tuple[int, ...] = ()
    word2ph: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.phonemes)

    def fits(self, seconds: float) -> bool:
        """Whether a person could have said this in that time."""
        return seconds > 0 and SLOWEST_PACE <= len(self.phonemes) / seconds <= FASTEST_PACE


class FrontEnd(Protocol):
    """What a module of one language offers."""

    # Words that end in a full stop without ending the sentence, in lower case and without that stop.
    ABBREVIATIONS: frozenset[str]

    def normalize(self, text: str) -> str:
        """Writes out numbers, units and abbreviations; the result holds only letters and simple punctuation."""

    def phonemize(self, normalized: str) -> tuple[list[str], list[int]]:
        """Phonemes of a normalised text, and phonemes per character (empty where unused)."""


def supported() -> tuple[str, ...]:
    """Languages with a front end."""
    return tuple(FRONT_ENDS)


def front_end(language: str) -> FrontEnd:
    """The module of a language; raises LanguageError when there is none."""
    if language not in FRONT_ENDS:
        raise LanguageError(f"no text front end for language {language!r}; there are: {', '.join(FRONT_ENDS)}")
    return cast(FrontEnd, importlib.import_module(FRONT_ENDS[language]))


def normalize(text: str, language: str) -> str:
    """The text as it is spoken, written out in words."""
    return front_end(language).normalize(text)


def phonemize(text: str, language: str) -> Phonemes:
    """Phonemes and symbol ids of a text; empty when nothing in it can be spoken.

    Any string is accepted: what the language cannot pronounce is left out. Raises LanguageError.
    """
    module = front_end(language)
    normalized = module.normalize(text)
    phonemes, word2ph = module.phonemize(normalized)
    return Phonemes(normalized, tuple(phonemes), tuple(symbol_ids(phonemes)), tuple(word2ph))


def split_sentences(text: str, language: str) -> list[str]:
    """Sentences of a page of text, each short enough to be spoken in one go. Raises LanguageError."""
    return split_text(text, front_end(language).ABBREVIATIONS)
