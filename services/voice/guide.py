"""Teaches chosen heads of a GPT to look at the phoneme that is spoken next."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


class Guide:
    """How far the guided heads are from the phoneme of the token that comes next, in one training pass.

    A decoder-only model finds the alignment of text and tokens late by itself; a head that is told it learns to read
    within hundreds of steps (guided attention, arXiv 1710.08969, with known instead of diagonal alignments).
    """

    def __init__(
        self,
        layers: Sequence[int],
        mask: Tensor,
        phone_lengths: Tensor,
        token_lengths: Tensor,
        spoken: Tensor | None,
    ) -> None:
        self._layers = frozenset(layers) if spoken is not None else frozenset()
        self._mask, self._losses = mask[:, 0], []  # type: tuple[Tensor, list[Tensor]]
        if spoken is None:
            return
        # The state at a token predicts the next one; behind the last token comes the end, at the last phoneme.
        following = F.pad(spoken[:, 1:], (0, 1), value=-1)
        following.scatter_(1, token_lengths[:, None] - 1, phone_lengths[:, None] - 1)
        self._known = following >= 0
        self._target = following.clamp(min=0)

    def __call__(self, layer: int, q: Tensor, k: Tensor) -> None:
        if layer not in self._layers:
            return
        first = self._mask.shape[1] - self._target.shape[1]
        scores = (q[:, 0, first:] @ k[:, 0].transpose(1, 2)).float() * q.shape[-1] ** -0.5
        looks = scores.masked_fill(~self._mask[:, first:], float("-inf")).log_softmax(2)
        missed = -looks.gather(2, self._target.unsqueeze(2)).squeeze(2)
        self._losses.append(missed.masked_fill(~self._known, 0.0).sum() / self._known.sum().clamp(min=1))

    def loss(self, like: Tensor) -> Tensor:
        """Mean over the guided layers."""
        return torch.stack(self._losses).mean() if self._losses else like.new_zeros(())
