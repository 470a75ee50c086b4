"""What a training child is asked to do. Loads no torch, because the service itself needs none."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long and how a run trains."""

    epochs: int
    items_per_epoch: int
    batch: int
    seed: int
    save_every_epochs: int
    checkpoint_every_s: float
    lr: float = 0.0
    """Learning rate instead of the pack's; 0 leaves it to the pack."""

    @property
    def total_items(self) -> int:
        """Clips that the whole run reads, with repetition."""
        return self.epochs * self.items_per_epoch

    def saves(self, epoch: int) -> bool:
        """Whether the model is saved after this epoch."""
        return epoch % self.save_every_epochs == 0 or epoch == self.epochs


@dataclass(frozen=True, kw_only=True)
class Job:
    """One run. Paths are on this machine."""

    stage: str
    pack_dir: str
    folder: str
    """Holds clips and features, or tokens, and phones (.safetensors); models and checkpoints are written here."""
    plan: Plan
    device: str
    threads: int
    resume: str = ""
    """Checkpoint to go on from; empty for a fresh start."""

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> Job:
        """The reverse of to_json."""
        values = json.loads(line)
        return cls(**(values | {"plan": Plan(**values["plan"])}))
