"""A page of text into pieces that a voice can speak in one go.

Clips of 2-12 seconds are what the models learn from, so a piece should take no longer than that: sentences are the
natural pieces, very short ones join a neighbour, and long ones are cut where a reader would breathe.
"""

from __future__ import annotations

import re

# About 9 seconds of English, or of a script that writes a syllable per character (see `_weight`).
MAX_WEIGHT = 140
# Shorter pieces ("Yes.") come out unsteady when spoken alone.
MIN_WEIGHT = 14
# A Chinese, Japanese or Korean character takes about as long as this many Latin letters.
WIDE_WEIGHT = 3

_ENDERS = ".!?…。！？｡"
_CLOSERS = "\"'”’»)]）」』】"
_SENTENCE_END = re.compile(rf"[{_ENDERS}]+[{re.escape(_CLOSERS)}]*")
# Best places to cut a long sentence first.
_BREATHS = (
    r"[;:；：—–]+\s*",
    r"[,，、]\s*",
    r"\s+(?=(?:and|but|or|because|which|that|when|while|where|so)\s)",
    r"\s+",
    # Chinese writes no spaces: in front of what joins two clauses, then behind what ends a phrase.
    r"(?=而且|并且|但是|因为|所以|如果|然后|或者|以及|不过|于是|虽然)",
    r"(?<=[的了着呢吧吗啊])(?=[\u4e00-\u9fff])",
)


def split_text(text: str, abbreviations: frozenset[str]) -> list[str]:
    """Non-empty pieces of the text in order, each at most `MAX_WEIGHT` heavy.

    `abbreviations` are the lower-case words after which a full stop does not end a sentence.
    """
    pieces: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        line = re.sub(r"\s+", " ", paragraph).strip()
        sentences = [part for sentence in _sentences(line, abbreviations) for part in _cut(sentence)]
        pieces += _merge_short(sentences)
    return pieces


def _weight(text: str) -> int:
    return sum(WIDE_WEIGHT if _is_wide(char) else 1 for char in text)


def _is_wide(char: str) -> bool:
    return "\u3040" <= char <= "\u30ff" or "\u3400" <= char <= "\u9fff" or "\uac00" <= char <= "\ud7af"


def _sentences(line: str, abbreviations: frozenset[str]) -> list[str]:
    sentences, start = [], 0
    for match in _SENTENCE_END.finditer(line):
        if match.start() >= start and _ends_sentence(line, match, abbreviations):
            sentences.append(line[start : match.end()].strip())
            start = match.end()
    sentences.append(line[start:].strip())
    return [sentence for sentence in sentences if any(char.isalnum() for char in sentence)]


def _ends_sentence(line: str, match: re.Match[str], abbreviations: frozenset[str]) -> bool:
    mark, after = match.group(), line[match.end() :]
    if any(char in "。！？｡" for char in mark):
        return True
    if after and not after[0].isspace() and not _is_wide(after[0]):
        return False  # 3.14, example.com, U.S.A.
    if mark[0] != "." or mark.startswith(".."):
        # "Really?" he asked. An ellipsis, too, goes on when a small letter follows.
        return not after.lstrip()[:1].islower()
    word = re.split(r"[\s(\"'“‘]", line[: match.start()])[-1]
    if word.lower() in abbreviations or (len(word) == 1 and word.isupper() and word != "I"):
        return not after.strip()
    following = after.lstrip()[:1]
    if re.fullmatch(r"(?:[A-Za-z]\.)+[A-Za-z]", word):  # the U.S. won; at 5 p.m. We left
        return not following or (following.isupper() and word[-1].islower())
    numbered = following.isdigit() and word[:1].isupper() and len(word) <= 2  # No. 5
    return not following.islower() and not numbered


def _cut(sentence: str) -> list[str]:
    """Halves a sentence that is too heavy at its best breath, again and again."""
    if _weight(sentence) <= MAX_WEIGHT:
        return [sentence]
    for pattern in _BREATHS:
        places = [match.end() for match in re.finditer(pattern, sentence)]
        # Nothing shorter than a fifth on either side.
        places = [place for place in places if len(sentence) / 5 <= place <= len(sentence) * 4 / 5]
        if places:
            break
    else:
        places = [len(sentence) // 2]
    middle = min(places, key=lambda place: abs(place - len(sentence) / 2))
    left, right = sentence[:middle].strip(), sentence[middle:].strip()
    return [part for half in (left, right) if half for part in _cut(half)]


def _merge_short(sentences: list[str]) -> list[str]:
    """Joins a very short piece to the one before it, or to the next one at the start."""
    merged: list[str] = []
    for sentence in sentences:
        short = merged and min(_weight(merged[-1]), _weight(sentence)) < MIN_WEIGHT
        if short and _weight(merged[-1]) + _weight(sentence) < MAX_WEIGHT:
            joint = "" if _is_wide(sentence[0]) else " "
            merged[-1] += joint + sentence
        else:
            merged.append(sentence)
    return merged
