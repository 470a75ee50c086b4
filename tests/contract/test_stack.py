"""`voiceloom up` as a user has it: real processes on free ports, killed and stopped in every way."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.stack import BARE_MACHINE, Stack, is_alive, launch_stack, start_stack, wait_for

PROGRAMS = {"nats", "orchestrator", "preprocessing", "asr", "features", "training", "inference", "gateway"}
LOOPBACK = {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack on a machine without compiler and network; the tests of this file run in their order."""
    running = start_stack(tmp_path_factory.mktemp("up") / "data", environment=BARE_MACHINE)
    yield running
    running.stop()


def test_a_stack_has_all_programs_on_loopback_ports_of_their_own(stack: Stack) -> None:
    programs = stack.facts["programs"]
    assert set(programs) == PROGRAMS
    assert len({program["port"] for program in programs.values()}) == len(PROGRAMS)
    for process in stack.processes():
        for connection in process.net_connections(kind="inet"):
            assert connection.laddr.ip in LOOPBACK, f"{process.cmdline()} listens on {connection.laddr}"
            assert not connection.raddr or connection.raddr.ip in LOOPBACK, f"{process.cmdline()} talks to strangers"


def test_gateway_and_orchestrator_never_load_torch(stack: Stack) -> None:
    for name in ("gateway", "orchestrator"):
        maps = Path(f"/proc/{stack.pid_of(name)}/maps").read_text()
        assert "libtorch" not in maps, name


def test_a_taken_port_is_refused_with_a_sentence(stack: Stack, tmp_path: Path) -> None:
    port = stack.facts["programs"]["gateway"]["port"]
    other = launch_stack(tmp_path / "data", port=port)
    assert other.process.wait(30) == 3
    assert f"Port {port} is taken by another program" in other.output
    assert "Traceback" not in other.output


def test_a_data_folder_in_use_is_refused_with_a_sentence(stack: Stack) -> None:
    other = launch_stack(stack.data)
    assert other.process.wait(30) == 4
    assert f"Another Voiceloom uses {stack.data}: {stack.base_url}, process {stack.pid}" in other.output


@pytest.mark.parametrize("program", ["gateway", "orchestrator", "nats", "features"])
def test_a_killed_program_is_started_again_and_the_stack_serves(stack: Stack, program: str) -> None:
    before = stack.facts["programs"]
    killed = stack.kill(program)
    assert stack.pid_of(program) != killed
    stack.wait_ready(timeout_s=60)
    after = stack.facts["programs"]
    assert after[program]["restarts"] == before[program]["restarts"] + 1
    assert after[program]["port"] == before[program]["port"]
    others = PROGRAMS - {program}
    assert {name: after[name]["pid"] for name in others} == {name: before[name]["pid"] for name in others}
    assert f"{program} killed by SIGKILL; starting it again in" in stack.output


def test_a_killed_supervisor_leaves_no_orphan_and_its_data_serve_the_next_stack(stack: Stack) -> None:
    sample = Path(__file__).parents[2] / "samples" / "bella_25s.flac"
    with sample.open("rb") as file:
        uploaded = httpx.post(f"{stack.base_url}/files", files={"file": file}, timeout=120, trust_env=False).json()
    pids = [program["pid"] for program in stack.facts["programs"].values()]
    os.kill(stack.pid, signal.SIGKILL)
    stack.wait_gone(timeout_s=15)
    assert not any(is_alive(pid) for pid in pids)
    again = start_stack(stack.data, environment=BARE_MACHINE)
    try:
        kept = httpx.get(f"{again.base_url}/files/{uploaded['file_id']}", timeout=30, trust_env=False)
        assert kept.status_code == 200
        assert kept.json()["sha256"] == uploaded["sha256"]
    finally:
        code = again.stop()
    assert code == 0, again.output
    assert again.processes() == []
    assert not (again.data / "stack.json").exists()
    assert "Stopping" in again.output


def test_a_stack_stops_while_it_is_still_starting(tmp_path: Path) -> None:
    starting = launch_stack(tmp_path / "data")
    wait_for(lambda: (tmp_path / "data" / "stack.json").exists(), 30, "the stack has begun")
    wait_for(lambda: starting.facts["programs"]["nats"]["pid"], 30, "the broker runs")
    assert starting.stop() == 0, starting.output
    assert starting.processes() == []


def test_a_port_above_the_range_is_a_usage_error(tmp_path: Path) -> None:
    refused = launch_stack(tmp_path / "data", port=70000)
    assert refused.process.wait(30) == 2
    assert "is no port" in refused.output
