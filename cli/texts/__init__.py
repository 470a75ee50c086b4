"""What the command line itself says, in Chinese and English; sentences of the server come ready-made from there."""

import tomllib
from functools import cache
from pathlib import Path

LANGUAGES = ("zh", "en")


@cache
def catalogue(language: str) -> dict[str, str]:
    """Every sentence of a language by its key ("error.FILE_EXISTS"); arguments are written {name}."""
    tables = tomllib.loads(Path(__file__).with_name(f"{language}.toml").read_text(encoding="utf-8"))
    return {f"{table}.{key}": sentence for table, sentences in tables.items() for key, sentence in sentences.items()}


def text(language: str, key: str, **args: object) -> str:
    """A sentence with its arguments; KeyError when there is none."""
    sentence = catalogue(language)[key]
    return sentence.format(**args) if args else sentence
