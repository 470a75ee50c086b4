"""The loop of fine-tuning: epochs of batches, curve, saved models, checkpoints that resume exactly.

It runs in the training child and tells its parent what happens through `emit`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from torch import nn
from torch.optim import Optimizer

from services.training.dataset import epoch_order
from services.training.job import Plan
from services.training.steps import Losses
from services.voice.checkpoint import load_training_state, save_training_state

# Clips among which those of similar length are put side by side. Not a matter of the batch, which may be halved.
BUCKET = 32

Emit = Callable[[dict[str, object]], None]


class Training(Protocol):
    """One model with its data, as sovits_train and gpt_train build it."""

    @property
    def models(self) -> Mapping[str, nn.Module]:
        """By name, for checkpoints."""

    @property
    def optimizers(self) -> Mapping[str, Optimizer]:
        """By name, for checkpoints."""

    @property
    def lengths(self) -> Sequence[int]:
        """Of the clips; batches hold clips of similar length."""

    def lr(self, epoch: int, step: int) -> float:
        """Learning rate; epochs count from 1, steps from 0."""

    def step(self, indices: Sequence[int], step: int, lr: float) -> Losses:
        """Update on these clips."""

    def save(self, folder: Path, epoch: int, step: int) -> Path:
        """Write the model in its official layout and return the file."""


def fit(
    training: Training, plan: Plan, folder: Path, emit: Emit, should_stop: Callable[[], bool], resume: Path | None
) -> bool:
    """Train from the checkpoint `resume`, or from the start, to the end; False when stopped before it.

    A batch never crosses the end of an epoch. The position counts clips, so a run can go on with another batch size.
    """
    step = item = 0
    if resume is not None:
        counters = load_training_state(resume, models=training.models, optimizers=training.optimizers)
        step, item = int(counters["step"]), int(counters["item"])

    def checkpoint() -> None:
        path = folder / f"checkpoint_{step}.pt"
        counters = {"step": step, "item": item}
        save_training_state(path, models=training.models, optimizers=training.optimizers, counters=counters)
        emit({"event": "checkpoint", "path": str(path), "step": step})

    saved_at = time.monotonic()
    while item < plan.total_items:
        if should_stop():
            checkpoint()
            return False
        epoch, offset = item // plan.items_per_epoch + 1, item % plan.items_per_epoch
        order = epoch_order(training.lengths, plan.items_per_epoch, plan.seed, epoch, bucket=BUCKET)
        indices = order[offset : offset + plan.batch]
        lr = training.lr(epoch, step)
        losses = training.step(indices, step, lr)
        step, item = step + 1, item + len(indices)
        emit({"event": "step", "step": step, "epoch": epoch, "item": item, "lr": lr, "losses": losses})
        if item % plan.items_per_epoch == 0:
            if plan.saves(epoch):
                path = training.save(folder, epoch, step)
                emit({"event": "model", "path": str(path), "epoch": epoch, "step": step})
            if epoch < plan.epochs:
                checkpoint()
                saved_at = time.monotonic()
        elif time.monotonic() - saved_at > plan.checkpoint_every_s:
            checkpoint()
            saved_at = time.monotonic()
    return True
