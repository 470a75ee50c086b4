"""Characters whose reading depends on the words around them, where they stand as a word of their own.

Words of several characters have their readings in dictionaries; what is here is for 还 in 还钱 and 得 in 我得走了.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from services.voice.text.chinese_words import NUMERALS, Word

Syllable = tuple[str, int]
Rule = Callable[[list[Word], int], str | None]

_EDGE = Word("", "")

# Character -> what may stand before it (its end), what behind (its beginning), and the reading then; the first row that
# fits decides. Nothing between the bars: anything.
_NEIGHBOURS: dict[str, list[tuple[str, str, str]]] = {
    "长": [("", "得|了|出|在|成|满|着|大|高|胖|肉|草|毛|芽|牙|痘", "zhang3"), ("", "", "chang2")],
    "还": [("", "钱|书|债|款|给|清|贷|账|人情|利息|信用卡", "huan2"),
          ("[要没不来先快已钱书款债车]", "$|了|吗", "huan2")],
    "重": [("[^很太更最]|^", "新|做|写|来|复|说|建|启|修|读|播|试|考|拍|装|排|回", "chong2")],
    "数": [("", "一数|到|着|了|过|不清|星星|钱|数|有|出", "shu3")],
    "教": [("", "会|徒|派|堂", "jiao4"), ("", "", "jiao1")],
    "干": [("[很太不没晒晾擦吹烘变风口饼服嘴发]", "$|了|透|燥", "gan1"), ("", "透|燥|枯", "gan1"),
          ("又", "又", "gan1")],
    "倒": [("", "水|茶|酒|满|垃圾|车|出|进|是|也|不|还", "dao4"), ("[摔晕推打跌病卧拉绊撞压]", "", "dao3"),
          ("", "了|下|在|地|塌|闭|台", "dao3")],
    "觉": [("[一个睡午懒好]", "", "jiao4")],
    "弹": [("[核导炸子炮飞流榴氢枚颗]", "", "dan4"), ("", "", "tan2")],
    "切": [("", "", "qie1")],
    "脏": [("", "", "zang1")],
    "血": [("", "", "xue4")],
    "盛": [("", "饭|汤|满|着|了|一", "cheng2")],
    "背": [("", "着|起|上|包|书包|负|黑锅|孩子", "bei1")],
    "空": [("[有没抽]", "", "kong4"), ("", "着|出|了|白", "kong4")],
    "转": [("", "圈|动|着|悠|来转去|了一圈|了两圈", "zhuan4")],
    "系": [("", "鞋|上|领|着|好|安全带|围", "ji4")],
    "扇": [("", "扇|风|了|着|耳光", "shan1")],
    "晕": [("", "车|船|机", "yun4")],
    "吐": [("[想呕要]", "", "tu4"), ("", "了|血|奶", "tu4")],
    "涨": [("", "红|满|大", "zhang4")],
    "冲": [("", "着|我|他|她|你", "chong4")],
    "量": [("", "一量|体温|了|血压|身高|尺寸|一下|着", "liang2")],
    "薄": [("", "", "bao2")],
    "炸": [("", "鸡|薯|鱼|糕|酱|油|虾|丸", "zha2")],
    "处": [("", "理|于|在|境|得", "chu3")],
    "缝": [("", "衣|补|了|上|制|被|好|着|扣", "feng2")],
    "中": [("", "了|奖|弹|毒|枪|计|标|暑", "zhong4")],
    "调": [("", "来|走|职|查|派|动|头", "diao4"), ("", "", "tiao2")],
    "率": [("", "先|领|队|军|众", "shuai4"), ("", "", "lv4")],
    "谁": [("", "", "shei2")],
    "划": [("", "着|船|桨|一?根|算", "hua2")],
    "溜": [("", "", "liu1")],
    "钻": [("", "", "zuan1")],
    "大": [("", "夫", "dai4")],
    "露": [("", "馅|脸|面|头|一手", "lou4")],
    "散": [("", "着|装|架", "san3")],
    "卷": [(r"[一二三四五六七八九十第几两]", "", "juan4")],
    "扫": [("", "", "sao3")],
    "似": [("", "的", "shi4")],
    "曾": [("", "先生|女士|老师|总|某|家", "zeng1")],
}  # fmt: skip


def reading_in_context(words: list[Word], index: int) -> Syllable | None:
    """The syllable of a word of one character where its neighbours decide it, None for the common reading."""
    char = words[index].text
    found = _RULES[char](words, index) if char in _RULES else _by_neighbours(words, index)
    return (found[:-1], int(found[-1])) if found else None


@lru_cache(maxsize=1)
def _patterns() -> dict[str, list[tuple[re.Pattern[str], re.Pattern[str], str]]]:
    return {
        char: [(re.compile(rf"(?:{before})$"), re.compile(rf"(?:{after})"), reading) for before, after, reading in rows]
        for char, rows in _NEIGHBOURS.items()
    }


def _by_neighbours(words: list[Word], index: int) -> str | None:
    rows = _patterns().get(words[index].text)
    if not rows:
        return None
    before, after = _text_around(words, index)
    for pattern_before, pattern_after, reading in rows:
        if pattern_before.search(before) and pattern_after.match(after):
            return reading
    return None


def _text_around(words: list[Word], index: int, reach: int = 4) -> tuple[str, str]:
    before = "".join(word.text for word in words[max(0, index - reach) : index])
    return before, "".join(word.text for word in words[index + 1 : index + 1 + reach])


def _around(words: list[Word], index: int) -> tuple[Word, Word]:
    before = words[index - 1] if index else _EDGE
    after = words[index + 1] if index + 1 < len(words) else _EDGE
    return before, after


def _de_complement(words: list[Word], index: int) -> str:
    """跑得快 de, 我得走了 dei, 得了第一 de with a tone"""
    before, after = _around(words, index)
    gains = after.text[:1] in ("了", "过", "奖", "分", "第", "病") or after.tag == "m"
    if not before.text or (gains and before.tag[:1] != "v"):
        return "de2"
    must = before.tag in ("r", "d", "t", "c", "nr") or before.text in ("人", "大家", "总", "还")
    if must and after.tag[:1] in ("v", "p", "d") and before.text != "不":
        return "dei3"
    return "de5"


def _di_adverbial(words: list[Word], index: int) -> str:
    """慢慢地走 de, 地很滑 di"""
    before, after = _around(words, index)
    if not before.text or before.text[-1] in "的在这那块":
        return "di4"
    acts = after.tag[:1] in ("v", "p", "d", "a", "i", "l", "z", "r", "n")
    describes = before.tag[:1] in ("a", "b", "d", "i", "z", "l", "o")
    doubled = len(before.text) >= 2 and before.text[-1] == before.text[-2]
    if doubled or (len(before.text) > 1 and describes and (acts or not after.text)):
        return "de5"
    if len(before.text) > 1 and before.tag[:1] in ("v", "n", "m") and after.tag[:1] in ("v", "p"):
        return "de5"
    # One syllable before it needs a degree: 很滑地走, but 扫地机器人.
    degree = words[index - 2].text if index > 1 else ""
    return "de5" if before.tag[:1] in ("a", "v") and degree in _DEGREES and after.tag[:1] in ("v", "p") else "di4"


def _liao(words: list[Word], index: int) -> str | None:
    """吃不了, 走得了"""
    before, _ = _around(words, index)
    possible = (index > 1 or len(before.text) > 1) and before.text in ("不", "得", "来得", "受得", "吃得")
    return "liao3" if possible else None


def _zhao_result(words: list[Word], index: int) -> str:
    """看着 zhe, 找着了 zhao"""
    before, after = _around(words, index)
    reached = before.text in ("找", "睡", "猜", "够", "点") and after.text in ("了", "")
    return "zhao2" if reached or before.text in ("不", "得") or after.text in ("火", "凉", "急", "迷") else "zhe5"


def _wei_preposition(words: list[Word], index: int) -> str:
    """为你, 为人民 on behalf of somebody; 以他为荣, 总长为五米 to be"""
    before, after = _around(words, index)
    earlier = "".join(word.text for word in words[max(0, index - 4) : index])
    somebody = after.tag[:1] in ("r", "n") and after.tag != "ns"
    subject = not before.text or before.tag[:1] in ("r", "d", "c", "v", "p", "t") or before.tag == "nr"
    subject = subject or (after.tag == "r" and before.tag == "n")
    clause_goes_on = any(word.tag[:1] in ("v", "a") for word in words[index + 2 :])
    named = re.search(r"[以称将把被改定分视译变化]", earlier)
    return "wei4" if somebody and subject and clause_goes_on and not named else "wei2"


def _zhi_measure(words: list[Word], index: int) -> str:
    """三只 of animals, 只有 only"""
    before, _ = _around(words, index)
    counted = before.text and (NUMERALS.issuperset(before.text) or before.text[-1] in "这那每几哪数百千万多船")
    return "zhi1" if counted else "zhi3"


def _hang_row(words: list[Word], index: int) -> str:
    before, after = _around(words, index)
    counted = before.text and (NUMERALS.issuperset(before.text) or before.text[-1] in "这那每几哪数两第换各")
    return "hang2" if counted and after.text != "不" else "xing2"


def _zhong_kind(words: list[Word], index: int) -> str:
    """一种方法 a kind, 种树 to plant"""
    before, after = _around(words, index)
    kind = before.text and (NUMERALS.issuperset(before.text) or before.text[-1] in "这那每几哪何多两数各某此该")
    plants = after.text[:1] in (
        "树",
        "花",
        "菜",
        "地",
        "田",
        "了",
        "下",
        "着",
        "在",
        "上",
        "满",
        "过",
        "草",
        "粮",
        "瓜",
        "水",
    )
    return "zhong4" if plants and not kind else "zhong3"


_DEGREES = frozenset("很 太 更 非常 特别 十分 极 最 挺 越 越来越".split())

_RULES: dict[str, Rule] = {
    "得": _de_complement,
    "地": _di_adverbial,
    "了": _liao,
    "着": _zhao_result,
    "为": _wei_preposition,
    "只": _zhi_measure,
    "行": _hang_row,
    "种": _zhong_kind,
}
