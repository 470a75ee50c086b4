"""Waveforms to spectrograms and mels, resampling, and 16-bit WAV files.

Tensors are (B, samples) float32 in -1..1; numpy signals are one-dimensional.
"""

import wave
from functools import lru_cache
from pathlib import Path

import numpy as np
import soxr
import torch
import torch.nn.functional as F
from torch import Tensor

from services.voice.mel import mel_filters

# Below this a mel counts as silence; log(1e-5) is the floor that HiFi-GAN's mels have (arXiv 2010.05646).
MEL_FLOOR = 1e-5


# What is kept must serve training too, also when the first to ask for it only listens or speaks.
@lru_cache(maxsize=16)
@torch.inference_mode(False)
def _window(size: int, device: torch.device) -> Tensor:
    return torch.hann_window(size, device=device)


@lru_cache(maxsize=16)
@torch.inference_mode(False)
def _mel_basis(sample_rate_hz: int, n_fft: int, n_mels: int, device: torch.device) -> Tensor:
    return torch.from_numpy(mel_filters(sample_rate_hz, n_fft, n_mels)).to(device)


def spectrogram(wav: Tensor, n_fft: int, hop: int, win: int | None = None) -> Tensor:
    """Magnitudes of (B, N) samples: (B, n_fft // 2 + 1, N // hop).

    Reflects (n_fft - hop) / 2 samples at both ends, so frame t is centred on the middle of its hop; N must exceed that.
    """
    win = win or n_fft
    edge = (n_fft - hop) // 2
    padded = F.pad(wav.float().unsqueeze(1), (edge, edge), mode="reflect").squeeze(1)
    window = _window(win, wav.device)
    # Autocast has no half-precision FFT worth using, and 1e-8 below is under float16's reach.
    with torch.autocast(wav.device.type, enabled=False):
        spec = torch.stft(padded, n_fft, hop, win, window, center=False, return_complex=True)
        return torch.view_as_real(spec).square().sum(-1).add(1e-8).sqrt()


def spec_to_mel(spec: Tensor, sample_rate_hz: int, n_fft: int, n_mels: int) -> Tensor:
    """Log mels (B, n_mels, T) of magnitudes (B, n_fft // 2 + 1, T)."""
    basis = _mel_basis(sample_rate_hz, n_fft, n_mels, spec.device)
    with torch.autocast(spec.device.type, enabled=False):
        return torch.matmul(basis, spec.float()).clamp(min=MEL_FLOOR).log()


def mel_spectrogram(
    wav: Tensor, sample_rate_hz: int, n_fft: int, hop: int, n_mels: int, win: int | None = None
) -> Tensor:
    """Log mels (B, n_mels, N // hop) of samples (B, N)."""
    return spec_to_mel(spectrogram(wav, n_fft, hop, win), sample_rate_hz, n_fft, n_mels)


def resample(signal: np.ndarray, from_hz: int, to_hz: int) -> np.ndarray:
    """Resamples a one-dimensional float signal with soxr's high quality; equal rates change nothing."""
    if from_hz == to_hz:
        return signal
    return np.asarray(soxr.resample(signal, from_hz, to_hz, quality="HQ"))


def to_int16(signal: np.ndarray) -> np.ndarray:
    """Rounds -1..1 to int16; what lies outside is clipped."""
    return np.round(np.clip(signal, -1.0, 1.0) * 32767.0).astype("<i2")


def write_wav(path: Path, signal: np.ndarray, sample_rate_hz: int) -> None:
    """Writes a one-dimensional signal in -1..1 as 16-bit mono WAV."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate_hz)
        file.writeframes(to_int16(signal).tobytes())


def read_wav(path: Path) -> tuple[np.ndarray, int]:
    """Reads a 16-bit mono WAV that `write_wav` wrote: float32 samples in -1..1 and the rate. Else ValueError."""
    try:
        with wave.open(str(path), "rb") as file:
            if file.getnchannels() != 1 or file.getsampwidth() != 2:
                raise ValueError(f"{path.name} is not a 16-bit mono WAV file")
            data = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
            return data.astype(np.float32) / 32768.0, file.getframerate()
    except (wave.Error, EOFError) as exc:
        raise ValueError(f"{path.name} is not a readable WAV file") from exc
