"""Cutting a recording at its silences by loudness alone, with the rules of the official tools (openvpi's audio-slicer).

The pipeline cuts with a voice activity detector; this one serves to cut a recording exactly as GPT-SoVITS would.
All positions inside are frames of `hop` samples.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class SilenceRules:
    """When a silence separates two chunks. The defaults are those of the GPT-SoVITS web page."""

    threshold_db: float = -34.0
    """Quieter frames are silent."""
    min_length_ms: float = 4000.0
    """A chunk is not ended before it is this long."""
    min_interval_ms: float = 300.0
    """Shorter silences do not separate."""
    hop_ms: float = 10.0
    max_silence_ms: float = 500.0
    """How much of a silence stays at each side of a cut."""

    def __post_init__(self) -> None:
        if not self.min_length_ms >= self.min_interval_ms >= self.hop_ms:
            raise ValueError("min_length_ms >= min_interval_ms >= hop_ms must hold")
        if self.max_silence_ms < self.hop_ms:
            raise ValueError("max_silence_ms must be at least hop_ms")


@dataclass(frozen=True)
class Chunk:
    """A piece of a recording, in samples. `end` is a whole frame and may lie a little past the recording's end."""

    start: int
    end: int


def slice_at_silence(signal: np.ndarray, sample_rate_hz: int, rules: SilenceRules) -> list[Chunk]:
    """Chunks of a one-dimensional signal, in order; silences between them are left out."""
    hop = round(sample_rate_hz * rules.hop_ms / 1000)
    interval = sample_rate_hz * rules.min_interval_ms / 1000
    loudness = _loudness(signal, min(round(interval), 4 * hop), hop)
    total = len(loudness)
    gaps = _gaps(
        loudness,
        silent=loudness < 10.0 ** (rules.threshold_db / 20.0),
        min_length=round(sample_rate_hz * rules.min_length_ms / 1000 / hop),
        min_interval=round(interval / hop),
        kept=round(sample_rate_hz * rules.max_silence_ms / 1000 / hop),
    )
    begins = [0, *(end for _, end in gaps)]
    ends = [*(start for start, _ in gaps), total]
    return [Chunk(begin * hop, end * hop) for begin, end in zip(begins, ends, strict=True) if begin < end]


def _loudness(signal: np.ndarray, window: int, hop: int) -> np.ndarray:
    """Root mean square of windows centred on every hop, zeros beyond the ends."""
    padded = np.pad(signal.astype(np.float32), window // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop]
    return np.sqrt(np.mean(np.square(frames), axis=1))


def _gaps(
    loudness: np.ndarray, *, silent: np.ndarray, min_length: int, min_interval: int, kept: int
) -> list[tuple[int, int]]:
    """The stretches (first frame, frame after) that belong to no chunk; an empty one is a mere cut."""
    gaps: list[tuple[int, int]] = []
    chunk_start, total = 0, len(loudness)
    for start, end in _runs(silent):
        if end == total:
            if total - start >= min_interval:
                gaps.append((_quietest(loudness, start, min(total, start + kept)), total + 1))
            break
        leading = start == 0 and end > kept
        if not leading and (end - start < min_interval or end - chunk_start < min_length):
            continue
        gap = _cut(loudness, start, end, kept)
        gaps.append((0, gap[1]) if start == 0 else gap)
        chunk_start = gaps[-1][1]
    return gaps


def _cut(loudness: np.ndarray, start: int, end: int, kept: int) -> tuple[int, int]:
    """What to leave out of a silence: one frame of a short one, all but `kept` frames at each side of a long one."""
    if end - start <= kept:
        middle = _quietest(loudness, start, end)
        return middle, middle
    left = _quietest(loudness, start, start + kept)
    right = _quietest(loudness, end - kept, end)
    if end - start <= 2 * kept:
        middle = _quietest(loudness, end - kept, start + kept)
        return min(left, middle), max(right, middle)
    return left, right


def _quietest(loudness: np.ndarray, first: int, last: int) -> int:
    """The quietest frame of first..last, both included."""
    return first + int(np.argmin(loudness[first : last + 1]))


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """Where flags are true: (first, after) of every unbroken run."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return [(int(first), int(after)) for first, after in edges.reshape(-1, 2)]
