"""Channels to several replicas: all are asked in turn, and one that is gone or stands still costs no call."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import grpc
import grpc.aio
import pytest

from gateway.clients import open_channel as open_gateway_channel
from services.runtime.grpc_server import open_channel, target_of
from tests.contract.orchestrator.harness import free_port
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.orchestrator.v1.orchestrator_pb2_grpc import TaskServiceStub

ROOT = Path(__file__).resolve().parents[3]
Replicas = dict[str, subprocess.Popen[bytes]]


def start(port: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.contract.runtime.task_process", port]
    return subprocess.Popen(command, cwd=ROOT, env=dict(os.environ))


@pytest.fixture
def replicas() -> Iterator[Replicas]:
    """Three servers, by port."""
    running = {port: start(port) for port in (str(free_port()) for _ in range(3))}
    yield running
    for process in running.values():
        process.kill()
        process.wait()


@pytest.fixture(params=[open_channel, open_gateway_channel], ids=["services", "gateway"])
async def tasks(replicas: Replicas, request: pytest.FixtureRequest) -> AsyncIterator[TaskServiceStub]:
    """A client of all three."""
    opener: Callable[[str], grpc.aio.Channel] = request.param
    async with opener(",".join(f"127.0.0.1:{port}" for port in replicas)) as channel:
        stub = TaskServiceStub(channel)
        await all_answer(stub, set(replicas))
        yield stub


async def ask(tasks: TaskServiceStub) -> str:
    response = await tasks.GetTask(pb.GetTaskRequest(), timeout=20, wait_for_ready=True)
    return str(response.task.exp_name)


async def all_answer(tasks: TaskServiceStub, ports: set[str], within_s: float = 20) -> None:
    """Wait until each of the servers has answered, and no other does any more."""
    deadline = time.monotonic() + within_s
    while {await ask(tasks) for _ in range(9)} != ports:
        assert time.monotonic() < deadline, f"not {ports}"


async def test_killed_replica_costs_no_call_and_is_asked_again_when_it_is_back(
    tasks: TaskServiceStub, replicas: Replicas
) -> None:
    port, process = next(iter(replicas.items()))
    process.kill()
    process.wait()
    assert {await ask(tasks) for _ in range(9)} == set(replicas) - {port}
    replicas[port] = start(port)
    await all_answer(tasks, set(replicas))


async def test_stopped_replica_costs_no_call_and_is_asked_again_when_it_goes_on(
    tasks: TaskServiceStub, replicas: Replicas
) -> None:
    port, process = next(iter(replicas.items()))
    process.send_signal(signal.SIGSTOP)
    # The deadline of a call is longer than it takes to notice.
    await all_answer(tasks, set(replicas) - {port})
    process.send_signal(signal.SIGCONT)
    await all_answer(tasks, set(replicas))


def test_one_address_may_be_a_name_and_several_may_not() -> None:
    assert target_of("orchestrator:50050") == "orchestrator:50050"
    assert target_of("10.0.0.1:1, 10.0.0.2:2,") == "ipv4:10.0.0.1:1,10.0.0.2:2"
    for wrong in ("", "a:1,b:2", "10.0.0.1,10.0.0.2"):
        with pytest.raises(ValueError, match=r"address|host:port|Expected"):
            target_of(wrong)
