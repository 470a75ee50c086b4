"""Mel filter banks on Slaney's scale, area-normalised: the ones that Whisper, GE2E and HiFi-GAN were trained with."""

import numpy as np

# Slaney's Auditory Toolbox (1998): linear below 1 kHz at 200/3 Hz a mel, then 27 log-spaced mels per factor of 6.4.
_LINEAR_HZ = 200.0 / 3
_BREAK_HZ = 1000.0
_BREAK_MEL = _BREAK_HZ / _LINEAR_HZ
_LOG_STEP = np.log(6.4) / 27.0


def mel_filters(
    sample_rate_hz: int, n_fft: int, n_mels: int, f_min_hz: float = 0.0, f_max_hz: float | None = None
) -> np.ndarray:
    """Returns (n_mels, n_fft // 2 + 1) float32 triangular filters, equal to librosa's defaults (`htk=False`)."""
    edges_mel = np.linspace(_to_mel(f_min_hz), _to_mel(f_max_hz or sample_rate_hz / 2), n_mels + 2)
    edges_hz = np.array([_to_hz(mel) for mel in edges_mel])
    bins_hz = np.fft.rfftfreq(n_fft, 1.0 / sample_rate_hz)
    low, centre, high = edges_hz[:-2, None], edges_hz[1:-1, None], edges_hz[2:, None]
    rising = (bins_hz - low) / (centre - low)
    falling = (high - bins_hz) / (high - centre)
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return (triangles * (2.0 / (high - low))).astype(np.float32)


def _to_mel(hz: float) -> float:
    return hz / _LINEAR_HZ if hz < _BREAK_HZ else _BREAK_MEL + float(np.log(hz / _BREAK_HZ)) / _LOG_STEP


def _to_hz(mel: float) -> float:
    return mel * _LINEAR_HZ if mel < _BREAK_MEL else _BREAK_HZ * float(np.exp(_LOG_STEP * (mel - _BREAK_MEL)))
