"""Numbers in Chinese text as they are spoken."""

from __future__ import annotations

import re

from cn2an import an2cn

_DIGITS = dict(zip("0123456789", "零一二三四五六七八九", strict=True))


def digits(text: str, one: str = "一") -> str:
    """Digit by digit; `one` is 幺 in telephone numbers."""
    return "".join(_DIGITS[char] for char in text if char in _DIGITS).replace("一", one)


def cardinal(text: str) -> str:
    whole, _, fraction = text.partition(".")
    if len(whole) > 16 or (len(whole) > 1 and whole.startswith("0")):
        spoken = digits(whole)
    else:
        spoken = an2cn(whole)
    return f"{spoken}点{digits(fraction)}" if fraction else spoken


def spell_numbers(text: str) -> str:
    text = re.sub(r"(?<!\d)([12]\d{3})年", lambda m: digits(m[1]) + "年", text)
    text = re.sub(
        r"(?<!\d)(\d{1,2}):([0-5]\d)(?!\d)",
        lambda m: (
            cardinal(str(int(m[1]))) + "点" + ("半" if m[2] == "30" else "" if m[2] == "00" else cardinal(m[2]) + "分")
        ),
        text,
    )
    text = re.sub(r"(?<!\d)1[3-9]\d{9}(?!\d)", lambda m: digits(m[0], "幺"), text)
    text = re.sub(r"-(\d+(?:\.\d+)?)°C", lambda m: "零下" + cardinal(m[1]) + "度", text)
    text = re.sub(r"(\d+(?:\.\d+)?)%", lambda m: "百分之" + cardinal(m[1]), text)
    text = re.sub(r"(\d+)/(\d+)", lambda m: cardinal(m[2]) + "分之" + cardinal(m[1]), text)
    text = re.sub(r"(\d+):(\d+)", lambda m: cardinal(m[1]) + "比" + cardinal(m[2]), text)
    return re.sub(r"\d+(?:\.\d+)?", lambda m: cardinal(m[0]), text)
