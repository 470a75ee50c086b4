"""Watches one run of a stage function: a stall, a limit of time, and a function that does not come back when asked.

A stall is silence: neither progress nor a log line nor a checkpoint for longer than the stage's limit. Then the stacks
of all threads go to the log, and the function is asked to stop. One that does not listen ends with its process.
"""

from __future__ import annotations

import asyncio
import faulthandler
import tempfile
import time
from dataclasses import dataclass
from typing import Any

from services.runtime.log import log
from services.runtime.settings import RuntimeSettings
from services.runtime.stage import StopFlag

# Why running work is asked to stop.
CANCELLED, LEASE_LOST, DRAINING, TIMED_OUT, STALLED = "cancelled", "lease_lost", "draining", "timed_out", "stalled"
# Part of the time to drain in which a function may come back; the rest is for handing its claim back without it.
_DRAIN_SHARE = 0.7


class Pulse:
    """Counts the signs of life of a stage function. Beats may come from any thread."""

    def __init__(self) -> None:
        self.beats = 0

    def beat(self) -> None:
        """A sign of life."""
        self.beats += 1


@dataclass(frozen=True)
class Limits:
    """How long a stage may be silent, run, and take to come back."""

    stall_s: float
    timeout_s: float
    grace_s: float
    drain_s: float

    @classmethod
    def of(cls, stage: str, settings: RuntimeSettings) -> Limits:
        """Those of one stage."""
        stall_s = settings.stage_stall_s.get(stage, settings.stall_s)
        return cls(stall_s, settings.stage_timeout_s, settings.stall_grace_s, settings.drain_s * _DRAIN_SHARE)

    def grace_after(self, reason: str) -> float:
        """Seconds in which a function that was asked to stop has to come back."""
        match reason:
            case "draining":
                return self.drain_s
            case "stalled" | "timed_out":
                return self.grace_s
        return self.stall_s  # nobody waits for it; a piece of work may be long


async def until_back(running: asyncio.Future[Any], stop: StopFlag, pulse: Pulse, limits: Limits) -> bool:
    """Wait for a stage function to come back, asking it to stop when it must; answers whether it did."""
    poll_s = min(0.5, limits.stall_s / 4, limits.timeout_s / 4)
    beats, silent_s, ran_s, asked_s = pulse.beats, 0.0, 0.0, 0.0
    before = time.monotonic()
    while True:
        await asyncio.wait([running], timeout=poll_s)
        if running.done():
            return True
        # Time in which this process did not run either (SIGSTOP, a machine that slept) is nobody's silence.
        passed_s = min(time.monotonic() - before, 4 * poll_s)
        before = time.monotonic()
        ran_s += passed_s
        beats, silent_s = (beats, silent_s + passed_s) if beats == pulse.beats else (pulse.beats, 0.0)
        if not stop.is_set():
            if silent_s >= limits.stall_s:
                log.error("stage_stalled", silent_s=round(silent_s, 1), stacks=stacks())
                stop.set(STALLED)
            elif ran_s >= limits.timeout_s:
                log.error("stage_timed_out", ran_s=round(ran_s, 1), stacks=stacks())
                stop.set(TIMED_OUT)
            continue
        asked_s += passed_s
        if asked_s >= limits.grace_after(stop.reason):
            log.error("stage_did_not_come_back", reason=stop.reason, stacks=stacks())
            return False


def stacks() -> str:
    """Where every thread of this process is."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        faulthandler.dump_traceback(file, all_threads=True)
        file.seek(0)
        return file.read()
