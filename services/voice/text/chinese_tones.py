"""Tones in connected speech: 一, 不, neutral tones, third tones in a row, and the tone of an added 儿."""

from __future__ import annotations

from services.voice.text.chinese_readings import Syllable
from services.voice.text.chinese_syllables import NEUTRAL
from services.voice.text.chinese_words import NUMERALS, Word, in_dictionary

# Words that end in 儿 as a syllable of its own.
_CHILD = frozenset(
    "女儿 婴儿 孤儿 幼儿 少儿 健儿 胎儿 宠儿 男儿 小儿 生儿 育儿 患儿 弃儿 新生儿 混血儿 幸运儿 早产儿 托儿 侄儿 孙儿 妻儿 娇儿 孩儿".split()
)
_PARTICLES = frozenset("的了着过们吧呢啊吗嘛呐哦哟喽啦呀哇么")
_ORDINAL_AFTER = frozenset("月日号楼班级等流线中")


def spoken_tones(words: list[Word], syllables: list[list[Syllable]]) -> list[list[Syllable]]:
    """Syllables of a clause as they are said in a row."""
    flat = [(word_index, position) for word_index, word in enumerate(words) for position in range(len(word.text))]
    chars = [words[w].text[p] for w, p in flat]
    tones = [syllables[w][p][1] for w, p in flat]
    inner = [p for _, p in flat]
    bounds = _bounds(words)
    _neutral(words, bounds, chars, tones)
    _change_bu(chars, tones)
    _change_yi(words, flat, chars, tones)
    suffixed = _suffixes(words, bounds)
    for index in suffixed:
        tones[index] = NEUTRAL
    _third_tones(words, bounds, tones)
    for index in suffixed:
        tones[index] = tones[index - 1]
    del inner
    return [
        [(base, tones[start + p]) for p, (base, _) in enumerate(syllables[w])] for w, (start, _) in enumerate(bounds)
    ]


def _bounds(words: list[Word]) -> list[tuple[int, int]]:
    bounds, start = [], 0
    for word in words:
        bounds.append((start, start + len(word.text)))
        start += len(word.text)
    return bounds


def _neutral(words: list[Word], bounds: list[tuple[int, int]], chars: list[str], tones: list[int]) -> None:
    for word, (start, end) in zip(words, bounds, strict=True):
        if len(word.text) == 1 and word.text == "个" and start > 0:
            tones[start] = NEUTRAL
        if len(word.text) >= 2 and word.text[-1] == "个" and word.tag in ("m", "r", "q"):
            tones[end - 1] = NEUTRAL
        if len(word.text) >= 2 and word.text[-1] in "来去" and word.text[-2] in "上下进出回过起":
            tones[end - 1] = NEUTRAL
        # 看看, 试试: third tones stay, they change each other.
        if len(word.text) == 2 and word.text[0] == word.text[1] and word.tag.startswith("v") and tones[start] != 3:
            tones[end - 1] = NEUTRAL
        if (
            word.text[-1] in _PARTICLES
            and len(word.text) == 1
            and tones[start] != NEUTRAL
            and word.text in "吗吧呢啊嘛们"
        ):
            tones[start] = NEUTRAL


def _change_bu(chars: list[str], tones: list[int]) -> None:
    for index, char in enumerate(chars):
        if char != "不" or tones[index] != 4:
            continue
        if 0 < index < len(chars) - 1 and chars[index - 1] == chars[index + 1]:
            tones[index] = NEUTRAL
        elif index + 1 < len(chars) and tones[index + 1] == 4:
            tones[index] = 2


def _change_yi(words: list[Word], flat: list[tuple[int, int]], chars: list[str], tones: list[int]) -> None:
    for index, char in enumerate(chars):
        if char != "一" or tones[index] != 1:
            continue
        word, position = words[flat[index][0]].text, flat[index][1]
        before = chars[index - 1] if index else ""
        after = chars[index + 1] if index + 1 < len(chars) else ""
        if not after or (len(word) > 1 and position == len(word) - 1 and not NUMERALS.issuperset(word)):
            continue
        if before in NUMERALS - {"点"} and before or before == "第":
            continue
        if after in NUMERALS - set("百千万亿点两") or after in _ORDINAL_AFTER:
            continue
        if before and before == after:
            tones[index] = NEUTRAL
        elif tones[index + 1] == 4 or after == "个":
            tones[index] = 2
        else:
            tones[index] = 4


def _suffixes(words: list[Word], bounds: list[tuple[int, int]]) -> list[int]:
    """Places of a 儿 that colours what is before it."""
    found = []
    for word, (start, end) in zip(words, bounds, strict=True):
        if word.text.endswith("儿") and end - 1 > 0 and word.text not in _CHILD and (len(word.text) > 1 or start > 0):
            found.append(end - 1)
    return found


def _third_tones(words: list[Word], bounds: list[tuple[int, int]], tones: list[int]) -> None:
    """A third tone before another is a second one, within words and within groups of up to three syllables."""
    index = 0
    while index < len(words):
        start, end = bounds[index]
        last = index
        if index + 1 < len(words):
            next_start, next_end = bounds[index + 1]
            if tones[end - 1] == 3 == tones[next_start] and next_end - start <= 3:
                last = index + 1
        if last == index:
            _inside(words[index].text, start, end, tones)
        else:
            split = end
            _group(start, split, bounds[last][1], tones)
        index = last + 1


def _inside(text: str, start: int, end: int, tones: list[int]) -> None:
    if NUMERALS.issuperset(text):
        for left in range(start, end - 1, 2):
            _pair(left, tones)
    elif end - start == 2:
        _pair(start, tones)
    elif end - start == 3:
        _group(start, start + 2 if in_dictionary(text[:2]) or not in_dictionary(text[1:]) else start + 1, end, tones)
    else:
        for left in range(start, end, 2):
            if left + 1 < end:
                _pair(left, tones)


def _pair(left: int, tones: list[int]) -> None:
    if tones[left] == 3 == tones[left + 1]:
        tones[left] = 2


def _group(start: int, split: int, end: int, tones: list[int]) -> None:
    """Two parts of together up to three syllables: the longer part first, then the seam."""
    for left in (*range(start, split - 1), *range(split, end - 1)):
        _pair(left, tones)
    if tones[split - 1] == 3 == tones[split]:
        tones[split - 1] = 2
