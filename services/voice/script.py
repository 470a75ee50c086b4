"""Which language a text is written in, sentence by sentence: a voice reads more than its own language."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from itertools import groupby

from services.voice.hanzi import HANZI, count_hanzi
from services.voice.text import split_sentences

_KANA = re.compile(r"[\u3041-\u30ff]")
_HANGUL = re.compile(r"[\u1100-\u11ff\uac00-\ud7af]")
_LATIN = re.compile(r"[A-Za-z]")
_DIGIT = re.compile(r"\d")
# Languages whose front ends read Chinese characters, in the order in which one is chosen for a foreign text.
_READ_HANZI = ("zh", "yue", "ja")
# A Chinese character or a syllable of Hangul is spoken as long as this many Latin letters.
_WIDE_WEIGHT = 3
_WIDE = re.compile(rf"[\u3000-\u303f\u3041-\u30ff\uff00-\uff60{HANZI}]")


@dataclass(frozen=True)
class Passage:
    """Sentences in a row in one language."""

    text: str
    language: str


def passages(text: str, own: str, spoken: Collection[str]) -> list[Passage]:
    """A text in the languages of its sentences, where the voice speaks them; `own` is that of the voice.

    Empty when the text has no sentence. Raises LanguageError when `own` has no front end.
    """
    sentences = split_sentences(text, own)
    return [
        Passage(join_text(list(group)), language)
        for language, group in groupby(sentences, key=lambda sentence: language_of(sentence, own, spoken))
    ]


def language_of(sentence: str, own: str, spoken: Collection[str]) -> str:
    """The language to read a sentence in, of those that are spoken.

    Chinese characters decide, even few: the Chinese front end reads Latin words too, the English one nothing else.
    """
    if _HANGUL.search(sentence) and "ko" in spoken:
        return "ko"
    if _KANA.search(sentence) and "ja" in spoken:
        return "ja"
    if count_hanzi(sentence):
        readers = [own] if own in _READ_HANZI else [language for language in _READ_HANZI if language in spoken]
        return readers[0] if readers else own
    if _LATIN.search(sentence) and "en" in spoken:
        return "en"
    return own


def unspoken_language(text: str, spoken: Collection[str]) -> str:
    """The language that most of a text is written in when none of those `spoken` can read it; else empty."""
    hanzi, kana, hangul = count_hanzi(text), len(_KANA.findall(text)), len(_HANGUL.findall(text))
    weights = {
        "zh": hanzi * _WIDE_WEIGHT if not kana and not set(_READ_HANZI) & set(spoken) else 0,
        "ja": (hanzi + kana) * _WIDE_WEIGHT if kana and "ja" not in spoken else 0,
        "ko": hangul * _WIDE_WEIGHT if "ko" not in spoken else 0,
    }
    unread = max(weights, key=lambda language: weights[language])
    letters = len(_LATIN.findall(text)) + len(_DIGIT.findall(text))
    readable = letters + (hanzi + kana + hangul) * _WIDE_WEIGHT - sum(weights.values())
    return unread if weights[unread] > readable else ""


def join_text(parts: list[str]) -> str:
    """Words or sentences to a text: with spaces, except between characters of scripts that have none."""
    text = ""
    for part in parts:
        part = part.strip()
        if text and part and not (_WIDE.match(text[-1]) or _WIDE.match(part[0])):
            text += " "
        text += part
    return text
