"""Sentences with slots to sentences: each slot takes a word of its list, or a number in words."""

from __future__ import annotations

import random
import re
import tomllib
from functools import cache
from importlib.resources import files

from services.training.synthetic.numbers import SLOTS

_SLOT = re.compile(r"\{(\w+)\}")


class Templates:
    """The sentences of one language."""

    def __init__(self, language: str) -> None:
        source = files("services.training.synthetic").joinpath(f"templates_{language}.toml").read_text(encoding="utf-8")
        data = tomllib.loads(source)
        separator = "|" if language == "en" else None
        self.words = {slot: words.split(separator) for slot, words in data["words"].items()}
        self.sentences: list[str] = data["sentences"]["all"]
        self.numbers = SLOTS[language]

    def sentence(self, rng: random.Random) -> str:
        """One sentence, its first letter a capital."""
        text = self.fill(rng.choice(self.sentences), rng)
        start = 1 if text.startswith('"') else 0
        return text[:start] + text[start : start + 1].upper() + text[start + 1 :]

    def fill(self, sentence: str, rng: random.Random) -> str:
        """A sentence with its slots filled; a slot that occurs twice holds two different words."""
        used: dict[str, set[str]] = {}

        def choose(match: re.Match[str]) -> str:
            slot = match[1]
            if slot in self.numbers:
                return self.numbers[slot](rng)
            taken = used.setdefault(slot, set())
            free = [word for word in self.words[slot] if word not in taken] or self.words[slot]
            word = rng.choice(free)
            taken.add(word)
            return word

        return _SLOT.sub(choose, sentence)


@cache
def templates(language: str) -> Templates:
    """The sentences of a language, read once."""
    return Templates(language)
