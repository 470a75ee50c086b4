"""Spectrogram sizes, resampling and WAV files."""

from pathlib import Path

import numpy as np
import pytest
import torch

from services.voice.audio import mel_spectrogram, read_wav, resample, spectrogram, write_wav
from services.voice.discriminator import Discriminator, DiscriminatorConfig
from services.voice.symbols import is_symbol, symbol_ids, symbols


@pytest.mark.parametrize("frames", [3, 10, 51])
def test_one_spectrogram_frame_per_hop(frames: int) -> None:
    wav = torch.randn(2, frames * 480)
    assert spectrogram(wav, 1024, 480).shape == (2, 513, frames)
    assert mel_spectrogram(wav, 24000, 1024, 480, 80).shape == (2, 80, frames)


def test_a_tone_lies_in_its_bin() -> None:
    tone = torch.sin(2 * torch.pi * 3000 * torch.arange(24000) / 24000)[None]
    assert int(spectrogram(tone, 1024, 480)[0, :, 25].argmax()) == 3000 * 1024 // 24000


def test_resampling_keeps_duration_and_pitch() -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(48000) / 48000).astype(np.float32)
    lower = resample(tone, 48000, 16000)
    assert lower.shape == (16000,)
    assert np.argmax(np.abs(np.fft.rfft(lower))) == 440
    assert resample(tone, 48000, 48000) is tone


def test_wav_files_come_back_and_loud_samples_are_clipped(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.array([0.0, 0.5, -0.5, 3.0, -3.0]), 24000)
    signal, rate = read_wav(tmp_path / "a.wav")
    assert rate == 24000
    np.testing.assert_allclose(signal, [0.0, 0.5, -0.5, 1.0, -1.0], atol=1e-4)


def test_what_is_no_wav_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("hello")
    with pytest.raises(ValueError, match="not a readable WAV file"):
        read_wav(tmp_path / "a.wav")


def test_discriminators_can_be_small_and_without_the_raw_signal() -> None:
    config = DiscriminatorConfig.from_dict(
        {"scale_channels": [], "periods": [2, 5], "period_channels": [4, 4, 8, 8, 8]}
    )
    scores, features = Discriminator(config)(torch.randn(3, 1, 2000))
    assert [score.shape[0] for score in scores] == [3, 3]
    assert [len(maps) for maps in features] == [6, 6]
    with pytest.raises(ValueError, match="no setting called width"):
        DiscriminatorConfig.from_dict({"width": 3})
    with pytest.raises(ValueError, match="multiples of 4"):
        DiscriminatorConfig(scale_channels=(3, 8, 8, 8, 8, 8))


def test_symbols_have_fixed_ids() -> None:
    assert len(symbols()) == 732
    assert symbol_ids(["!", "HH", "AH0", "UNK"]) == [0, 51, 12, 86]
    assert is_symbol("HH")
    assert not is_symbol("ħ")
    with pytest.raises(ValueError, match="not in symbol table"):
        symbol_ids(["HH", "ħ"])
    with pytest.raises(ValueError, match="no symbol table 'v9'"):
        symbols("v9")


def test_mels_asked_for_first_in_inference_mode_can_be_trained_on_later() -> None:
    wav = torch.randn(1, 4000, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        mel_spectrogram(wav, 24000, 510, 120, 21)
    trained = wav.clone().requires_grad_()
    mel_spectrogram(trained, 24000, 510, 120, 21).sum().backward()
    assert trained.grad is not None
    assert torch.isfinite(trained.grad).all()
