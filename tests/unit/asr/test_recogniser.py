"""The real Whisper base on real (synthetic) speech, and on what is no speech."""

import numpy as np
import pytest

from services.asr.asr import AsrRules, Clip, is_noise, transcribe_clips
from services.asr.recogniser import Recogniser, Samples, _join_punctuation
from services.asr.transcribe import split_at_quiet, transcribe
from services.inference.wer import word_error_rate
from services.runtime.errors import InvalidInputError
from services.voice.hanzi import to_simplified
from services.voice.whisper_files import join_whisper
from tests import audio_fixtures as audio

RATE = 16_000
FIRST_WORDS = (audio.SAMPLES / "bella_25s.txt").read_text().split()[:5]
CHINESE_LINES = (audio.SAMPLES / "zh_20s.txt").read_text().splitlines()


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser(join_whisper(), device="cpu", threads=1, beam_size=1)


def plain(text: str) -> list[str]:
    return ["".join(char for char in word.lower() if char.isalnum()) for word in text.split()]


def test_speech_is_recognised_with_language_and_rising_word_times(recogniser: Recogniser) -> None:
    clip = audio.speech(6.0, RATE)
    heard = recogniser.listen([clip, clip[: 3 * RATE]])
    assert [max(found, key=lambda language: found[language]) for found in heard.languages] == ["en", "en"]
    long, short = recogniser.recognise(heard, "en")
    assert plain(long.text)[:5] == plain(" ".join(FIRST_WORDS))
    assert plain(long.text)[:3] == plain(short.text)[:3]
    assert long.confidence > 0.7
    times = [time for word in long.words for time in (word.start_s, word.end_s)]
    assert times == sorted(times)
    assert times[-1] <= 6.0
    assert " ".join(word.text for word in long.words) == long.text


def test_batch_gives_what_each_clip_gives_alone(recogniser: Recogniser) -> None:
    clips = [audio.speech(3.0, RATE), audio.speech(9.0, RATE)[6 * RATE :]]
    together = recogniser.recognise(recogniser.listen(clips), "en", word_times=False)
    alone = [recogniser.recognise(recogniser.listen([clip]), "en", word_times=False)[0] for clip in clips]
    assert [plain(found.text) for found in together] == [plain(found.text) for found in alone]


def test_chinese_is_written_in_simplified_characters_with_the_times_of_each(recogniser: Recogniser) -> None:
    found = transcribe(audio.speech(5.0, RATE, sample="zh_20s.opus"), recogniser, rules=AsrRules(), word_times=True)
    assert found.language == "zh"
    assert found.language_probability > 0.9
    assert found.confidence > AsrRules().least_confidence + 0.2
    assert to_simplified(found.text) == found.text
    assert word_error_rate(CHINESE_LINES[0], found.text[: len(CHINESE_LINES[0])], "zh") < 0.5
    assert "".join(word.text for word in found.words) == found.text
    times = [time for word in found.words for time in (word.start_s, word.end_s)]
    assert times == sorted(times)


def test_recording_in_a_language_that_the_pack_does_not_speak_is_refused(recogniser: Recogniser) -> None:
    speech = audio.speech(4.0, RATE, sample="zh_20s.opus")
    clip = Clip("c0000", (speech * 32767).astype(np.int16), RATE)
    with pytest.raises(InvalidInputError) as caught:
        transcribe_clips([clip], recogniser, languages=["en"])
    assert (caught.value.code, caught.value.params) == ("LANGUAGE_UNSUPPORTED", {"language": "zh", "languages": "en"})


def test_pieces_of_a_latin_word_are_one_word_and_chinese_characters_stay_apart() -> None:
    pieces = [("用", 0.0), (" Git", 0.2), ("Hub", 0.4), (" and", 0.6), ("写", 0.8), ("。", 1.0)]
    timed = [
        {"word": text, "start": at, "end": at + 0.2, "probability": 0.5 + at, "tokens": [0]} for text, at in pieces
    ]
    words = list(_join_punctuation(timed))
    assert [(word.text, word.start_s, word.end_s) for word in words] == [
        ("用", 0.0, 0.2),
        ("GitHub", 0.2, pytest.approx(0.6)),
        ("and", 0.6, pytest.approx(0.8)),
        ("写。", 0.8, 1.0),
    ]
    assert words[1].probability == pytest.approx(0.8)


@pytest.mark.parametrize("sound", [audio.noise(3.0, RATE), audio.music(4.0, RATE)], ids=["noise", "music"])
def test_words_that_whisper_puts_to_other_sounds_are_noise(recogniser: Recogniser, sound: Samples) -> None:
    (found,) = recogniser.recognise(recogniser.listen([sound]), "en")
    assert is_noise(found, AsrRules())


@pytest.mark.parametrize("sound", [audio.noise(4.0, RATE), audio.silence(3.0, RATE), np.zeros(0, np.float32)])
def test_recording_without_speech_has_no_text(recogniser: Recogniser, sound: Samples) -> None:
    found = transcribe(sound, recogniser, rules=AsrRules(), language="en")
    assert (found.text, found.words, found.confidence) == ("", (), 0.0)


def test_cantonese_is_not_among_the_languages_of_this_model(recogniser: Recogniser) -> None:
    assert {"en", "zh", "ja", "ko"} <= recogniser.languages
    assert "yue" not in recogniser.languages


def test_speech_longer_than_the_window_is_cut_at_quiet_moments() -> None:
    wav = np.full(70 * RATE, 0.5, np.float32)
    wav[21 * RATE : 22 * RATE] = wav[44 * RATE : 45 * RATE] = 0.0
    pieces = list(split_at_quiet(wav))
    starts_s = [start / RATE for start, _ in pieces]
    assert len(pieces) == 3
    assert 21 < starts_s[1] < 22
    assert 44 < starts_s[2] < 45
    np.testing.assert_array_equal(np.concatenate([piece for _, piece in pieces]), wav)


def test_word_times_count_from_the_beginning_of_a_long_recording(recogniser: Recogniser) -> None:
    wav = np.concatenate([audio.speech(6.0, RATE), audio.silence(19.0, RATE), audio.speech(6.0, RATE)])
    found = transcribe(wav, recogniser, rules=AsrRules(), word_times=True)
    assert found.language == "en"
    assert plain(found.text)[:5] == plain(" ".join(FIRST_WORDS))
    assert 24 < next(word.start_s for word in found.words if word.start_s > 10) < 27
    assert found.words[-1].end_s <= 31


def test_unknown_language_is_refused(recogniser: Recogniser) -> None:
    with pytest.raises(InvalidInputError) as caught:
        transcribe(audio.silence(1.0, RATE), recogniser, rules=AsrRules(), language="xx")
    assert caught.value.code == "LANGUAGE_UNSUPPORTED"
