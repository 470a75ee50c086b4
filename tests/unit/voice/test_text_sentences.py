"""Splitting a page of text into pieces that can be spoken in one go."""

from services.voice.text import split_sentences
from services.voice.text.sentences import MAX_WEIGHT


def test_sentences_are_split_at_their_ends() -> None:
    assert split_sentences("It was a bright cold day. The clocks were striking! Who knew that?", "en") == [
        "It was a bright cold day.",
        "The clocks were striking!",
        "Who knew that?",
    ]


def test_abbreviations_numbers_and_addresses_do_not_end_a_sentence() -> None:
    text = "Dr. J. K. Smith paid $3.14 at example.com on Jan. 5th, e.g. for tea in the U.S. at night."
    assert split_sentences(text, "en") == [text]


def test_closing_quotes_stay_with_their_sentence() -> None:
    assert split_sentences('He said: "This is the way." Then he went home.', "en") == [
        'He said: "This is the way."',
        "Then he went home.",
    ]


def test_very_short_pieces_join_a_neighbour() -> None:
    assert split_sentences("Yes. No. We are certainly going there.", "en") == ["Yes. No. We are certainly going there."]


def test_paragraphs_are_never_joined() -> None:
    assert split_sentences("A heading\n\nThe text below it", "en") == ["A heading", "The text below it"]


def test_long_sentences_are_cut_at_commas_and_nothing_is_lost() -> None:
    text = "When the rain had stopped, and the sun came out again, " * 6 + "we left."
    pieces = split_sentences(text, "en")
    assert all(len(piece) <= MAX_WEIGHT for piece in pieces)
    assert all(piece.endswith((",", ".")) for piece in pieces)
    assert " ".join(pieces) == text


def test_a_page_without_a_word_has_no_sentences() -> None:
    assert split_sentences(" \n\n ... !? \n", "en") == []
