"""Keeps the programs of a stack running: starts them in order, restarts what dies, stops all of them in order."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from deploy.local.stack import ROOT, Program

CHILD = Path(__file__).with_name("child.py")
LOG_LIMIT_BYTES = 20_000_000
LONGEST_PAUSE_S = 30.0
# A program that lived this long has started well: its next death counts as the first again.
SETTLED_S = 60.0


def pause_before_restart(deaths: int) -> float:
    """Seconds to wait after the n-th death in a row: 1, 2, 4, ... 30."""
    return min(LONGEST_PAUSE_S, 2.0 ** (deaths - 1))


def describe_end(code: int) -> str:
    """How a process ended, for people."""
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


@dataclass
class Child:
    """A program and the process that runs it now."""

    program: Program
    process: asyncio.subprocess.Process | None = None
    keeper: asyncio.Task[None] | None = None
    restarts: int = 0
    deaths_in_a_row: int = 0
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        running = self.process is not None and self.process.returncode is None
        return self.process.pid if running and self.process else None


class Supervisor:
    """Runs programs until told to stop; `say` prints a line for people, `changed` hears that a process came or went."""

    def __init__(
        self, programs: list[Program], logs: Path, lock: int, *, say: Callable[[str], None], changed: Callable[[], None]
    ) -> None:
        self.children = [Child(program) for program in programs]
        self._logs = logs
        self._lock = lock
        self._say = say
        self._changed = changed
        # Set when one program keeps dying; the stack cannot come up like this.
        self.hopeless: asyncio.Future[Child] = asyncio.get_running_loop().create_future()
        self.started = False

    def log_path(self, name: str) -> Path:
        """Where a program's output goes."""
        return self._logs / f"{name}.log"

    async def start(self) -> None:
        """Start everything, rank by rank; a rank waits until the one before it accepts connections."""
        for _, rank in groupby(self.children, key=lambda child: child.program.rank):
            children = list(rank)
            for child in children:
                child.keeper = asyncio.create_task(self._keep(child), name=child.program.name)
            if children[0].program.rank < 2:
                await asyncio.gather(*(accepts(child.program.port) for child in children))

    async def stop(self) -> None:
        """Stop everything, last rank first; what does not end in its time is killed with all that it started."""
        for child in self.children:
            child.stopping.set()
        for _, rank in groupby(reversed(self.children), key=lambda child: child.program.rank):
            await asyncio.gather(*(self._end(child) for child in rank))

    def kill(self) -> None:
        """End everything at once."""
        for child in self.children:
            child.stopping.set()
            kill_group(child.pid)

    async def _keep(self, child: Child) -> None:
        """Run one program again and again until it is asked to stop."""
        clock = asyncio.get_running_loop().time
        while not child.stopping.is_set():
            began = clock()
            child.process = await self._spawn(child.program)
            group = child.process.pid
            self._changed()
            code = await child.process.wait()
            kill_group(group)  # what it had started dies with it
            if child.stopping.is_set():
                return
            child.deaths_in_a_row = 1 if clock() - began > SETTLED_S else child.deaths_in_a_row + 1
            child.restarts += 1
            pause = pause_before_restart(child.deaths_in_a_row)
            self._say(f"{child.program.name} {describe_end(code)}; starting it again in {pause:.0f} s")
            self._changed()
            if child.deaths_in_a_row >= 5 and not self.started and not self.hopeless.done():
                self.hopeless.set_result(child)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(child.stopping.wait(), pause)

    async def _spawn(self, program: Program) -> asyncio.subprocess.Process:
        path = self.log_path(program.name)
        if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
            path.replace(path.with_suffix(".log.1"))
        wrapper = (sys.executable, "-I", "-S", str(CHILD), str(os.getpid()))
        with path.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *wrapper,
                *program.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(program.environment),
                cwd=ROOT,
                # Ctrl-C in the terminal reaches the supervisor alone, which then stops the programs in order.
                start_new_session=True,
                # Held open by every program: the data folder stays locked until the last of them is gone.
                pass_fds=(self._lock,),
            )

    async def _end(self, child: Child) -> None:
        """Ask a program to end, wait, kill."""
        keeper, pid = child.keeper, child.pid
        if keeper is None:
            return
        if pid is not None:  # else it is between two lives, and its keeper has heard
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        _, late = await asyncio.wait([keeper], timeout=child.program.grace_s)
        if late:
            self._say(f"{child.program.name} did not end in {child.program.grace_s:.0f} s; killing it")
            kill_group(pid)
            await asyncio.wait([keeper])


def kill_group(pid: int | None) -> None:
    """Kill a process and everything it started (each program leads a process group of its own)."""
    if pid is not None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


async def accepts(port: int, every_s: float = 0.05) -> None:
    """Wait until something accepts connections on a loopback port."""
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(every_s)
        else:
            writer.close()
            await writer.wait_closed()
            return
