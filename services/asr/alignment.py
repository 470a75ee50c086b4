"""Gives every clip its span of the words that the user says were spoken.

The recogniser's words are only the yardstick: both word sequences are matched globally, first by their common runs
(difflib), then, inside what lies between, by the cheapest edit script in which similar words (names that Whisper
misspells, numbers) may stand for each other. Text of dropped clips, and text that was never read, falls into no clip.

In Chinese every character and every digit is a word, and characters are compared by their syllable: Whisper often
writes another character that sounds the same, and the user's script may be traditional or simplified.
"""

import difflib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from services.asr.recogniser import Word
from services.voice.hanzi import HANZI, count_hanzi, syllables

# Chinese characters and kana are words by themselves; elsewhere a word is letters and digits with inner marks.
_WIDE = rf"\u3040-\u30ff{HANZI}"
_LETTER = rf"(?:(?![{_WIDE}])[^\W_])"
_TOKEN = re.compile(rf"[{_WIDE}]|{_LETTER}+(?:['’.,\-]{_LETTER}+)*")
_CHINESE_TOKEN = re.compile(rf"[{_WIDE}]|\d|(?:(?!\d){_LETTER})+(?:['’.\-](?:(?!\d){_LETTER})+)*")
_CHINESE_DIGITS = dict(zip("0123456789两", "ling yi er san si wu liu qi ba jiu er".split(), strict=True))
_BETWEEN_WIDE = re.compile(rf"(?<=[{_WIDE}\u3001-\u3011\uff00-\uffef])\s+(?=[{_WIDE}\u3001-\u3011\uff00-\uffef])")
_OPENING = "([{“‘「『《¿¡\"'"
# Costs of the edit script: a word left out or put in, and two unlike words for each other (so that "1998" may stand
# for "nineteen ninety-eight", but unrelated words rather not).
_GAP_COST = 0.6
_UNLIKE_COST = 1.1
# Between common runs of a true transcript lie a few words. Larger stretches (a page never read) are left alone.
_MAX_CELLS = 4_000_000
# A clip keeps its span only when this share of the words heard in it is found there, exactly or nearly.
MIN_MATCH = 0.5
_LIKE = 0.6
# So many words that the recogniser missed at the edge of a clip are still given to it.
_MAX_EDGE_WORDS = 2


@dataclass(frozen=True)
class _Token:
    """A word of the transcript: its normal form and its characters, punctuation included."""

    form: str
    start: int
    end: int


@dataclass(frozen=True)
class _Heard:
    """A word that the recogniser heard, with the clip it was heard in."""

    form: str
    clip: int
    word: Word


@dataclass(frozen=True)
class Span:
    """A clip's part of the transcript."""

    text: str
    words: tuple[Word, ...]
    match: float  # share of the words heard that it explains


def align_transcript(transcript: str, clips: Sequence[Sequence[Word]], language: str = "") -> list[Span | None]:
    """Returns the span of each clip, in the same order; None where the transcript does not hold what was heard.

    `clips` are the recognised words of consecutive clips, with their times.
    """
    tokens = _tokens(transcript, language)
    heard = [one for clip, words in enumerate(clips) for one in _heard(words, clip, language)]
    pairs = _pair([token.form for token in tokens], [one.form for one in heard])
    partner = dict(pairs)
    owners = _owners(transcript, tokens, [heard[partner[i]].clip if i in partner else None for i in range(len(tokens))])
    counts = np.bincount([one.clip for one in heard], minlength=len(clips)) if heard else np.zeros(len(clips))
    return [
        _span(transcript, tokens, [i for i, owner in enumerate(owners) if owner == clip], partner, heard, counts[clip])
        for clip in range(len(clips))
    ]


def _heard(words: Sequence[Word], clip: int, language: str) -> list[_Heard]:
    """What was heard in one clip, cut as the transcript is; a word that falls apart shares out its time."""
    pieces: list[Word] = []
    texts: list[str] = []
    for word in words:
        found = _token_pattern(language).findall(word.text)
        step = (word.end_s - word.start_s) / max(1, len(found))
        for number, text in enumerate(found):
            start_s = word.start_s + number * step
            pieces.append(Word(word.text, start_s, start_s + step, word.probability) if len(found) > 1 else word)
            texts.append(text)
    forms = _forms(texts, language)
    return [_Heard(form, clip, word) for form, word in zip(forms, pieces, strict=True)]


def _token_pattern(language: str) -> re.Pattern[str]:
    return _CHINESE_TOKEN if language == "zh" else _TOKEN


def _forms(words: Sequence[str], language: str) -> list[str]:
    """Forms in which the words of a text are compared."""
    forms = [_normal(word) for word in words]
    if language == "zh":
        characters = [place for place, word in enumerate(words) if count_hanzi(word)]
        read = syllables("".join(words[place] for place in characters))
        syllable_at = dict(zip(characters, read, strict=True))
        forms = [_CHINESE_DIGITS.get(form, syllable_at.get(place, form)) for place, form in enumerate(forms)]
    return forms


def _tokens(text: str, language: str) -> list[_Token]:
    """Words of a text with the punctuation that clings to them."""
    matches = list(_token_pattern(language).finditer(text))
    forms = _forms([match.group() for match in matches], language)
    # What stands between two words: closing marks belong to the first, opening marks to the second.
    ends = [0, *(match.end() for match in matches)]
    gaps = [text[end : match.start()] for end, match in zip(ends, matches, strict=False)] + [text[ends[-1] :]]
    tokens = []
    for form, match, before, after in zip(forms, matches, gaps, gaps[1:], strict=False):
        lead = len(before) - len(before.rstrip(_OPENING))
        closing = after if after is gaps[-1] else after.rstrip(_OPENING)
        tail = len(closing.split(maxsplit=1)[0]) if closing[:1].strip() else 0
        tokens.append(_Token(form, match.start() - lead, match.end() + tail))
    return tokens


def _normal(word: str) -> str:
    """Form in which words are compared: no case, no accents, no inner marks."""
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(char for char in decomposed if char.isalnum())


def _pair(wanted: list[str], heard: list[str]) -> list[tuple[int, int]]:
    """Pairs (transcript word, heard word) in rising order of both."""
    # Popular words start no run in long texts (difflib's heuristic), which keeps hours of speech fast.
    matcher = difflib.SequenceMatcher(None, wanted, heard, autojunk=len(wanted) > 2000)
    pairs: list[tuple[int, int]] = []
    i = j = 0
    for block in matcher.get_matching_blocks():
        if block.a > i and block.b > j:
            pairs += [(i + a, j + b) for a, b in _edit_script(wanted[i : block.a], heard[j : block.b])]
        pairs += [(block.a + k, block.b + k) for k in range(block.size)]
        i, j = block.a + block.size, block.b + block.size
    return pairs


def _edit_script(wanted: list[str], heard: list[str]) -> list[tuple[int, int]]:
    """Needleman-Wunsch: pairs of words that stand for each other at the least cost."""
    if len(wanted) * len(heard) > _MAX_CELLS:
        return []
    swap = np.array([[_UNLIKE_COST * (1 - likeness(a, b)) for b in heard] for a in wanted])
    cost = np.add.outer(np.arange(len(wanted) + 1), np.arange(len(heard) + 1)) * _GAP_COST
    for a in range(len(wanted)):
        for b in range(len(heard)):
            cost[a + 1, b + 1] = min(cost[a, b] + swap[a, b], cost[a, b + 1] + _GAP_COST, cost[a + 1, b] + _GAP_COST)
    pairs = []
    a, b = len(wanted), len(heard)
    while a and b:
        if np.isclose(cost[a, b], cost[a - 1, b - 1] + swap[a - 1, b - 1]):
            a, b = a - 1, b - 1
            pairs.append((a, b))
        elif np.isclose(cost[a, b], cost[a - 1, b] + _GAP_COST):
            a -= 1
        else:
            b -= 1
    return pairs[::-1]


@lru_cache(maxsize=2**16)
def likeness(a: str, b: str) -> float:
    """0 for words without a common letter, 1 for equal ones."""
    return 1.0 if a == b else difflib.SequenceMatcher(None, a, b, autojunk=False).ratio()


def _owners(transcript: str, tokens: list[_Token], owners: list[int | None]) -> list[int | None]:
    """Clip of every word; words that nobody heard go to the clip around them, or, when few, to one beside them."""
    owners = list(owners)
    i = 0
    while i < len(owners):
        if owners[i] is not None:
            i += 1
            continue
        j = i
        while j < len(owners) and owners[j] is None:
            j += 1
        left = owners[i - 1] if i else None
        right = owners[j] if j < len(owners) else None
        if left == right:
            owners[i:j] = [left] * (j - i)
        elif j - i <= _MAX_EDGE_WORDS:
            # A phrase that ends between them tells where one clip ends and the next begins.
            ends = [
                k
                for k in range(i - 1, j)
                if k >= 0 and re.search(r"[,.;:!?，。；：！？、]\W*$", _text(transcript, tokens, k, k))
            ]
            cut = ends[-1] + 1 if ends else j
            owners[i:j] = [left if k < cut else right for k in range(i, j)]
        i = j
    return owners


def _text(transcript: str, tokens: list[_Token], first: int, last: int) -> str:
    text = " ".join(transcript[tokens[first].start : tokens[last].end].split())
    return _BETWEEN_WIDE.sub("", text)


def _span(
    transcript: str, tokens: list[_Token], mine: list[int], partner: dict[int, int], heard: list[_Heard], count: int
) -> Span | None:
    """The span made of the words `mine`, unless it explains too little of what was heard, or holds far more."""
    paired = [(i, heard[partner[i]]) for i in mine if i in partner]
    alike = sum(likeness(tokens[i].form, one.form) >= _LIKE for i, one in paired)
    match = alike / count if count else 0.0
    if match < MIN_MATCH or len(mine) - len(paired) > max(_MAX_EDGE_WORDS, count / 2):
        return None
    words = _timed([(_text(transcript, tokens, i, i), heard[partner[i]].word if i in partner else None) for i in mine])
    return Span(_text(transcript, tokens, mine[0], mine[-1]), words, match)


def _timed(words: list[tuple[str, Word | None]]) -> tuple[Word, ...]:
    """Times of the transcript's words: those of their partners; a word that was not heard gets the moment between."""
    timed = []
    for i, (text, word) in enumerate(words):
        if word is not None:
            timed.append(Word(text, word.start_s, word.end_s, word.probability))
            continue
        before = timed[-1].end_s if timed else 0.0
        after = next((later.start_s for _, later in words[i + 1 :] if later is not None), before)
        timed.append(Word(text, before, max(before, after), 0.0))
    return tuple(timed)
