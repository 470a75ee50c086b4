"""The token vocabulary of a pack: a projection of frame pairs, then k-means.

One token stands for two content frames. The projection keeps the directions that tell phonemes apart and measures
distances along them in units of how much one phoneme varies (linear discriminant analysis, Fisher 1936), so that codes
differ in what is spoken before they differ in who speaks; k-means on it gives the codebook that the quantiser looks
up. Without phonemes the directions of the greatest variance are kept. Both are then frozen, as they are in fine-tuning.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Codebook:
    """Weights of the quantiser: tokens = argmin over codes of |weight * pair + bias - code|."""

    weight: Tensor  # (D, C, 2) the kernel of a convolution over time with stride 2
    bias: Tensor  # (D,)
    codes: Tensor  # (K, D)
    counts: Tensor  # (K,) how many pairs chose each code


def choose_pairs(features: np.ndarray, limit: int, seed: int) -> np.ndarray:
    """Indices of at most `limit` pairs of neighbouring frames, rising."""
    pairs = len(features) // 2
    rng = np.random.default_rng(seed)
    return np.sort(rng.choice(pairs, size=min(limit, pairs), replace=False))


def frame_pairs(features: np.ndarray, chosen: np.ndarray) -> Tensor:
    """Pairs of neighbouring frames, (N, 2 * C) float32 in the order of a convolution kernel (C, 2)."""
    pairs = len(features) // 2
    stacked = features[: pairs * 2].reshape(pairs, 2, -1)[chosen].astype(np.float32)
    return torch.from_numpy(np.ascontiguousarray(stacked.transpose(0, 2, 1))).flatten(1)


def principal_projection(pairs: Tensor, dims: int) -> tuple[Tensor, Tensor]:
    """(D, 2 * C) rows of unit length in order of variance, and the bias that centres them."""
    mean = pairs.mean(0)
    centred = pairs - mean
    covariance = centred.T @ centred / len(pairs)
    vectors = torch.linalg.eigh(covariance.double()).eigenvectors.float().flip(1)[:, :dims].T.contiguous()
    # The sign of an eigenvector is arbitrary; fix it so that the same data gives the same codebook everywhere.
    vectors = vectors * torch.sign(vectors.gather(1, vectors.abs().argmax(1, keepdim=True)))
    return vectors, -(vectors @ mean)


def discriminant_projection(pairs: Tensor, classes: Tensor, dims: int) -> tuple[Tensor, Tensor]:
    """(D, 2 * C) rows in order of how well they tell the classes (N,) apart, and the bias that centres them.

    Along each row a class has variance r / (1 + r), where r is that between classes over that within one: a direction
    that tells nothing is as good as left out. The rows beyond the number of classes are zero.
    """
    mean = pairs.mean(0)
    centred = (pairs - mean).double()
    count = int(classes.max()) + 1
    sizes = torch.bincount(classes, minlength=count).clamp(min=1).double()
    means = torch.zeros(count, centred.shape[1], dtype=torch.double).index_add_(0, classes, centred) / sizes[:, None]
    between = (means * sizes[:, None]).T @ means / len(pairs)
    within = centred.T @ centred / len(pairs) - between
    ridge = 1e-3 * within.diagonal().mean()
    lower = torch.linalg.cholesky(within + ridge * torch.eye(len(within), dtype=torch.double))
    half = torch.linalg.solve_triangular(lower, between, upper=False)
    ratios, vectors = torch.linalg.eigh(torch.linalg.solve_triangular(lower, half.T, upper=False))
    ratios, vectors = ratios.flip(0)[:dims].clamp(min=0.0), vectors.flip(1)[:, :dims]
    rows = torch.linalg.solve_triangular(lower.T, vectors, upper=True).T * (ratios / (1.0 + ratios)).sqrt()[:, None]
    rows = rows * torch.sign(rows.gather(1, rows.abs().argmax(1, keepdim=True)))
    rows = F.pad(rows.float(), (0, 0, 0, dims - len(rows))).contiguous()
    return rows, -(rows @ mean)


def nearest(points: Tensor, codes: Tensor, chunk: int = 16384) -> tuple[Tensor, Tensor]:
    """Index of the nearest code for each point, and the squared distance to it."""
    indices, distances = [], []
    norms = codes.square().sum(1)
    for part in points.split(chunk):
        scores = norms - 2.0 * part @ codes.T
        best = scores.min(1)
        indices.append(best.indices)
        distances.append((best.values + part.square().sum(1)).clamp_min(0.0))
    return torch.cat(indices), torch.cat(distances)


def k_means(points: Tensor, codes: int, rounds: int, seed: int) -> tuple[Tensor, Tensor]:
    """Lloyd's algorithm: codes, and how many points chose each.

    A code that loses its points is put where the distance is largest.
    """
    if len(points) < codes:
        raise ValueError(f"{len(points)} pairs of frames cannot fill {codes} codes")
    generator = torch.Generator().manual_seed(seed)
    centres = points[torch.randperm(len(points), generator=generator)[:codes]].clone()
    for _ in range(rounds):
        labels, distances = nearest(points, centres)
        counts = torch.bincount(labels, minlength=codes)
        sums = torch.zeros_like(centres).index_add_(0, labels, points)
        centres = torch.where(counts[:, None] > 0, sums / counts[:, None].clamp_min(1), centres)
        dead = torch.nonzero(counts == 0).flatten()
        if len(dead):
            centres[dead] = points[distances.topk(len(dead)).indices]
    return centres, torch.bincount(nearest(points, centres)[0], minlength=codes)


def fit_codebook(
    features: np.ndarray,
    *,
    codes: int,
    dims: int,
    seed: int,
    classes: np.ndarray | None = None,
    limit: int = 120_000,
    rounds: int = 25,
) -> Codebook:
    """Projection and codes for content features (frames, C) at 50 Hz.

    `classes` (frames // 2,) says what is spoken in each pair of frames, -1 where nothing is.
    """
    chosen = choose_pairs(features, limit, seed)
    pairs = frame_pairs(features, chosen)
    if classes is None:
        weight, bias = principal_projection(pairs[:: max(1, len(pairs) // 60_000)], dims)
    else:
        labels = torch.from_numpy(classes[chosen].astype(np.int64))
        weight, bias = discriminant_projection(pairs[labels >= 0], labels[labels >= 0], dims)
    points = pairs @ weight.T + bias
    centres, counts = k_means(points, codes, rounds, seed)
    return Codebook(weight.reshape(dims, -1, 2), bias, centres, counts)


def mutual_information(first: np.ndarray, second: np.ndarray) -> float:
    """Nats that one labelling tells about the other; of a labelling with itself, its entropy."""
    joint = np.zeros((int(first.max()) + 1, int(second.max()) + 1))
    np.add.at(joint, (first, second), 1.0 / len(first))
    independent = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
    seen = joint > 0
    return float((joint[seen] * np.log(joint[seen] / independent[seen])).sum())
