"""Names of experiments: which there may be, and how a part of one is found whatever its case."""

from __future__ import annotations

import unicodedata

from services.runtime.errors import InvalidInputError

MAX_NAME_CHARS = 64


def checked_name(name: str) -> str:
    """The NFC form of a name: 1..64 letters of any script with their marks, decimal digits, "-" and "_".

    Raises InvalidInputError (INVALID_REQUEST).
    """
    name = unicodedata.normalize("NFC", name)
    categories = [unicodedata.category(character) for character in name]
    fits = 1 <= len(name) <= MAX_NAME_CHARS and all(
        character in "-_" or category == "Nd" or category[0] in "LM"
        for character, category in zip(name, categories, strict=True)
    )
    # A mark (a vowel sign, a tone) belongs to the letter before it.
    if not fits or categories[0][0] == "M":
        raise InvalidInputError("INVALID_REQUEST", problem="exp_name")
    return name


def checked_search(text: str) -> str:
    """Part of a name in the form that is compared; "" finds all. Raises InvalidInputError (INVALID_REQUEST)."""
    text = unicodedata.normalize("NFC", text.strip())
    if len(text) > MAX_NAME_CHARS or "\0" in text:
        raise InvalidInputError("INVALID_REQUEST", problem="search")
    return searchable(text)


def searchable(text: str) -> str:
    """What is compared instead of a name, the same for upper and lower case of every script (Unicode case folding).

    It is kept beside the name: what the databases themselves fold differs, and in SQLite ends with ASCII.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
