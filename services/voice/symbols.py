"""Symbol tables of the GPT-SoVITS families: which phoneme has which id.

An id is a row of the text embeddings, so the order of a table can never change. `symbols.json` lists both published
tables; the v2 one serves every pack of ours too.
"""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

DEFAULT_TABLE = "gpt-sovits-v2"
UNKNOWN = "UNK"
PAUSES = (",", ".", "!", "?", "-", "…")
"""Symbols that are heard as silence, if at all."""


@cache
def symbols(table: str = DEFAULT_TABLE) -> tuple[str, ...]:
    """The symbols of "gpt-sovits-v1" (322) or "gpt-sovits-v2" (732); the index of a symbol is its id."""
    tables = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    if table not in tables:
        raise ValueError(f"there is no symbol table {table!r}; known: {', '.join(tables)}")
    return tuple(tables[table])


@cache
def _ids(table: str) -> dict[str, int]:
    return {symbol: index for index, symbol in enumerate(symbols(table))}


def symbol_ids(phonemes: Sequence[str], table: str = DEFAULT_TABLE) -> list[int]:
    """Ids of phonemes; a phoneme outside the table raises ValueError, because the models have no row for it."""
    ids = _ids(table)
    missing = [phoneme for phoneme in phonemes if phoneme not in ids]
    if missing:
        raise ValueError(f"not in symbol table {table!r}: {missing}")
    return [ids[phoneme] for phoneme in phonemes]


def is_symbol(phoneme: str, table: str = DEFAULT_TABLE) -> bool:
    """Whether the table has this phoneme."""
    return phoneme in _ids(table)
