"""Voice activity detection: in blocks as in one piece, on speech and on what is none."""

import numpy as np
import pytest

from services.voice.vad import SpeechRules, speech_probabilities, speech_ratio, speech_segments
from tests import audio_fixtures as audio

RATE = 16_000


def test_blocks_of_any_size_give_what_the_whole_gives() -> None:
    from faster_whisper.vad import get_vad_model

    samples = audio.speech(12.3, RATE)
    whole = get_vad_model()(np.pad(samples, (0, -len(samples) % 512))).reshape(-1)
    sizes = np.random.default_rng(5).integers(1, 20_000, 200).cumsum()
    np.testing.assert_allclose(speech_probabilities(np.split(samples, sizes[sizes < len(samples)])), whole, atol=1e-3)


def test_speech_is_found_and_its_pauses_are_not() -> None:
    assert 0.7 < speech_ratio(audio.speech(20.0, RATE)) < 0.9


@pytest.mark.parametrize("samples", [audio.silence(5.0, RATE), audio.noise(5.0, RATE), audio.music(5.0, RATE)])
def test_silence_noise_and_music_are_no_speech(samples: np.ndarray) -> None:
    assert speech_ratio(samples) == 0.0


def test_nothing_has_no_speech() -> None:
    assert speech_ratio(np.zeros(0, np.float32)) == 0.0


def test_short_dips_do_not_end_a_segment_and_long_ones_do() -> None:
    rules = SpeechRules(min_pause_s=0.1, min_speech_s=0.1)
    dips = np.array([0.9] * 10 + [0.1] * 3 + [0.9] * 10 + [0.1] * 4 + [0.9] * 10, np.float32)
    assert speech_segments(dips, rules) == [(0, 23), (27, 37)]


def test_between_the_thresholds_a_segment_goes_on_but_does_not_begin() -> None:
    rules = SpeechRules(min_speech_s=0.0)
    assert speech_segments(np.array([0.4, 0.4, 0.6, 0.4, 0.4, 0.3], np.float32), rules) == [(2, 5)]


def test_clicks_are_no_speech() -> None:
    assert speech_segments(np.array([0.0, 0.9, 0.9, 0.9, 0.0], np.float32), SpeechRules(min_speech_s=0.12)) == []
