"""The arithmetic of the evaluation: likeness of voices, and how long sentences take beside the speaker's pace."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

# A sentence is as long as the speaker would take when its ratio lies between these.
SHORTEST, LONGEST = 0.6, 1.6
SHARE_WANTED = 0.95


@dataclass(frozen=True)
class Spread:
    """Median and extremes of some numbers, and the share within bounds."""

    median: float
    least: float
    most: float
    share: float


def unit_mean(vectors: Sequence[np.ndarray]) -> np.ndarray:
    """The mean direction of some unit vectors. Raises ValueError when there are none."""
    if not len(vectors):
        raise ValueError("there is nothing to take a mean of")
    mean = np.mean(np.stack(vectors), axis=0)
    return np.asarray(mean / np.linalg.norm(mean))


def leave_one_out(vectors: Sequence[np.ndarray]) -> list[float]:
    """Cosine of every vector to the mean of the others: how alike one speaker's natural recordings are."""
    return [float(vector @ unit_mean([*vectors[:i], *vectors[i + 1 :]])) for i, vector in enumerate(vectors)]


def likeness(voices: Mapping[str, np.ndarray], speakers: Mapping[str, np.ndarray]) -> dict[str, dict[str, float]]:
    """Cosine of every voice to every speaker: rows are voices, columns speakers."""
    return {
        voice: {speaker: float(vector @ other) for speaker, other in speakers.items()}
        for voice, vector in voices.items()
    }


def median_pace(phonemes: Sequence[int], seconds: Sequence[float]) -> float:
    """Median phonemes a second of natural recordings. Raises ValueError when none has any."""
    paces = [n / s for n, s in zip(phonemes, seconds, strict=True) if n and s > 0]
    if not paces:
        raise ValueError("no recording has phonemes to count")
    return float(np.median(paces))


def length_ratio(phonemes: int, seconds: float, pace: float) -> float:
    """Seconds taken over seconds that the speaker would take; nan when there is nothing to say."""
    return seconds * pace / phonemes if phonemes else math.nan


def spread(ratios: Sequence[float], least: float = SHORTEST, most: float = LONGEST) -> Spread:
    """How ratios lie, and which share of them lies within bounds. Raises ValueError when there are none."""
    if not ratios:
        raise ValueError("there is no ratio")
    within = sum(least <= ratio <= most for ratio in ratios)
    return Spread(float(np.median(ratios)), min(ratios), max(ratios), within / len(ratios))
