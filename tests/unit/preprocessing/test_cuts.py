"""Where a recording is cut."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.preprocessing.cuts import CutRules, Segment, choose_clips
from services.voice.vad import WINDOW_S

RULES = CutRules()


def windows(seconds: float) -> int:
    return round(seconds / WINDOW_S)


def clips_of(speech_and_pauses: list[float], rules: CutRules = RULES) -> list[tuple[float, float]]:
    """Clips of a recording that begins with speech: seconds of speech, pause, speech, pause, ..."""
    segments: list[Segment] = []
    at = 0
    for index, seconds in enumerate(speech_and_pauses):
        if index % 2 == 0:
            segments.append((at, at + windows(seconds)))
        at += windows(seconds)
    probabilities = np.zeros(at, np.float32)
    for start, end in segments:
        probabilities[start:end] = 1.0
    return choose_clips(segments, probabilities, 60 * probabilities - 80, rules)


def test_silence_gives_no_clips() -> None:
    assert choose_clips([], np.zeros(100, np.float32), np.full(100, -80, np.float32)) == []


def test_sentences_apart_become_clips_that_end_in_the_pauses() -> None:
    clips = clips_of([5.0, 0.8, 5.0, 0.8, 5.0])
    assert len(clips) == 3
    for (_, end), (start, _) in pairwise(clips):
        assert start - end == pytest.approx(0.8 - RULES.pad_before_s - RULES.pad_after_s, abs=0.04)


def test_short_utterances_are_joined_over_their_pauses() -> None:
    clips = clips_of([1.0, 0.5, 1.2, 0.5, 1.1, 0.5, 1.0])
    assert all(end - start >= RULES.min_s for start, end in clips)
    assert len(clips) <= 2


def test_a_lone_short_utterance_stays_alone() -> None:
    clips = clips_of([5.0, 4.0, 0.8, 4.0, 5.0])
    assert [round(end - start) for start, end in clips] == [5, 1, 5]


def test_long_speech_is_cut_at_its_longest_pauses() -> None:
    # Twenty-four seconds with pauses of 0.12 s, one of them longer in each half.
    pattern = [2.0, 0.12, 2.0, 0.12, 2.0, 0.28, 2.0, 0.12, 2.0, 0.12, 2.0]
    clips = clips_of([*pattern, 0.28, *pattern])
    assert all(RULES.min_s <= end - start <= RULES.max_s for start, end in clips)
    edges = [start for start, _ in clips[1:]]
    long_pauses = [6.24 + 0.14, 12.76 + 0.14, 12.76 + 0.28 + 6.24 + 0.14]
    assert all(min(abs(edge - pause) for pause in long_pauses) < 0.2 for edge in edges)


def test_speech_without_any_pause_is_cut_at_its_quietest_point() -> None:
    count = windows(20.0)
    levels = np.full(count, -20.0, np.float32)
    quiet = windows(8.7)
    levels[quiet - 1 : quiet + 2] = -50.0
    clips = choose_clips([(0, count)], np.ones(count, np.float32), levels)
    assert len(clips) == 2
    assert clips[0][1] == pytest.approx(8.7, abs=0.05)
    assert clips[1][0] == clips[0][1], "nothing of the speech is lost or doubled"


def test_pads_never_reach_into_the_neighbour_or_beyond_the_recording() -> None:
    clips = clips_of([6.0, 0.12, 6.0, 0.12, 6.0])
    assert clips[0][0] == 0.0
    assert clips[-1][1] == pytest.approx(windows(18.24) * WINDOW_S, abs=0.1)
    assert all(before[1] <= after[0] + 1e-9 for before, after in pairwise(clips))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.floats(0.15, 30.0), st.floats(0.1, 4.0)), min_size=1, max_size=25))
def test_whatever_is_said_clips_are_in_order_hold_all_speech_and_are_never_too_long(
    parts: list[tuple[float, float]],
) -> None:
    flat = [seconds for part in parts for seconds in part]
    clips = clips_of(flat)
    assert all(end - start <= RULES.max_s + 0.01 for start, end in clips)
    assert all(before[1] <= after[0] + 1e-9 for before, after in pairwise(clips))
    at = 0.0
    for index, seconds in enumerate(windows(value) * WINDOW_S for value in flat):
        if index % 2 == 0:
            middle = at + seconds / 2
            assert any(start - 1e-6 <= middle <= end + 1e-6 for start, end in clips)
        at += seconds
