"""Stage functions that are silent, late, or deaf."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest

from services.runtime.settings import RuntimeSettings
from services.runtime.stage import StopFlag
from services.runtime.watch import Limits, Pulse, stacks, until_back

PATIENT = Limits(stall_s=60.0, timeout_s=60.0, grace_s=60.0, drain_s=60.0)


@contextmanager
def thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(max_workers=1) as executor:
        yield executor


async def watched(
    function: Callable[[StopFlag, Pulse], None], limits: Limits, stop: StopFlag | None = None
) -> tuple[bool, str]:
    """Whether the function came back, and why it was asked to stop."""
    stop, pulse = stop or StopFlag(), Pulse()
    with thread() as executor:
        running = asyncio.get_running_loop().run_in_executor(executor, function, stop, pulse)
        back = await until_back(running, stop, pulse, limits)
        reason = stop.reason
        released.set()
        await running
    released.clear()
    return back, reason


# Lets deaf functions end after all, so that the test can.
released = threading.Event()


def listens(stop: StopFlag, pulse: Pulse) -> None:
    stop.wait(30)


def deaf(stop: StopFlag, pulse: Pulse) -> None:
    released.wait(30)


async def test_function_that_comes_back_is_left_alone() -> None:
    assert await watched(lambda stop, pulse: None, PATIENT) == (True, "")


async def test_silent_function_is_asked_to_stop() -> None:
    assert await watched(listens, replace(PATIENT, stall_s=0.2)) == (True, "stalled")


async def test_function_that_shows_signs_of_life_is_not_silent() -> None:
    def slow(stop: StopFlag, pulse: Pulse) -> None:
        for _ in range(40):
            pulse.beat()
            if stop.wait(0.05):
                return

    assert await watched(slow, replace(PATIENT, stall_s=1.5)) == (True, "")


async def test_function_that_takes_too_long_is_asked_to_stop_however_lively() -> None:
    def busy(stop: StopFlag, pulse: Pulse) -> None:
        while not stop.wait(0.02):
            pulse.beat()

    assert await watched(busy, replace(PATIENT, timeout_s=0.3)) == (True, "timed_out")


async def test_stalled_function_that_does_not_listen_is_given_up() -> None:
    assert await watched(deaf, replace(PATIENT, stall_s=0.2, grace_s=0.2)) == (False, "stalled")


@pytest.mark.parametrize("reason", ["draining", "cancelled", "lease_lost"])
async def test_deaf_function_is_given_up_in_time_whatever_the_reason(reason: str) -> None:
    stop = StopFlag()
    stop.set(reason)
    limits = Limits(stall_s=0.4, timeout_s=60.0, grace_s=60.0, drain_s=0.2)
    assert await watched(deaf, limits, stop) == (False, reason)


async def test_time_in_which_the_loop_stood_still_is_no_silence() -> None:
    function_began = threading.Event()

    def brief(stop: StopFlag, pulse: Pulse) -> None:
        function_began.set()
        stop.wait(1.2)

    stop, pulse = StopFlag(), Pulse()
    with thread() as executor:
        running = asyncio.get_running_loop().run_in_executor(executor, brief, stop, pulse)
        waiting = asyncio.create_task(until_back(running, stop, pulse, replace(PATIENT, stall_s=1.0)))
        await asyncio.sleep(0.1)
        assert function_began.is_set()
        time.sleep(1.2)  # as SIGSTOP would have it  # noqa: ASYNC251
        assert await waiting
    assert stop.reason == ""


async def test_stacks_name_the_function_that_every_thread_is_in() -> None:
    stop = StopFlag()
    with thread() as executor:
        running = asyncio.get_running_loop().run_in_executor(executor, listens, stop, Pulse())
        deadline = time.monotonic() + 10
        while "in listens" not in stacks():
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
        stop.set("enough")
        await running


def test_single_stages_have_limits_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICELOOM_STAGE_STALL_S", '{"asr": 1200}')
    settings = RuntimeSettings()
    assert Limits.of("asr", settings).stall_s == 1200
    assert Limits.of("inference", settings).stall_s == settings.stall_s == 600
