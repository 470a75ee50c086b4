"""Turns a message key and its arguments into a Chinese or English sentence."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import structlog

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
DEFAULT_LANGUAGE: Language = "zh"

# Arguments whose value is itself a word with a translation: argument name -> table of words.
TRANSLATED_ARGS = {
    "stage": "stage_name",
    "reason": "reason",
    "language": "language",
    "languages": "language",
    "asked": "language",
}

log = structlog.get_logger(__name__)


class _Args(dict[str, str]):
    """Arguments of a sentence; one that is missing shows as a question mark instead of raising."""

    def __missing__(self, name: str) -> str:
        return "?"


def _flatten(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, str):
            yield prefix + name, value
        else:
            yield from _flatten(value, f"{prefix}{name}.")


@cache
def catalogue(language: Language, name: str = "") -> Mapping[str, str]:
    """Every key of one language with its sentence; ``name`` chooses another family of files ("api")."""
    stem = f"{name}_{language}" if name else language
    text = (Path(__file__).parent / f"{stem}.toml").read_text(encoding="utf-8")
    return dict(_flatten(tomllib.loads(text)))


def has(key: str) -> bool:
    """Whether there is a sentence for ``key``."""
    return key in catalogue(DEFAULT_LANGUAGE)


def known(key: str) -> bool:
    """As ``has``, for a key that a service used: one that nobody wrote a sentence for is logged."""
    if has(key):
        return True
    log.warning("message_key_unknown", key=key)
    return False


def text(language: Language, key: str, args: Mapping[str, str] | None = None) -> str:
    """The sentence for ``key``. A key that nobody wrote a sentence for is logged and gives an empty text."""
    sentences = catalogue(language)
    sentence = sentences.get(key)
    if sentence is None:
        log.warning("message_key_unknown", key=key)
        return ""
    return sentence.format_map(_Args(_translate(sentences, args or {})))


@dataclass(frozen=True)
class Said:
    """A sentence before it is put into a language; a client gets both, to show it in another one later."""

    key: str
    args: Mapping[str, str] = field(default_factory=dict)

    def text(self, language: Language) -> str:
        """The sentence in one language."""
        return text(language, self.key, self.args)


def _translate(sentences: Mapping[str, str], args: Mapping[str, str]) -> dict[str, str]:
    translated = dict(args)
    for name, table in TRANSLATED_ARGS.items():
        if name in args:
            words = (word.strip() for word in args[name].split(","))
            translated[name] = ", ".join(sentences.get(f"{table}.{word}", word) for word in words)
    return translated
