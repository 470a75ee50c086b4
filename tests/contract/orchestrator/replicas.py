"""Several orchestrators, workers and gateways as processes, and what the broker's stream says of a task."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import nats
import nats.js

from tests.contract.orchestrator.harness import System, free_port, kill
from voiceloom.pipeline.v1.pipeline_pb2 import TaskEvent

ROOT = Path(__file__).resolve().parents[3]


class Processes:
    """Programs of a system, to be stopped and killed; none is left at the end."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, environment: Mapping[str, str], *command: str) -> subprocess.Popen[bytes]:
        with (self._system.folder / "processes.log").open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", *command], env=dict(environment), cwd=ROOT, stdout=output, stderr=output
            )
        self._running.append(process)
        return process

    def orchestrator(self, number: int) -> subprocess.Popen[bytes]:
        return self.start(self._system.environment(number), "services.orchestrator")

    def worker(self, pace_s: float) -> subprocess.Popen[bytes]:
        """A worker of all stages, each of which takes a while, and says which leases it has worked on."""
        environment = {
            **self._system.environment(),
            "VOICELOOM_PORT": "0",
            "VOICELOOM_ACK_WAIT_S": "6",  # keep-alives as rare as in earnest
            "VOICELOOM_ORCHESTRATOR_ADDRESS": self._system.address,
        }
        module = "tests.contract.orchestrator.replica_worker"
        return self.start(environment, module, str(self._system.folder / "leases"), str(pace_s))

    async def gateway(self) -> str:
        """Address of a gateway of its own, once it answers."""
        port = free_port()
        environment = {
            **os.environ,
            "VOICELOOM_PORT": str(port),
            "VOICELOOM_ORCHESTRATOR_ADDRESS": self._system.address,
            "VOICELOOM_LOG_LEVEL": "warning",
        }
        process = self.start(environment, "gateway")
        deadline = time.monotonic() + 30
        async with httpx.AsyncClient(trust_env=False) as http:
            while True:
                try:
                    if (await http.get(f"http://127.0.0.1:{port}/healthz")).status_code == 200:
                        return f"http://127.0.0.1:{port}"
                except httpx.HTTPError:
                    assert process.poll() is None, "the gateway ended"
                assert time.monotonic() < deadline, "the gateway does not answer"

    def close(self) -> None:
        for process in self._running:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
            kill(process)


@asynccontextmanager
async def stream_of(url: str) -> AsyncIterator[nats.js.JetStreamContext]:
    """JetStream, for looking."""
    client = await nats.connect(url)
    try:
        yield client.jetstream()
    finally:
        await client.close()


async def told_to_the_world(url: str, task_id: str, last_seq: int, within_s: float = 15) -> list[int]:
    """Numbers of a task's events in the TASKS stream, in the stream's order; waits until the last one is there."""
    seqs: list[int] = []
    deadline = time.monotonic() + within_s
    async with stream_of(url) as jetstream:
        subscription = await jetstream.pull_subscribe(f"voiceloom.task.{task_id}", stream="TASKS")
        while True:
            try:
                messages = await subscription.fetch(100, timeout=0.5)
            except TimeoutError:
                if last_seq in seqs:
                    return seqs
                assert time.monotonic() < deadline, f"only {seqs} of {last_seq}"
            else:
                seqs += [TaskEvent.FromString(message.data).seq for message in messages]
