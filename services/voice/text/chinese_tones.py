"""Tones in connected speech: neutral tones, 不, 一, third tones in a row, and the tone of an added 儿."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from services.voice.text.chinese_readings import Syllable
from services.voice.text.chinese_syllables import NEUTRAL
from services.voice.text.chinese_words import NUMERALS, Word, in_dictionary

# Words that end in 儿 as a syllable of its own.
_CHILD = frozenset(
    """
    女儿 婴儿 孤儿 幼儿 少儿 健儿 胎儿 宠儿 男儿 小儿 生儿 育儿 患儿 弃儿 新生儿 混血儿 幸运儿 早产儿 托儿 侄儿 孙儿
    妻儿 孩儿 乳儿 产儿 低能儿 弄潮儿 畸形儿 试管婴儿 干女儿 小女儿 大女儿
    """.split()
)
_PARTICLES = frozenset("的了着吗吧呢啊嘛呐哦哟喽啦呀哇们么")
# Words that end in 来 or 去 behind one of these say where a movement leads.
_DIRECTIONS = frozenset("上下进出回过起")
# 一 before these, or at the end of a word, is "first" or the digit, and stays high.
_FIRST_OF = ("月", "号", "楼", "级", "流", "年级", "等奖")
_DIGITS = NUMERALS - set("百千万亿点两")


@dataclass
class _Clause:
    """Characters and tones of a clause in one row, and where its words begin and end."""

    words: list[Word]
    chars: str
    tones: list[int]
    bounds: list[tuple[int, int]]

    @cached_property
    def places(self) -> list[tuple[Word, int]]:
        """The word that each character is in, and its place there."""
        return [(word, place) for word in self.words for place in range(len(word.text))]


def spoken_tones(words: list[Word], syllables: list[list[Syllable]]) -> list[Syllable]:
    """Syllables of a clause as they are said in a row."""
    bounds, start = [], 0
    for word in words:
        bounds.append((start, start + len(word.text)))
        start += len(word.text)
    flat = [syllable for word in syllables for syllable in word]
    clause = _Clause(words, "".join(word.text for word in words), [tone for _, tone in flat], bounds)
    _lose_tones(clause)
    _change_bu(clause)
    _change_yi(clause)
    suffixes = _suffixes(clause)
    for index in suffixes:
        clause.tones[index] = NEUTRAL  # so that it ends a row of third tones
    _change_third_tones(clause)
    for index in suffixes:
        clause.tones[index] = clause.tones[index - 1]
    return [(base, tone) for (base, _), tone in zip(flat, clause.tones, strict=True)]


def _lose_tones(clause: _Clause) -> None:
    for word, (start, end) in zip(clause.words, clause.bounds, strict=True):
        text, last = word.text, end - 1
        counts = text == "个" and start > 0
        many = len(text) > 1 and text[-1] == "个" and word.tag[:1] in ("m", "r", "q")
        moves = len(text) > 1 and text[-1] in "来去" and text[-2] in _DIRECTIONS and word.tag != "t"
        # 看看, 试试; third tones stay, because they change each other.
        twice = len(text) == 2 and text[0] == text[1] and word.tag[:1] == "v" and clause.tones[start] != 3
        particle = text in _PARTICLES and (start > 0 or text != "着") and clause.tones[last] != 3 and text not in "着了"
        # 桌子上 and 屋里: 上 behind a thing
        place = text == "上" and start > 0 and _is_thing(clause, start)
        if counts or many or moves or twice or particle or place:
            clause.tones[last] = NEUTRAL


def _is_thing(clause: _Clause, start: int) -> bool:
    """Whether the word that ends here names a thing."""
    before = clause.places[start - 1][0]
    return before.tag[:1] in ("n", "s") and before.tag != "nr"


def _change_bu(clause: _Clause) -> None:
    """不 before a falling tone rises; between two equal syllables it is neutral."""
    chars, tones = clause.chars, clause.tones
    for index, char in enumerate(chars):
        if char == "不" and tones[index] == 4 and index + 1 < len(chars):
            if index and chars[index - 1] == chars[index + 1]:
                tones[index] = NEUTRAL
            elif tones[index + 1] == 4 or chars[index + 1] == "个":
                tones[index] = 2


def _change_yi(clause: _Clause) -> None:
    """一 rises before a falling tone and falls before the others, except as a digit or as "first"."""
    chars, tones = clause.chars, clause.tones
    for index, char in enumerate(chars):
        if char != "一" or tones[index] != 1 or index + 1 == len(chars):
            continue
        before, after = chars[index - 1 : index], chars[index + 1]
        first = chars.startswith(_FIRST_OF, index + 1) or (before == "月" and after == "日")
        word, place = clause.places[index][0].text, clause.places[index][1]
        ends_word = len(word) > 1 and place == len(word) - 1 and not NUMERALS.issuperset(word) and after != "个"
        in_number = before == "第" or (before in NUMERALS and before != "") or after in _DIGITS
        if ends_word or in_number or first:
            continue
        if before == after:
            tones[index] = NEUTRAL
        else:
            tones[index] = 2 if tones[index + 1] == 4 or after == "个" else 4


def _suffixes(clause: _Clause) -> list[int]:
    """Places of a 儿 that colours the syllable before it."""
    return [
        end - 1
        for word, (_, end) in zip(clause.words, clause.bounds, strict=True)
        if word.text.endswith("儿") and end > 1 and word.text not in _CHILD
    ]


def _change_third_tones(clause: _Clause) -> None:
    """A third tone before another is said as a second one, in words and in groups of up to three syllables."""
    index = 0
    while index < len(clause.words):
        start, end = clause.bounds[index]
        if index + 1 < len(clause.words):
            seam, group_end = clause.bounds[index + 1]
            if clause.tones[end - 1] == 3 == clause.tones[seam] and group_end - start <= 3:
                _change_group(start, seam, group_end, clause.tones)
                index += 2
                continue
        _change_word(clause.words[index].text, start, clause.tones)
        index += 1


def _change_word(text: str, start: int, tones: list[int]) -> None:
    if len(text) == 3 and not NUMERALS.issuperset(text):
        tail_first = in_dictionary(text[1:]) and not in_dictionary(text[:2])
        _change_group(start, start + (1 if tail_first else 2), start + 3, tones)
        return
    # Numbers and longer words go in pairs: 九九 | 五五, 你好 | 你好
    for left in range(start, start + len(text) - 1, 2):
        _change_pair(left, tones)


def _change_group(start: int, seam: int, end: int, tones: list[int]) -> None:
    """Each part by itself, then the seam between the two."""
    for left in (*range(start, seam - 1), *range(seam, end - 1), seam - 1):
        _change_pair(left, tones)


def _change_pair(left: int, tones: list[int]) -> None:
    if tones[left] == 3 == tones[left + 1]:
        tones[left] = 2
