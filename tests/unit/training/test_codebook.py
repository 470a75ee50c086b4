"""The token vocabulary: it tells phonemes apart, not speakers."""

from __future__ import annotations

import numpy as np
import torch

from services.training.codebook import discriminant_projection, fit_codebook, frame_pairs, mutual_information, nearest

PHONES, VOICES, CHANNELS = 6, 4, 24


def corpus() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Frames (2 * pairs, C) in which the voice is louder than the phoneme, the phonemes and the voices of the pairs."""
    rng = np.random.default_rng(2)
    phones, voices = rng.integers(0, PHONES, 4000), rng.integers(0, VOICES, 4000)
    sounds, timbres = rng.standard_normal((PHONES, CHANNELS)), 4.0 * rng.standard_normal((VOICES, CHANNELS))
    rows = (sounds[phones] + timbres[voices])[:, None] + 0.3 * rng.standard_normal((4000, 2, CHANNELS))
    return rows.reshape(-1, CHANNELS).astype(np.float16), phones, voices


def test_tokens_say_what_is_spoken_and_not_by_whom() -> None:
    features, phones, voices = corpus()
    book = fit_codebook(features, codes=12, dims=8, seed=1, classes=phones)
    pairs = frame_pairs(features, np.arange(len(phones)))
    tokens = nearest(pairs @ book.weight.flatten(1).T + book.bias, book.codes)[0].numpy()
    assert mutual_information(tokens, phones) > 0.9 * np.log(PHONES)
    assert mutual_information(tokens, voices) < 0.1 * np.log(VOICES)
    plain = fit_codebook(features, codes=12, dims=8, seed=1)
    blind = nearest(pairs @ plain.weight.flatten(1).T + plain.bias, plain.codes)[0].numpy()
    assert mutual_information(blind, voices) > 0.5 * np.log(VOICES)


def test_silence_is_no_class_but_has_tokens() -> None:
    features, phones, _ = corpus()
    classes = np.where(phones == 0, -1, phones)
    assert (fit_codebook(features, codes=12, dims=8, seed=1, classes=classes).counts > 0).all()


def test_directions_beyond_the_classes_are_empty() -> None:
    features, phones, _ = corpus()
    rows, _ = discriminant_projection(frame_pairs(features, np.arange(4000)), torch.from_numpy(phones), 8)
    norms = rows.norm(dim=1)
    assert (norms[: PHONES - 1] > 10 * norms[PHONES:].max()).all()
