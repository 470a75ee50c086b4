"""How much room a training run needs on disk, from the sizes of the weights that it starts with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from services.runtime.disk import check_room
from services.training.job import Plan
from services.voice.pack import DISCRIMINATOR_FILE, GPT_FILE, SOVITS_FILE, Pack

# A pack's weights are float16; a run holds them in float32, and two moments of the optimiser beside each.
_FLOAT32 = 2
_WITH_MOMENTS = 3


@dataclass(frozen=True)
class Room:
    """Bytes at most in use at once."""

    scratch: int
    """Two states that the child wrote, the archive of one, and a model."""
    artifacts: int
    """Two checkpoints and the one that takes the place of the older, and every model."""


def room_for(stage: str, pack: Pack, plan: Plan) -> Room:
    """What a whole run takes."""
    files = (SOVITS_FILE, DISCRIMINATOR_FILE) if stage == "sovits_train" else (GPT_FILE,)
    sizes = [pack.file(name).stat().st_size * _FLOAT32 for name in files if name in pack.files]
    state, model = sum(sizes) * _WITH_MOMENTS, sizes[0]
    models = sum(plan.saves(epoch) for epoch in range(1, plan.epochs + 1))
    return Room(scratch=3 * state + model, artifacts=3 * state + models * model)


def check_room_for(room: Room, scratch: Path, artifacts: Path | None, *, keep_free_bytes: int) -> None:
    """Raise DiskFullError unless there is that much room. ``artifacts``: None for a bucket."""
    if artifacts is not None and artifacts.stat().st_dev == scratch.stat().st_dev:
        check_room(scratch, room.scratch + room.artifacts, keep_free_bytes=keep_free_bytes)
        return
    check_room(scratch, room.scratch, keep_free_bytes=keep_free_bytes)
    if artifacts is not None:
        check_room(artifacts, room.artifacts, keep_free_bytes=keep_free_bytes)
