"""Reading: what the guided head sees decides when a sentence may end, must end, and what was left out."""

from services.voice.reading import FARTHEST_STEP, LONGEST_END, Reading


def read(*positions: int, start: int = 10, last: int = 29) -> Reading:
    reading = Reading(start, last)
    for position in positions:
        reading.look(position)
    return reading


def test_a_sentence_may_end_at_its_last_phoneme_and_not_before() -> None:
    assert not read(*range(10, 27)).may_end
    assert read(*range(10, 29)).may_end


def test_a_sentence_must_end_when_its_last_phoneme_is_held() -> None:
    assert not read(*range(10, 29), *[29] * LONGEST_END).must_end
    assert read(*range(10, 29), *[29] * (LONGEST_END + 1)).must_end


def test_a_steady_sentence_has_no_faults() -> None:
    reading = read(*sorted([*range(10, 30)] * 2))
    assert (reading.left_out, reading.said_again) == (0, 0)


def test_words_that_are_passed_over_are_counted_and_a_stray_look_is_not() -> None:
    far = 14 + FARTHEST_STEP + 1
    assert read(10, 12, 14, far, 15, 16).left_out == 0
    assert read(10, 12, 14, far, far, far + 1).left_out == far + 1 - 14 - 1


def test_going_back_counts_once() -> None:
    assert read(*range(10, 25), 12, 12, 13, 14, 15).said_again == 1
    assert read(*range(10, 25), 12, 25, 26).said_again == 0


def test_the_prompt_is_no_part_of_the_sentence() -> None:
    reading = read(3, 9, 10)
    assert (reading.position, reading.left_out) == (10, 0)
    assert read(25).left_out == 10
