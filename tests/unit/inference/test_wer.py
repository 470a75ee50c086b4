"""Word errors count what is heard, not how it is written."""

import pytest

from services.inference.wer import comparable_words, edit_distance, word_error_rate, word_errors


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("I have 3 apples.", "i have three apples"),
        ("Dr. Smith paid $5.", "Doctor Smith paid five dollars"),
        ("NASA and the FBI", "N.A.S.A. and the F B I"),
        ("It's twenty-one!", "its 21"),
        ("Well—this is it…", "Well, this is it."),
        ("My favourite colour is grey.", "my favorite color is gray"),
        ("They travelled to the theatre and organised it.", "They traveled to the theater and organized it."),
        ("Beat swords into ploughshares.", "beat swords into plow shares"),
        ("There are seven of a hundred and five.", "There are 7 of 105."),
        ("In 2006 and 1998", "in two thousand and six and nineteen ninety-eight"),
    ],
)
def test_spellings_of_the_same_words_are_no_errors(said: str, heard: str) -> None:
    assert word_error_rate(said, heard, "en") == 0.0


def test_errors_are_counted_per_word_said() -> None:
    assert word_error_rate("one two three four", "one too four", "en") == 0.5
    assert word_error_rate("one two", "", "en") == 1.0
    assert word_error_rate("one", "one two three", "en") == 2.0


@pytest.mark.parametrize(
    ("said", "heard"),
    [("filled", "filed"), ("four", "for"), ("staled", "stalled"), ("wise", "wiser"), ("a hundred", "hundred")],
)
def test_words_that_sound_different_stay_different(said: str, heard: str) -> None:
    assert word_error_rate(said, heard, "en") > 0


def test_chinese_is_compared_by_character() -> None:
    assert comparable_words("你好,世界!", "zh") == ["你", "好", "世", "界"]
    assert word_error_rate("你好世界", "你好视界", "zh") == 0.25


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("她后来走着去了。", "他後來，走著去了"),
        ("第一个人买了二十四个苹果", "第1个人买了24个苹果"),
        ("２０２６年１１月２４日", "二零二六年十一月二十四日"),
        ("百分之五十的人给了两块钱", "50%的人给了2块钱"),
        ("我用Python写代码，CPU很快。", "我用 python 写代码 C P U 很快"),
        ("〇点", "零点"),
    ],
)
def test_ways_of_writing_the_same_chinese_are_no_errors(said: str, heard: str) -> None:
    assert word_error_rate(said, heard, "zh") == 0.0


def test_latin_words_in_chinese_count_as_one_each() -> None:
    assert comparable_words("用GitHub写", "zh") == ["用", "github", "写"]
    assert word_error_rate("用GitHub写", "用Gitlab写", "zh") == pytest.approx(1 / 3)


def test_errors_and_words_are_counted_apart_for_texts_in_several_languages() -> None:
    assert word_errors("one two three four", "one too four", "en") == (2, 4)
    assert word_errors("...", "", "zh") == (0, 0)


def test_edit_distance_allows_insertions_deletions_and_substitutions() -> None:
    assert edit_distance("kitten", "sitting") == 3
    assert edit_distance([], ["a"]) == 1


def test_nothing_to_say_cannot_be_judged() -> None:
    with pytest.raises(ValueError, match="no word"):
        word_error_rate("...", "something", "en")
