"""Pinyin syllables to the symbols of the v2 table: an initial and a final with its tone, two symbols a syllable.

A syllable without a consonant in front gets one of three symbols in its place (AA, EE, OO), after its first vowel.
"""

from __future__ import annotations

from functools import lru_cache

NEUTRAL = 5

_INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcsyw")
_WITHOUT_INITIAL = {"a": "AA", "e": "EE", "o": "OO"}
# Interjections that are hummed rather than said, as the nearest syllable of the table.
_HUMMED = {"n": "en", "ng": "en", "hng": "heng", "m": "mu", "hm": "heng", "ê": "ei"}
# What stands behind y is written like other finals and spoken otherwise.
_BEHIND_Y = {"e": "E", "an": "En"}


@lru_cache(maxsize=4096)
def syllable_symbols(base: str, tone: int) -> tuple[str, str]:
    """Symbols of a syllable in pinyin with v for ü: ("zhong", 4) -> ("zh", "ong4"), ("yu", 2) -> ("y", "v2")."""
    base = _HUMMED.get(base, base)
    if base[0] in _WITHOUT_INITIAL:
        return _WITHOUT_INITIAL[base[0]], f"{base}{tone}"
    initial = next(initial for initial in _INITIALS if base.startswith(initial))
    final = base[len(initial) :]
    if initial in ("j", "q", "x", "y") and final.startswith("u"):
        final = f"v{final[1:]}"
    if initial == "y":
        final = _BEHIND_Y.get(final, final)
    if final == "i" and initial in ("z", "c", "s"):
        final = "i0"
    if final == "i" and initial in ("zh", "ch", "sh", "r"):
        final = "ir"
    return initial, f"{final}{tone}"
