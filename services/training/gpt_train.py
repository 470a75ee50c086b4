"""Fine-tunes a pack's GPT on the phonemes and tokens of one speaker."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from services.training.dataset import FRAMES_PER_TOKEN, Item, companions, gpt_batch, join
from services.training.reading import read_along
from services.training.steps import GptSettings, GptStepper, Losses
from services.voice.checkpoint import build_gpt, save_gpt
from services.voice.pack import Pack


class GptTraining:
    """A pack's GPT, the speaker's clips and the way one is fitted to the other."""

    def __init__(self, pack: Pack, items: Sequence[Item], seed: int, device: torch.device) -> None:
        self._pack, self._seed = pack, seed
        settings = GptSettings(
            seed=seed,
            amp=device.type == "cuda",
            token_noise=pack.finetune.gpt_token_noise,
            guide_weight=pack.finetune.gpt_guide_weight,
        )
        model = build_gpt(pack, device)
        # The pack's model reads along before it is changed.
        self._items = read_along(model, items, device) if settings.guide_weight else items
        self._stepper = GptStepper(model, settings, pack.finetune.gpt_optimizer)
        self.models, self.optimizers = self._stepper.models, self._stepper.optimizers
        self._frames = [0 if item.tokens is None else FRAMES_PER_TOKEN * len(item.tokens) for item in items]
        self._others = range(len(items))
        self.lengths = self._frames

    def lr(self, epoch: int, step: int) -> float:
        """Constant after the warm-up."""
        return self._pack.finetune.gpt_lr * min(1.0, (step + 1) / (self._pack.finetune.gpt_warmup_steps + 1))

    def step(self, indices: Sequence[int], step: int, lr: float) -> Losses:
        """Update on these clips, some of them joined with others."""
        rng = np.random.default_rng([self._seed, 2, step])
        groups = [companions(index, self._others, self._frames, rng) for index in indices]
        batch = gpt_batch([join([self._items[i] for i in group]) for group in groups])
        return self._stepper.step(batch, step, lr)

    def save(self, folder: Path, epoch: int, step: int) -> Path:
        """Write the .ckpt."""
        path = folder / f"e{epoch}.ckpt"
        save_gpt(path, self._stepper.model, family=self._pack.family, epoch=epoch)
        return path
