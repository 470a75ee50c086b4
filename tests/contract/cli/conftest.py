"""The command line as a process, with and without a terminal, before a real gateway over a fake orchestrator."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import termios
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.chaos.proxy import Link
from tests.contract.gateway.conftest import plain_log, running, settings_for
from tests.contract.gateway.fake_orchestrator import FakeOrchestrator

__all__ = ["plain_log"]

# Tests may be started by a shell that ignores SIGINT in the background, and children inherit that; people's terminals
# do not. The terminal becomes the controlling one, so that a typed Ctrl-C means what it means to people.
AT_HOME = """
import fcntl, os, signal, sys, termios
signal.signal(signal.SIGINT, signal.default_int_handler)
if os.isatty(0):
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from cli.__main__ import main
main()
"""
WAIT_S = 30.0


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


class Command:
    """A command that runs, without a terminal."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def event(self, name: str = "") -> dict[str, Any]:
        """The next JSON line that it prints (with this name)."""
        assert self.process.stdout is not None
        while line := await asyncio.wait_for(self.process.stdout.readline(), WAIT_S):
            found: dict[str, Any] = json.loads(line)
            if not name or found["event"] == name:
                return found
        raise AssertionError(f"it ended without {name}: {(await self.end()).err}")

    async def line(self, part: str) -> str:
        """The next line with a part."""
        assert self.process.stdout is not None
        while line := (await asyncio.wait_for(self.process.stdout.readline(), WAIT_S)).decode():
            if part in line:
                return line
        raise AssertionError(f"it ended without {part}: {(await self.end()).err}")

    async def end(self) -> Ran:
        """Wait until it has ended; what it printed that nobody has read yet."""
        out, err = await asyncio.wait_for(self.process.communicate(), WAIT_S)
        return Ran(self.process.returncode or 0, out.decode(), err.decode())


class Terminal:
    """A command that runs at a terminal: somebody reads it and types."""

    def __init__(self, process: asyncio.subprocess.Process, master: int) -> None:
        self.process, self._master = process, master
        self.shown = ""
        self._changed = asyncio.Event()
        os.set_blocking(master, False)
        asyncio.get_running_loop().add_reader(master, self._read)

    def _read(self) -> None:
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:  # the last one at the other end has gone
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self._master)
        self.shown += data.decode("utf-8", "replace")
        self._changed.set()

    async def sees(self, part: str) -> None:
        """Wait until something is shown; what was shown before does not count again."""
        async with asyncio.timeout(WAIT_S):
            while part not in self.shown:
                self._changed.clear()
                await self._changed.wait()
        self.shown = self.shown.partition(part)[2]

    def types(self, keys: str) -> None:
        """Press keys; \\x03 is Ctrl-C."""
        os.write(self._master, keys.encode())

    async def end(self) -> int:
        """Wait until it has ended; its exit code."""
        return await asyncio.wait_for(self.process.wait(), WAIT_S)

    def close(self) -> None:
        """Take the terminal away."""
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)


Start = Callable[..., Awaitable[Command]]
Sit = Callable[..., Awaitable[Terminal]]
Run = Callable[..., Awaitable[Ran]]


class Site:
    """A gateway that can be restarted on its port, and a link to it that can be cut."""

    def __init__(self, fake: FakeOrchestrator) -> None:
        self.fake = fake
        self.port = 0
        self.link: Link | None = None
        self._stack = AsyncExitStack()

    async def start(self) -> None:
        """Serve, on the same port as before if there was one."""
        serving = await self._stack.enter_async_context(running(settings_for(self.fake, port=self.port)))
        self.port = serving.port
        if self.link is None:
            self.link = Link("cli", self.port)
            await self.link.open()

    async def stop(self) -> None:
        """Be away; event streams end in order."""
        await self._stack.aclose()

    async def close(self) -> None:
        """Stop everything."""
        if self.link is not None:
            await self.link.close()
        await self.stop()

    @property
    def url(self) -> str:
        """Where commands find the gateway."""
        return f"http://127.0.0.1:{self.link.port if self.link else self.port}"


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeOrchestrator]:
    orchestrator = FakeOrchestrator()
    await orchestrator.reset()
    yield orchestrator
    await orchestrator.stop()


@pytest_asyncio.fixture
async def site(fake: FakeOrchestrator) -> AsyncIterator[Site]:
    found = Site(fake)
    await found.start()
    yield found
    await found.close()


@pytest.fixture
def environment(site: Site, tmp_path: Path) -> dict[str, str]:
    """What a command finds: the server's address, English, a terminal of a usual size."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("VOICELOOM", "LC_", "LANG"))}
    return {**kept, "VOICELOOM_SERVER": site.url, "LANG": "en_GB.UTF-8", "TERM": "xterm", "COLUMNS": "120"}


@pytest_asyncio.fixture
async def start(environment: dict[str, str], tmp_path: Path) -> AsyncIterator[Start]:
    """Starts a command in an empty folder, without a terminal."""
    started: list[asyncio.subprocess.Process] = []

    async def start_command(*arguments: str | Path, **more: str) -> Command:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", AT_HOME, *map(str, arguments)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=tmp_path,
            env={**environment, **more},
        )
        started.append(process)
        return Command(process)

    yield start_command
    for process in started:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


@pytest.fixture
def run(start: Start) -> Run:
    """Runs a command to its end."""

    async def run_command(*arguments: str | Path, **more: str) -> Ran:
        return await (await start(*arguments, **more)).end()

    return run_command


@pytest_asyncio.fixture
async def sit(environment: dict[str, str], tmp_path: Path) -> AsyncIterator[Sit]:
    """Starts a command at a terminal of its own."""
    open_now: list[Terminal] = []

    async def sit_down(*arguments: str | Path) -> Terminal:
        master, slave = os.openpty()
        termios.tcsetwinsize(slave, (40, 120))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", AT_HOME, *map(str, arguments)),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=tmp_path,
            env=environment,
            start_new_session=True,
        )
        os.close(slave)
        open_now.append(Terminal(process, master))
        return open_now[-1]

    yield sit_down
    for terminal in open_now:
        with suppress(ProcessLookupError):
            terminal.process.send_signal(signal.SIGKILL)
        await terminal.process.wait()
        terminal.close()
