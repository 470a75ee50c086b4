"""Finds speech in 16 kHz audio with Silero VAD, whose network ships inside faster-whisper; any length, in blocks.

faster-whisper's own function wants the whole recording in memory; this one carries the network's state from block to
block instead, with the same result.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16_000
WINDOW = 512  # samples per decision: 32 ms
WINDOW_S = WINDOW / SAMPLE_RATE_HZ
_CONTEXT = 64  # samples of the previous window that the network sees again
_STATE = (1, 1, 128)

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class SpeechRules:
    """How probabilities become segments."""

    # Speech begins at this probability and ends below the lower one: the hysteresis that Silero recommends.
    begin: float = 0.5
    end: float = 0.35
    min_speech_s: float = 0.12
    # Shorter dips (stop consonants) do not end a segment.
    min_pause_s: float = 0.10


class SpeechDetector:
    """Speech probability of every window of one recording, pushed block by block."""

    def __init__(self) -> None:
        from faster_whisper.vad import get_vad_model

        self._session = get_vad_model().session
        self._h = np.zeros(_STATE, np.float32)
        self._c = np.zeros(_STATE, np.float32)
        self._context = np.zeros(_CONTEXT, np.float32)
        self._rest = np.zeros(0, np.float32)

    def push(self, samples: Samples) -> Samples:
        """Take mono samples (N,) at 16 kHz; return the probabilities (K,) of the windows that are whole by now."""
        samples = np.concatenate([self._rest, samples])
        whole = len(samples) - len(samples) % WINDOW
        self._rest = samples[whole:]
        if whole == 0:
            return np.zeros(0, np.float32)
        windows = samples[:whole].reshape(-1, WINDOW)
        before = np.concatenate([self._context[None], windows[:-1, -_CONTEXT:]])
        self._context = windows[-1, -_CONTEXT:].copy()
        feed = {"input": np.concatenate([before, windows], axis=1), "h": self._h, "c": self._c}
        probabilities, self._h, self._c = self._session.run(None, feed)
        return np.asarray(probabilities, np.float32).reshape(-1)

    def finish(self) -> Samples:
        """Probability (0 or 1 values) of what is left, padded with silence to a whole window."""
        if len(self._rest) == 0:
            return np.zeros(0, np.float32)
        return self.push(np.zeros(WINDOW - len(self._rest), np.float32))


def speech_probabilities(blocks: Iterable[Samples]) -> Samples:
    """Speech probability (K,) of every 32 ms of a recording that comes as 16 kHz blocks."""
    detector = SpeechDetector()
    parts = [detector.push(block) for block in blocks]
    return np.concatenate([*parts, detector.finish()])


def speech_segments(probabilities: Samples, rules: SpeechRules = SpeechRules()) -> list[tuple[int, int]]:
    """Turn probabilities (K,) into half-open ranges of windows that hold speech, in order and apart."""
    segments: list[tuple[int, int]] = []
    start = None
    for i, probability in enumerate(probabilities):
        if start is None and probability >= rules.begin:
            start = i
        elif start is not None and probability < rules.end:
            segments.append((start, i))
            start = None
    if start is not None:
        segments.append((start, len(probabilities)))

    joined: list[tuple[int, int]] = []
    for begin, end in segments:
        if joined and (begin - joined[-1][1]) * WINDOW_S < rules.min_pause_s:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((begin, end))
    return [(begin, end) for begin, end in joined if (end - begin) * WINDOW_S >= rules.min_speech_s]


def speech_ratio(samples: Samples) -> float:
    """Share (0..1) of 16 kHz samples (N,) in which there is speech."""
    probabilities = speech_probabilities([samples])
    if len(probabilities) == 0:
        return 0.0
    return sum(end - begin for begin, end in speech_segments(probabilities)) / len(probabilities)
