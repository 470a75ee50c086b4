"""Word errors count what is heard, not how it is written."""

import pytest

from services.inference.wer import comparable_words, edit_distance, word_error_rate


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("I have 3 apples.", "i have three apples"),
        ("Dr. Smith paid $5.", "Doctor Smith paid five dollars"),
        ("NASA and the FBI", "N.A.S.A. and the F B I"),
        ("It's twenty-one!", "its 21"),
        ("Well—this is it…", "Well, this is it."),
    ],
)
def test_spellings_of_the_same_words_are_no_errors(said: str, heard: str) -> None:
    assert word_error_rate(said, heard, "en") == 0.0


def test_errors_are_counted_per_word_said() -> None:
    assert word_error_rate("one two three four", "one too four", "en") == 0.5
    assert word_error_rate("one two", "", "en") == 1.0
    assert word_error_rate("one", "one two three", "en") == 2.0


def test_chinese_is_compared_by_character() -> None:
    assert comparable_words("你好,世界!", "zh") == ["你", "好", "世", "界"]
    assert word_error_rate("你好世界", "你好视界", "zh") == 0.25


def test_edit_distance_allows_insertions_deletions_and_substitutions() -> None:
    assert edit_distance("kitten", "sitting") == 3
    assert edit_distance([], ["a"]) == 1


def test_nothing_to_say_cannot_be_judged() -> None:
    with pytest.raises(ValueError, match="no word"):
        word_error_rate("...", "something", "en")
