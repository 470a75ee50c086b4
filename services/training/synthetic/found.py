"""Sentences found in Debian's packages: WordNet's examples in English, documentation and fortunes in Chinese."""

from __future__ import annotations

import gzip
import html
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from services.training.synthetic.errors import SyntheticError
from services.voice.hanzi import to_simplified

PACKAGES = {
    "en": ("wordnet-base",),
    "zh": ("debian-reference-zh-cn", "manpages-zh", "libreoffice-help-zh-cn", "fortunes-zh"),
}
_SHARE = Path("/usr/share")
_EXAMPLE = re.compile(r'"([^"]+)"')
_PLAIN_ENGLISH = re.compile(r"[A-Za-z][A-Za-z ,;'!?.-]*[A-Za-z!?.]")
_WORDS = (4, 22)
# Nothing but Chinese characters and their punctuation between two ends of sentences: no markup, no commands, no digits.
_PLAIN_CHINESE = re.compile(r"(?:(?<=[。！？\n])|^)[\u4e00-\u9fff，、；：]{8,40}[。！？]", re.MULTILINE)
_TAG = re.compile(r"<[^>]+>")
_TERMINAL_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_TROFF_FONT = re.compile(r"\\f.|\\[&,/]")


def found_sentences(language: str) -> list[str]:
    """All of them, each once, always in the same order."""
    found = _english() if language == "en" else _chinese()
    sentences = list(dict.fromkeys(found))
    if not sentences:
        names = " ".join(PACKAGES[language])
        raise SyntheticError(f"No sentences were found. On Debian and Ubuntu: apt install {names}")
    return sentences


def _english() -> Iterator[str]:
    for path in sorted((_SHARE / "wordnet").glob("data.*")):
        for line in path.read_text(encoding="ascii", errors="ignore").splitlines():
            yield from examples(line.partition("|")[2])


def examples(gloss: str) -> Iterator[str]:
    """The quoted examples of a gloss that can be read aloud as sentences."""
    for quoted in _EXAMPLE.findall(gloss):
        text = " ".join(quoted.split()).rstrip(";,")
        if _PLAIN_ENGLISH.fullmatch(text) and _WORDS[0] <= len(text.split()) <= _WORDS[1]:
            text = text[0].upper() + text[1:]
            yield text if text[-1] in ".!?" else text + "."


def _chinese() -> Iterator[str]:
    for path in sorted((_SHARE / "debian-reference").glob("*.zh-cn.txt.gz")):
        yield from plain_chinese(_read(path))
    for path in sorted((_SHARE / "man/zh_CN").glob("man*/*.gz")):
        lines = (line for line in _read(path).splitlines() if not line.startswith((".", "'")))
        yield from plain_chinese(_TROFF_FONT.sub("", "\n".join(lines)))
    for path in sorted((_SHARE / "libreoffice/help/zh-CN/text").rglob("*.html")):
        yield from plain_chinese(html.unescape(_TAG.sub("\n", path.read_text(encoding="utf-8"))))
    prose = _SHARE / "games/fortunes/chinese"  # beside it lie poems, whose old words the front end misreads
    if prose.exists():
        yield from plain_chinese(_TERMINAL_COLOUR.sub("", prose.read_text(encoding="utf-8", errors="ignore")))


def plain_chinese(text: str) -> Iterator[str]:
    """Sentences of simplified characters alone; lines that were wrapped within a sentence are joined first."""
    joined = re.sub(r"(?<=[\u4e00-\u9fff，、])\n[ \t]*(?=[\u4e00-\u9fff])", "", re.sub(r"\n[ \t]+", "\n", text))
    for sentence in _PLAIN_CHINESE.findall(joined):
        if all(map(_is_simplified, sentence)):
            yield sentence


@cache
def _is_simplified(character: str) -> bool:
    return to_simplified(character) == character


def _read(path: Path) -> str:
    with gzip.open(path, "rt", encoding="utf-8", errors="ignore") as lines:
        return lines.read()
