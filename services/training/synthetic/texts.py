"""What is said: clip number to text, from dictionaries, documentation and everyday templates.

A text is one to three sentences of one kind. Found sentences are dealt like cards: each is used once before any is used
again. Nothing that models are judged by is among the texts.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from services.training.synthetic.found import found_sentences
from services.training.synthetic.templates import templates

ROOT = Path(__file__).parents[3]
KEPT_BACK = ("eval/**/*.txt", "samples/*.txt")  # within the repository
TEMPLATE_SHARE = {"en": 0.45, "zh": 0.85}  # what Debian has in Chinese is technical
# Characters that take some three to ten seconds, and the mean that decides how many sentences are joined.
LENGTHS = {"en": (35, 170), "zh": (9, 50)}
_NOT_LETTERS = re.compile(r"[\W_]+")
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])")


def bare(text: str) -> str:
    """Letters alone, in lower case: two texts that sound alike are equal."""
    return _NOT_LETTERS.sub("", text).lower()


@lru_cache(maxsize=1)
def kept_back() -> frozenset[str]:
    """Sentences of the evaluation and of the samples, where the repository has them."""
    sentences: set[str] = set()
    for pattern in KEPT_BACK:
        for path in ROOT.glob(pattern):
            sentences.update(bare(part) for part in _SENTENCE_END.split(path.read_text(encoding="utf-8")))
    return frozenset(sentence for sentence in sentences if sentence)


class Texts:
    """The texts of one language, by clip number."""

    def __init__(
        self,
        language: str,
        seed: int,
        found: Sequence[str] | None = None,
        forbidden: Iterable[str] | None = None,
    ) -> None:
        self.language, self.seed = language, seed
        self._forbidden = kept_back() if forbidden is None else frozenset(map(bare, forbidden))
        cards = found_sentences(language) if found is None else found
        self._cards = [card for card in cards if self._allowed(card)]
        random.Random(f"{seed}/{language}/cards").shuffle(self._cards)
        self._templates = templates(language)

    def __getitem__(self, number: int) -> str:
        rng = random.Random(f"{self.seed}/{self.language}/{number}/text")
        from_templates = not self._cards or rng.random() < TEMPLATE_SHARE[self.language]
        shortest, longest = LENGTHS[self.language]
        wanted = rng.randint(shortest, longest * 2 // 3)
        text = ""
        for position in range(3):
            sentence = self._from_templates(rng) if from_templates else self._card(number * 3 + position)
            joined = f"{text} {sentence}" if text and self.language == "en" else text + sentence
            if text and len(joined) > longest:
                break
            text = joined
            if len(text) >= wanted:
                break
        return text

    def _card(self, at: int) -> str:
        return self._cards[at % len(self._cards)]

    def _from_templates(self, rng: random.Random) -> str:
        while True:
            text = self._templates.sentence(rng)
            if self._allowed(text):
                return text

    def _allowed(self, text: str) -> bool:
        return self._forbidden.isdisjoint(bare(part) for part in (text, *_SENTENCE_END.split(text)))
