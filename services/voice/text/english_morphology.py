"""Pronunciations of English words that are built from known ones: endings, beginnings and compounds.

A dictionary lists "romantic" but not "unromantically"; the parts tell its sound better than a guess from its letters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

Pronunciation = tuple[str, ...]
Dictionary = Mapping[str, Sequence[Pronunciation]]

_VOICELESS = {"P", "T", "K", "F", "TH"}
_SIBILANTS = {"S", "Z", "SH", "ZH", "CH", "JH"}
_CONTRACTIONS = {"'ll": ("AH0", "L"), "'d": ("D",), "'ve": ("V",), "'re": ("ER0",), "n't": ("N", "T"), "'m": ("M",)}
_ENDINGS: dict[str, Pronunciation] = {
    "ness": ("N", "AH0", "S"),
    "less": ("L", "AH0", "S"),
    "able": ("AH0", "B", "AH0", "L"),
    "ship": ("SH", "IH2", "P"),
    "like": ("L", "AY2", "K"),
    "ment": ("M", "AH0", "N", "T"),
    "ing": ("IH0", "NG"),
    "est": ("AH0", "S", "T"),
    "ish": ("IH0", "SH"),
    "ful": ("F", "AH0", "L"),
    "ly": ("L", "IY0"),
    "er": ("ER0",),
    "or": ("ER0",),
    "y": ("IY0",),
}
_BEGINNINGS: dict[str, Pronunciation] = {
    "counter": ("K", "AW1", "N", "T", "ER0"),
    "under": ("AH1", "N", "D", "ER0"),
    "over": ("OW1", "V", "ER0"),
    "anti": ("AE1", "N", "T", "IY0"),
    "inter": ("IH2", "N", "T", "ER0"),
    "super": ("S", "UW1", "P", "ER0"),
    "non": ("N", "AA2", "N"),
    "mis": ("M", "IH0", "S"),
    "dis": ("D", "IH0", "S"),
    "out": ("AW2", "T"),
    "pre": ("P", "R", "IY0"),
    "un": ("AH0", "N"),
    "re": ("R", "IY0"),
    "in": ("IH0", "N"),
    "im": ("IH0", "M"),
}
# CMUdict lists many short names; shorter parts would cut invented words at random.
_SHORTEST_PART = 4
_SHORTEST_STEM = 3


def derive(word: str, known: Dictionary) -> Pronunciation | None:
    """Phonemes of a lower-case word that `known` lacks, from words that it has; None when there are none."""
    return (
        _inflected(word, known) or _with_ending(word, known) or _with_beginning(word, known) or _compound(word, known)
    )


def _stem(word: str, known: Dictionary) -> Pronunciation | None:
    """A stem may have an ending or a beginning of its own."""
    if len(word) < _SHORTEST_STEM:
        return None
    return known[word][0] if word in known else _with_ending(word, known) or _with_beginning(word, known)


def _inflected(word: str, known: Dictionary) -> Pronunciation | None:
    """Contractions, possessives, plurals and past tenses."""
    for ending, sound in _CONTRACTIONS.items():
        if word.endswith(ending):
            stem = _whole(word.removesuffix(ending), known)
            return stem + sound if stem else None
    if word.endswith("'s"):
        stem = _whole(word.removesuffix("'s"), known)
        return stem + s_sound(stem) if stem else None
    if word.endswith("s") and not word.endswith("ss"):
        spellings = [
            word[:-1],
            word[:-2] if word.endswith("es") else "",
            f"{word[:-3]}y" if word.endswith("ies") else "",
        ]
        stem = next((found for spelling in spellings if (found := _stem(spelling, known))), None)
        return stem + s_sound(stem) if stem else None
    if word.endswith("ed"):
        stem = next((found for spelling in _spellings(word[:-2]) if (found := _stem(spelling, known))), None)
        return stem + _d_sound(stem) if stem else None
    return None


def _whole(word: str, known: Dictionary) -> Pronunciation | None:
    return known[word][0] if word in known else derive(word, known)


def s_sound(stem: Pronunciation) -> Pronunciation:
    """What an s at the end sounds like."""
    if stem[-1] in _SIBILANTS:
        return ("IH0", "Z")
    return ("S",) if stem[-1] in _VOICELESS else ("Z",)


def _d_sound(stem: Pronunciation) -> Pronunciation:
    if stem[-1] in ("T", "D"):
        return ("IH0", "D")
    return ("T",) if stem[-1] in _VOICELESS | {"S", "SH", "CH"} else ("D",)


def _spellings(base: str) -> Iterator[str]:
    """How a stem may have been written before an ending that begins with a vowel was added."""
    yield base + "e"
    yield base
    if len(base) > 2 and base[-1] == base[-2]:
        yield base[:-1]
    if base.endswith("i"):
        yield base[:-1] + "y"


def _with_ending(word: str, known: Dictionary) -> Pronunciation | None:
    if word.endswith("bly") and (stem := _stem(word[:-1] + "e", known)) and stem[-2:] == ("AH0", "L"):
        return (*stem[:-2], "L", "IY0")  # notable, notably
    if word.endswith("ically") and (stem := _stem(word[:-4], known)):
        return (*stem, "L", "IY0")  # romantic, romantically
    for ending, sound in _ENDINGS.items():
        base = word.removesuffix(ending)
        if base == word:
            continue
        spellings = (
            _spellings(base) if ending[0] in "aeioy" else iter((base, f"{base[:-1]}y" if base[-1:] == "i" else ""))
        )
        for spelling in spellings:
            if stem := _stem(spelling, known):
                return stem[: -1 if stem[-1] == "L" == sound[0] else None] + sound
    return None


def _with_beginning(word: str, known: Dictionary) -> Pronunciation | None:
    for beginning, sound in _BEGINNINGS.items():
        rest = word.removeprefix(beginning)
        if rest != word and len(rest) >= _SHORTEST_PART:
            stem = known[rest][0] if rest in known else _inflected(rest, known) or _with_ending(rest, known)
            if stem:
                return sound + stem
    return None


def _compound(word: str, known: Dictionary) -> Pronunciation | None:
    """Known words written as one ("wordsegmentation"); the longest beginning first."""
    for cut in range(len(word) - _SHORTEST_PART, _SHORTEST_PART - 1, -1):
        beginning, rest = word[:cut], word[cut:]
        if beginning in known:
            ending = known[rest][0] if rest in known else _inflected(rest, known) or _compound(rest, known)
            if ending:
                return known[beginning][0] + ending
    return None
