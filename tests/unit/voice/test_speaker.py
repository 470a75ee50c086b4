"""The speaker encoder tells voices apart."""

from pathlib import Path

import numpy as np
import pytest
import soxr
from faster_whisper.audio import decode_audio

from services.voice.mel import mel_filters
from services.voice.speaker import SpeakerEncoder, SpeakerFilesError, load_speaker_encoder

SAMPLE = Path(__file__).parents[3] / "samples" / "bella_25s.flac"


@pytest.fixture(scope="module")
def encoder() -> SpeakerEncoder:
    return load_speaker_encoder()


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    return decode_audio(str(SAMPLE), sampling_rate=16000)


def test_same_speaker_is_close_and_another_voice_is_not(encoder: SpeakerEncoder, speech: np.ndarray) -> None:
    first, second = encoder.embed(speech[: 8 * 16000]), encoder.embed(speech[10 * 16000 : 18 * 16000])
    # Played 30 % slower, pitch and formants fall: a woman's voice becomes another person's.
    other = encoder.embed(soxr.resample(speech[: 8 * 16000], 10, 13))
    assert first @ second > 0.9
    assert first @ other < 0.75


def test_vector_has_length_one(encoder: SpeakerEncoder, speech: np.ndarray) -> None:
    vector = encoder.embed(speech[:16000])
    assert vector.shape == (256,)
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)


def test_quiet_recording_is_raised_before_it_is_judged(encoder: SpeakerEncoder, speech: np.ndarray) -> None:
    wav = speech[: 4 * 16000]
    np.testing.assert_allclose(encoder.embed(wav * 1e-2), encoder.embed(wav * 1e-3), atol=1e-3)


@pytest.mark.parametrize("wav", [np.zeros(0, np.float32), np.zeros(32000, np.float32)])
def test_silence_has_no_speaker(encoder: SpeakerEncoder, wav: np.ndarray) -> None:
    with pytest.raises(ValueError, match="silent"):
        encoder.embed(wav)


def test_missing_wheel_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SpeakerFilesError, match="Resemblyzer"):
        load_speaker_encoder()


def test_mel_filters_are_triangles_of_equal_area() -> None:
    filters = mel_filters(16000, 400, 40)
    assert filters.shape == (40, 201)
    peaks = filters.argmax(1)
    assert (np.diff(peaks) >= 0).all()
    # Slaney's normalisation: every filter integrates to one over frequency, up to the 40 Hz grid of the bins.
    np.testing.assert_allclose(filters[10:].sum(1) * 40, 1.0, atol=0.1)


def test_mel_filters_equal_those_of_faster_whisper() -> None:
    from faster_whisper.feature_extractor import FeatureExtractor

    expected = FeatureExtractor.get_mel_filters(16000, 400, n_mels=80)
    np.testing.assert_allclose(mel_filters(16000, 400, 80), expected, atol=1e-7)
