"""Numbers, times, dates, prices and telephone numbers in words, as they are said."""

from __future__ import annotations

import random
from collections.abc import Callable

from num2words import num2words

Slot = Callable[[random.Random], str]

_DIGITS_ZH = "零一二三四五六七八九"
_DIGITS_EN = "zero one two three four five six seven eight nine".split()
_SHORTEST_MONTH = 28


def chinese(number: int) -> str:
    """0 to 99 999 999 as it is read: 十二, 一百零五, 两千, 三万零二十."""
    if number >= 10_000:
        high, low = divmod(number, 10_000)
        gap = "零" if 0 < low < 1000 else ""
        return ("两" if high == 2 else chinese(high)) + "万" + gap + (_spoken_tens(low, after=True) if low else "")
    return _spoken_tens(number, after=False)


def _spoken_tens(number: int, after: bool) -> str:
    """Below ten thousand; `after` something larger, ten is 一十."""
    if number < 10:
        return _DIGITS_ZH[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        lead = "" if tens == 1 and not after else _DIGITS_ZH[tens]
        return lead + "十" + (_DIGITS_ZH[ones] if ones else "")
    unit, name = (1000, "千") if number >= 1000 else (100, "百")
    high, low = divmod(number, unit)
    gap = "零" if 0 < low < unit // 10 else ""
    return ("两" if high == 2 else _DIGITS_ZH[high]) + name + (gap + _spoken_tens(low, after=True) if low else "")


def counted(number: int) -> str:
    """Before a measure word, two is 两."""
    return "两" if number == 2 else chinese(number)


def one_by_one(digits: str) -> str:
    """Chinese digits read singly."""
    return "".join(_DIGITS_ZH[int(digit)] for digit in digits)


def _clock_zh(hour: int, rng: random.Random) -> str:
    minute = rng.choice(("", "", "半", "一刻", "十分", "二十分", "零五分", "四十分", "五十五分"))
    return f"{counted(hour)}点{minute}"


def _any_time_zh(rng: random.Random) -> str:
    part, first, last = rng.choice((("早上", 6, 9), ("上午", 9, 11), ("中午", 12, 12), ("下午", 1, 5), ("晚上", 6, 10)))
    return part + _clock_zh(rng.randint(first, last), rng)


def _price_zh(rng: random.Random) -> str:
    whole = rng.choice((rng.randint(3, 99), rng.randint(100, 999)))
    return f"{counted(whole)}块" + rng.choice(("", "", "五", "八", "九毛", "钱"))


def _phone_zh(rng: random.Random) -> str:
    # One in a telephone number may be read 幺; the front ends of speech models read 一, and so do we.
    digits = "1" + "".join(str(rng.randint(2, 9)) for _ in range(10))
    return f"{one_by_one(digits[:3])}，{one_by_one(digits[3:7])}，{one_by_one(digits[7:])}"


def _date_zh(rng: random.Random) -> str:
    return f"{chinese(rng.randint(1, 12))}月{chinese(rng.randint(1, _SHORTEST_MONTH))}" + rng.choice("号日")


def _year(rng: random.Random) -> int:
    return rng.choice((rng.randint(1801, 1999), rng.randint(2001, 2026)))


def _clock_en(rng: random.Random) -> str:
    hour, minute = rng.randint(1, 12), rng.choice((5, 10, 15, 20, 25, 30, 40, 45, 50, 55))
    name, following = num2words(hour), num2words(hour % 12 + 1)
    return rng.choice(
        (
            f"{name} o'clock",
            f"half past {name}",
            f"a quarter past {name}",
            f"a quarter to {following}",
            f"{num2words(rng.choice((5, 10, 20)))} past {name}",
            f"{num2words(rng.choice((5, 10, 20)))} to {following}",
            f"{name} {'oh five' if minute == 5 else num2words(minute)}",
            f"{name} in the {rng.choice(('morning', 'afternoon'))}",
            "noon",
            "midnight",
        )
    )


def _price_en(rng: random.Random) -> str:
    whole, part = rng.randint(2, 400), rng.choice((20, 25, 50, 75, 80, 95, 99))
    unit, small = rng.choice((("dollars", "cents"), ("pounds", "pence"), ("euros", "cents")))
    return rng.choice(
        (f"{num2words(whole)} {unit}", f"{num2words(whole % 60 + 2)} {unit} and {num2words(part)} {small}")
    )


def _digits_en(count: int) -> Slot:
    return lambda rng: " ".join(rng.choice(_DIGITS_EN) for _ in range(count))


def _phone_en(rng: random.Random) -> str:
    return f"{_digits_en(3)(rng)}, {_digits_en(4)(rng)}"


def _number_en(rng: random.Random) -> str:
    return str(num2words(rng.choice((rng.randint(100, 999), rng.randint(1000, 9999), rng.randint(1, 90) * 1000))))


def _between(first: int, last: int, say: Callable[[int], str]) -> Slot:
    return lambda rng: say(rng.randint(first, last))


def _ordinal(number: int) -> str:
    return str(num2words(number, to="ordinal"))


SLOTS: dict[str, dict[str, Slot]] = {
    "en": {
        "number": _number_en,
        "number_small": _between(3, 19, num2words),
        "number_mid": _between(20, 199, num2words),
        "ordinal_small": _between(2, 12, _ordinal),
        "ordinal_day": _between(1, 31, _ordinal),
        "percent": _between(2, 98, lambda n: f"{num2words(n)} percent"),
        "year": lambda rng: str(num2words(_year(rng), to="year")),
        "time": _clock_en,
        "price": _price_en,
        "phone": _phone_en,
        "digits": _digits_en(3),
    },
    "zh": {
        "age": _between(5, 89, chinese),
        "people": _between(3, 7, chinese),
        "count": _between(2, 12, counted),
        "number_small": _between(2, 15, counted),
        "number_two": _between(12, 98, chinese),
        "number_big": _between(120, 9800, chinese),
        "population": _between(3, 2400, counted),
        "ordinal_small": _between(1, 9, chinese),
        "floor": _between(2, 32, chinese),
        "line": _between(1, 18, chinese),
        "page": _between(20, 460, chinese),
        "distance": _between(12, 2300, chinese),
        "temperature": _between(1, 38, chinese),
        "percent": _between(2, 80, lambda n: f"百分之{chinese(n)}"),
        "room": _between(101, 999, lambda n: one_by_one(str(n))),
        "year": lambda rng: one_by_one(str(_year(rng))),
        "month": _between(1, 12, lambda n: f"{chinese(n)}月"),
        "date": _date_zh,
        "price": _price_zh,
        "price_big": _between(12, 89, lambda n: f"{chinese(n * 100)}元"),
        "phone": _phone_zh,
        "time_any": _any_time_zh,
        "time_morning": lambda rng: _clock_zh(rng.randint(5, 9), rng),
        "time_afternoon": lambda rng: _clock_zh(rng.randint(1, 5), rng),
        "time_evening": lambda rng: _clock_zh(rng.randint(9, 12), rng),
        "time_night": lambda rng: _clock_zh(rng.randint(7, 11), rng),
    },
}
