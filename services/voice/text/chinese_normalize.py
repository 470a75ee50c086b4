"""Chinese text as it is spoken: simplified characters, numbers and signs written out, plain punctuation.

The result holds only Chinese characters that have a reading, Latin words and `. , ? ! …`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import opencc

from services.voice.text import english_normalize
from services.voice.text.chinese_numbers import spell_numbers
from services.voice.text.chinese_readings import has_reading

# What sentence splitting must not stop at: those of the English words in a Chinese text.
ABBREVIATIONS = english_normalize.ABBREVIATIONS

_MARKS = str.maketrans(
    {"、": ",", "，": ",", "；": ",", ";": ",", "：": ",", ":": ",", "。": ".", "｡": ".", "！": "!", "？": "?", "·": " ", "•": ",",
     "（": ",", "）": ",", "(": ",", ")": ",", "【": ",", "】": ",", "[": ",", "]": ","}
)  # fmt: skip
# Characters of talk, as those that dictionaries read.
_TALK = str.maketrans({"嗯": "恩", "呣": "母"})
_LATIN = re.compile(r"[A-Za-z](?:[A-Za-z'’ .-]*[A-Za-z])?")


@lru_cache(maxsize=2)
def _converter(name: str) -> opencc.OpenCC:
    return opencc.OpenCC(name)


def simplify(text: str) -> str:
    """Traditional characters as simplified ones; a text that has none is left alone."""
    if _converter("t2s").convert(text) == text:
        return text
    # Apart from the rest, this one knows the 著 that is written 着 in simplified text.
    return str(_converter("tw2s").convert(text))


def normalize(text: str) -> str:
    """The text as it is spoken; empty when nothing in it is."""
    text = unicodedata.normalize("NFC", text)
    text = unicodedata.normalize("NFKC", text.replace("²", "^2").replace("³", "^3"))
    text = re.sub(r"\.{2,}|。{2,}", "…", simplify(text)).translate(_TALK)
    text = spell_numbers(text)
    text = re.sub(r"[—–―]+|--+", ",", text).translate(_MARKS)
    text = _LATIN.sub(lambda match: f" {english_normalize.normalize(match.group())} ", text)
    return _tidy(text)


def _tidy(text: str) -> str:
    text = "".join(char for char in text if char in " .,?!…'" or char.isascii() and char.isalpha() or has_reading(char))
    text = re.sub(r"\s*([.,?!…])\s*", r"\1", text)
    text = re.sub(r"[.,?!…]{2,}", lambda match: next(mark for mark in "?!….," if mark in match.group()), text)
    text = re.sub(r" +(?=[^A-Za-z ]|$)|(?<![A-Za-z ]) +|^ +", "", text)
    text = re.sub(r"^[.,…]+|,+$", "", text)
    return text if any(char.isalpha() for char in text) else ""
