"""Digits in English text into words: dates, times, money, units, ordinals, fractions, telephone and plain numbers."""

from __future__ import annotations

import re
from collections.abc import Callable

from num2words import num2words

Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]

MONTHS = "January February March April May June July August September October November December".split()
_MONTH = "|".join([*MONTHS, *(rf"{m[:3]}\.?" for m in MONTHS if m != "May"), r"Sept\.?"])
_DIGITS = "zero one two three four five six seven eight nine".split()
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"

# symbol: unit and subunit, each singular and plural
_CURRENCIES = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
    "¥": ("yen", "yen", "", ""),
    "₩": ("won", "won", "", ""),
    "₹": ("rupee", "rupees", "paisa", "paise"),
}
_SCALES = {"k": "thousand", "m": "million", "bn": "billion", "b": "billion", "tn": "trillion"}

# abbreviation: singular, plural
_UNITS = {
    "km/h": ("kilometer per hour", "kilometers per hour"),
    "kph": ("kilometer per hour", "kilometers per hour"),
    "m/s": ("meter per second", "meters per second"),
    "mph": ("mile per hour", "miles per hour"),
    "km": ("kilometer", "kilometers"),
    "cm": ("centimeter", "centimeters"),
    "mm": ("millimeter", "millimeters"),
    "m": ("meter", "meters"),
    "mi": ("mile", "miles"),
    "ft": ("foot", "feet"),
    "in": ("inch", "inches"),
    "yd": ("yard", "yards"),
    "kg": ("kilogram", "kilograms"),
    "mg": ("milligram", "milligrams"),
    "g": ("gram", "grams"),
    "lbs": ("pound", "pounds"),
    "lb": ("pound", "pounds"),
    "oz": ("ounce", "ounces"),
    "ml": ("milliliter", "milliliters"),
    "l": ("liter", "liters"),
    "hrs": ("hour", "hours"),
    "hr": ("hour", "hours"),
    "h": ("hour", "hours"),
    "mins": ("minute", "minutes"),
    "min": ("minute", "minutes"),
    "secs": ("second", "seconds"),
    "sec": ("second", "seconds"),
    "s": ("second", "seconds"),
    "ms": ("millisecond", "milliseconds"),
    "kHz": ("kilohertz", "kilohertz"),
    "MHz": ("megahertz", "megahertz"),
    "GHz": ("gigahertz", "gigahertz"),
    "Hz": ("hertz", "hertz"),
    "kB": ("kilobyte", "kilobytes"),
    "KB": ("kilobyte", "kilobytes"),
    "MB": ("megabyte", "megabytes"),
    "GB": ("gigabyte", "gigabytes"),
    "TB": ("terabyte", "terabytes"),
    "kW": ("kilowatt", "kilowatts"),
    "kWh": ("kilowatt hour", "kilowatt hours"),
    "W": ("watt", "watts"),
    "V": ("volt", "volts"),
    "dB": ("decibel", "decibels"),
    "°C": ("degree celsius", "degrees celsius"),
    "°F": ("degree fahrenheit", "degrees fahrenheit"),
    "°": ("degree", "degrees"),
}
# A single letter and "in" are units only when they touch the number ("5m", "3in"); "5 in total" is no length.
_LOOSE_UNITS = [unit for unit in _UNITS if len(unit) > 1 and unit not in ("in", "ms")]


def _alternatives(words: list[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def cardinal(number: int) -> str:
    """1234 -> "one thousand two hundred thirty-four" """
    return str(num2words(number)).replace(",", "").replace(" and ", " ")


def ordinal(number: int) -> str:
    """21 -> "twenty-first" """
    return str(num2words(number, to="ordinal")).replace(",", "").replace(" and ", " ")


def digits(text: str) -> str:
    """ "0123" -> "zero one two three" """
    return " ".join(_DIGITS[int(char)] for char in text if char.isdecimal())


def year(number: int) -> str:
    """1999 -> "nineteen ninety-nine", 2005 -> "two thousand five", 1905 -> "nineteen oh five" """
    century, rest = divmod(number, 100)
    if number % 1000 < 10:
        return cardinal(number)
    if rest == 0:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {'oh ' if rest < 10 else ''}{cardinal(rest)}"


def number_words(text: str) -> str:
    """A number as written ("1,234", "3.14", "1999", "007") in words; four digits alone are read like a year."""
    whole, _, fraction = text.replace(",", "").partition(".")
    if len(whole) > 15 or (len(whole) > 1 and whole.startswith("0")):
        words = digits(whole)
    elif "," not in text and not fraction and 1000 < int(whole) < 3000:
        words = year(int(whole))
    else:
        words = cardinal(int(whole))
    return f"{words} point {digits(fraction)}" if fraction else words


def _quantity(number: str, forms: tuple[str, str]) -> str:
    return f"{number_words(number)} {forms[0] if number == '1' else forms[1]}"


def _date(month: int, day: int, in_year: str) -> str:
    return f"{MONTHS[month - 1]} {ordinal(day)}" + (f", {year(int(in_year))}" if in_year else "")


def _iso_date(match: re.Match[str]) -> str:
    return _date(int(match["month"]), int(match["day"]), match["year"])


def _slash_date(match: re.Match[str]) -> str:
    first, second = int(match["first"]), int(match["second"])
    month, day = (second, first) if first > 12 else (first, second)
    return match.group() if month > 12 else _date(month, day, match["year"])


def _full_month(name: str) -> str:
    return next(month for month in MONTHS if month.startswith(name.strip(".")[:3]))


def _month_day(match: re.Match[str]) -> str:
    return f"{_full_month(match['month'])} {ordinal(int(match['day']))}"


def _day_month(match: re.Match[str]) -> str:
    article = "" if match["the"] else "the "
    return f"{match['the'] or ''}{article}{ordinal(int(match['day']))} of {_full_month(match['month'])}"


def _time(match: re.Match[str]) -> str:
    hour, minute = int(match["hour"]), int(match["minute"])
    half = re.sub(r"[^apm]", "", (match["half"] or "").lower())
    spoken = cardinal(hour)
    if minute:
        spoken += f" {'oh ' if minute < 10 else ''}{cardinal(minute)}"
    elif not half:
        spoken += " o'clock" if 1 <= hour <= 12 else " hundred"
    return spoken + (f" {half[0].upper()} M" if half else "")


def _hour_half(match: re.Match[str]) -> str:
    return f"{cardinal(int(match['hour']))} {match['half'][0].upper()} M"


def _money(match: re.Match[str]) -> str:
    one, many, sub_one, sub_many = _CURRENCIES[match["symbol"]]
    number, scale = match["number"], (match["scale"] or "").strip()
    if scale:
        return f"{number_words(number)} {_SCALES.get(scale.lower(), scale.lower())} {many}"
    whole, _, fraction = number.replace(",", "").partition(".")
    amount = int(whole)
    parts = [f"{cardinal(amount)} {one if amount == 1 else many}"] if amount or not fraction else []
    if fraction and (len(fraction) > 2 or not sub_one):
        return f"{number_words(number)} {many}"
    cents = int(fraction.ljust(2, "0")) if fraction else 0
    if cents:
        parts.append(f"{cardinal(cents)} {sub_one if cents == 1 else sub_many}")
    return " and ".join(parts) or f"zero {many}"


def _fraction(match: re.Match[str]) -> str:
    above, below = int(match["above"]), int(match["below"])
    if below == 0 or below > 100:
        return f"{cardinal(above)} over {cardinal(below)}"
    name = {2: "half", 4: "fourth"}.get(below, ordinal(below))
    spoken = f"{cardinal(above)} {name if above == 1 else {'half': 'halves'}.get(name, name + 's')}"
    return f"{cardinal(int(match['whole']))} and {spoken}" if match["whole"] else spoken


def _decade(match: re.Match[str]) -> str:
    number = int(match["number"])
    spoken = year(number) if number > 99 else cardinal(number)
    return re.sub(r"y$", "ies", spoken) if spoken.endswith("y") else f"{spoken}s"


def _range(match: re.Match[str]) -> str:
    return f"{number_words(match['low'])} to {number_words(match['high'])}"


def _ordinal(match: re.Match[str]) -> str:
    number = match["number"].replace(",", "")
    return ordinal(int(number)) if len(number) <= 15 else digits(number)


def _spaced(match: re.Match[str]) -> str:
    """A plain number; letters that touch it ("B12", "4x4") stay words of their own."""
    before = match.string[match.start() - 1 : match.start()]
    after = match.string[match.end() : match.end() + 1]
    return (" " if before.isalpha() else "") + number_words(match.group()) + (" " if after.isalpha() else "")


_HALF = r"(?:[ap]\.m\.(?=\s+[a-z]|[,;:?!])|[ap]\.?m\b)"
RULES: list[Rule] = [
    (re.compile(r"\b(?P<year>[12]\d{3})-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])\b"), _iso_date),
    (re.compile(r"\b(?P<first>[0-3]?[1-9]|[1-3]0)/(?P<second>[0-3]?[1-9]|[1-3]0)/(?P<year>[12]\d{3})\b"), _slash_date),
    (re.compile(rf"\b(?P<month>{_MONTH})\s+(?P<day>[12]?\d|3[01])(?:st|nd|rd|th)?\b(?![:.]\d)"), _month_day),
    (
        re.compile(rf"(?P<the>\bthe\s+)?\b(?P<day>[12]?\d|3[01])(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>{_MONTH})\b"),
        _day_month,
    ),
    (re.compile(rf"\b(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?!\d)(?:\s*(?P<half>{_HALF}))?", re.I), _time),
    (re.compile(rf"\b(?P<hour>1[0-2]|0?[1-9])\s*(?P<half>{_HALF})", re.I), _hour_half),
    (
        re.compile(r"(?<![\w-])(?:\+?\d{1,3}[ -])?(?:\(\d{3}\)\s?|\d{3}-)?\d{3}-\d{4}(?![\w-])"),
        lambda match: ", ".join(digits(group) for group in re.findall(r"\d+", match.group())),
    ),
    (
        re.compile(
            rf"(?P<symbol>[$£€¥₩₹])\s?(?P<number>{_NUMBER})(?P<scale>\s?(?:thousand|[mb]illion|trillion)\b|(?:bn|tn|[kmb])\b)?",
            re.I,
        ),
        _money,
    ),
    (
        re.compile(rf"(?P<number>{_NUMBER})\s?(?P<symbol>[€£₩₹])(?P<scale>)"),
        _money,
    ),
    (
        re.compile(rf"(?<![\w.,])(?P<low>{_NUMBER})\s?[-–]\s?(?P<high>{_NUMBER})(?=\s?%|[^\w.,-]|[.,](?!\d)|$)"),
        _range,
    ),
    (
        re.compile(r"(?<![\w/.])(?:(?P<whole>\d{1,3})\s)?(?P<above>\d{1,3})\s?/\s?(?P<below>\d{1,3})(?![\w/])"),
        _fraction,
    ),
    (re.compile(r"(?<![\w.,])'?(?P<number>[12]\d\d0|[2-9]0)'?s\b"), _decade),
    (re.compile(rf"(?P<number>{_NUMBER})\s?%"), lambda match: f"{number_words(match['number'])} percent"),
    (
        re.compile(rf"(?P<number>{_NUMBER})(?P<unit>{_alternatives(list(_UNITS))})(?![\w/])"),
        lambda match: _quantity(match["number"], _UNITS[match["unit"]]),
    ),
    (
        re.compile(rf"(?P<number>{_NUMBER})\s(?P<unit>{_alternatives(_LOOSE_UNITS)})(?![\w/])"),
        lambda match: _quantity(match["number"], _UNITS[match["unit"]]),
    ),
    (re.compile(r"(?<![\w.,])(?P<number>\d+|\d{1,3}(?:,\d{3})+)(?:st|nd|rd|th)\b", re.I), _ordinal),
    (
        re.compile(r"(?<![\w.])\d+(?:\.\d+){2,}(?![\w.]*\d)"),
        lambda match: " point ".join(number_words(part) for part in match.group().split(".")),
    ),
    (re.compile(r"(?<!\d)\.(?P<fraction>\d+)"), lambda match: f" point {digits(match['fraction'])}"),
    (re.compile(_NUMBER), _spaced),
]


def spell_numbers(text: str) -> str:
    """The text without digits; a minus sign before a number is spoken."""
    text = re.sub(r"(?<![\w.)])[-−–](?=[$£€¥]?\d)", "minus ", text)
    for pattern, spoken in RULES:
        text = pattern.sub(spoken, text)
    return text
