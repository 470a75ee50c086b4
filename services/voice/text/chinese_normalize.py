"""Chinese text as it is spoken: simplified characters, numbers and signs written out, plain punctuation.

The result holds only Chinese characters that have a reading, Latin words and `. , ? ! …`.
"""

from __future__ import annotations

import re
import unicodedata

from services.voice.hanzi import to_simplified
from services.voice.text import english_normalize
from services.voice.text.chinese_numbers import digits, spell_numbers
from services.voice.text.chinese_readings import has_reading
from services.voice.text.chinese_units import SIGNS

# What sentence splitting must not stop at: those of the English words in a Chinese text.
ABBREVIATIONS = english_normalize.ABBREVIATIONS

# Before compatibility normalisation, which would take these apart or mix them up with others.
_BEFORE = str.maketrans(
    {"，": "、", "²": "^2", "³": "^3", "­": "", "′": "分", "″": "秒"}
    | {chr(0x2160 + index): str(index + 1) for index in range(12)}
    | {chr(0x2170 + index): str(index + 1) for index in range(12)}
)  # fmt: skip
_PAUSES = dict.fromkeys("、;:()[]{}【】〔〕〖〗|/\\→←—–―•●■◆★☆", ",")
_MARKS = str.maketrans({**_PAUSES, "。": ".", "｡": ".", "!": "!", "?": "?", "‥": "…"})
# Characters of talk, as those that dictionaries read.
_TALK = str.maketrans({"嗯": "恩", "呣": "母"})
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8, "IX": 9, "X": 10}

_LATIN = re.compile(r"[A-Za-z](?:['’ .-]*[A-Za-z])*")
_NOT_CHINESE = re.compile(r"[^\u2e80-\uffff\U00020000-\U0003ffff]+")
# This many words in small letters in a row are English, numbers between them included.
_ENGLISH_WORDS = 3
_ADDRESS = re.compile(
    r"(?:https?://|www\.)[\w.~/?#&=%+-]*[\w/]|(?<![\w.+-])[\w.+-]+@[A-Za-z\d-]+(?:\.[A-Za-z\d-]+)+"
    r"|(?<![\w.-])[A-Za-z\d-]+(?:\.[A-Za-z\d-]+)*\.(?:com|cn|net|org|io|edu|gov|top|cc)(?![A-Za-z])(?:/[\w./-]*\w)?",
    re.ASCII,
)
_IN_ADDRESS = {
    ".": "点",
    "@": "艾特",
    "/": "斜杠",
    "-": "杠",
    "_": "下划线",
    "?": "问号",
    "&": "和",
    "=": "等于",
    "#": "井号",
}


def normalize(text: str) -> str:
    """The text as it is spoken; empty when nothing in it is."""
    text = unicodedata.normalize("NFC", text).translate(_BEFORE)
    text = re.sub(r"(?<=\d)[½¼¾⅓⅔]", lambda match: " " + match.group(), text)
    text = unicodedata.normalize("NFKC", text).replace("⁄", "/").replace("−", "-")
    text = to_simplified(text).translate(_TALK)
    text = re.sub(r"\s*\n\s*", "、", re.sub(r"\.{2,}|。{2,}", "…", text))
    text = _NOT_CHINESE.sub(_english_sentence, text)
    text = _ADDRESS.sub(lambda match: _speak_address(match.group()), text)
    text = re.sub(r"(?<=第)[IVX]+(?![A-Za-z])", lambda match: str(_ROMAN.get(match.group(), match.group())), text)
    text = re.sub(r"(?<![A-Za-z])[Nn][Oo]\.\s?(?=\d)", "第", text)
    text = re.sub(r"(?<![A-Za-z])([CF])#", r"\1 sharp", text)
    text = spell_numbers(re.sub(r"(?<![A-Za-z\d])([A-Za-z]+)-(?=\d)", r"\1", text))
    text = _speak_signs(text)
    text = _LATIN.sub(_english_words, text)
    return _tidy(text)


def _english_sentence(match: re.Match[str]) -> str:
    """A stretch of English among Chinese, with its own numbers and abbreviations."""
    run = match.group()
    if len(re.findall(r"(?<![A-Za-z])[a-z]{2,}(?![A-Za-z])", _ADDRESS.sub("", run))) < _ENGLISH_WORDS:
        return run
    inner = re.search(r"[A-Za-z\d$£€].*[A-Za-z\d.!?%]", run)
    if inner is None:
        return run
    return f"{run[: inner.start()]} {english_normalize.normalize(inner.group())} {run[inner.end() :]}"


def _speak_address(address: str) -> str:
    """ "me@example.com" -> "me艾特example点com", digits one by one"""
    address = re.sub(r"^https?://", "", address.rstrip("/"))
    spoken = "".join(_IN_ADDRESS.get(char, char) for char in re.sub(r"^www\b", "W W W", address))
    return re.sub(r"\d+", lambda match: digits(match.group()), spoken)


def _speak_signs(text: str) -> str:
    text = re.sub(r"(?<=[A-Za-z])\s?&\s?(?=[A-Za-z])", " and ", text).replace("&", "和")
    text = re.sub(r"\^二|\^2", "平方", text).replace("^三", "立方").replace("^", "")
    # A wave or a dash between two stretches of time or number is a range; behind a word it only draws it out.
    text = re.sub(
        r"(?<=[日号月年点半分周元度一二三四五六日天])\s?[-~–—]+\s?(?=[周星零一二三四五六七八九十两百上下早晚])",
        "到",
        text,
    )
    text = re.sub(r"(?<=[\u4e00-\u9fff])~(?=[\u4e00-\u9fff])", "到", text)
    text = re.sub(r"~+(?=\s)", ",", text)
    for sign, spoken in SIGNS.items():
        text = text.replace(sign, spoken)
    # A dash between Latin letters belongs to the word, elsewhere it is a pause.
    text = re.sub(r"--+|(?<![A-Za-z])-|-(?![A-Za-z])", ",", text)
    return re.sub(r"(?<=[A-Za-z])[/\\_|](?=[A-Za-z])", " ", text).translate(_MARKS)


def _english_words(match: re.Match[str]) -> str:
    words = match.group()
    spoken = english_normalize.normalize(words.upper() if len(words) == 1 else words)
    return f" {spoken} "


def _tidy(text: str) -> str:
    text = "".join(char if _is_spoken(char) else " " if char.isspace() or char.isalpha() else "" for char in text)
    text = re.sub(r"(?<![^\W\d_a-zA-Z])\s+|\s+(?![^\W\d_a-zA-Z])", " ", text)
    text = re.sub(r"(?<=[^\sA-Za-z.,?!…'-]{3}) +(?=[^\sA-Za-z.,?!…'-]{3})", ",", text)
    text = re.sub(r"(?<![A-Za-z])'|'(?![A-Za-z])", "", text)
    text = re.sub(r"\s*([.,?!…])\s*", r"\1", text)
    # One mark where several meet, the strongest of them.
    text = re.sub(r"[.,?!…]{2,}", lambda match: next(mark for mark in "?!….," if mark in match.group()), text)
    text = re.sub(r" +(?=[^A-Za-z ]|$)|(?<![A-Za-z ]) +|^ +", "", text)
    text = re.sub(r"^[.,…]+|[,'-]+$", "", text)
    return text if any(char.isalpha() for char in text) else ""


def _is_spoken(char: str) -> bool:
    return char in ".,?!…'-" or (char.isascii() and char.isalpha()) or has_reading(char)
