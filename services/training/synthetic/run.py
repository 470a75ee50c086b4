"""Makes shards until a language has its hours: plan, speak, check, keep."""

from __future__ import annotations

import ctypes
import os
import random
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Protocol

import numpy as np

from services.training.synthetic.clips import fault, to_opus, trim
from services.training.synthetic.engine import SAMPLE_RATE_HZ, Engine, Voices, model_file
from services.training.synthetic.shards import CLIPS_PER_SHARD, CorpusFolder, Row, Shard
from services.training.synthetic.texts import Texts
from services.training.synthetic.voices import VOICES, Speaker, choose_speaker, choose_speed

STOP_FILE = "STOP"
USUAL_CLIP_S = 5.0
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Speaking(Protocol):
    """What speaks: `Engine`, or a stand-in where there is no model."""

    def phonemes(self, text: str, speaker: Speaker) -> str:
        """Text to the model's phonemes."""

    def speak(self, phonemes: str, speaker: Speaker, speed: float) -> np.ndarray:
        """Phonemes to samples at 24 kHz."""


@dataclass(frozen=True)
class Order:
    """What is asked for."""

    folder: Path
    parts: Path  # where the voices are, and where the joined model is kept
    language: str
    hours: float
    seed: int
    jobs: int = 1


@dataclass(frozen=True)
class Done:
    """A shard that is complete, and how far the language is."""

    shard: str
    clips: int
    seconds: float
    total_seconds: float


def make_shard(shard: Shard, texts: Texts, engine: Speaking, language: str, seed: int, stop: Path) -> bool:
    """Make what the shard lacks; False when the stop file appeared first. Which clip is which depends on the seed."""
    for number in shard.missing():
        if stop.exists():
            return False
        rng = random.Random(f"{seed}/{language}/{number}/voice")
        speaker, speed, text = choose_speaker(language, rng), choose_speed(rng), texts[number]
        phonemes = engine.phonemes(text, speaker)
        samples = trim(engine.speak(phonemes, speaker, speed), SAMPLE_RATE_HZ)
        why = fault(samples, SAMPLE_RATE_HZ, len(phonemes), speed)
        if why:
            shard.give_up(number, why)
            continue
        seconds = round(len(samples) / SAMPLE_RATE_HZ, 3)
        row = Row(f"{language}{seed}-{number:06d}", language, str(speaker), speed, text, seconds)
        shard.add(number, row, to_opus(samples, SAMPLE_RATE_HZ))
    shard.finish()
    return True


def fill(order: Order, make: Callable[[int], Future[bool]], report: Callable[[Done], None]) -> None:
    """Have shards made, each by its number, until the hours are there or the stop file appears."""
    corpus = CorpusFolder(order.folder, order.seed)
    corpus.write_manifest(VOICES)
    have = corpus.made(order.language)
    rows = [row for shard in have.values() for row in shard]
    numbers = (number for number in count() if number not in have)
    running: dict[Future[bool], int] = {}
    while True:
        while len(running) < order.jobs and _lacks(order, rows, len(running)):
            number = next(numbers)
            running[make(number)] = number
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            number = running.pop(future)
            if future.result():
                corpus.write_manifest(VOICES)
                made = corpus.made(order.language)[number]
                rows += made
                name = Shard(order.folder, order.language, number).name
                report(Done(name, len(made), _seconds(made), _seconds(rows)))


def _lacks(order: Order, rows: Sequence[Row], running: int) -> bool:
    """Whether one more shard is wanted, given what there is and about what the running ones will bring."""
    clip_s = _seconds(rows) / len(rows) if rows else USUAL_CLIP_S
    expected_s = _seconds(rows) + running * CLIPS_PER_SHARD * clip_s
    return expected_s < order.hours * 3600 and not (order.folder / STOP_FILE).exists()


def _seconds(rows: Sequence[Row]) -> float:
    return sum(row.seconds for row in rows)


_texts: Texts
_engine: Speaking


def end_with(parent: int) -> None:
    """Have this process end with the one that started it: who was killed tells nobody to stop."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit(1)


def _start(order: Order, parent: int) -> None:
    global _texts, _engine
    end_with(parent)
    _texts, _engine = Texts(order.language, order.seed), Engine(order.language, order.parts)


def _make(order: Order, number: int) -> bool:
    shard = Shard(order.folder, order.language, number)
    return make_shard(shard, _texts, _engine, order.language, order.seed, order.folder / STOP_FILE)


@contextmanager
def workers(order: Order) -> Iterator[Callable[[int], Future[bool]]]:
    """Processes that make shards, each with an engine of its own; what is missing is said before they start."""
    Texts(order.language, order.seed)
    Voices(order.parts)
    model_file(order.parts)
    with ProcessPoolExecutor(order.jobs, get_context("spawn"), _start, (order, os.getpid())) as pool:
        yield lambda number: pool.submit(_make, order, number)
