"""Chinese characters: traditional ones into simplified ones, one for one, so that places in a text stay the same."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opencc import OpenCC

# CJK unified ideographs with extension A and the compatibility block, and 〇.
HANZI = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_HANZI = re.compile(f"[{HANZI}]")

# Simplified texts write 著 for zhu (famous) and 着 for the particle zhe; Taiwan writes 著 for both, and OpenCC's
# general table leaves it alone. Only its table for Taiwan tells them apart, in a text that is traditional throughout.
_AMBIGUOUS = "著"
# Pronouns that have no form of their own in simplified texts.
_PRONOUNS = str.maketrans("妳牠祂", "你它他")


def count_hanzi(text: str) -> int:
    """How many Chinese characters a text has."""
    return len(_HANZI.findall(text))


def syllables(characters: str) -> list[str]:
    """Pinyin without tones of each character, as read in their context; what has no reading stands for itself."""
    from pypinyin import lazy_pinyin

    # What is left of a run without readings may come as a list, character by character.
    found = lazy_pinyin(to_simplified(characters), errors=list)  # type: ignore[arg-type]
    return [str(syllable) for syllable in found]


def to_simplified(text: str) -> str:
    """The text in simplified characters, as long as before; whatever is not traditional stays."""
    if not _HANZI.search(text):
        return text
    simplified = _converted("t2s", text)
    if _AMBIGUOUS in simplified:
        told_apart = _converted("tw2s", _converted("s2t", text))
        pairs = zip(simplified, told_apart, strict=True)
        simplified = "".join(other if char == _AMBIGUOUS else char for char, other in pairs)
    return simplified.translate(_PRONOUNS)


def _converted(table: str, text: str) -> str:
    converted = str(_converter(table).convert(text))
    if len(converted) == len(text):
        return converted
    # A sequence (of a character and a variation selector) became one character: word by word it cannot be told where.
    return "".join(one if len(one := _converter(table).convert(char)) == 1 else char for char in text)


@cache
def _converter(table: str) -> OpenCC:
    from opencc import OpenCC

    return OpenCC(table)
