"""The English front end: agreement with the official one, and every deliberate difference with its reason."""

import json
import random
from pathlib import Path

import pytest

from services.voice.errors import LanguageError
from services.voice.parity.text_check import DIFFERENCES
from services.voice.text import normalize, phonemize, supported
from services.voice.text.english_lexicon import look_up
from services.voice.text.english_oov import spell

VECTORS = Path(__file__).parents[2] / "vectors" / "text_en.json"
SENTENCES = json.loads(VECTORS.read_text(encoding="utf-8"))["en"]


@pytest.mark.parametrize("row", SENTENCES, ids=lambda row: row["text"][:30])
def test_phonemes_equal_the_official_ones_except_where_listed(row: dict) -> None:
    result = phonemize(row["text"], "en")
    if row["text"] in DIFFERENCES:
        assert list(result.phonemes) != row["phones"], "no difference any more: take it off the list"
    else:
        assert list(result.phonemes) == row["phones"]
        assert list(result.ids) == row["ids"]
    assert result.word2ph == ()


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("$3.5 million", "three point five million dollars"),
        ("$1.01 and €2", "one dollar and one cent and two euros"),
        ("¥500", "five hundred yen"),
        ("at 3:05pm or 12:00", "at three oh five P M or twelve o'clock"),
        ("the 1990s, '90s", "the nineteen nineties, nineties"),
        ("In 1905 and 2010", "In nineteen oh five and twenty ten"),
        ("5-10% off", "five to ten percent off"),
        ("on 3 March 2021", "on the third of March twenty twenty-one"),
        ("2024-01-05", "January fifth, twenty twenty-four"),
        ("2½ cups", "two and one half cups"),
        ("agent 007", "agent zero zero seven"),
        ("1,000,000 people", "one million people"),
        ("version 2.0.1", "version two point zero point one"),
        ("-5 and .5", "minus five and point five"),
        ("8GB, 3m, 5 km", "eight gigabytes, three meters, five kilometers"),
        ("5 in total", "five in total"),
        ("No. 5, no. It was no.", "Number five, no. It was no."),
        ("me@example.com", "me at example dot com"),
        ("St. Louis, Main St.", "Saint Louis, Main Street."),
        ("the U.S. at 5 p.m.", "the U S at five P M."),
        ("Tea, etc. We left at 5 p.m. The U.S. Army", "Tea, et cetera. We left at five P M. The U S Army"),
        ("CDs", "C D's"),
        ("World War II", "World War two"),
        ("HELLO WORLD THIS IS LOUD", "hello world this is loud"),
        ("McDonald's iPhone", "McDonald's i Phone"),
        ("Łódź, Ærø, naïve", "Lodz, Aero, naive"),
        ("two\nlines", "two lines"),
        ("Wait... what?!", "Wait. what?"),
    ],
)
def test_text_is_written_out_as_it_is_spoken(text: str, spoken: str) -> None:
    assert normalize(text, "en") == spoken


@pytest.mark.parametrize(
    ("text", "word", "phonemes"),
    [
        ("Please record it.", 1, "R IH0 K AO1 R D"),
        ("the record was", 1, "R EH1 K ER0 D"),
        ("I read it yesterday.", 1, "R EH1 D"),
        ("I will read it.", 2, "R IY1 D"),
        ("We live here.", 1, "L IH1 V"),
        ("A live show.", 1, "L AY1 V"),
        ("Close the door.", 0, "K L OW1 Z"),
        ("I used to sing.", 1, "Y UW1 S T"),
        ("A man.", 0, "AH0"),
        ("grade A", 1, "EY1"),
    ],
)
def test_neighbours_decide_how_a_homograph_is_read(text: str, word: int, phonemes: str) -> None:
    from services.voice.text.english_lexicon import pronounce

    assert " ".join(pronounce(text.rstrip(".").split(), word)) == phonemes


def test_endings_of_known_words_follow_the_last_sound() -> None:
    assert look_up("voiceloom's")[-1] == "Z"
    assert look_up("chatbots")[-1] == "S"
    assert look_up("texted")[-2:] == ("IH0", "D")
    assert look_up("googled")[-1] == "D"


@pytest.mark.parametrize(
    ("word", "phonemes"),
    [
        ("unromantically", "AH0 N R OW0 M AE1 N T IH0 K L IY0"),
        ("speechlessly", "S P IY1 CH L AH0 S L IY0"),
        ("sleaziness", "S L IY1 Z IY0 N AH0 S"),
        ("untucked", "AH0 N T AH1 K T"),
        ("tradecraft", "T R EY1 D K R AE1 F T"),
    ],
)
def test_words_built_from_known_ones_keep_their_sound(word: str, phonemes: str) -> None:
    assert " ".join(look_up(word)) == phonemes


def test_unknown_words_are_spelled_by_the_model() -> None:
    assert spell("flibbertigibbet") == tuple("F L IH1 B ER0 T IH0 JH AH0 T".split())
    assert all(phoneme[0].isupper() for phoneme in spell("zqxj"))


@pytest.mark.parametrize("text", ["", "   ", "...", "?!", "😀", "你好", "-", "'"])
def test_text_that_cannot_be_spoken_has_no_phonemes(text: str) -> None:
    result = phonemize(text, "en")
    assert not result
    assert result.ids == ()


def test_no_character_crashes_the_front_end() -> None:
    draw = random.Random(0)
    characters = [chr(code) for code in [*range(32, 0x600), *range(0x2000, 0x2200), 0x1F600]] + list(
        "0123.,:/-$% "
    ) * 99
    for _ in range(300):
        text = "".join(draw.choices(characters, k=draw.randint(1, 40)))
        result = phonemize(text, "en")
        assert len(result.ids) == len(result.phonemes)


def test_unknown_language_is_refused_by_name() -> None:
    assert "en" in supported()
    with pytest.raises(LanguageError, match="xx"):
        phonemize("text", "xx")
