"""A clause of Chinese into words with their part of speech (jieba's dictionary, without guessing unknown words)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import rjieba

from services.voice.text.chinese_lexicon import READINGS

NUMERALS = frozenset("零〇一二三四五六七八九十百千万亿两幺点")


@dataclass(frozen=True)
class Word:
    """A word and jieba's tag for its part of speech."""

    text: str
    tag: str


@lru_cache(maxsize=1)
def _jieba() -> rjieba.Jieba:
    jieba = rjieba.Jieba()
    for word in READINGS:
        if not jieba.has_word(word):
            jieba.add_word(word, None, "l")
    return jieba


def in_dictionary(word: str) -> bool:
    """Whether the segmenter lists the word."""
    return bool(_jieba().has_word(word))


def segment(clause: str) -> list[Word]:
    """Words of a run of Chinese characters, in order; together they are the run."""
    words: list[Word] = []
    for text, tag in _jieba().tag(clause, hmm=False):
        if words and _is_number(text) and _is_number(words[-1].text):
            words[-1] = Word(words[-1].text + text, "m")
        else:
            words.append(Word(text, tag))
    return words


def _is_number(text: str) -> bool:
    return text != "点" and NUMERALS.issuperset(text)
