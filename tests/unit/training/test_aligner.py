"""Alignment: phonemes of known lengths are found again, pauses are heard as silence."""

from __future__ import annotations

import numpy as np
import pytest

from services.training.aligner import Aligner, Spoken, fit_aligner, silent_frames

PAUSE = 0
PHONES = 12
CHANNELS = 160


def clip(rng: np.random.Generator, sounds: np.ndarray, count: int = 10) -> tuple[Spoken, np.ndarray]:
    """A text that starts and ends with silence, and the phoneme that each frame really speaks (-1 for none)."""
    phones = rng.integers(1, PHONES + 1, count)
    lengths = rng.integers(3, 8, count)
    truth = np.concatenate([[-1] * 6, np.repeat(np.arange(count), lengths), [-1] * 5])
    classes = np.where(truth < 0, 0, phones[truth])
    features = sounds[classes] + 0.6 * rng.standard_normal((len(truth), CHANNELS))
    return Spoken(features.astype(np.float16), np.append(phones, PAUSE).astype(np.int32), truth < 0), truth


@pytest.fixture(scope="module")
def spoken() -> list[tuple[Spoken, np.ndarray]]:
    rng = np.random.default_rng(5)
    sounds = rng.standard_normal((PHONES + 1, CHANNELS))
    return [clip(rng, sounds) for _ in range(60)]


@pytest.fixture(scope="module")
def aligner(spoken: list[tuple[Spoken, np.ndarray]]) -> Aligner:
    return fit_aligner(lambda index: spoken[index][0], len(spoken), frozenset({PAUSE}), seed=1)


def test_every_frame_gets_the_phoneme_that_it_speaks(aligner: Aligner, spoken: list[tuple[Spoken, np.ndarray]]) -> None:
    right = []
    for one, truth in spoken:
        found = aligner.align(aligner.project(one.features), one.phones)
        assert (np.diff(np.where(found >= 0, found, -1 - found)) >= 0).all()
        silent = (found < 0) | (found == len(one.phones) - 1)
        right.append(np.where(truth < 0, silent, found == truth).mean())
    assert np.mean(right) > 0.95


def test_a_text_longer_than_its_clip_is_refused(aligner: Aligner) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        aligner.align(np.zeros((3, 128), np.float32), np.array([1, 2, 3, 4]))


def test_silence_is_told_by_level() -> None:
    tone = (8000 * np.sin(np.arange(4800))).astype(np.int16)
    assert silent_frames(np.concatenate([tone, np.zeros(960, np.int16), tone]), 480, 22).tolist() == (
        [False] * 10 + [True] * 2 + [False] * 10
    )
