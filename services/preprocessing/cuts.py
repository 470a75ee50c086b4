"""Chooses where a recording is cut: clips of 2 to 12 seconds that begin and end in pauses.

All times here are windows of 32 ms, the step of the voice activity detector.
"""

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from services.voice.vad import WINDOW_S

Segment = tuple[int, int]
Values = NDArray[np.float32]


@dataclass(frozen=True)
class CutRules:
    """What makes a good clip. Lengths include the pads."""

    min_s: float = 2.0
    max_s: float = 12.0
    # Clips near this length are preferred: a sentence or two, long enough to be a reference.
    target_s: float = 5.0
    # Air kept before and after speech; never more than half of the pause.
    pad_before_s: float = 0.10
    pad_after_s: float = 0.15
    # A pause of this length is as good a place to cut as any longer one.
    clean_pause_s: float = 0.30
    # Pauses inside a clip cost something beyond the first and are never longer than the second.
    natural_pause_s: float = 0.60
    longest_pause_s: float = 1.50

    def within(self, min_s: float | None, max_s: float | None) -> "CutRules":
        """The same rules with other limits; None leaves one as it is. Raises ValueError where cuts could not hold."""
        rules = replace(self, min_s=min_s or self.min_s, max_s=max_s or self.max_s)
        if rules.max_speech_s < 2 * rules.min_s:
            raise ValueError("a clip that is too long could not be halved into two that are long enough")
        return replace(rules, target_s=min(max(self.target_s, rules.min_s), rules.max_s))

    @property
    def max_speech_s(self) -> float:
        """Longest run from the first to the last word of a clip."""
        return self.max_s - self.pad_before_s - self.pad_after_s


# Costs are in units of "a clip of twice the target length": losing speech is worse than a cut inside a word,
# which is worse than any length within the bounds.
LOSS = 6.0
CUT_IN_SPEECH = 3.0
PER_SECOND_OF_PAUSE = 1.5


def choose_clips(
    segments: list[Segment], probabilities: Values, levels_db: Values, rules: CutRules = CutRules()
) -> list[tuple[float, float]]:
    """Group speech segments into clips; returns (start, end) in seconds, in order, never overlapping.

    Segments longer than a clip are split at their quietest point first; then the cheapest of all groupings is found by
    dynamic programming. Clips shorter than rules.min_s remain where speech stands alone; the caller drops them.
    """
    pieces = [piece for segment in segments for piece in _split(segment, probabilities, levels_db, rules)]
    if not pieces:
        return []
    best = [0.0] + [math.inf] * len(pieces)  # best[j]: cost of the first j pieces
    first = [0] * (len(pieces) + 1)  # where the clip that ends with piece j - 1 begins
    for j in range(1, len(pieces) + 1):
        for i in range(j - 1, -1, -1):
            inside = _clip_cost(pieces[i:j], rules)
            if inside == math.inf:
                break  # reaching further back only makes it longer
            cost = best[i] + inside + (_cut_cost(pieces[i - 1], pieces[i], rules) if i else 0.0)
            if cost < best[j]:
                best[j], first[j] = cost, i
    groups: list[Segment] = []
    j = len(pieces)
    while j:
        groups.append((pieces[first[j]][0], pieces[j - 1][1]))
        j = first[j]
    return _pad(groups[::-1], len(probabilities), rules)


def _split(segment: Segment, probabilities: Values, levels_db: Values, rules: CutRules) -> list[Segment]:
    """Halve a segment that is too long for one clip at the quietest point that leaves both sides long enough."""
    margin = round(rules.min_s / WINDOW_S)
    pieces: list[Segment] = []
    # A list and no recursion: hours of speech without a pause may be cut thousands of times from one end.
    rest = [segment]
    while rest:
        start, end = rest.pop()
        if (end - start) * WINDOW_S <= rules.max_speech_s:
            pieces.append((start, end))
            continue
        # Between words both the level and the probability dip; three windows (0.1 s) skip stop consonants.
        score = np.convolve(levels_db[start:end] + 10.0 * probabilities[start:end], np.full(3, 1 / 3), mode="same")
        cut = start + margin + int(np.argmin(score[margin : end - start - margin]))
        rest += [(cut, end), (start, cut)]
    return pieces


def _clip_cost(pieces: list[Segment], rules: CutRules) -> float:
    seconds = (pieces[-1][1] - pieces[0][0]) * WINDOW_S
    if seconds > rules.max_speech_s:
        return math.inf
    pauses = [(after[0] - before[1]) * WINDOW_S for before, after in pairwise(pieces)]
    if any(pause > rules.longest_pause_s for pause in pauses):
        return math.inf
    cost = ((seconds - rules.target_s) / rules.target_s) ** 2
    cost += PER_SECOND_OF_PAUSE * sum(max(0.0, pause - rules.natural_pause_s) for pause in pauses)
    padded = seconds + rules.pad_before_s + rules.pad_after_s
    return cost + (LOSS if padded < rules.min_s else 0.0)


def _cut_cost(before: Segment, after: Segment, rules: CutRules) -> float:
    pause = (after[0] - before[1]) * WINDOW_S
    return CUT_IN_SPEECH * max(0.0, 1.0 - pause / rules.clean_pause_s)


def _pad(groups: list[Segment], windows: int, rules: CutRules) -> list[tuple[float, float]]:
    clips = []
    for k, (start, end) in enumerate(groups):
        before = start - groups[k - 1][1] if k else 2 * start
        after = groups[k + 1][0] - end if k + 1 < len(groups) else 2 * (windows - end)
        clips.append(
            (
                start * WINDOW_S - min(rules.pad_before_s, before * WINDOW_S / 2),
                end * WINDOW_S + min(rules.pad_after_s, after * WINDOW_S / 2),
            )
        )
    return clips
