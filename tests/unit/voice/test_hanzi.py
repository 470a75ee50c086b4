"""Traditional characters become simplified ones, one for one."""

import pytest

from services.voice.hanzi import count_hanzi, syllables, to_simplified


@pytest.mark.parametrize(
    ("text", "simplified"),
    [
        ("後來皇后的頭髮乾淨了", "后来皇后的头发干净了"),
        ("妳說什麼？", "你说什么？"),
        ("看著這部名著，著急地走著", "看着这部名著，着急地走着"),
        ("这位著名作家的成就显著", "这位著名作家的成就显著"),
        ("乾隆皇帝瞭望臺", "乾隆皇帝瞭望台"),
        ("今天我用GitHub提交了3次代码。", "今天我用GitHub提交了3次代码。"),
        ("Nothing to do here.", "Nothing to do here."),
        ("", ""),
    ],
)
def test_traditional_characters_become_simplified_and_others_stay(text: str, simplified: str) -> None:
    assert to_simplified(text) == simplified


@pytest.mark.parametrize("text", ["邊\ufe00緣", "\uf900更", "𠮷野家", "於\u200b是", "𨦟鏈"])
def test_the_length_never_changes(text: str) -> None:
    assert len(to_simplified(text)) == len(text)


def test_what_was_converted_once_stays_as_it_is() -> None:
    once = to_simplified("於是颱風過後，他們裡裡外外打掃著臺北的髮廊。")
    assert to_simplified(once) == once


def test_chinese_characters_are_counted_without_punctuation_and_kana() -> None:
    assert count_hanzi("一二〇，ABC。かな 三") == 4


def test_syllables_are_read_in_context_one_for_each_character() -> None:
    assert syllables("銀行行长重新〇") == ["yin", "hang", "hang", "zhang", "chong", "xin", "ling"]
    assert syllables("") == []
    assert syllables("两个OK") == ["liang", "ge", "O", "K"]
