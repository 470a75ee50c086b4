"""Loudness of clips."""

import numpy as np
import pytest

from services.preprocessing.loudness import SILENCE_LUFS, fade_edges, measure_lufs, normalize, to_int16
from tests import audio_fixtures as audio

RATE = 24_000


def test_a_full_scale_sine_has_the_loudness_of_the_standard() -> None:
    # BS.1770: 997 Hz at 0 dBFS in one channel measures -3.01 LUFS.
    assert measure_lufs(audio.sine(5.0, 48_000, 997.0, level=1.0), 48_000) == pytest.approx(-3.01, abs=0.05)


@pytest.mark.parametrize("gain", [0.01, 0.3, 1.0])
def test_speech_of_any_level_is_brought_to_the_target(gain: float) -> None:
    samples = gain * audio.speech(6.0)
    even = normalize(samples, measure_lufs(samples, RATE), -23.0, 0.89)
    assert measure_lufs(even, RATE) == pytest.approx(-23.0, abs=0.1)


def test_peaks_stay_below_full_scale_even_if_the_target_is_missed() -> None:
    samples = 1e-3 * audio.sine(3.0)
    samples[1000] = 0.5
    even = normalize(samples, measure_lufs(samples, RATE), -14.0, 0.89)
    assert np.max(np.abs(even)) == pytest.approx(0.89, rel=1e-5)


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.2, 0.39, 0.4])
def test_clips_shorter_than_a_gating_block_are_measured(seconds: float) -> None:
    lufs = measure_lufs(audio.sine(seconds, frequency_hz=997.0), RATE)
    assert lufs == SILENCE_LUFS if seconds == 0 else lufs == pytest.approx(-9.0, abs=1.0)


@pytest.mark.parametrize("samples", [audio.silence(2.0), audio.noise(2.0, level=1e-8)])
def test_silence_is_measured_as_silence_and_stays_finite(samples: np.ndarray) -> None:
    assert measure_lufs(samples, RATE) == SILENCE_LUFS
    assert np.isfinite(normalize(samples, SILENCE_LUFS, -23.0, 0.89)).all()


def test_edges_fade_and_the_middle_stays() -> None:
    faded = fade_edges(np.ones(1000, np.float32), RATE)
    assert faded[0] == faded[-1] == 0.0
    assert (faded[130:-130] == 1.0).all()


def test_sixteen_bit_values_do_not_wrap() -> None:
    values = to_int16(np.array([-2.0, -1.0, 0.0, 1.0, 2.0], np.float32))
    assert values.dtype == np.int16
    assert values.tolist() == [-32768, -32767, 0, 32767, 32767]
