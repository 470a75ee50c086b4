"""Choosing the reference: 3-10 seconds of the best clip, cut between words, with the words in it."""

import numpy as np
import pytest

from services.inference.reference import (
    Clip,
    Heard,
    Word,
    choose_reference,
    fit_recording,
    speaking_pace,
    trim,
    usable_clip,
)
from services.runtime.errors import InvalidInputError


def clip(id: str, seconds: float, **changes: object) -> Clip:
    values: dict = {"text": f"words of {id}.", "confidence": 0.9, "snr_db": 30.0, "n_phonemes": int(seconds * 12)}
    return Clip(id, seconds, **(values | changes))


def spoken_words(seconds: float, step: float = 0.5) -> tuple[Word, ...]:
    starts = np.arange(0.0, seconds - step, step)
    return tuple(Word(f" w{n}", float(start), float(start + step - 0.1)) for n, start in enumerate(starts))


def test_confident_clip_at_the_usual_pace_wins() -> None:
    clips = [
        clip("unsure", 5.5, confidence=0.4),
        clip("hasty", 5.5, n_phonemes=120),
        clip("noisy", 5.5, snr_db=5.0),
        clip("good", 5.0),
        clip("short", 2.5),
    ]
    reference = choose_reference(clips)
    assert reference.clip_ids == ("good",)
    assert reference.text == "words of good."


def test_clips_of_usable_length_win_over_better_short_ones() -> None:
    assert choose_reference([clip("short", 2.9, confidence=1.0), clip("long", 9.0, confidence=0.5)]).clip_ids == (
        "long",
    )


def test_a_long_clip_is_cut_at_a_pause_between_words() -> None:
    words = list(spoken_words(12.0))
    # A long pause behind the word that ends at 6.4 s.
    words = [word if word.start_s < 6.5 else Word(word.text, word.start_s + 0.4, word.end_s + 0.4) for word in words]
    cut = trim(clip("c", 12.4, words=tuple(words)))
    assert cut is not None
    assert cut.seconds == pytest.approx(6.4 + 0.12)
    assert cut.text == " ".join(f"w{n}" for n in range(13))


def test_a_long_clip_without_word_times_is_cut_as_if_spoken_evenly() -> None:
    cut = trim(clip("c", 12.0, text="one two three four five six seven eight"))
    assert cut is not None
    assert cut.text == "one two three four"
    assert cut.seconds == 6.0


def test_a_long_chinese_clip_is_cut_between_characters_and_its_text_has_no_spaces() -> None:
    text = "今天天气很好，我们去公园走走。后来下起了大雨，大家都回家了"
    pieces = [
        "今",
        "天",
        "天",
        "气",
        "很",
        "好，",
        "我",
        "们",
        "去",
        "公",
        "园",
        "走",
        "走。",
        *"后来下起了大雨大家都回家了",
    ]
    words = tuple(Word(piece, n * 0.4, n * 0.4 + 0.35) for n, piece in enumerate(pieces))
    cut = trim(clip("c", 12.0, text=text, words=words))
    assert cut is not None
    assert (cut.text, cut.seconds) == ("今天天气很好，我们去公园走走。", pytest.approx(12 * 0.4 + 0.375))
    evenly = trim(clip("c", 26 * 0.42, text=text))
    assert evenly is not None
    assert evenly.text == "今天天气很好，我们去公园走走。"


def test_latin_words_in_a_chinese_reference_keep_their_spaces() -> None:
    pieces = ["我", "用", "machine", "learning", "写", "字。", *"后来下起了大雨大家都回家了"]
    words = tuple(Word(piece, n * 0.6, n * 0.6 + 0.5) for n, piece in enumerate(pieces))
    cut = trim(clip("c", 12.0, text="", words=words))
    assert cut is not None
    assert cut.text.startswith("我用machine learning写字。")


def test_short_chinese_clips_are_joined_without_a_space() -> None:
    clips = [clip("a", 2.0, text="今天天气很好。"), clip("b", 2.0, text="我们去公园。", confidence=0.8)]
    assert choose_reference(clips).text == "今天天气很好。我们去公园。"


def test_a_long_clip_of_one_word_cannot_serve() -> None:
    with pytest.raises(InvalidInputError) as error:
        choose_reference([clip("c", 12.0, text="Aaah")])
    assert error.value.code == "NO_SPEECH_RECOGNISED"


def test_short_clips_are_joined_with_their_words() -> None:
    rate = 100
    reference = choose_reference([clip("a", 2.0), clip("b", 2.0, confidence=0.8), clip("c", 2.0, confidence=0.1)])
    assert reference.clip_ids == ("a", "b")
    assert reference.text == "words of a. words of b."
    samples = {id: np.full(200, level, np.float32) for id, level in (("a", 0.1), ("b", 0.2), ("c", 0.3))}
    audio = reference.audio(samples, rate)
    assert len(audio) == 200 + 30 + 200
    assert set(np.unique(audio)) == {np.float32(0.0), np.float32(0.1), np.float32(0.2)}


def test_no_clip_ends_with_a_code() -> None:
    with pytest.raises(InvalidInputError) as error:
        choose_reference([])
    assert error.value.code == "NO_SPEECH_RECOGNISED"


def test_clips_whose_words_do_not_fit_are_left_out() -> None:
    text = "The quick brown fox jumps over the lazy dog."
    assert usable_clip("c", 3.0, text, "en", confidence=1.0, snr_db=20.0) is not None
    assert usable_clip("c", 30.0, text, "en", confidence=1.0, snr_db=20.0) is None
    assert usable_clip("c", 3.0, "你好", "en", confidence=1.0, snr_db=20.0) is None


def test_pace_is_phonemes_over_seconds() -> None:
    assert speaking_pace([clip("a", 4.0, n_phonemes=40), clip("b", 6.0, n_phonemes=80)]) == 12.0


def voice(seconds: float, rate: int = 1000) -> np.ndarray:
    return np.random.default_rng(0).uniform(-0.5, 0.5, int(seconds * rate)).astype(np.float32)


def deaf(wav: np.ndarray) -> Heard:
    raise AssertionError("nothing had to be recognised")


def test_a_given_recording_with_its_words_is_taken_as_it_is() -> None:
    fitted = fit_recording(voice(5.0), 1000, " My words. ", deaf)
    assert fitted is not None
    assert fitted[1] == "My words."
    assert len(fitted[0]) == 5000


def test_a_given_recording_without_words_is_recognised() -> None:
    fitted = fit_recording(voice(5.0), 1000, "", lambda wav: Heard(" Heard words."))
    assert fitted is not None
    assert fitted[1] == "Heard words."


def test_a_long_given_recording_is_cut_and_its_own_words_replaced_by_those_in_the_cut() -> None:
    fitted = fit_recording(voice(60.0), 1000, "Words of the whole minute", lambda wav: Heard("x", spoken_words(28.0)))
    assert fitted is not None
    assert 3.0 <= len(fitted[0]) / 1000 <= 10.0
    assert fitted[1].startswith("w0 w1")


def test_a_given_recording_that_is_short_or_silent_or_wordless_cannot_serve() -> None:
    assert fit_recording(voice(2.0), 1000, "words", deaf) is None
    assert fit_recording(np.zeros(5000, np.float32), 1000, "words", deaf) is None
    assert fit_recording(voice(5.0), 1000, "", lambda wav: Heard("")) is None
