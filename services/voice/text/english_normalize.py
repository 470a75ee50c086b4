"""English text as it is spoken: numbers, symbols, abbreviations and acronyms written out.

The result holds only letters, apostrophes, spaces and `. , ? ! -`, the marks that the symbol table knows.
"""

from __future__ import annotations

import re
import unicodedata

from services.voice.text.english_lexicon import in_dictionary
from services.voice.text.english_numbers import cardinal, spell_numbers

# With a full stop behind them; the value is what is said.
_ABBREVIATIONS = {
    "mr": "Mister",
    "mrs": "Missus",
    "ms": "Ms",
    "prof": "Professor",
    "capt": "Captain",
    "col": "Colonel",
    "gen": "General",
    "lt": "Lieutenant",
    "sgt": "Sergeant",
    "sen": "Senator",
    "rep": "Representative",
    "gov": "Governor",
    "pres": "President",
    "rev": "Reverend",
    "hon": "Honorable",
    "jr": "Junior",
    "sr": "Senior",
    "ave": "Avenue",
    "blvd": "Boulevard",
    "rd": "Road",
    "mt": "Mount",
    "ft": "Fort",
    "no": "Number",
    "nos": "Numbers",
    "vol": "volume",
    "dept": "department",
    "est": "established",
    "approx": "approximately",
    "inc": "Incorporated",
    "corp": "Corporation",
    "ltd": "Limited",
    "co": "Company",
    "vs": "versus",
    "etc": "et cetera",
    "fig": "figure",
    "min": "minutes",
    "max": "maximum",
}
# Common words, too: abbreviations only in front of a number or a name.
_ONLY_BEFORE_NUMBER = {"no", "nos", "fig", "vol"}
_ONLY_BEFORE_NAME = {"mt", "ft", "gen", "col", "rep", "sen", "gov", "pres", "hon", "rev", "lt", "capt", "sgt", "prof"}
_ONLY_AFTER_NUMBER = {"min", "max"}

# What sentence splitting must not stop at; those that also end sentences are left to what follows them.
ABBREVIATIONS = frozenset(
    {*_ABBREVIATIONS, *"dr st e.g i.e u.s jan feb mar apr jun jul aug sep sept oct nov dec".split()}
) - frozenset("etc min max no inc co est ave rd".split())

_PUNCTUATION = str.maketrans(
    {
        "’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
        "。": ".", "，": ",", "、": ",", "！": "!", "？": "?", "：": ":", "；": ";", "…": "...",
        "‐": "-", "‑": "-", "−": "-", "²": " squared", "³": " cubed", "№": "No. ", "\u00ad": "",
    }
)  # fmt: skip
# Letters that decomposition leaves alone.
_LETTERS = str.maketrans(
    {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "đ": "d", "Đ": "D",
     "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i"}
)  # fmt: skip
_SYMBOLS = {
    "&": " and ",
    "+": " plus ",
    "=": " equals ",
    "@": " at ",
    "°": " degrees ",
    "%": " percent ",
    "€": " euros ",
    "£": " pounds ",
    "$": " dollars ",
    "¥": " yen ",
    "/": " ",
    "_": " ",
    "\\": " ",
    "|": " ",
}
_ROMAN = {"II": 2, "III": 3, "IV": 4, "VI": 6, "VII": 7, "VIII": 8, "IX": 9, "XI": 11, "XII": 12}
_PATH = r"[^\s,;!?\"'()<>]"
_URL = re.compile(
    rf"\b(?:https?://|www\.){_PATH}+|\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    rf"|\b[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|io|edu|gov)\b(?:/{_PATH}*)?"
)


def normalize(text: str) -> str:
    """The text as it is spoken; empty when nothing in it is."""
    text = unicodedata.normalize("NFC", text).translate(_PUNCTUATION)
    text = re.sub(r"(?<=\d)[½¼¾⅓⅔]", lambda match: " " + match.group(), text)
    text = unicodedata.normalize("NFKC", text).replace("⁄", "/")
    text = re.sub(r"\s+", " ", text).strip()
    text = _URL.sub(lambda match: _speak_address(match.group()), text)
    text = _lower_shouting(text)
    text = re.sub(r"\s*—\s*|\s+[-–]+\s+|--+", ", ", text)
    text = re.sub(r"\b24/7\b", "twenty-four seven", text)
    text = re.sub(r"\b([CF])#(?!\w)", r"\1 sharp", text)
    text = re.sub(r"#(?=\d)", "number ", text)
    text = re.sub(r"(?<=\d)\s*[x×]\s*(?=\d)", " by ", text)
    text = _expand_abbreviations(text)
    text = spell_numbers(text)
    text = re.sub(r"(?<=\w)–(?=\w)", "-", text)
    for symbol, spoken in _SYMBOLS.items():
        text = text.replace(symbol, spoken)
    text = _plain_letters(text)
    text = _separate_capitals(text)
    return _tidy(text)


def _speak_address(address: str) -> str:
    """ "me@example.com" -> "me at example dot com" """
    tail = re.search(r"[.:]+$", address)
    end = tail.group()[0] if tail else ""
    address = re.sub(r"^https?://", "", address[: len(address) - len(tail.group())] if tail else address)
    address = re.sub(r"^www\b", "w w w", address.rstrip("/"))
    for mark, spoken in ((".", "dot"), ("@", "at"), ("/", "slash"), ("-", "dash"), ("_", "underscore")):
        address = address.replace(mark, f" {spoken} ")
    return address + end


def _lower_shouting(text: str) -> str:
    """A text all in capitals is words, not acronyms."""
    words = re.findall(r"[A-Za-z]{2,}", text)
    shouting = len(words) >= 3 and all(word.isupper() for word in words) and max(map(len, words)) > 4
    return text.lower() if shouting else text


def _expand_abbreviations(text: str) -> str:
    text = re.sub(r"\b[eE]\.\s?g\.,?", "for example", text)
    text = re.sub(r"\b[iI]\.\s?e\.,?", "that is", text)
    text = re.sub(r"\bw/o\b", "without", text)
    text = re.sub(r"(?<=[a-z] )Dr\.(?=\s*(?:$|[,;]))", lambda match: _keep_stop(match, "Drive"), text)
    text = re.sub(r"\bDr\.?(?=\s+[A-Z])", "Doctor", text)
    text = re.sub(r"\bSt\.", _saint_or_street, text)
    text = re.sub(r"\bPh\.?\s?D\b(?:\.(?!\s*$))?", "P H D", text)
    text = re.sub(r"(?<![\w.])([A-HJ-Z])\.(?=\s+[A-Z])", r"\1", text)  # J. K. Rowling
    # U.S.A., a.m.: letters one by one; the last stop stays where the text ends.
    text = re.sub(r"\b(?:[A-Za-z]\.){2,}", _initials, text)
    return re.sub(r"\b([A-Za-z]{2,6})\.", _expand_one, text)


def _keep_stop(match: re.Match[str], spoken: str, *, may_end: bool = False) -> str:
    """The stop of an abbreviation also ends the sentence when nothing follows, or (`may_end`) when a capital does."""
    following = match.string[match.end() :].lstrip()[:1]
    return spoken + ("." if not following or (may_end and following.isupper()) else "")


def _saint_or_street(match: re.Match[str]) -> str:
    """ "St. Mary" is a saint, "Elm St. Station" and "Elm St." are streets."""
    before = match.string[: match.start()].split()
    named = bool(before) and before[-1][:1].isupper() and before[-1].isalpha() and len(before[-1]) > 1
    saint = not named and re.match(r"\s+[A-Z]", match.string[match.end() :])
    return "Saint" if saint else _keep_stop(match, "Street")


def _initials(match: re.Match[str]) -> str:
    """ "U.S. Army" goes on, "at 5 p.m. We left" does not."""
    letters = match.group().replace(".", "")
    return _keep_stop(match, " ".join(letters.upper()), may_end=letters.islower())


def _expand_one(match: re.Match[str]) -> str:
    word = match[1].lower()
    spoken = _ABBREVIATIONS.get(word)
    following = match.string[match.end() :].lstrip()[:1]
    before = match.string[: match.start()].rstrip()[-1:]
    wrong_place = (
        (word in _ONLY_BEFORE_NUMBER and not following.isdigit())
        or (word in _ONLY_BEFORE_NAME and not (following.isupper() and match[1][0].isupper()))
        or (word in _ONLY_AFTER_NUMBER and not before.isdigit())
        or (match[1].isupper() and len(word) > 1 and word not in ("mr", "mrs", "ms"))
    )
    return match.group() if spoken is None or wrong_place else _keep_stop(match, spoken, may_end=word == "etc")


def _plain_letters(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.translate(_LETTERS))
    bare = "".join(char for char in decomposed if unicodedata.category(char) != "Mn")
    # What nobody speaks vanishes; a word in another script leaves a gap between its neighbours.
    return re.sub(r"[^ A-Za-z'.,?!-]", "", re.sub(r"[^\W\d_a-zA-Z]+", " ", bare))


def _separate_capitals(text: str) -> str:
    """Acronyms letter by letter, and a gap before every inner capital ("iPhone" -> "i Phone")."""
    text = re.sub(r"(?<=[a-z] )[IVX]{2,}\b", _roman, text)
    text = re.sub(r"\b([A-Z]{2,})s\b", lambda match: f"{match[1]}'s", text)

    def separate(match: re.Match[str]) -> str:
        word = match.group()
        if not word.isupper() and word[0].isupper() and in_dictionary(word):
            return word  # McDonald
        return re.sub(r"(?<!^)(?<![\s'])([A-Z])", r" \1", word)

    return re.sub(r"[A-Za-z'-]*[A-Z][A-Za-z'-]*", separate, text)


def _roman(match: re.Match[str]) -> str:
    number = _ROMAN.get(match.group())
    return match.group() if number is None else cardinal(number)


def _tidy(text: str) -> str:
    text = re.sub(r"\s*([.,?!])", r"\1", text)
    # One mark where several meet, the strongest of them.
    text = re.sub(r"[.,?!]{2,}", lambda match: next(mark for mark in "?!.," if mark in match.group()), text)
    text = re.sub(r"([.,?!])(?=[^\s.,?!'])", r"\1 ", text)
    text = re.sub(r"(?<!\w)'|'(?!\w)", "", re.sub(r"(?<=s)'(?=\s)", "", text))
    text = re.sub(r"\s+", " ", text).strip(" ,-")
    return text if any(char.isalpha() for char in text) else ""
