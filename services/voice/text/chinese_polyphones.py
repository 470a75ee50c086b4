"""Characters whose reading depends on the words around them; only those that stand as a word of their own.

Each rule looks at the words and an index and answers the syllable, or None for the common reading.
"""

from __future__ import annotations

from collections.abc import Callable

from services.voice.text.chinese_words import NUMERALS, Word

Syllable = tuple[str, int]
Rule = Callable[[list[Word], int], Syllable | None]

_EDGE = Word("", "")


def reading_in_context(words: list[Word], index: int) -> Syllable | None:
    """The syllable of a word of one character where its neighbours decide it."""
    rule = _RULES.get(words[index].text)
    return rule(words, index) if rule else None


def _around(words: list[Word], index: int) -> tuple[Word, Word]:
    before = words[index - 1] if index else _EDGE
    after = words[index + 1] if index + 1 < len(words) else _EDGE
    return before, after


def _de_complement(words: list[Word], index: int) -> Syllable:
    """跑得快 de, 我得走了 dei, 得了第一 de with a tone"""
    before, after = _around(words, index)
    if after.text[:1] in ("了", "过", "奖", "分", "第", "主") or after.tag == "m" or not before.text:
        return "de", 2
    must = before.tag in ("r", "d", "t", "c", "nr") or before.text in ("人", "大家", "总", "还")
    if must and after.tag[:1] in ("v", "p", "d") and before.text not in ("不",):
        return "dei", 3
    return "de", 5


def _di_adverbial(words: list[Word], index: int) -> Syllable:
    """慢慢地走 de, 地很滑 di"""
    before, after = _around(words, index)
    describes = before.tag[:1] in ("a", "d", "i", "z", "l", "o") and before.text not in (
        "在",
        "就",
        "都",
        "也",
        "不",
        "大",
        "小",
    )
    doubled = len(before.text) >= 2 and before.text[-1] == before.text[-2]
    acts = after.tag[:1] in ("v", "p", "d", "a", "i", "l", "z")
    if (describes or doubled) and (acts or not after.text or len(before.text) > 1):
        return "de", 5
    if before.tag[:1] in ("v", "n") and len(before.text) > 1 and after.tag[:1] == "v":
        return "de", 5
    return "di", 4


def _liao(words: list[Word], index: int) -> Syllable | None:
    """吃不了, 走得了 liao"""
    before, _ = _around(words, index)
    return ("liao", 3) if before.text in ("不", "得") and index > 1 else None


_RULES: dict[str, Rule] = {"得": _de_complement, "地": _di_adverbial, "了": _liao}
assert NUMERALS
