"""Keeps a decoded recording in a scratch file, so that two hours of sound need no two hours of memory."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from services.voice.decode import AudioFacts, AudioReader, DecodeLimits
from services.voice.vad import WINDOW_S

Samples = NDArray[np.float32]

# A sample at full scale is taken as clipped; 16-bit full scale is 0.99997.
CLIPPED_AT = 0.999
BLOCK_S = 10.0


class Waveform:
    """Mono float32 samples at one rate, mapped from a file, and what was learnt while decoding them."""

    def __init__(self, samples: Samples, sample_rate_hz: int, facts: AudioFacts, clipped: NDArray[np.int64]) -> None:
        self.samples = samples
        self.sample_rate_hz = sample_rate_hz
        self.facts = facts
        # Clipped samples of the source, counted per 32 ms.
        self.clipped = clipped

    def cut(self, start_s: float, end_s: float) -> Samples:
        """Copy of the samples between two times."""
        return np.array(self.samples[round(start_s * self.sample_rate_hz) : round(end_s * self.sample_rate_hz)])

    def clipping_ratio(self, start_s: float = 0.0, end_s: float | None = None) -> float:
        """Share of the source's samples between two times that are clipped."""
        seconds = (self.facts.seconds if end_s is None else end_s) - start_s
        last = None if end_s is None else round(end_s / WINDOW_S)
        count = int(self.clipped[round(start_s / WINDOW_S) : last].sum())
        return count / max(1.0, seconds * self.facts.sample_rate_hz)

    def blocks_at(self, sample_rate_hz: int) -> Iterator[Samples]:
        """The samples at another rate, in blocks of about ten seconds."""
        resampler = soxr.ResampleStream(self.sample_rate_hz, sample_rate_hz, 1, dtype="float32")
        size = int(BLOCK_S * self.sample_rate_hz)
        for start in range(0, len(self.samples), size):
            last = start + size >= len(self.samples)
            yield resampler.resample_chunk(np.array(self.samples[start : start + size]), last=last)


def load_waveform(
    source: Path, file: Path, sample_rate_hz: int, limits: DecodeLimits, decoded: Callable[[float], None]
) -> Waveform:
    """Decode `source` into `file` at `sample_rate_hz`; `decoded` is told the seconds so far after every block.

    Raises AudioUnreadableError and AudioTooLongError.
    """
    with AudioReader(source, limits) as reader, file.open("wb") as out:
        rate = reader.sample_rate_hz
        resampler = soxr.ResampleStream(rate, sample_rate_hz, 1, dtype="float32")
        clipped: list[NDArray[np.int64]] = []
        position = 0
        for block in reader.blocks():
            hits = np.flatnonzero(np.abs(block) >= CLIPPED_AT)
            clipped.append(((position + hits) / (rate * WINDOW_S)).astype(np.int64))
            position += len(block)
            out.write(resampler.resample_chunk(block).tobytes())
            decoded(reader.seconds)
        out.write(resampler.resample_chunk(np.zeros(0, np.float32), last=True).tobytes())
        facts = reader.facts()
    windows = int(facts.seconds / WINDOW_S) + 1
    counts = np.bincount(np.concatenate(clipped) if clipped else np.zeros(0, np.int64), minlength=windows)
    samples = np.memmap(file, np.float32, mode="r") if file.stat().st_size else np.zeros(0, np.float32)
    return Waveform(samples, sample_rate_hz, facts, counts)
