"""A whole stack for tests: started with `voiceloom up`, looked at through stack.json, stopped or killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[1]
NANO = ROOT / "packs" / "nano"

# What a machine without a compiler and without the hubs of the network looks like: only set-up's own programs are on
# PATH, and whatever asks for a page outside this machine meets a proxy that is not there.
BARE_MACHINE = {
    "PATH": str(Path(sys.prefix) / "bin"),
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "http://127.0.0.1:9",
}

# Tests train the same sample again and again, and mean each time that it is trained.
REAL_WORK = {"VOICELOOM_STAGE_CACHE": "false"}


@dataclass(frozen=True)
class Stack:
    """A running stack and the process that supervises it."""

    process: subprocess.Popen[bytes]
    data: Path

    @property
    def pid(self) -> int:
        """Process id of the supervisor."""
        return self.process.pid

    @property
    def facts(self) -> dict[str, Any]:
        """What `voiceloom up` says about itself."""
        return dict(json.loads((self.data / "stack.json").read_text(encoding="utf-8")))

    @property
    def base_url(self) -> str:
        """Address of the gateway."""
        return str(self.facts["url"])

    @property
    def output(self) -> str:
        """What `voiceloom up` printed."""
        return output_path(self.data).read_text(encoding="utf-8", errors="replace")

    def pid_of(self, program: str, *, timeout_s: float = 30) -> int:
        """Process id of one program; waits while it is between two lives."""
        found = wait_for(lambda: self.facts["programs"][program]["pid"], timeout_s, f"{program} runs")
        return int(found)

    def kill(self, program: str) -> int:
        """kill -9 one program, wait until the supervisor has noticed, and return the process id that it had."""
        pid, restarts = self.pid_of(program), self.restarts(program)
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: self.restarts(program) > restarts, 10, f"the death of {program} is noticed")
        return pid

    def restarts(self, program: str) -> int:
        """How often a program was started again."""
        return int(self.facts["programs"][program]["restarts"])

    def processes(self) -> list[psutil.Process]:
        """Every process that belongs to this stack's data folder, also orphans; the supervisor is not among them."""
        return processes_of(self.data)

    def children(self, program: str) -> list[int]:
        """Process ids of what a program has started (training children)."""
        try:
            return [child.pid for child in psutil.Process(self.pid_of(program)).children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def wait_children(self, program: str, *, at_least: int, timeout_s: float) -> list[int]:
        """Wait until a program has children and return their process ids."""
        wait_for(lambda: len(self.children(program)) >= at_least, timeout_s, f"{program} has {at_least} children")
        return self.children(program)

    def wait_pids_gone(self, pids: list[int], *, timeout_s: float) -> None:
        """Wait until none of the processes is left."""
        wait_for(lambda: not any(is_alive(pid) for pid in pids), timeout_s, f"processes {pids} are gone")

    def wait_gone(self, *, timeout_s: float) -> None:
        """Wait until the supervisor and everything it started are gone."""
        # A process that is dying has no environment any more: those of stack.json are looked for by their ids.
        programs = [program["pid"] for program in self.facts["programs"].values() if program["pid"]]
        self.process.wait(timeout_s)
        self.wait_pids_gone(programs, timeout_s=timeout_s)
        wait_for(lambda: not self.processes(), timeout_s, f"nothing of {self.data} runs")

    def wait_ready(self, *, timeout_s: float = 150) -> None:
        """Wait until /readyz answers 200; says what `up` printed when it does not."""
        try:
            wait_for(self._ready_or_ended, timeout_s, "the stack is ready")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.output}") from None
        if self.process.poll() is not None:
            raise AssertionError(f"the stack ended with code {self.process.returncode}:\n{self.output}")

    def stop(self, *, timeout_s: float = 60) -> int:
        """SIGTERM, and wait until it is over; the exit code. What is left is killed."""
        self.process.terminate()
        try:
            return self.process.wait(timeout_s)
        finally:
            self.process.kill()
            for process in self.processes():
                process.kill()

    def _ready_or_ended(self) -> bool:
        if self.process.poll() is not None:
            return True
        try:
            # A killed stack leaves its stack.json behind; what it says counts only when this supervisor wrote it.
            facts = self.facts
            return facts["pid"] == self.pid and httpx.get(f"{facts['url']}/readyz", trust_env=False).status_code == 200
        except (OSError, ValueError, KeyError, httpx.HTTPError):
            return False


def start_stack(data: Path, *, pack: Path = NANO, environment: Mapping[str, str] | None = None) -> Stack:
    """Start `voiceloom up` on a free port with a data folder of its own and wait until it can serve."""
    stack = launch_stack(data, pack=pack, environment=environment)
    try:
        stack.wait_ready()
    except BaseException:
        stack.stop()
        raise
    return stack


def launch_stack(
    data: Path, *, pack: Path = NANO, port: int = 0, environment: Mapping[str, str] | None = None
) -> Stack:
    """Start `voiceloom up` and do not wait."""
    data.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "cli", "up", "--port", str(port), "--data", str(data), "--pack", str(pack)]
    with output_path(data).open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=ROOT,
            env={**REAL_WORK, **os.environ, **(environment or {})},
        )
    return Stack(process, data)


def output_path(data: Path) -> Path:
    """Where the supervisor's own lines go, beside its data folder."""
    return data.with_name(data.name + ".up.log")


def processes_of(data: Path) -> list[psutil.Process]:
    """Every process whose environment names the scratch folder of this data folder."""
    found = []
    for process in psutil.process_iter():
        try:
            mine = process.environ().get("VOICELOOM_SCRATCH_DIR") == str(data.resolve() / "scratch")
            if mine and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def is_alive(pid: int) -> bool:
    """Whether a process exists and has not ended."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_for(look: Callable[[], T], timeout_s: float, what: str) -> T:
    """Look again and again until the answer is truthy, and return it."""
    deadline = time.monotonic() + timeout_s
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s:g} s: {what}")
        time.sleep(0.1)
