"""Pinyin of words: our own list, then pypinyin's phrases, then the common reading of each character."""

from __future__ import annotations

import re
from functools import lru_cache

from pypinyin import Style, lazy_pinyin
from pypinyin.constants import PHRASES_DICT, PINYIN_DICT

from services.voice.text.chinese_lexicon import NEUTRAL_LAST, READINGS
from services.voice.text.chinese_polyphones import reading_in_context
from services.voice.text.chinese_syllables import NEUTRAL
from services.voice.text.chinese_words import Word

Syllable = tuple[str, int]

_SYLLABLE = re.compile(r"([a-zêü]+)([1-5])")


def has_reading(char: str) -> bool:
    """Whether a character can be read."""
    return ord(char) in PINYIN_DICT


def read(words: list[Word]) -> list[list[Syllable]]:
    """Syllables of every word, before any tone changes its neighbours."""
    found = []
    for index, word in enumerate(words):
        here = reading_in_context(words, index) if len(word.text) == 1 else None
        found.append([here] if here else list(read_word(word.text)))
    return found


@lru_cache(maxsize=16384)
def read_word(word: str) -> tuple[Syllable, ...]:
    """Syllables of a word on its own, one for each character."""
    if word in READINGS:
        return _parse(READINGS[word].split())
    found = lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True, v_to_u=False)
    syllables = [_citation(char, syllable) for char, syllable in zip(word, _parse(found), strict=True)]
    if word in NEUTRAL_LAST:
        syllables[-1] = (syllables[-1][0], NEUTRAL)
    return tuple(syllables)


def _parse(found: list[str]) -> tuple[Syllable, ...]:
    matches = [_SYLLABLE.fullmatch(syllable) for syllable in found]
    return tuple((match[1], int(match[2])) for match in matches if match)


def _citation(char: str, syllable: Syllable) -> Syllable:
    """Dictionaries write 一 and 不 with the tone they have in that word; tone sandhi starts from their own."""
    return {"一": ("yi", 1), "不": ("bu", 4)}.get(char, syllable)
