"""Which phoneme each token of a clip speaks: nobody has aligned a user's clips, so the pack's GPT reads along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from services.training.dataset import Item
from services.voice.gpt import Gpt


def read_along(model: Gpt, items: Sequence[Item], device: torch.device) -> list[Item]:
    """The clips, which have tokens, with what those speak."""
    model.eval()
    return [replace(item, spoken=_spoken(model, item, device)) for item in items]


def _spoken(model: Gpt, item: Item, device: torch.device) -> np.ndarray:
    assert item.tokens is not None
    phones, tokens = (torch.from_numpy(row.astype(np.int64))[None].to(device) for row in (item.phones, item.tokens))
    bert = None if item.bert is None else torch.from_numpy(item.bert.astype(np.float32))[None].to(device)
    return model.read_along(phones, bert, tokens).cpu().numpy().astype(np.int32)
