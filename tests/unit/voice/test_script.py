"""Every sentence of a text is read in the language that it is written in, where the voice speaks it."""

import pytest

from services.voice.script import Passage, join_text, language_of, passages, unspoken_language

BOTH = ("en", "zh")


def test_english_voice_reads_chinese_sentences_in_chinese_and_the_reverse() -> None:
    text = "After lunch we walked along the river. 吃过午饭，我们沿着河边慢慢散步。 Then we went home again."
    expected = [
        Passage("After lunch we walked along the river.", "en"),
        Passage("吃过午饭，我们沿着河边慢慢散步。", "zh"),
        Passage("Then we went home again.", "en"),
    ]
    assert passages(text, "en", BOTH) == expected
    assert passages(text, "zh", BOTH) == expected


def test_sentences_of_one_language_stay_together() -> None:
    text = "今天天气很好，我们去公园走走。明天我们再去爬山，好不好？"
    assert passages(text, "en", BOTH) == [Passage(text, "zh")]


@pytest.mark.parametrize(
    ("sentence", "own", "spoken", "language"),
    [
        ("我用 Python 写代码。", "en", BOTH, "zh"),
        ("I have 3 apples.", "zh", BOTH, "en"),
        ("I have 3 apples.", "zh", ("zh",), "zh"),
        ("你好 everyone!", "en", ("en",), "en"),
        ("3.14", "zh", BOTH, "zh"),
        ("3.14", "en", BOTH, "en"),
        ("你好", "yue", ("zh", "yue"), "yue"),
        ("ありがとう", "en", ("en", "ja"), "ja"),
        ("안녕하세요", "en", ("en", "ko"), "ko"),
    ],
)
def test_script_decides_among_the_languages_that_are_spoken(
    sentence: str, own: str, spoken: tuple[str, ...], language: str
) -> None:
    assert language_of(sentence, own, spoken) == language


@pytest.mark.parametrize(
    ("text", "spoken", "language"),
    [
        ("吃过午饭，我们散步。", ("en",), "zh"),
        ("吃过午饭，我们和 Tom 散步。", ("en",), "zh"),
        ("He said 你好 to everybody.", ("en",), ""),
        ("ありがとうございます、先生。", ("en", "zh"), "ja"),
        ("안녕하세요", ("en", "zh"), "ko"),
        ("吃过午饭，我们散步。", ("en", "zh"), ""),
        ("After lunch", ("zh",), ""),
        ("2026", ("en",), ""),
        ("", ("en",), ""),
    ],
)
def test_text_that_cannot_be_read_says_in_which_language_it_is(
    text: str, spoken: tuple[str, ...], language: str
) -> None:
    assert unspoken_language(text, spoken) == language


def test_texts_are_joined_with_spaces_where_the_script_has_them() -> None:
    assert join_text(["We", " went", "home."]) == "We went home."
    assert join_text(["你", "好，", "世界。", "再见"]) == "你好，世界。再见"
    assert join_text(["用", "GitHub", "and", "Python", "写"]) == "用GitHub and Python写"
    assert join_text([]) == ""


def test_text_without_sentences_has_no_passages() -> None:
    assert passages(" … ", "en", BOTH) == []
