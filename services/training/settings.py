"""Settings of the training service."""

from __future__ import annotations

from pydantic import Field

from services.runtime.settings import RuntimeSettings
from services.training.run import CHILD


class TrainingSettings(RuntimeSettings):
    """Where and how runs train; how much is the voice pack's choice."""

    port: int = Field(50054, ge=0, le=65535, description="Port of this service's gRPC server; 0 takes a free one.")
    checkpoint_every_s: float = Field(30.0, gt=0, description="Seconds of training after which the state is saved.")
    seed: int = Field(1, ge=0, description="Seed of every run: the same recording trains the same voice.")
    child_command: tuple[str, ...] = Field(CHILD, description="Program that trains, with its arguments.")
