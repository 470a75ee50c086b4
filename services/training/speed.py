"""Measures how fast a voice pack trains here: python -m services.training.speed PACK_DIR DEVICE THREADS

A few steps of each model on made-up clips of a usual length, in a process of its own, which prints one JSON object.
What is measured is the shortest of several tries: other work on the machine makes a try longer, nothing makes it
shorter.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import psutil
import torch

from services.training.child import NICENESS
from services.training.dataset import FRAMES_PER_S, FRAMES_PER_TOKEN, Item
from services.training.gpt_train import GptTraining
from services.training.sovits_train import SovitsTraining
from services.voice.gpt import GptConfig
from services.voice.pack import Pack, load_pack
from services.voice.sovits import SovitsConfig

# Clips of a usual length and pace, and how many of them.
CLIP_S, PHONES_PER_S, CLIPS = 4.0, 12.0, 8
TRIES = 3
_WORK_SIZE, _WORK_TIMES = 512, 8


@dataclass(frozen=True)
class Speed:
    """Seconds of an epoch of each model, of starting a run, and of a fixed piece of arithmetic."""

    sovits_epoch_s: float
    gpt_epoch_s: float
    start_s: float
    work_s: float


def measure(pack: Pack, device: torch.device) -> Speed:
    """Train a few steps; takes some seconds."""
    items, tune = made_up(pack), pack.finetune
    began = time.time()
    sovits = _epoch_s(SovitsTraining(pack, items, 1, device), tune.sovits_batch, tune.sovits_items_per_epoch)
    gpt = _epoch_s(GptTraining(pack, items, 1, device), tune.gpt_batch, tune.gpt_items_per_epoch)
    # From the birth of this process to its first work: what a run takes before its first step, but for reading clips.
    start_s = began - psutil.Process().create_time()
    return Speed(sovits, gpt, max(0.0, start_s), _work_s())


def made_up(pack: Pack) -> list[Item]:
    """Noise with the shapes of speech."""
    noise = np.random.default_rng(0)
    frames, rate = int(CLIP_S * FRAMES_PER_S), pack.sample_rate_hz
    tokens, phones = frames // FRAMES_PER_TOKEN, int(CLIP_S * PHONES_PER_S)
    gpt, sovits = GptConfig.from_dict(pack.gpt), SovitsConfig.from_dict(pack.sovits)
    return [
        Item(
            id=f"c{number}",
            audio=noise.integers(-3000, 3000, frames * rate // FRAMES_PER_S).astype(np.int16),
            features=noise.normal(size=(frames, sovits.ssl_channels)).astype(np.float16),
            phones=noise.integers(1, 100, phones).astype(np.int32),
            tokens=noise.integers(0, gpt.codebook_size, tokens).astype(np.int32),
            bert=noise.normal(size=(gpt.bert_dim, phones)).astype(np.float16) if gpt.bert_dim else None,
        )
        for number in range(CLIPS)
    ]


def _epoch_s(training: SovitsTraining | GptTraining, batch: int, items: int) -> float:
    indices = [number % CLIPS for number in range(batch)]
    took = []
    for step in range(TRIES + 1):
        began = time.monotonic()
        training.step(indices, step, training.lr(1, step))
        took.append(time.monotonic() - began)
    return min(took[1:]) * -(-items // batch)  # the first step allocates and plans


def _work_s() -> float:
    matrix = torch.ones(_WORK_SIZE, _WORK_SIZE) / _WORK_SIZE
    took = []
    for _ in range(TRIES):
        began = time.monotonic()
        product = matrix
        for _ in range(_WORK_TIMES):
            product = product @ matrix
        took.append(time.monotonic() - began)
    return min(took)


def main(pack_dir: str, device: str, threads: str) -> int:
    """Measure and print."""
    os.nice(NICENESS)  # as training does
    if int(threads):
        torch.set_num_threads(int(threads))
    name = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    sys.stdout.write(json.dumps(asdict(measure(load_pack(Path(pack_dir), verify=False), torch.device(name)))))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
