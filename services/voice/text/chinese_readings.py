"""Pinyin of words: our own list, then pypinyin's phrases, then the common reading of each character."""

from __future__ import annotations

import re
from functools import lru_cache

from pypinyin import Style, lazy_pinyin
from pypinyin.constants import PHRASES_DICT, PINYIN_DICT

from services.voice.text.chinese_lexicon import FULL_ZI, NEUTRAL_LAST, READINGS
from services.voice.text.chinese_polyphones import reading_in_context
from services.voice.text.chinese_syllables import NEUTRAL
from services.voice.text.chinese_words import NUMERALS, Word

Syllable = tuple[str, int]

# Measure words that are read otherwise elsewhere.
_MEASURES: dict[str, Syllable] = {"行": ("hang", 2), "只": ("zhi", 1), "重": ("chong", 2), "种": ("zhong", 3)}
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
    syllables = [_citation(word, place, syllable) for place, syllable in enumerate(_parse(found))]
    # 女朋友, 昨天晚上; idioms of four characters keep their tones.
    longer = len(word) == 3 or (len(word) == 4 and word not in PHRASES_DICT)
    if word in NEUTRAL_LAST or (longer and word[-2:] in NEUTRAL_LAST):
        syllables[-1] = (syllables[-1][0], NEUTRAL)
    return tuple(syllables)


def _parse(found: list[str]) -> tuple[Syllable, ...]:
    matches = [_SYLLABLE.fullmatch(syllable) for syllable in found]
    return tuple((match[1], int(match[2])) for match in matches if match)


def _citation(word: str, place: int, syllable: Syllable) -> Syllable:
    """Readings inside a word as tone sandhi starts from them, and those that only its parts tell."""
    char, before = word[place], word[:place]
    if char in "一不":  # dictionaries write these with the tone that they have in that word
        return ("yi", 1) if char == "一" else ("bu", 4)
    if char == "子" and (not before or before[-1] + char in FULL_ZI):
        return "zi", 3
    counted = before != "一" and NUMERALS.issuperset(before.removeprefix("第"))
    if before and char in _MEASURES and (counted or before in ("这", "那", "每", "几", "哪", "第一")):
        return _MEASURES[char]
    if not before or word in PHRASES_DICT:
        return syllable
    if char == "得":
        return "de", NEUTRAL
    if before[-1] == "不" and char in "着了":
        return ("zhao", 2) if char == "着" else ("liao", 3)
    return syllable
