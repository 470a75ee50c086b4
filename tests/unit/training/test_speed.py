"""How fast this machine trains: measured in a child, once, never beside a run."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from services.runtime.errors import UnavailableError
from services.training.run import ActiveRun, Runs, RunState
from services.training.settings import TrainingSettings
from services.training.speed import CHILD, Speed, SpeedMeter
from services.training.stopwatch import Stopwatch
from services.voice.pack import Pack

ANSWER = '{"sovits_epoch_s": 2.0, "gpt_epoch_s": 1.0, "start_s": 4.0, "work_s": 0.5}'
SETTINGS = TrainingSettings(threads=1, device="cpu")


def meter(pack: Pack, runs: Runs, source: str, **limits: float) -> SpeedMeter:
    """A meter whose child runs this source."""
    return SpeedMeter(SETTINGS, pack, runs, command=(sys.executable, "-c", source), **limits)


async def test_the_real_child_measures_the_nano_pack(pack: Pack) -> None:
    began = time.monotonic()
    speed = await SpeedMeter(SETTINGS, pack, Runs(), command=CHILD).speed()
    passed_s = time.monotonic() - began
    for seconds in vars(speed).values():
        assert 0 < seconds < passed_s


async def test_callers_at_once_and_later_ones_share_one_measurement(pack: Pack, tmp_path: Path) -> None:
    source = f"import pathlib; pathlib.Path({str(tmp_path)!r}, 'begun').open('a').write('x'); print({ANSWER!r})"
    measuring = meter(pack, Runs(), source)
    found = await asyncio.gather(*(measuring.speed() for _ in range(3)))
    assert {*found, await measuring.speed()} == {Speed(2.0, 1.0, 4.0, 0.5)}
    assert (tmp_path / "begun").read_text() == "x"


async def test_a_training_that_begins_ends_the_measurement_and_its_child(pack: Pack, tmp_path: Path) -> None:
    source = (
        f"import os, time, pathlib; pathlib.Path({str(tmp_path)!r}, 'pid').write_text(str(os.getpid())); time.sleep(60)"
    )
    runs = Runs()
    asking = asyncio.create_task(meter(pack, runs, source).speed())
    while not (pid := tmp_path / "pid").exists() or not pid.read_text():
        await asyncio.sleep(0.02)
    runs.add("t", "gpt_train", ActiveRun(1, RunState(), lambda: None))
    with pytest.raises(UnavailableError):
        await asyncio.wait_for(asking, 5)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


@pytest.mark.parametrize("source", ["import time; time.sleep(60)", "raise SystemExit(1)", "print('{}')", "print('[')"])
async def test_a_child_that_answers_nothing_is_unavailable_and_tried_again(pack: Pack, source: str) -> None:
    measuring = meter(pack, Runs(), source, longest_s=0.5)
    for _ in range(2):
        with pytest.raises(UnavailableError):
            await measuring.speed()


async def test_the_child_ends_with_whoever_asked(pack: Pack) -> None:
    process = await asyncio.create_subprocess_exec(
        *CHILD, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
    )
    assert process.stdin is not None
    job = f'{{"pack_dir": "{pack.path}", "device": "cpu", "threads": 1, "started_at": 0}}\n'
    process.stdin.write(job.encode())
    process.stdin.close()
    assert await asyncio.wait_for(process.wait(), 60) == 1


def test_a_watch_counts_sleep() -> None:
    # In a process of its own: where threads of other tests wait for a processor, a part of the sleep counts as theirs.
    source = (
        "import time; from services.training.stopwatch import Stopwatch; watch = Stopwatch(); "
        "time.sleep(0.2); print(watch.seconds(), watch.wall_s)"
    )
    printed = subprocess.run([sys.executable, "-c", source], check=True, capture_output=True, text=True).stdout
    counted_s, wall_s = map(float, printed.split())
    assert 0.15 < counted_s <= wall_s


def test_a_watch_counts_work_but_not_the_wait_for_a_processor() -> None:
    watch = Stopwatch()
    began = time.thread_time()
    while time.thread_time() - began < 0.2:
        pass
    assert watch.seconds() == pytest.approx(0.2, abs=0.05)
