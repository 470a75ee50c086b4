"""Fine-tunes a pack's SoVITS on the clips of one speaker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from services.training.dataset import FRAMES_PER_S, FRAMES_PER_TOKEN, Item, crop, sovits_batch
from services.training.reading import read_along
from services.training.steps import Losses, SovitsSettings, SovitsStepper
from services.voice.checkpoint import build_discriminator, build_gpt, build_sovits, save_sovits
from services.voice.pack import DISCRIMINATOR_FILE, Pack
from services.voice.pitch import measure_pitch
from services.voice.sovits import Sovits, SovitsConfig


class SovitsTraining:
    """A pack's SoVITS, the speaker's clips and the way one is fitted to the other."""

    def __init__(self, pack: Pack, items: Sequence[Item], seed: int, device: torch.device) -> None:
        self._pack, self._seed = pack, seed
        settings = SovitsSettings(
            seed=seed,
            amp=device.type == "cuda",
            text_lr_ratio=pack.finetune.sovits_text_lr_ratio,
            stft_weight=pack.finetune.sovits_stft_weight,
        )
        model = build_sovits(pack, device)
        self._items = with_pitch(items, model.config) if model.pitch is not None else list(items)
        if model.config.aligned:
            self._items = read_along(build_gpt(pack, device), with_tokens(self._items, model, device), device)
        judge = build_discriminator(pack, device) if DISCRIMINATOR_FILE in pack.files else None
        self._stepper = SovitsStepper(model, judge, settings)
        self.models, self.optimizers = self._stepper.models, self._stepper.optimizers
        self._config = model.config
        self._frames = max(
            int(pack.finetune.segment_s * FRAMES_PER_S) // FRAMES_PER_TOKEN * FRAMES_PER_TOKEN,
            model.config.segment_frames,
        )
        self.lengths = [min(len(item.features), self._frames) for item in items]

    def lr(self, epoch: int, step: int) -> float:
        """Falls by a factor each epoch."""
        return self._pack.finetune.sovits_lr * self._pack.finetune.sovits_lr_decay ** (epoch - 1)

    def step(self, indices: Sequence[int], step: int, lr: float) -> Losses:
        """Update on a random stretch of each of these clips."""
        rng = np.random.default_rng([self._seed, 1, step])
        hop = self._config.hop
        chosen = [crop(self._items[index], self._frames, hop, rng) for index in indices]
        batch = sovits_batch(chosen, hop, self._frames, minimum=self._config.segment_frames)
        return self._stepper.step(batch, step, lr)

    def save(self, folder: Path, epoch: int, step: int) -> Path:
        """Write the .pth."""
        path = folder / f"e{epoch}_s{step}.pth"
        save_sovits(path, self._stepper.model, family=self._pack.family, epoch=epoch, step=step)
        return path


def with_pitch(items: Sequence[Item], config: SovitsConfig) -> list[Item]:
    """The clips with their pitch."""
    return [
        replace(
            item,
            pitch=measure_pitch(item.audio.astype(np.float32) / 32768.0, config.sample_rate_hz, len(item.features)),
        )
        for item in items
    ]


def with_tokens(items: Sequence[Item], model: Sovits, device: torch.device) -> list[Item]:
    """The clips with the tokens that the model makes of their features."""
    found = []
    for item in items:
        features = torch.from_numpy(item.features.astype(np.float32).T)[None].to(device)
        found.append(replace(item, tokens=model.extract_tokens(features)[0].cpu().numpy().astype(np.int32)))
    return found
