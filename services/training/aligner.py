"""Which phoneme is spoken in which frame: hidden Markov models of the phonemes, trained on the corpus itself.

Two things in pretraining want to know: the codebook, whose tokens should tell phonemes apart (codebook.py), and the
GPT, whose attention is shown where in the text it is (gpt.py). Content features are phonetic enough for the simplest
model that speech recognition knows (Rabiner 1989): one Gaussian per phoneme with a covariance shared by all, a flat
start (every phoneme equally long), then a few rounds of Viterbi alignment and re-estimation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

DIMS = 128
ROUNDS = 5
# The first rounds, on rough alignments, need no more clips than this.
ROUGH_CLIPS = 600
# Frames that a class is thought to have had at the mean of all frames: rare phonemes stay near it.
_SHRINKAGE = 10.0
_IMPOSSIBLE = -1e30
# Quieter than the loudest frames of the clip by this factor (40 dB) is silence.
_SILENCE = 0.01


@dataclass(frozen=True)
class Spoken:
    """One clip to be aligned."""

    features: np.ndarray  # (T, C) content features
    phones: np.ndarray  # (N,) symbol ids
    silent: np.ndarray  # (T,) bool, see `silent_frames`


class Aligner:
    """Linear scores of the classes: 0 is silence, and so are punctuation marks; the others are phonemes."""

    def __init__(self, symbols: np.ndarray, pauses: frozenset[int], mean: np.ndarray, basis: np.ndarray) -> None:
        self._classes = {int(symbol): index for index, symbol in enumerate(s for s in symbols if int(s) not in pauses)}
        self._mean, self._basis = mean, basis  # (C,), (C, D)
        self._weight = np.zeros((basis.shape[1], 1 + len(self._classes)), np.float32)
        self._bias = np.zeros(1 + len(self._classes), np.float32)

    def targets(self, phones: np.ndarray) -> np.ndarray:
        """Classes of symbol ids; pauses are silence."""
        return np.array([1 + self._classes.get(int(phone), -1) for phone in phones], np.int64)

    def project(self, features: np.ndarray) -> np.ndarray:
        """(T, C) -> (T, D) principal components."""
        return np.asarray((features.astype(np.float32) - self._mean) @ self._basis, np.float32)

    def estimate(self, points: Sequence[np.ndarray], labels: Sequence[np.ndarray]) -> None:
        """Set the Gaussians to those of points (T, D) with their classes (T,)."""
        rows, classes = np.concatenate(points), np.concatenate(labels)
        count = len(self._bias)
        sizes = np.bincount(classes, minlength=count)[:, None]
        sums = np.zeros((count, rows.shape[1]))
        np.add.at(sums, classes, rows)
        means = (sums + _SHRINKAGE * rows.mean(0)) / (sizes + _SHRINKAGE)
        rest = rows - means[classes]
        within = rest.T @ rest / len(rows)
        within += 1e-3 * np.trace(within) / len(within) * np.eye(len(within))
        self._weight = np.linalg.solve(within, means.T).astype(np.float32)
        self._bias = -0.5 * (means * self._weight.T).sum(1).astype(np.float32)

    def align(self, points: np.ndarray, phones: np.ndarray) -> np.ndarray:
        """The phoneme of each frame: projected features (T, D), ids (N,) -> (T,) int16.

        p >= 0 says that phoneme p of the text is spoken; -1 - p that nothing is, after phoneme p (or before it, when
        p is 0 and it comes later). The path never goes back and leaves no phoneme out, so more phonemes than frames
        raise ValueError.
        """
        targets = self.targets(phones)
        path = _best_path(points @ self._weight + self._bias, targets)
        index = np.maximum((path - 1) // 2, 0)
        return np.where(path % 2 == 1, index, -1 - index).astype(np.int16)


def fit_aligner(clips: Callable[[int], Spoken], count: int, pauses: frozenset[int], seed: int) -> Aligner:
    """Gaussians of all symbols that occur in the `count` clips; `pauses` are the ids of punctuation marks."""
    rng = np.random.default_rng([seed, 3])
    chosen = [clips(int(index)) for index in rng.permutation(count)[: 4 * ROUGH_CLIPS]]
    sample = np.concatenate([clip.features[::4] for clip in chosen]).astype(np.float32)
    mean = sample.mean(0)
    covariance = torch.from_numpy(np.cov((sample - mean).T))
    basis = torch.linalg.eigh(covariance).eigenvectors.flip(1)[:, :DIMS].numpy().astype(np.float32)
    aligner = Aligner(np.unique(np.concatenate([clip.phones for clip in chosen])), pauses, mean, basis)
    points = [aligner.project(clip.features) for clip in chosen]
    targets = [aligner.targets(clip.phones) for clip in chosen]
    labels = [_flat(clip.silent, target) for clip, target in zip(chosen, targets, strict=True)]
    for round_ in range(ROUNDS):
        aligner.estimate(points[: len(labels)], labels)
        used = len(chosen) if round_ == ROUNDS - 2 else min(ROUGH_CLIPS, len(chosen))
        if round_ < ROUNDS - 1:
            labels = [
                _classes(aligner.align(point, clip.phones), target)
                for point, clip, target in zip(points[:used], chosen, targets, strict=False)
            ]
    return aligner


def silent_frames(audio: np.ndarray, hop: int, frames: int) -> np.ndarray:
    """Which frames of int16 samples hold no speech: (frames,) bool."""
    whole = np.zeros(frames * hop, np.float32)
    whole[: min(len(audio), len(whole))] = audio[: len(whole)]
    level = np.sqrt(np.square(whole).reshape(frames, hop).mean(1))
    return level < _SILENCE * np.quantile(level, 0.95)


def _flat(silent: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Classes (T,) with every phoneme equally long."""
    phones, labels = targets[targets > 0], np.zeros(len(silent), np.int64)
    places = np.flatnonzero(~silent)
    if len(phones) and len(places):
        labels[places] = phones[np.arange(len(places)) * len(phones) // len(places)]
    return labels


def _classes(alignment: np.ndarray, targets: np.ndarray) -> np.ndarray:
    return np.where(alignment >= 0, targets[np.maximum(alignment, 0)], 0)


def _best_path(scores: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Viterbi over silence, phoneme 0, silence, phoneme 1, ..., silence: the state of each frame, (T,)."""
    frames, states = len(scores), 2 * len(targets) + 1
    if frames < len(targets):
        raise ValueError(f"{len(targets)} phonemes do not fit into {frames} frames")
    labels = np.zeros(states, np.int64)
    labels[1::2] = targets
    emitted = scores[:, labels]
    best = np.full(states + 2, _IMPOSSIBLE)  # two states in front that cannot be
    best[2:4] = emitted[0, :2]
    came_from = np.zeros((frames, states), np.int8)
    choices = np.full((3, states), _IMPOSSIBLE)
    for frame in range(1, frames):
        choices[0] = best[2:]
        choices[1] = best[1:-1]
        choices[2, 1::2] = best[1:-2:2]  # the silence between two phonemes may be passed over, a phoneme never
        came_from[frame] = choices.argmax(0)
        best[2:] = choices.max(0) + emitted[frame]
    path = np.empty(frames, np.int64)
    path[-1] = states - 1 if best[-1] > best[-2] else states - 2
    for frame in range(frames - 1, 0, -1):
        path[frame - 1] = path[frame] - came_from[frame, path[frame]]
    return path
