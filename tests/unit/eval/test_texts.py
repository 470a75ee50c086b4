"""Error rates: only what can be heard counts."""

import pytest

from eval.texts import Errors, count_errors, in_full, unit


def test_the_same_words_written_differently_are_no_error() -> None:
    said = "We couldn't find 3 spaces near the theatre; it's full."
    heard = "we could not find three spaces near the theater it's full"
    assert count_errors(said, heard, "en") == Errors(0, 11)


def test_one_wrong_word_is_one_edit() -> None:
    assert count_errors("Please water the plants.", "Please order the plants.", "en") == Errors(1, 4)


def test_chinese_is_counted_in_characters_whatever_the_script_and_the_digits() -> None:
    assert count_errors("今天下午三点我们见面。", "今天下午3點我們見面", "zh") == Errors(0, 10)
    assert count_errors("记得带伞。", "记得太伞", "zh") == Errors(1, 4)


def test_nothing_heard_is_an_error_per_word() -> None:
    assert count_errors("Good morning, and welcome.", "", "en").rate == 1.0


def test_a_text_without_words_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="no word"):
        count_errors("...", "anything", "en")


def test_errors_add_up_over_sentences() -> None:
    assert (Errors(1, 4) + Errors(0, 6)).rate == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("written", "full"),
    [
        ("I can't, you won't", "I can not, you will not"),
        ("They’re here; we've eaten", "They are here; we have eaten"),
        ("It's John's", "It's John's"),
    ],
)
def test_contractions_with_one_meaning_are_written_out(written: str, full: str) -> None:
    assert in_full(written) == full


def test_every_language_says_what_it_counts() -> None:
    assert (unit("en"), unit("zh")) == ("WER", "CER")
