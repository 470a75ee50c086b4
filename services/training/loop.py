"""The loop of fine-tuning: epochs of batches, curve, saved models, checkpoints that resume exactly.

It runs in the training child and tells its parent what happens through `emit`.
"""

from __future__ import annotations

import threading
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


class Requests:
    """What the parent asks for and tells, from whatever thread listens to it."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.stored = threading.Event()
        """The checkpoint made last is stored. Until then no other one is made: they would pile up on a slow store."""
        self.stored.set()


# So long the end of an epoch waits until the checkpoint before it is stored; a slower store is not waited for.
STORE_WAIT_S = 2.0

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


def fit(training: Training, plan: Plan, folder: Path, emit: Emit, requests: Requests, resume: Path | None) -> bool:
    """Train from the checkpoint `resume`, or from the start, to the end; False when stopped before it.

    A batch never crosses the end of an epoch. The position counts clips, so a run can go on with another batch size.

    A checkpoint is made at the end of an epoch, and before a step that would end later than `checkpoint_every_s` after
    the last one; so what can be lost is that time (or one step that takes longer), and what storing a checkpoint takes.
    """
    step = item = 0
    if resume is not None:
        counters = load_training_state(resume, models=training.models, optimizers=training.optimizers)
        step, item = int(counters["step"]), int(counters["item"])

    saved_at = time.monotonic()

    def checkpoint() -> None:
        nonlocal saved_at
        requests.stored.clear()
        path = folder / f"checkpoint_{step}.pt"
        counters = {"step": step, "item": item}
        save_training_state(path, models=training.models, optimizers=training.optimizers, counters=counters)
        emit({"event": "checkpoint", "path": str(path), "step": step})
        saved_at = time.monotonic()

    while item < plan.total_items:
        if requests.stop.is_set():
            checkpoint()
            return False
        epoch, offset = item // plan.items_per_epoch + 1, item % plan.items_per_epoch
        order = epoch_order(training.lengths, plan.items_per_epoch, plan.seed, epoch, bucket=BUCKET)
        indices = order[offset : offset + plan.batch]
        lr, began = training.lr(epoch, step), time.monotonic()
        losses = training.step(indices, step, lr)
        step, item = step + 1, item + len(indices)
        emit({"event": "step", "step": step, "epoch": epoch, "item": item, "lr": lr, "losses": losses})
        epoch_ends = item % plan.items_per_epoch == 0
        if epoch_ends and plan.saves(epoch):
            path = training.save(folder, epoch, step)
            emit({"event": "model", "path": str(path), "epoch": epoch, "step": step})
        now = time.monotonic()
        due = epoch_ends or now - saved_at + (now - began) > plan.checkpoint_every_s
        if due and item < plan.total_items and requests.stored.wait(STORE_WAIT_S if epoch_ends else 0):
            checkpoint()
    return True
