"""The supervisor against real processes: restarts, order, stubborn programs, and no orphans."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from deploy.local.ports import free_ports
from deploy.local.stack import ROOT, Program
from deploy.local.supervisor import Supervisor
from tests.stack import is_alive, wait_for

# Listens on the port it is given, says when it is told to end, and ends.
POLITE = """
import pathlib, signal, socket, sys, time
port, journal = int(sys.argv[1]), pathlib.Path(sys.argv[2])
def end(*_):
    with journal.open("a") as file:
        file.write(sys.argv[3] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
server = socket.create_server(("127.0.0.1", port))
while True:
    time.sleep(0.05)
"""
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
print("deaf", flush=True)
time.sleep(300)
"""


Supervise = Callable[..., Supervisor]


@pytest.fixture
async def supervise(tmp_path: Path) -> AsyncIterator[Supervise]:
    """Makes supervisors; whatever a test leaves running is killed at its end."""
    lock = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    made: list[Supervisor] = []

    def make(*programs: Program, say: Callable[[str], None] = print) -> Supervisor:
        made.append(Supervisor(list(programs), tmp_path, lock, say=say, changed=lambda: None))
        return made[-1]

    yield make
    for supervisor in made:
        supervisor.kill()
        await asyncio.gather(*(child.keeper for child in supervisor.children if child.keeper))
    os.close(lock)


def said(supervisor: Supervisor, name: str, word: str) -> bool:
    """Whether a program has written a word to its log."""
    log = supervisor.log_path(name)
    return log.exists() and word in log.read_text()


def program(name: str, rank: int, source: str, *arguments: str, port: int = 0, grace_s: float = 5) -> Program:
    command = (sys.executable, "-c", textwrap.dedent(source), *arguments)
    return Program(name, command, port, rank, dict(os.environ), grace_s)


def polite(name: str, rank: int, journal: Path) -> Program:
    port = free_ports(1, seed=hash(name) % 700)[0]
    return program(name, rank, POLITE, str(port), str(journal), name, port=port)


async def until(look: Callable[[], object], timeout_s: float = 15) -> None:
    deadline = time.monotonic() + timeout_s
    while not look():
        assert time.monotonic() < deadline, "not in time"
        await asyncio.sleep(0.05)


async def test_programs_stop_in_the_reverse_order_of_their_start(tmp_path: Path, supervise: Supervise) -> None:
    journal = tmp_path / "journal"
    stack = [polite(name, rank, journal) for rank, name in enumerate(["nats", "orchestrator"])]
    supervisor = supervise(*stack)
    await supervisor.start()
    await supervisor.stop()
    assert journal.read_text().split() == ["orchestrator", "nats"]


async def test_a_killed_program_runs_again_and_its_neighbours_are_left_alone(
    tmp_path: Path, supervise: Supervise
) -> None:
    lines: list[str] = []
    stack = [polite("first", 0, tmp_path / "journal"), polite("second", 1, tmp_path / "journal")]
    supervisor = supervise(*stack, say=lines.append)
    await supervisor.start()
    first, second = (child.pid for child in supervisor.children)
    assert second is not None
    os.kill(second, signal.SIGKILL)
    await until(lambda: supervisor.children[1].pid not in (None, second))
    assert supervisor.children[0].pid == first
    assert supervisor.children[1].restarts == 1
    assert lines == ["second killed by SIGKILL; starting it again in 1 s"]
    await supervisor.stop()


async def test_a_program_that_ignores_sigterm_is_killed_with_what_it_started(
    tmp_path: Path, supervise: Supervise
) -> None:
    stack = [program("stubborn", 2, STUBBORN, grace_s=0.3)]
    supervisor = supervise(*stack)
    await supervisor.start()
    await until(lambda: said(supervisor, "stubborn", "deaf"))
    pid = supervisor.children[0].pid
    assert pid is not None
    family = [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    assert len(family) == 2
    await supervisor.stop()
    await until(lambda: not any(map(is_alive, family)))


async def test_what_a_killed_program_had_started_dies_with_it(tmp_path: Path, supervise: Supervise) -> None:
    supervisor = supervise(program("parent", 2, STUBBORN))
    await supervisor.start()
    await until(lambda: said(supervisor, "parent", "deaf"))
    pid = supervisor.children[0].pid
    assert pid is not None
    grandchild = psutil.Process(pid).children()[0].pid
    os.kill(pid, signal.SIGKILL)
    await until(lambda: not is_alive(grandchild))
    supervisor.kill()


async def test_a_program_that_never_starts_makes_the_stack_hopeless(
    tmp_path: Path, supervise: Supervise, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.local.supervisor.pause_before_restart", lambda _: 0.01)
    broken = program("broken", 0, "raise SystemExit('no model')")
    supervisor = supervise(broken)
    starting = asyncio.create_task(supervisor.start())
    child = await asyncio.wait_for(asyncio.shield(supervisor.hopeless), 15)
    assert child.program.name == "broken"
    assert said(supervisor, "broken", "no model")
    starting.cancel()
    await supervisor.stop()


async def test_stopping_does_not_wait_for_a_restart_that_is_due(tmp_path: Path, supervise: Supervise) -> None:
    supervisor = supervise(program("brief", 2, "pass"))
    await supervisor.start()
    await until(lambda: supervisor.children[0].deaths_in_a_row >= 2)  # now it pauses for two seconds
    began = time.monotonic()
    await supervisor.stop()
    assert time.monotonic() - began < 1.5
    assert supervisor.children[0].pid is None


def test_a_program_cannot_outlive_its_killed_supervisor(tmp_path: Path) -> None:
    source = """
    import os, subprocess, sys, time
    sleep = [sys.executable, "-c", "import time; time.sleep(300)"]
    child = [sys.executable, "deploy/local/child.py", str(os.getpid()), *sleep]
    print(subprocess.Popen(child).pid, flush=True)
    time.sleep(300)
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(source)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    wait_for(lambda: "sleep" in " ".join(psutil.Process(child).cmdline()[-1:]), 10, "the program runs")
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_for(lambda: not is_alive(child), 5, "the program is gone")


def test_a_program_whose_supervisor_is_already_gone_does_not_start() -> None:
    done = subprocess.run(
        [sys.executable, "deploy/local/child.py", "1", sys.executable, "-c", "print('started')"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
