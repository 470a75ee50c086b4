"""Measures how fast this machine trains with a pack: python -m services.training.speed_child, started by speed.py.

Both trainings take a few steps on made-up clips, for a step takes as long on noise as on speech. So does a fixed piece
of work that has nothing to do with the pack: what the other stages take is known relative to it. One JSON line goes in
and one comes out; the end of the input ends the process.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from services.training.child import NICENESS, TRAININGS, private_output
from services.training.dataset import FRAMES_PER_S, FRAMES_PER_TOKEN, Item
from services.training.loop import Training
from services.training.stopwatch import Stopwatch, waited_s
from services.voice.pack import Pack, load_pack

# Of the made-up clips, as long as those of speech usually are.
CLIP_SECONDS = (4.0, 5.0, 5.6, 5.9, 6.4, 7.5)
PHONES_PER_S = 12
# Steps are taken for so long; a first step that takes longer than the second figure has to do.
STEPS_S = 2.0
SLOW_STEP_S = 6.0


def main() -> int:
    """Measure once."""
    output = private_output()
    job = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.nice(NICENESS)
    if job["threads"]:
        torch.set_num_threads(job["threads"])
    imported_s = max(0.0, time.time() - job["started_at"] - waited_s())
    name = ("cuda" if torch.cuda.is_available() else "cpu") if job["device"] == "auto" else job["device"]
    output.write(json.dumps(measure(load_pack(Path(job["pack_dir"]), verify=False), torch.device(name), imported_s)))
    output.flush()
    return 0


def measure(pack: Pack, device: torch.device, imported_s: float) -> dict[str, float]:
    """Seconds of an epoch of each training, of what comes before its first step, and of the fixed work."""
    work_s = min(_work() for _ in range(3))
    items, tune = made_up(pack), pack.finetune
    sovits_step_s, sovits_start_s = _trained("sovits_train", pack, items, device, tune.sovits_batch)
    gpt_step_s, gpt_start_s = _trained("gpt_train", pack, items, device, tune.gpt_batch)
    return {
        "sovits_epoch_s": sovits_step_s * -(-tune.sovits_items_per_epoch // tune.sovits_batch),
        "gpt_epoch_s": gpt_step_s * -(-tune.gpt_items_per_epoch // tune.gpt_batch),
        "start_s": imported_s + (sovits_start_s + gpt_start_s) / 2,
        "work_s": work_s,
    }


def made_up(pack: Pack) -> list[Item]:
    """Clips of noise that fit the pack."""
    rng = np.random.default_rng(0)
    hop = int(str(pack.sovits["hop"]))
    bert_dim = int(str(pack.gpt.get("bert_dim", 0)))
    items = []
    for number, seconds in enumerate(CLIP_SECONDS):
        frames = int(seconds * FRAMES_PER_S) // FRAMES_PER_TOKEN * FRAMES_PER_TOKEN
        phones = int(seconds * PHONES_PER_S)
        items.append(
            Item(
                id=f"c{number:04d}",
                audio=rng.integers(-3000, 3000, frames * hop).astype(np.int16),
                features=rng.standard_normal((frames, int(str(pack.sovits["ssl_channels"])))).astype(np.float16),
                phones=rng.integers(1, 300, phones).astype(np.int32),
                tokens=rng.integers(0, int(str(pack.gpt["codebook_size"])), frames // 2).astype(np.int32),
                bert=rng.standard_normal((bert_dim, phones)).astype(np.float16) if bert_dim else None,
            )
        )
    return items


def _trained(stage: str, pack: Pack, items: Sequence[Item], device: torch.device, batch: int) -> tuple[float, float]:
    """Seconds of a step, and of what comes before the first and makes the first one slower."""
    watch = Stopwatch()
    training: Training = TRAININGS[stage](pack, items, 0, device)
    built_s = watch.seconds()
    first_s, passed_s = _step(training, 0, batch)
    if passed_s > SLOW_STEP_S:
        return first_s, built_s
    taken: list[float] = []
    passed_s = 0.0
    while passed_s < STEPS_S:
        step_s, wall_s = _step(training, len(taken) + 1, batch)
        taken.append(step_s)
        passed_s += wall_s
    step_s = float(np.mean(taken))  # steps of the GPT differ: some clips are joined with others
    return step_s, built_s + max(0.0, first_s - step_s)


def _step(training: Training, step: int, batch: int) -> tuple[float, float]:
    """Seconds that a step would take on an idle machine, and by the clock."""
    watch = Stopwatch()
    training.step([(step * batch + row) % len(CLIP_SECONDS) for row in range(batch)], step, training.lr(1, step))
    return watch.seconds(), watch.wall_s


def _work() -> float:
    """Seconds of a fixed piece of work of the kind that all models are made of."""
    generator = torch.Generator().manual_seed(0)
    square = torch.randn(768, 768, generator=generator)
    sound, kernel = torch.randn(1, 192, 3000, generator=generator), torch.randn(192, 192, 5, generator=generator)
    watch = Stopwatch()
    with torch.inference_mode():
        for _ in range(10):
            torch.nn.functional.gelu(square @ square)
            torch.nn.functional.conv1d(sound, kernel, padding=2)
    return watch.seconds()


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    # A daemon thread that reads standard input would hold up the interpreter's own way out.
    status = main()
    sys.stderr.flush()
    os._exit(status)
