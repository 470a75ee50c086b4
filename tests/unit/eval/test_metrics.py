"""Likeness and length, on vectors and numbers whose answers are known."""

import math

import numpy as np
import pytest

from eval.metrics import leave_one_out, length_ratio, likeness, median_pace, spread, unit_mean

EAST, NORTH = np.array([1.0, 0.0]), np.array([0.0, 1.0])


def test_the_mean_of_unit_vectors_is_a_unit_vector() -> None:
    assert unit_mean([EAST, NORTH]) == pytest.approx([math.sqrt(0.5)] * 2)


def test_a_mean_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing"):
        unit_mean([])


def test_each_natural_recording_is_compared_with_the_others_only() -> None:
    assert leave_one_out([EAST, EAST, NORTH]) == pytest.approx([math.sqrt(0.5), math.sqrt(0.5), 0.0])


def test_the_matrix_has_a_row_per_voice_and_a_column_per_speaker() -> None:
    matrix = likeness({"clone": EAST}, {"herself": EAST, "somebody": NORTH})
    assert matrix == {"clone": {"herself": 1.0, "somebody": 0.0}}


def test_the_pace_is_the_median_of_the_recordings() -> None:
    assert median_pace([20, 30, 100], [2.0, 2.0, 2.0]) == 15.0


def test_recordings_without_phonemes_have_no_pace() -> None:
    with pytest.raises(ValueError, match="phonemes"):
        median_pace([0], [2.0])


def test_a_sentence_at_the_speakers_pace_has_ratio_one() -> None:
    assert length_ratio(30, 2.0, 15.0) == 1.0
    assert length_ratio(30, 4.0, 15.0) == 2.0
    assert math.isnan(length_ratio(0, 4.0, 15.0))


def test_the_share_within_bounds_counts_the_bounds_themselves() -> None:
    found = spread([0.6, 1.0, 1.6, 1.7])
    assert (found.share, found.least, found.most) == (0.75, 0.6, 1.7)
    assert found.median == pytest.approx(1.3)
