"""The Chinese front end: agreement with the official one, and every deliberate difference with its reason."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.voice.parity.text_check import DIFFERENCES
from services.voice.symbols import is_symbol
from services.voice.text import normalize, phonemize, split_sentences
from services.voice.text.chinese_syllables import syllable_symbols

VECTORS = Path(__file__).parents[2] / "vectors" / "text_zh.json"
SENTENCES = json.loads(VECTORS.read_text(encoding="utf-8"))["zh"]


def pinyin(text: str) -> str:
    """What is spoken, two symbols a syllable joined again: "n i3 h ao3" -> "ni3 hao3"."""
    phonemes = list(phonemize(text, "zh").phonemes)
    syllables = []
    while phonemes:
        first = phonemes.pop(0)
        second = phonemes.pop(0) if phonemes and phonemes[0][-1:].isdigit() and first not in ",.?!…" else ""
        syllables.append(f"{first}{second}")
    return " ".join(syllables)


@pytest.mark.parametrize("row", SENTENCES, ids=lambda row: row["text"][:20])
def test_phonemes_equal_the_official_ones_except_where_listed(row: dict) -> None:
    result = phonemize(row["text"], "zh")
    if row["text"] in DIFFERENCES:
        assert list(result.phonemes) != row["phones"], "no difference any more: take it off the list"
    else:
        assert list(result.phonemes) == row["phones"]
        assert list(result.ids) == row["ids"]
        assert list(result.word2ph) == row["word2ph"]
        assert result.normalized_text == row["norm"]


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        # numbers
        ("100000人，1005，2,500", "十万人,一千零五,两千五百"),
        ("1,234,567.89", "一百二十三万四千五百六十七点八九"),
        ("3.14和0.5", "三点一四和零点五"),
        ("从-3到5", "从负三到五"),
        ("第1名，第2个，第12回", "第一名,第二个,第十二回"),
        ("1亿2000万", "一亿两千万"),
        ("007", "零零七"),
        ("5k和10w", "五千和十万"),
        # two of something, and number two
        ("2个人，12个人，2天，2万", "两个人,十二个人,两天,两万"),
        ("2楼2班2月2号，2年级", "二楼二班二月二号,二年级"),
        ("2年，2024年2月", "两年,二零二四年二月"),
        # per cent, fractions, ratios
        ("95%，-5%，+3.2%，100%", "百分之九十五,负百分之五,正百分之三点二,百分之百"),
        ("5%-10%，5-10%，5‰", "百分之五到百分之十,百分之五到百分之十,千分之五"),
        ("1/2，2½", "二分之一,二又二分之一"),
        ("比分3:2，16:9", "比分三比二,十六比九"),
        # dates and times
        ("2024年3月5日", "二零二四年三月五日"),
        ("2024-03-05，2024/3/5，2024.3.5", "二零二四年三月五日,二零二四年三月五日,二零二四年三月五日"),
        ("2019-2024年，2022级", "二零一九年到二零二四年,二零二二级"),
        ("98年，08年，20年前，80年代，90后", "九八年,零八年,二十年前,八十年代,九零后"),
        ("8:30，15:45，8：05，12:00，2:00", "八点半,十五点四十五分,八点零五分,十二点,两点"),
        ("2:30pm，01:23:45", "下午两点半,一点二十三分四十五秒"),
        ("周一-周五 9:00-18:00", "周一到周五,九点到十八点"),
        # ranges and scores
        ("3-5个，2-3天，3~5公里", "三到五个,两到三天,三到五公里"),
        ("巴西2-1击败德国", "巴西二比一击败德国"),
        # rows of digits
        ("13812345678", "幺三八幺二三四五六七八"),
        ("+86 138-1234-5678", "加八六,幺三八,幺二三四,五六七八"),
        ("010-12345678，400-820-8820", "零幺零,幺二三四五六七八,四零零,八二零,八八二零"),
        ("请打110，拨打12345，打100分", "请打幺幺零,拨打幺二三四五,打一百分"),
        ("验证码是123456，302室，G101次", "验证码是幺二三四五六,三零二室,G幺零幺次"),
        ("A380，RTX4090，COVID-19", "A三八零,R T X四零九零,C O V I D十九"),
        ("1.2.3版，192.168.1.1", "一点二点三版,一九二点一六八点一点一"),
        # units and money
        ("2km、10m²、60km/h、200ml", "两公里,十平方米,六十公里每小时,二百毫升"),
        ("5km-10km，2-5kg", "五到十公里,两到五公斤"),
        ("-12℃，-5~3℃，37.5°C，98°F", "零下十二度,零下五到三度,三十七点五度,华氏九十八度"),
        ("¥100，￥12.50，12.00元，100RMB", "一百元,十二点五元,十二元,一百元"),
        ("$2，$3.5亿，$1.5M，€99.9", "两美元,三点五亿美元,一百五十万美元,九十九点九欧元"),
        ("5元/斤", "五元每斤"),
        # sums
        ("3+5=8, 5-3=2, 2×3=6, 6÷2=3", "三加五等于八,五减三等于二,二乘三等于六,六除以二等于三"),
        ("1920x1080，30°", "一千九百二十乘一千零八十,三十度"),
        # punctuation and forms
        ("１２３，ＡＢＣ！", "一百二十三,A B C!"),
        ("（你好）【世界】《书》", "你好,世界,书"),
        ("“引用”‘话’「语」", "引用话语"),
        ("你好——世界……真的吗？！", "你好,世界…真的吗?"),
        ("今天😀很好👍🏻", "今天很好"),
        ("第Ⅱ期，第III章，①苹果", "第二期,第三章,一苹果"),
        ("列夫·托尔斯泰", "列夫托尔斯泰"),
        ("第一行\n第二行", "第一行,第二行"),
        ("床前明月光 疑是地上霜", "床前明月光,疑是地上霜"),
        ("我 是 学 生", "我是学生"),
        ("好~ 北京~上海", "好,北京到上海"),
        ("me@example.com", "me艾特example点com"),
        ("嗯，好的", "恩,好的"),
    ],
)
def test_text_is_written_out_as_it_is_spoken(text: str, spoken: str) -> None:
    assert normalize(text, "zh") == spoken


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("頭髮乾燥，看著他，顯著", "头发干燥,看着他,显著"),
        ("名著和显著", "名著和显著"),
        ("臺灣的後來，皇后", "台湾的后来,皇后"),
    ],
)
def test_traditional_characters_become_simplified_ones(text: str, spoken: str) -> None:
    assert normalize(text, "zh") == spoken


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("你好", "ni2 hao3"),
        ("展览馆", "zhan2 lan2 guan3"),
        ("小老虎", "xiao3 lao2 hu3"),
        ("我很想你", "wo2 hen3 xiang2 ni3"),
        ("几百把雨伞", "ji2 bai2 ba3 yv2 san3"),
        ("九九五五", "jiu2 jiu3 wu2 wu3"),
    ],
)
def test_third_tones_change_in_words_and_short_groups(text: str, spoken: str) -> None:
    assert pinyin(text) == spoken


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("一天", "yi4 tian1"),
        ("一样", "yi2 yang4"),
        ("一个", "yi2 ge5"),
        ("看一看", "kan4 yi5 kan4"),
        ("第一", "di4 yi1"),
        ("一月", "yi1 yve4"),
        ("一九九八", "yi1 jiu3 jiu3 ba1"),
        ("统一", "tong3 yi1"),
        ("二十一个", "EEer4 shir2 yi1 ge5"),
        ("不去", "bu2 qv4"),
        ("不来", "bu4 lai2"),
        ("说不说", "shuo1 bu5 shuo1"),
    ],
)
def test_yi_and_bu_take_the_tone_that_their_neighbours_ask_for(text: str, spoken: str) -> None:
    assert pinyin(text) == spoken


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("妈妈", "ma1 ma5"),
        ("朋友们", "peng2 you5 men5"),
        ("女朋友", "nv3 peng2 you5"),
        ("桌子上", "zhuo1 zi05 shang5"),
        ("电子邮件", "dian4 zi03 you2 jian4"),
        ("王子和妻子", "wang2 zi03 he2 qi1 zi05"),
        ("看看", "kan4 kan5"),
        ("出来", "chu1 lai5"),
        ("三个", "san1 ge5"),
        ("好吗", "hao3 ma5"),
    ],
)
def test_neutral_syllables_have_the_fifth_tone(text: str, spoken: str) -> None:
    assert pinyin(text) == spoken


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("花儿", "hua1 EEer1"),
        ("一会儿", "yi2 hui4 EEer4"),
        ("一点儿", "yi4 dian3 EEer3"),
        ("女儿", "nv3 EEer2"),
        ("儿子", "EEer2 zi05"),
    ],
)
def test_an_added_er_takes_the_tone_before_it(text: str, spoken: str) -> None:
    assert pinyin(text) == spoken


@pytest.mark.parametrize(
    ("text", "place", "spoken"),
    [
        ("银行的行长", 1, "hang2"),
        ("三行代码", 1, "hang2"),
        ("他在行走", 2, "xing2"),
        ("他长得高", 1, "zhang3"),
        ("头发很长", 3, "chang2"),
        ("重新来", 0, "chong2"),
        ("箱子很重", 3, "zhong4"),
        ("跑得快", 1, "de5"),
        ("我得走了", 1, "dei3"),
        ("他得了冠军", 1, "de2"),
        ("慢慢地走", 2, "de5"),
        ("地上有水", 0, "di4"),
        ("我要还钱", 2, "huan2"),
        ("还有一个", 0, "hai2"),
        ("首都", 1, "du1"),
        ("大家都来", 2, "dou1"),
        ("受不了", 2, "liao3"),
        ("他走了", 2, "le5"),
        ("睡着了", 1, "zhao2"),
        ("看着我", 1, "zhe5"),
        ("飞机着陆", 2, "zhuo2"),
        ("数一数", 0, "shu3"),
        ("数学课", 0, "shu4"),
        ("为人民服务", 0, "wei4"),
        ("总长为五米", 2, "wei2"),
        ("一只猫", 1, "zhir1"),
        ("只有你", 0, "zhir2"),
        ("在种花", 1, "zhong4"),
        ("一种花", 1, "zhong3"),
        ("他教我", 1, "jiao1"),
        ("衣服干了", 2, "gan1"),
        ("在干什么", 1, "gan4"),
        ("音乐", 1, "yve4"),
        ("快乐", 1, "le4"),
    ],
)
def test_neighbours_decide_how_a_character_is_read(text: str, place: int, spoken: str) -> None:
    assert pinyin(text).split()[place] == spoken


def test_latin_words_are_read_in_english_where_they_stand() -> None:
    assert list(phonemize("我用GPT写", "zh").phonemes) == "w o3 y ong4 JH IY1 P IY1 T IY1 x ie3".split()
    assert normalize("他说：I have 3 apples, ok? 然后走了", "zh") == "他说,I have three apples,ok?然后走了"
    assert normalize("iPhone 15 Pro很贵", "zh") == "i Phone十五Pro很贵"
    assert phonemize("Hello, world!", "zh").phonemes == phonemize("Hello, world!", "en").phonemes


def test_every_character_of_the_normalised_text_has_its_phonemes_counted() -> None:
    result = phonemize("我用GPT写，OK", "zh")
    assert result.normalized_text == "我用G P T写,O K"
    #                         我 用  G     P     T  写 ,  O     K
    assert result.word2ph == (2, 2, 2, 0, 2, 0, 2, 2, 1, 1, 0, 2)
    assert sum(result.word2ph) == len(result.phonemes)


@pytest.mark.parametrize("text", ["", "   ", "...", "？！", "😀", "……", "-", "'", "한국어", "（）"])
def test_text_that_cannot_be_spoken_has_no_phonemes(text: str) -> None:
    result = phonemize(text, "zh")
    assert not result
    assert (result.ids, result.word2ph) == ((), ())


_ALPHABET = st.one_of(
    st.sampled_from("一不了着得地儿子个两二三五百千万点年月日你好我小老虎长行重"),
    st.sampled_from("0123456789.,:/-~%$¥°℃½²①Ⅱ ()km'@"),
    st.characters(),
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.text(_ALPHABET, max_size=30))
def test_no_text_crashes_the_front_end(text: str) -> None:
    result = phonemize(text, "zh")
    assert len(result.ids) == len(result.phonemes) == sum(result.word2ph)
    assert len(result.word2ph) == (len(result.normalized_text) if result else 0)
    assert not any(char in "0123456789" for char in result.normalized_text)
    assert all(any(char.isalnum() for char in piece) for piece in split_sentences(text, "zh"))


def test_every_syllable_of_pinyin_has_symbols() -> None:
    assert syllable_symbols("yuan", 2) == ("y", "van2")
    assert syllable_symbols("ye", 3) == ("y", "E3")
    assert syllable_symbols("lve", 4) == ("l", "ve4")
    assert syllable_symbols("er", 2) == ("EE", "er2")
    assert all(is_symbol(symbol) for base in ("ng", "m", "ê", "hm", "biang") for symbol in syllable_symbols(base, 2))


def test_chinese_sentences_end_at_chinese_marks_and_long_ones_break_between_phrases() -> None:
    page = "今天天气真不错，我们去公园吧。你说好不好？3.5公里不算远……那就走吧！"
    assert split_sentences(page, "zh") == [
        "今天天气真不错，我们去公园吧。",
        "你说好不好？",
        "3.5公里不算远……那就走吧！",
    ]
    endless = (
        "我们昨天在公园里看见的那只很大的白色的鸟今天早上又飞到了学校门口的那棵老树上但是没有人知道它究竟是从哪里飞来的"
    )
    pieces = split_sentences(endless, "zh")
    assert "".join(pieces) == endless
    assert pieces[-1].startswith("但是")
