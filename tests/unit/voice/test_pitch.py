"""Pitch: measured in sound, carried across what has no voice, and made into a sound with all its harmonics."""

import numpy as np
import pytest
import torch

from services.voice.decoders import SourceFilterDecoder, harmonics
from services.voice.pitch import MIDDLE_HZ, PitchPredictor, fill_gaps, measure_pitch, pitch_loss

RATE_HZ, HOP = 24_000, 480


def voice(hz: float, seconds: float) -> np.ndarray:
    """A sound with harmonics that grow weaker, as a voice has them."""
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return sum(0.2 / k * np.sin(2 * np.pi * k * hz * time) for k in range(1, 15)).astype(np.float32)


@pytest.mark.parametrize("hz", [95.0, 210.0, 330.0])
def test_pitch_of_a_voice_is_measured_frame_by_frame(hz: float) -> None:
    rng = np.random.default_rng(0)
    quiet = (1e-3 * rng.standard_normal(RATE_HZ // 2)).astype(np.float32)
    pitch = measure_pitch(np.concatenate([quiet, voice(hz, 1.0), quiet]), RATE_HZ, 100)
    assert pitch.shape == (100,)
    assert pitch.dtype == np.float32
    assert (pitch[:20] == 0).all()
    assert (pitch[80:] == 0).all()
    np.testing.assert_allclose(pitch[30:70], hz, rtol=0.02)


def test_silence_and_nothing_have_no_pitch() -> None:
    assert (measure_pitch(np.zeros(RATE_HZ, np.float32), RATE_HZ, 50) == 0).all()
    assert measure_pitch(np.zeros(0, np.float32), RATE_HZ, 0).shape == (0,)


def test_gaps_are_bridged_in_octaves() -> None:
    pitch = torch.tensor([[0, 100.0, 0, 400.0, 0], [0, 0, 0, 0, 0]])
    expected = [[100.0, 100.0, 200.0, 400.0, 400.0], [MIDDLE_HZ] * 5]
    torch.testing.assert_close(fill_gaps(pitch), torch.tensor(expected))


def test_loss_counts_voiced_frames_within_the_mask_alone() -> None:
    pitch = torch.tensor([[100.0, 0.0, 200.0, 200.0]])
    octaves = pitch.clamp(min=1.0).log2() + torch.tensor([[0.5, 9.0, -0.25, 9.0]])
    mask = torch.tensor([[[1.0, 1.0, 1.0, 0.0]]])
    torch.testing.assert_close(pitch_loss(octaves, pitch, mask), torch.tensor(0.375))
    assert pitch_loss(octaves, torch.zeros_like(pitch), mask) == 0


def test_harmonics_of_a_pitch_are_equally_strong_and_end_below_half_the_rate() -> None:
    tone = harmonics(torch.full((1, 100), 1005.0), HOP, RATE_HZ)
    assert tone.shape == (1, 48_000)
    torch.testing.assert_close(tone.square().mean(), torch.tensor(1.0), rtol=0.02, atol=0.0)
    power = torch.fft.rfft(tone[0].double()).abs().square()
    peaks = power[2010::2010]  # at the pitch and its multiples
    torch.testing.assert_close(peaks, peaks[:1].expand(11), rtol=1e-3, atol=0.0)
    assert power.sum() - peaks.sum() < 0.1 * power.sum()


def test_harmonics_keep_their_phase_for_minutes() -> None:
    tone = harmonics(torch.full((1, 50 * 120), 100.0), HOP, RATE_HZ)[0, -RATE_HZ:]
    torch.testing.assert_close(tone[240:], tone[:-240], atol=1e-2, rtol=0.0)


def test_source_filter_decoder_speaks_at_the_pitch_that_it_is_given() -> None:
    torch.manual_seed(0)
    decoder = SourceFilterDecoder(RATE_HZ, 8, 16, 12, 2, 2, 960, HOP, 2).eval()
    with torch.no_grad():
        voice_bias, _, breath_bias = decoder.head.bias.chunk(3)
        voice_bias.fill_(-2.0)
        breath_bias.fill_(-8.0)
        for hz in (120.0, 240.0):
            pitch = torch.full((1, 60), hz)
            wav = decoder(torch.randn(1, 8, 60), torch.randn(1, 16, 1), pitch, torch.randn(1, 60 * HOP))
            assert wav.shape == (1, 1, 60 * HOP)
            np.testing.assert_allclose(measure_pitch(wav[0, 0].numpy(), RATE_HZ, 60)[10:50], hz, rtol=0.02)
    with pytest.raises(ValueError, match="needs a pitch"):
        decoder(torch.randn(1, 8, 60), torch.randn(1, 16, 1))


def test_analysis_and_inversion_of_the_decoder_undo_each_other() -> None:
    decoder = SourceFilterDecoder(RATE_HZ, 8, 16, 12, 2, 2, 960, HOP, 2)
    wav = torch.randn(2, 30 * HOP)
    torch.testing.assert_close(decoder._invert(decoder._analyse(wav)).squeeze(1), wav)


def test_predictor_learns_a_contour_from_what_is_said() -> None:
    torch.manual_seed(0)
    predictor = PitchPredictor(8, 4)
    hidden, style, mask = torch.randn(4, 8, 30), torch.randn(4, 4, 1), torch.ones(4, 1, 30)
    pitch = 2.0 ** (7.0 + 0.5 * hidden[:, 0])
    optimizer = torch.optim.Adam(predictor.parameters(), 0.01)
    first = pitch_loss(predictor(hidden, mask, style), pitch, mask)
    for _ in range(100):
        optimizer.zero_grad()
        pitch_loss(predictor(hidden, mask, style), pitch, mask).backward()
        optimizer.step()
    assert pitch_loss(predictor(hidden, mask, style), pitch, mask) < 0.2 * first
