"""When training makes checkpoints: often enough, also with slow steps, and never faster than they are stored."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import nn

from services.training.job import Plan
from services.training.loop import Requests, fit

Emitted = list[tuple[float, dict[str, object]]]


class Slow:
    """A training whose steps take a given time and learn nothing."""

    def __init__(self, step_s: float) -> None:
        self._step_s = step_s
        self.models: Mapping[str, nn.Module] = {"model": nn.Linear(1, 1)}
        self.optimizers: Mapping[str, torch.optim.Optimizer] = {}
        self.lengths = [1]

    def lr(self, epoch: int, step: int) -> float:
        return 0.1

    def step(self, indices: Sequence[int], step: int, lr: float) -> dict[str, float]:
        time.sleep(self._step_s)
        return {"loss": 1.0}

    def save(self, folder: Path, epoch: int, step: int) -> Path:
        return folder / f"e{epoch}.pth"


def run(folder: Path, *, steps: int, step_s: float, every_s: float, stored: bool, epochs: int = 1) -> Emitted:
    """Events with their times; ``stored``: whether a checkpoint is stored as soon as it is told."""
    emitted: Emitted = []
    requests = Requests()

    def emit(event: dict[str, object]) -> None:
        emitted.append((time.monotonic(), event))
        if event["event"] == "checkpoint" and stored:
            requests.stored.set()

    per_epoch = steps // epochs
    plan = Plan(
        epochs=epochs, items_per_epoch=per_epoch, batch=1, seed=1, save_every_epochs=1000, checkpoint_every_s=every_s
    )
    assert fit(Slow(step_s), plan, folder, emit, requests, None)
    return emitted


def steps_of(emitted: Emitted, kind: str) -> list[object]:
    return [event["step"] for _, event in emitted if event["event"] == kind]


def test_checkpoint_is_made_before_the_step_that_would_be_too_late(tmp_path: Path) -> None:
    emitted = run(tmp_path, steps=12, step_s=0.2, every_s=0.5, stored=True)
    # After two steps of 0.2 s, a third one would end later than 0.5 s after the last checkpoint; on a busy machine
    # steps only take longer, and then fewer of them fit.
    made = [0, *steps_of(emitted, "checkpoint")]
    assert all(later - earlier <= 2 for earlier, later in itertools.pairwise(made))  # type: ignore[operator]
    assert made[-1] >= 10  # type: ignore[operator]


def test_step_that_takes_longer_than_the_interval_is_saved_at_once(tmp_path: Path) -> None:
    emitted = run(tmp_path, steps=4, step_s=0.05, every_s=0.01, stored=True)
    assert steps_of(emitted, "checkpoint") == [1, 2, 3]


def test_checkpoints_do_not_pile_up_on_a_store_that_is_slow(tmp_path: Path) -> None:
    emitted = run(tmp_path, steps=6, step_s=0.01, every_s=0.001, stored=False)
    assert steps_of(emitted, "checkpoint") == [1]
    assert steps_of(emitted, "step") == [1, 2, 3, 4, 5, 6]


def test_end_of_an_epoch_is_saved_and_the_end_of_the_run_is_not(tmp_path: Path) -> None:
    emitted = run(tmp_path, steps=6, step_s=0.0, every_s=1000, stored=True, epochs=3)
    assert steps_of(emitted, "checkpoint") == [2, 4]


def test_stop_saves_what_was_done_whatever_is_being_stored(tmp_path: Path) -> None:
    requests = Requests()
    requests.stored.clear()
    emitted: list[dict[str, object]] = []

    def emit(event: dict[str, object]) -> None:
        emitted.append(event)
        if event.get("step") == 3:
            requests.stop.set()

    plan = Plan(epochs=1, items_per_epoch=10, batch=1, seed=1, save_every_epochs=4, checkpoint_every_s=1000)
    assert not fit(Slow(0.0), plan, tmp_path, emit, requests, None)
    assert emitted[-1]["event"] == "checkpoint"
    assert emitted[-1]["step"] == 3
