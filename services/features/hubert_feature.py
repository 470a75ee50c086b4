"""Clips into content features: what is said, 50 times a second."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import torch

from services.voice.audio import resample
from services.voice.content import ContentEncoder


def hubert_feature(
    clips: Iterable[tuple[str, np.ndarray]],
    sample_rate_hz: int,
    encoder: ContentEncoder,
    *,
    progress: Callable[[int], None] = lambda done: None,
) -> Iterator[tuple[str, np.ndarray]]:
    """Clips (id, int16 samples (N,)) -> (id, features (T at 50 Hz, C) float16).

    Half precision is enough: features are of order one and the models are trained on them as they are stored.
    `progress(done)` is called after each clip and may raise to stop.
    """
    for done, (clip_id, samples) in enumerate(clips, start=1):
        wav = resample(samples.astype(np.float32) / 32768.0, sample_rate_hz, encoder.sample_rate_hz)
        features = encoder.encode(torch.from_numpy(np.ascontiguousarray(wav, dtype=np.float32)))
        yield clip_id, features.to(torch.float16).cpu().numpy()
        progress(done)
