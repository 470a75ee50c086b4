"""Reading: the GPT looks where it is, and a sentence ends at its end."""

from services.voice.reading import AHEAD, BACK, LONGEST_END, Reading


def read(*positions: int) -> Reading:
    reading = Reading(10, 29)
    for position in positions:
        reading.look(position)
    return reading


def test_a_sentence_may_end_at_its_last_phoneme_and_not_before() -> None:
    assert not read(*range(10, 28)).may_end
    assert read(*range(10, 29)).may_end


def test_a_sentence_must_end_when_its_last_phoneme_is_held() -> None:
    assert not read(*range(10, 29), *[29] * LONGEST_END).must_end
    assert read(*range(10, 29), *[29] * (LONGEST_END + 1)).must_end


def test_the_window_moves_with_the_place() -> None:
    assert read().window == (10 - BACK, 10 + AHEAD + 1)
    assert read(10, 12, 14).window == (14 - BACK, 14 + AHEAD + 1)
    assert Reading(0, 5).window[0] == 0
