"""Keeps a decoded recording in a scratch file, so that two hours of sound need no two hours of memory."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from services.voice.decode_limits import AudioFacts, ChildLimits, DecodeLimits
from services.voice.isolated import IsolatedReader
from services.voice.vad import WINDOW_S

Samples = NDArray[np.float32]

# A sample at full scale is taken as clipped; 16-bit full scale is 0.99997.
CLIPPED_AT = 0.999
BLOCK_S = 10.0


class Waveform:
    """Mono float32 samples at one rate, kept in a file, and what was learnt while decoding them."""

    def __init__(self, file: Path, sample_rate_hz: int, facts: AudioFacts, clipped: NDArray[np.int64]) -> None:
        self._file = file
        self.length = file.stat().st_size // 4
        self.sample_rate_hz = sample_rate_hz
        self.facts = facts
        # Clipped samples of the source, counted per 32 ms.
        self.clipped = clipped

    def cut(self, start_s: float, end_s: float) -> Samples:
        """The samples between two times."""
        start = round(start_s * self.sample_rate_hz)
        return self._read(start, round(end_s * self.sample_rate_hz) - start)

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
        for start in range(0, self.length, size):
            yield resampler.resample_chunk(self._read(start, size), last=start + size >= self.length)

    def peaks(self, most: int) -> bytes:
        """Largest absolute sample of each of up to `most` equal spans, 255 for full scale."""
        edges = np.linspace(0, self.length, min(most, self.length) + 1).astype(np.int64)
        spans = (self._read(start, end - start) for start, end in pairwise(edges.tolist()))
        return bytes(round(255 * min(1.0, float(np.max(np.abs(span))))) for span in spans)

    def _read(self, start: int, count: int) -> Samples:
        return np.fromfile(self._file, np.float32, count, offset=4 * start)


class _Clipping:
    """Counts clipped samples per 32 ms, in memory that grows with the seconds and not with the clipping."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._per_window = sample_rate_hz * WINDOW_S
        self._counts = np.zeros(1024, np.int64)
        self._position = 0

    def push(self, block: Samples) -> None:
        """Take the next samples."""
        hits = np.flatnonzero(np.abs(block) >= CLIPPED_AT)
        windows = ((self._position + hits) / self._per_window).astype(np.int64)
        self._position += len(block)
        last = int(self._position / self._per_window) + 1
        if last > len(self._counts):
            self._counts = np.concatenate([self._counts, np.zeros(last, np.int64)])
        if len(windows):
            first = int(windows[0])
            here = np.bincount(windows - first)
            self._counts[first : first + len(here)] += here

    def counts(self) -> NDArray[np.int64]:
        """Clipped samples of every window, up to the end."""
        return self._counts[: int(self._position / self._per_window) + 1]


def load_waveform(
    source: Path,
    file: Path,
    sample_rate_hz: int,
    limits: DecodeLimits,
    child: ChildLimits,
    decoded: Callable[[float], None],
    check_stop: Callable[[], None],
) -> Waveform:
    """Decode `source` into `file` at `sample_rate_hz`; `decoded` is told the seconds so far after every block.

    Raises AudioUnreadableError, AudioTooLongError, DecoderLostError, and whatever `check_stop` raises.
    """
    with IsolatedReader(source, limits, child, check_stop) as reader, file.open("wb") as out:
        resampler = soxr.ResampleStream(reader.sample_rate_hz, sample_rate_hz, 1, dtype="float32")
        clipping = _Clipping(reader.sample_rate_hz)
        for block in reader.blocks():
            clipping.push(block)
            out.write(resampler.resample_chunk(block).tobytes())
            decoded(reader.seconds)
        out.write(resampler.resample_chunk(np.zeros(0, np.float32), last=True).tobytes())
        facts = reader.facts()
    return Waveform(file, sample_rate_hz, facts, clipping.counts())
