"""Breaks things: carries out a schedule, one fault after the other, while the tasks go on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable, Sequence

from tests.chaos import disk
from tests.chaos.proxy import Link
from tests.chaos.report import Report
from tests.chaos.schedule import DATABASE, KILL, ON_LINKS, Fault
from tests.chaos.stack import ChaosStack, thaw
from tests.chaos.state import Watch

STAGES = {
    "preprocessing": ("audio_slice",),
    "asr": ("asr",),
    "features": ("text_feature", "hubert_feature", "semantic_token"),
    "training": ("sovits_train", "gpt_train"),
    "inference": ("inference",),
}
# A fault does not wait longer than this for its turn in the tasks' progress: the system may be as good as dead.
LONGEST_WAIT_S = 8.0
BUSY_WAIT_S = 6.0
APPEAR_S = 45.0
# Faults that last, at once: with more, nothing would ever get on.
MOST_AT_ONCE = 3


class Breaker:
    """Carries out faults."""

    def __init__(self, stack: ChaosStack, watch: Watch, report: Report, *, has_disk: bool, say: Callable[[str], None]):
        self._stack, self._watch, self._report, self._say = stack, watch, report, say
        self._has_disk = has_disk
        self._lasting: set[asyncio.Future[object]] = set()
        self._errors: list[BaseException] = []
        self._draw = random.Random(f"breaker/{report.seed}")

    async def run(self, faults: Sequence[Fault]) -> None:
        """Carry out all of them, and wait until those that last are over."""
        for fault in faults:
            await self._turn(fault)
            self._say(str(fault))
            if await self._inject(fault):
                self._report.injected[fault.kind, fault.target] += 1
            else:
                self._report.not_possible[fault.kind] += 1
                self._say(f"  {fault} was not possible")
        while self._lasting:
            await asyncio.wait(self._lasting)
        if self._errors:
            raise BaseExceptionGroup("faults that went wrong", self._errors)

    async def _turn(self, fault: Fault) -> None:
        """Wait until as many stages have ended as the fault wants, or for long enough."""
        while len(self._lasting) >= MOST_AT_ONCE:
            await asyncio.wait(self._lasting, return_when=asyncio.FIRST_COMPLETED)
        wanted = self._watch.stages_ended + fault.after_stages
        await asyncio.sleep(self._draw.uniform(0.2, 1.0))
        await within(LONGEST_WAIT_S, lambda: self._watch.stages_ended >= wanted)
        if fault.while_busy:
            await within(BUSY_WAIT_S, lambda: not self._watch.running().isdisjoint(STAGES[fault.target]))

    async def _inject(self, fault: Fault) -> bool:
        if fault.kind in ON_LINKS:
            return self._on_links(fault)
        match fault.kind:
            case "kill" | "terminate":
                return await self._end(fault)
            case "kill_child":
                return await self._kill_child()
            case "pause":
                return await self._pause(fault)
            case "disk_full":
                if not self._has_disk:
                    return False
                self._last(self._fill_disk(fault.seconds))
        return True

    def _on_links(self, fault: Fault) -> bool:
        links = self._stack.links_to(fault.target)
        delay_s = self._draw.uniform(0.05, 0.8)

        async def hurt(link: Link) -> None:
            match fault.kind:
                case "reset":
                    link.reset()
                case "cut":
                    await link.cut()
                case "swallow":
                    await link.swallow(fault.seconds)
                case "slow":
                    await link.slow(fault.seconds, delay_s)
                case "refuse":
                    await link.refuse(fault.seconds)

        self._last(asyncio.gather(*(hurt(link) for link in links)))
        return bool(links)

    async def _end(self, fault: Fault) -> bool:
        if fault.target == DATABASE:
            self._last(self._stack.restart_database(kill=fault.kind == KILL))
            return True
        await within(APPEAR_S, lambda: self._stack.pid(fault.target) is not None)
        pid = self._stack.pid(fault.target)
        if pid is None:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL if fault.kind == KILL else signal.SIGTERM)
            return True
        return False

    async def _kill_child(self) -> bool:
        await within(APPEAR_S, lambda: bool(self._stack.training_children()))
        for child in self._stack.training_children():
            child.kill()
            return True
        return False

    async def _pause(self, fault: Fault) -> bool:
        await within(APPEAR_S, lambda: self._stack.pid(fault.target) is not None)
        frozen = self._stack.freeze(fault.target)

        async def thaw_later() -> None:
            try:
                await asyncio.sleep(fault.seconds)
            finally:
                thaw(frozen)

        self._last(thaw_later())
        return bool(frozen)

    async def _fill_disk(self, seconds: float) -> None:
        folder = self._stack.folders.disk
        until = time.monotonic() + seconds
        try:
            while time.monotonic() < until:
                # What is given back meanwhile is taken, too.
                await asyncio.to_thread(disk.fill, folder)
                await asyncio.sleep(0.5)
        finally:
            disk.empty(folder)

    def _last(self, lasting: Awaitable[object]) -> None:
        """Let something go on in the background."""
        task = asyncio.ensure_future(lasting)
        self._lasting.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Future[object]) -> None:
        self._lasting.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self._errors.append(error)


async def within(seconds: float, reached: Callable[[], bool]) -> bool:
    """Wait until something is so, but no longer; whether it is."""
    until = time.monotonic() + seconds
    while not (so := reached()) and time.monotonic() < until:
        await asyncio.sleep(0.1)
    return so
