"""Measures and evens out the loudness of clips (ITU-R BS.1770), and keeps their peaks below full scale."""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

# What silence is said to measure; quieter than any recording.
SILENCE_LUFS = -120.0
# pyloudnorm gates over blocks of 0.4 s and refuses anything shorter.
_BLOCK_S = 0.4


def measure_lufs(samples: Samples, sample_rate_hz: int) -> float:
    """Integrated loudness of mono samples (N,); shorter than 0.4 s is measured as if repeated.

    Measured at full scale and put back: the standard's absolute gate (-70 LUFS) would cut holes into quiet speech.
    """
    import pyloudnorm

    peak = float(np.max(np.abs(samples), initial=0.0))
    if peak < 1e-6:
        return SILENCE_LUFS
    samples = samples / np.float32(peak)
    shortest = int(_BLOCK_S * sample_rate_hz) + 1
    if len(samples) < shortest:
        samples = np.tile(samples, -(-shortest // len(samples)))
    with np.errstate(divide="ignore"):
        lufs = float(pyloudnorm.Meter(sample_rate_hz, block_size=_BLOCK_S).integrated_loudness(samples))
    return lufs + 20.0 * float(np.log10(peak)) if np.isfinite(lufs) else SILENCE_LUFS


def normalize(samples: Samples, lufs: float, target_lufs: float, peak: float) -> Samples:
    """Bring samples of loudness `lufs` to `target_lufs`, less where a sample would exceed `peak` (0..1)."""
    gain = 10.0 ** ((target_lufs - lufs) / 20.0)
    highest = float(np.max(np.abs(samples), initial=0.0))
    if highest * gain > peak:
        gain = peak / highest
    return (samples * gain).astype(np.float32)


def fade_edges(samples: Samples, sample_rate_hz: int, seconds: float = 0.005) -> Samples:
    """Fade both ends, so that a cut within noise makes no click."""
    count = min(int(seconds * sample_rate_hz), len(samples) // 2)
    if count == 0:
        return samples
    ramp = np.linspace(0.0, 1.0, count, dtype=np.float32)
    samples = samples.copy()
    samples[:count] *= ramp
    samples[-count:] *= ramp[::-1]
    return samples


def to_int16(samples: Samples) -> NDArray[np.int16]:
    """Samples (N,) in -1..1 as 16-bit values."""
    return np.clip(np.round(samples * 32767.0), -32768, 32767).astype(np.int16)
