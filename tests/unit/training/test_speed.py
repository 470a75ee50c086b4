"""Measuring how fast a pack trains, once, and beside no run."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
import torch

from services.runtime.errors import UnavailableError
from services.training.meter import SpeedMeter
from services.training.speed import made_up, measure
from services.voice.pack import Pack, load_pack
from tests.unit.training.conftest import NANO

COUNTING = "import sys; open(sys.argv[1], 'a').write('.'); print('{\"sovits_epoch_s\": 1.5}')"


def test_both_models_of_a_pack_are_measured(pack: Pack) -> None:
    speed = measure(pack, torch.device("cpu"))
    assert speed.sovits_epoch_s > 0
    assert speed.gpt_epoch_s > 0
    assert speed.work_s > 0


def test_made_up_clips_fit_the_default_pack() -> None:
    mini = load_pack(NANO.parent / "mini", verify=False)
    clip = made_up(mini)[0]
    assert clip.features.shape == (200, 512)
    assert clip.tokens is not None
    assert clip.tokens.max() < 512
    assert clip.bert is None


async def test_the_machine_is_measured_once_however_many_ask(tmp_path: Path) -> None:
    tries = tmp_path / "tries"
    meter = SpeedMeter([str(tries)], lambda: False, command=(sys.executable, "-c", COUNTING))
    answers = await asyncio.gather(*(meter.speed() for _ in range(5)))
    assert (await meter.speed(), *answers) == ({"sovits_epoch_s": 1.5},) * 6
    assert tries.read_text() == "."


async def test_a_run_is_not_disturbed() -> None:
    busy = True
    meter = SpeedMeter(["/dev/null"], lambda: busy, command=(sys.executable, "-c", COUNTING))
    with pytest.raises(UnavailableError):
        await meter.speed()
    busy = False
    assert await meter.speed()
    busy = True
    assert await meter.speed(), "what is known needs no measure"


async def test_a_measure_that_fails_is_no_answer_and_may_be_tried_again() -> None:
    meter = SpeedMeter([], lambda: False, command=(sys.executable, "-c", "raise SystemExit(3)"))
    for _ in range(2):
        with pytest.raises(UnavailableError, match="status 3"):
            await meter.speed()
