"""The weights and inputs of vectors that do not store them: a documented function of name, shape and the vector's salt.

    RandomState((crc32(name) ^ salt) & 0xffffffff).standard_normal(shape) * scale + offset, as float32

with scale and offset by the kind of parameter, so that random models stay in a range where numbers can be compared.
"""

import zlib
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

Shape = tuple[int, ...]

# Log-variances come from these; larger values would blow up exp().
_STATISTICS = ("enc_p.proj.weight", "enc_q.proj.weight")


def draw(name: str, shape: Shape, salt: int, scale: float = 1.0, offset: float = 0.0) -> np.ndarray:
    """Standard normal numbers for a name, scaled and shifted in float64, then float32."""
    stream = np.random.RandomState((zlib.crc32(name.encode("utf-8")) ^ salt) & 0xFFFFFFFF)
    normal = stream.standard_normal(shape or (1,))
    return (offset + scale * normal).astype(np.float32).reshape(shape)


def draw_input(name: str, shape: Shape, salt: int, scale: float = 1.0) -> Tensor:
    """An input that a vector names but does not store."""
    return torch.from_numpy(draw("input:" + name, shape, salt, scale))


def draw_weight(key: str, shape: Shape, salt: int) -> Tensor:
    """A parameter or buffer by its state-dict key."""
    offset, scale = _offset_and_scale(key, shape)
    return torch.from_numpy(draw(key, shape, salt, scale, offset))


def draw_state(shapes: Mapping[str, Shape], salt: int) -> dict[str, Tensor]:
    """A whole state dict."""
    return {key: draw_weight(key, shape, salt) for key, shape in shapes.items()}


def _offset_and_scale(key: str, shape: Shape) -> tuple[float, float]:
    """The first matching row decides."""
    last = key.rsplit(".", 1)[-1]
    fan_in = float(np.prod(shape[1:])) ** -0.5
    rows = (
        (last == "inited", 1.0, 0.0),
        (last == "cluster_size", 10.0, 1.0),
        (last in ("embed", "embed_avg"), 0.0, 1.0),
        (last == "alpha", 1.0, 0.1),
        ("prelu" in key, 0.25, 0.05),
        (last == "gamma", 1.0, 0.1),
        (last == "weight_g" and key.startswith("dec.ups."), 1.4, 0.14),
        (last == "weight_g", 1.0, 0.1),
        (key in _STATISTICS, 0.0, 0.2 * fan_in),
        (key == "dec.conv_post.weight", 0.0, 2.0 * fan_in),
        (last in ("emb_rel_k", "emb_rel_v"), 0.0, float(shape[-1]) ** -0.5 if shape else 1.0),
        ("embedding" in key and last == "weight", 0.0, 0.5),
        (last == "weight" and len(shape) == 1, 1.0, 0.1),
        (len(shape) >= 2, 0.0, fan_in),
    )
    for matches, offset, scale in rows:
        if matches:
            return offset, scale
    return 0.0, 0.1
