"""Numbers in Chinese text as they are spoken: dates, times, telephone numbers, amounts, ranges and the rest.

Works on text after compatibility normalisation (NFKC), in simplified characters. The result holds no digit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal

from cn2an import an2cn

from services.voice.text.chinese_units import CURRENCIES, MEASURES, UNITS

Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]

_DIGITS = dict(zip("0123456789", "零一二三四五六七八九", strict=True))
# The longest number that is read as one; longer ones, and those that begin with a zero, go digit by digit.
_LONGEST = 12
# A number of an identity card has 18 digits, one of a bank account 19.
_LONGEST_ROW = 24

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_HAN = "\u4e00-\u9fff"
# Where a number begins; a comma or a colon before it only ends what was before.
_START = r"(?<![\d.])"
_DASH = r"\s?[-~–—至到]+\s?"


def digits(text: str, one: str = "一") -> str:
    """Digit by digit; `one` is 幺 in telephone and room numbers. What is no digit vanishes."""
    return "".join(_DIGITS[char] for char in text if char in _DIGITS).replace("一", one)


def number(text: str) -> str:
    """A number as written ("1,234", "3.14", "007")."""
    whole, _, fraction = text.replace(",", "").partition(".")
    if len(whole) > _LONGEST:
        spoken = digits(whole, "幺")
    elif len(whole) > 1 and whole.startswith("0"):
        spoken = digits(whole)
    else:
        spoken = _cardinal(whole)
    return f"{spoken}点{digits(fraction)}" if fraction else spoken


def _cardinal(whole: str) -> str:
    return re.sub(r"^二(?=[千万亿])", "两", str(an2cn(whole)))


def counted(text: str) -> str:
    """A number before what it counts: 2 alone is 两."""
    return "两" if text == "2" else number(text)


def _alternatives(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _year(text: str) -> str:
    return digits(text)


def _date(match: re.Match[str]) -> str:
    return f"{_year(match['year'])}年{_cardinal(str(int(match['month'])))}月{_cardinal(str(int(match['day'])))}日"


def _short_year(match: re.Match[str]) -> str:
    """08年, 98年 name a year; 20年 is a stretch of time."""
    text = match["year"]
    named = text.startswith("0") or int(text) >= 80 or re.match(r"年\d{1,2}月", match.string[match.end("year") :])
    return digits(text) if named else number(text)


def _clock(match: re.Match[str]) -> str:
    before = match.string[max(0, match.start() - 6) : match.start()]
    if re.search(r"比[分例率值数]?|赔率", before) and not match["second"]:
        return f"{number(match['hour'])}比{number(match['minute'])}"
    half = {"a": "上午", "p": "下午"}.get((match["half"] or "")[:1].lower(), "")
    hour, minute = str(int(match["hour"])), int(match["minute"])
    spoken = f"{half}{counted(hour)}点"
    if match["second"]:
        return f"{spoken}{_two_digits(minute)}分{_two_digits(int(match['second']))}秒"
    if minute == 30:
        return f"{spoken}半"
    return f"{spoken}{_two_digits(minute)}分" if minute else spoken


def _two_digits(value: int) -> str:
    return f"零{_cardinal(str(value))}" if 0 < value < 10 else _cardinal(str(value))


def _hour(match: re.Match[str]) -> str:
    return f"{'上午' if match['half'][0].lower() == 'a' else '下午'}{counted(str(int(match['hour'])))}点"


def _phone(match: re.Match[str]) -> str:
    """A pause where the writer grouped the digits."""
    country = "加" if match.group().startswith("+") else ""
    return country + ",".join(digits(group, "幺") for group in re.findall(r"\d+", match.group()))


def _by_digit(match: re.Match[str]) -> str:
    return digits(match["number"], "幺")


def _model(match: re.Match[str]) -> str:
    """A380, RTX4090 digit by digit; X100 as a number."""
    text = match["number"]
    return number(text) if text.endswith("00") and not text.startswith("0") else digits(text)


def _train(match: re.Match[str]) -> str:
    return f"{match['letter']}{digits(match['number'], '幺')}"


def _money(match: re.Match[str]) -> str:
    text, scale = match["number"].replace(",", ""), (match["scale"] or "").strip()
    if factor := {"k": 3, "m": 6, "b": 9}.get(scale.lower()):
        text, scale = f"{Decimal(text) * 10**factor:f}", ""
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if len(text) > 8 and re.fullmatch(r"[1-9]\d*0{8}", text):
        text, scale = text[:-8], "亿"
    elif re.fullmatch(r"[1-9]\d{0,7}0{4}", text):
        text, scale = text[:-4], "万"
    return f"{_signed(match['sign'])}{counted(text)}{scale}{CURRENCIES[match['symbol']]}"


def _signed(sign: str | None) -> str:
    return {"-": "负", "+": "正", "±": "正负"}.get(sign or "", "")


def _price(match: re.Match[str]) -> str:
    """12.50元: the last zero is not said."""
    return match["number"].rstrip("0").rstrip(".")


def _degrees(match: re.Match[str]) -> str:
    cold = "零下" if match["sign"] == "-" else _signed(match["sign"])
    if match["high"]:
        return f"{cold}{number(match['low'])}到{'零下' if match['sign2'] else ''}{number(match['high'])}度"
    return f"{'华氏' if match['scale'] == 'F' else ''}{cold}{number(match['low'])}度"


def _percent(match: re.Match[str]) -> str:
    base = "千分之" if match["sign_of"] == "‰" else "百分之"
    spoken = f"{_signed(match['sign'])}{base}{number(match['number'])}"
    return f"{base}{number(match['low'])}到{spoken}" if match["low"] else spoken.replace("百分之一百", "百分之百")


def _fraction(match: re.Match[str]) -> str:
    if int(match["below"]) == 0:
        return f"{number(match['above'])}斜杠{number(match['below'])}"
    whole = f"{number(match['whole'])}又" if match["whole"] else ""
    return f"{_signed(match['sign'])}{whole}{number(match['below'])}分之{number(match['above'])}"


def _range(match: re.Match[str]) -> str:
    low, high, rest = match["low"], match["high"], match.string[match.end() :]
    if re.match(r"[\s,]?(?:战胜|击败|获胜|领先|大胜|险胜|完胜|落后|力克|逆转|告负|战平|打平|不敌|惜败)", rest):
        return f"{number(low)}比{number(high)}"
    if all(re.fullmatch(r"(?:19|20)\d\d", part) for part in (low, high)):
        return f"{digits(low)}到{digits(high)}"
    counts = _MEASURE.match(rest)
    say = counted if counts else number
    return f"{_signed(match['sign'])}{say(low)}到{say(high)}"


def _unit_range(match: re.Match[str]) -> str:
    unit = UNITS[match["unit"] or match["last"]]
    return f"{_signed(match['sign'])}{counted(match['low'])}到{counted(match['high'])}{unit}"


def _version(match: re.Match[str]) -> str:
    """1.2.3, and 192.168.1.1 with its longer parts digit by digit."""
    return "点".join(digits(part) if len(part) > 2 else number(part) for part in match.group().split("."))


def _thousands(match: re.Match[str]) -> str:
    scale = {"k": "千", "w": "万"}[match["scale"].lower()]
    return f"{counted(match['number'])}{scale}"


_MEASURE = re.compile(rf"\s?(?:{_alternatives(MEASURES)})(?!之|年级)|\s?年(?!级|\d)")
_CURRENCY = _alternatives(CURRENCIES)
_UNIT = _alternatives(UNITS)
_SIGN = r"(?P<sign>(?<![A-Za-z\d)%])[-±]|(?<![\w)%])\+)?"
_MONTH, _DAY = r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"

RULES: list[Rule] = [
    # dates
    (
        re.compile(rf"{_START}(?P<year>[12]\d{{3}})(?P<mark>[-/.])(?P<month>{_MONTH})(?P=mark)(?P<day>{_DAY})(?![\d.])"),
        _date,
    ),
    (
        re.compile(rf"{_START}(?P<year>[12]\d{{3}})[-/](?P<month>0[1-9]|1[0-2])(?![\d.%/-])(?!\s?年)"),
        lambda match: f"{_year(match['year'])}年{_cardinal(str(int(match['month'])))}月",
    ),
    (
        re.compile(rf"{_START}(?P<low>[12]\d{{3}})年?{_DASH}(?P<high>[12]\d{{3}})(?=年)"),
        lambda match: f"{_year(match['low'])}年到{_year(match['high'])}",
    ),
    (re.compile(rf"{_START}[12]\d00(?=年(?:前|的?历史|以来|以前|以上|之久))"), lambda match: number(match.group())),
    (re.compile(rf"{_START}[12]\d{{3}}(?=年|款|届|级|版|财年|学年|赛季|Q[1-4])"), lambda match: _year(match.group())),
    (re.compile(rf"{_START}(?P<year>\d{{2}})(?=年(?!代|前|后|来|以|之|的|级))"), _short_year),
    (re.compile(rf"{_START}(?:[5-9]0|[01][05])(?=后(?!面|续|来|期|方))"), lambda match: digits(match.group())),
    # times
    (
        re.compile(
            r"(?<![\d:.])(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?(?![\d:])"
            r"(?:\s?(?P<half>[aApP]\.?[mM]\.?)(?![A-Za-z]))?"
        ),
        _clock,
    ),
    (re.compile(r"(?<![\d:.])(?P<hour>0?[1-9]|1[0-2])\s?(?P<half>[aApP]\.?[mM]\.?)(?![A-Za-z])"), _hour),
    # telephone numbers and other rows of digits
    (re.compile(r"(?<![\d.-])(?:\+?86[- ]?)?1[3-9]\d([- ]?)\d{4}\1\d{4}(?![\d-])"), _phone),
    (re.compile(r"(?<![\d.-])(?:\+86[- ]?)?(?:\(0\d{2,3}\)\s?|0\d{2,3}[- ])\d{7,8}(?:-\d{1,4})?(?!\d)"), _phone),
    (re.compile(r"(?<![\d.-])[48]00[- ]?\d{3}[- ]?\d{4}(?![\d-])"), _phone),
    (
        re.compile(
            r"(?P<before>(?:号码|编号|密码|验证码|[账帐]号|卡号|尾号|学号|工号|邮编|邮政编码|车牌号?|[Qq][Qq]群?号?|微信号?|证号|"
            r"电话|热线|拨打|请拨|致电|呼叫|报警|房间号?)(?:是|为|:|号|\s)*)(?P<number>\d{3,})(?![\d.%])"
        ),
        lambda match: match["before"] + _by_digit(match),
    ),
    (re.compile(r"(?<=打)(?P<number>1(?:10|19|20|14|22)|1\d{4})(?![\d.%分个件次])"), _by_digit),
    (re.compile(rf"{_START}(?P<number>10086|10010|10000(?=号)|12306|12315|12345|12580)(?![\d.])"), _by_digit),
    (re.compile(rf"{_START}(?P<number>\d{{3,4}})(?=室|房间|号房|宿舍)"), _by_digit),
    (re.compile(rf"{_START}(?P<number>985|211|996|618)(?=大学|高校|院校|工程|工作制|大促|、|和)"), _by_digit),
    (re.compile(r"(?<![A-Za-z])(?P<letter>[GDCKTZ])(?P<number>\d{1,4})(?=次|列车|高铁|动车)"), _train),
    (re.compile(rf"(?<=[A-Za-z])(?<!\d[xX])-?(?P<number>\d{{3,}})(?![\d.,]|\s?(?:{_UNIT})(?![A-Za-z]))"), _model),
    (re.compile(r"(?<=波音)(?P<number>7\d7)"), _by_digit),
    # amounts
    (
        re.compile(rf"{_SIGN}(?P<symbol>{_CURRENCY})\s?(?P<number>{_NUMBER})(?P<scale>\s?[百千]?[万亿]|[kKmMbB](?![A-Za-z]))?"),
        _money,
    ),
    (
        re.compile(rf"{_SIGN}(?P<number>{_NUMBER})(?P<scale>\s?[百千]?[万亿])?\s?(?P<symbol>{_CURRENCY})(?![A-Za-z\d])"),
        _money,
    ),
    (re.compile(rf"{_START}(?P<number>\d+\.\d*0)(?=元|块|美元|欧元|英镑|日元|港元|港币)"), _price),
    (
        re.compile(
            rf"{_SIGN}(?P<low>{_NUMBER})(?:{_DASH}(?P<sign2>-)?(?P<high>{_NUMBER}))?\s?"
            r"(?:°\s?(?P<scale>[CF](?![A-Za-z]))|(?<=\d)摄氏度)"
        ),
        _degrees,
    ),
    (
        re.compile(rf"(?:(?P<low>{_NUMBER}){_DASH}(?={_NUMBER}[%‰]))?(?P<sign>(?<![A-Za-z\d)%])[-+±])?(?P<number>{_NUMBER})\s?(?P<sign_of>[%‰])"),
        _percent,
    ),
    (re.compile(r"(?<![\d.])\d+(?:\.\d+){2,}(?![\d.]*\d)"), _version),
    # ratios and fractions
    (
        re.compile(rf"(?<![\d:.])(?P<left>{_NUMBER})\s?:\s?(?P<right>{_NUMBER})(?![\d:])"),
        lambda match: f"{number(match['left'])}比{number(match['right'])}",
    ),
    (
        re.compile(rf"{_SIGN}(?<![\d/.])(?:(?P<whole>\d{{1,3}})\s)?(?P<above>\d{{1,4}})\s?/\s?(?P<below>\d{{1,4}})(?![\d/.])"),
        _fraction,
    ),
    # sums
    (re.compile(r"(?<=\d)\s*-\s*(?=\d[\d.\s+×*÷xX-]*=)"), lambda match: "减"),
    (re.compile(r"(?<=\d)\s*[*×xX]\s*(?=\d)"), lambda match: "乘"),
    (re.compile(r"(?<=[\dA-Za-z])\s*>\s*(?=[\dA-Za-z])"), lambda match: "大于"),
    (re.compile(r"(?<=[\dA-Za-z])\s*<\s*(?=[\dA-Za-z])"), lambda match: "小于"),
    # ranges, with or without the unit on both sides
    (
        re.compile(
            rf"{_SIGN}(?<![A-Za-z\d.-])(?P<low>{_NUMBER})(?:\s?(?P<unit>{_UNIT}))?\s?[-~–—]+\s?(?P<high>{_NUMBER})"
            rf"\s?(?(unit)(?P=unit)|(?P<last>{_UNIT}))(?![A-Za-z\d-])"
        ),
        _unit_range,
    ),
    (re.compile(rf"{_SIGN}(?<![A-Za-z\d.-])(?P<low>{_NUMBER})\s?[-~–—]+\s?(?P<high>{_NUMBER})(?![\d-])"), _range),
    # units
    (
        re.compile(rf"(?P<number>{_NUMBER})(?P<scale>[kw]|W(?=粉|人|元|块|播放|用户|阅读|点赞|\+))(?![A-Za-z])"),
        _thousands,
    ),
    (
        re.compile(rf"{_SIGN}(?P<number>{_NUMBER})\s?(?P<unit>{_UNIT})(?![A-Za-z\d^])"),
        lambda match: f"{_signed(match['sign'])}{counted(match['number'])}{UNITS[match['unit']]}",
    ),
    (
        re.compile(rf"(?P<number>{_NUMBER})(?P<measure>[{_HAN}]{{1,2}})/(?=[{_HAN}]|h\b|s\b)"),
        lambda match: f"{counted(match['number'])}{match['measure']}每",
    ),
    # the rest
    (re.compile(rf"(?<![第周期\d.,])2(?={_MEASURE.pattern})"), lambda match: "两"),
    (re.compile(r"(?<=\d)\^(?P<power>\d+)"), lambda match: f"的{number(match['power'])}次方"),
    # Behind a number and what it counts a dash is none: 第3章-5节
    (
        re.compile(rf"(?<!\d[{_HAN}])(?<!\d[{_HAN}]{{2}})(?<![A-Za-z\d)%])(?P<sign>[-±])(?=\d)"),
        lambda match: _signed(match["sign"]),
    ),
    (re.compile(_NUMBER), lambda match: number(match.group())),
]  # fmt: skip


def spell_numbers(text: str) -> str:
    """The text without digits."""
    # No number is that long; the rules below need not try.
    text = re.sub(rf"\d{{{_LONGEST_ROW},}}", lambda match: digits(match.group(), "幺"), text)
    text = re.sub(r"-{2,}", "—", text)
    for pattern, spoken in RULES:
        text = pattern.sub(spoken, text)
    return text
