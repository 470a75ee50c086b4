"""Content features into the tokens that the GPT learns to write, 25 a second."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import torch

from services.voice.sovits import Sovits


@torch.inference_mode()
def semantic_token(
    features: Iterable[tuple[str, np.ndarray]],
    sovits: Sovits,
    *,
    progress: Callable[[int], None] = lambda done: None,
) -> Iterator[tuple[str, np.ndarray]]:
    """Features (id, (T at 50 Hz, C)) -> (id, tokens (T / 2) int32) by the SoVITS quantiser.

    `progress(done)` is called after each clip and may raise to stop.
    """
    device = next(sovits.parameters()).device
    for done, (clip_id, content) in enumerate(features, start=1):
        batch = torch.from_numpy(content.astype(np.float32)).T[None].to(device)
        yield clip_id, sovits.extract_tokens(batch)[0].to(torch.int32).cpu().numpy()
        progress(done)
