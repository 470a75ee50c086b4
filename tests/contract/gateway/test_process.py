"""The gateway as a process: `python -m gateway` serves, stays small, and ends when told to."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import psutil
import pytest
import pytest_asyncio

from gateway.clients import SERVICES
from tests.contract.gateway.fake_orchestrator import FakeOrchestrator
from tests.contract.gateway.sse_client import subscribe

pytestmark = pytest.mark.asyncio(loop_scope="module")

MAX_RSS_BYTES = 150_000_000


@dataclass
class Process:
    """A gateway of its own, and what it logs."""

    process: asyncio.subprocess.Process
    port: int

    async def line(self, event: str) -> dict[str, Any]:
        """The next log line about an event."""
        assert self.process.stderr is not None
        while line := await asyncio.wait_for(self.process.stderr.readline(), 20):
            facts: dict[str, Any] = json.loads(line)
            if facts["event"] == event:
                return facts
        raise AssertionError(f"the process ended without {event}")


@pytest_asyncio.fixture(loop_scope="module")
async def process(fake: FakeOrchestrator) -> AsyncIterator[Process]:
    addresses = {f"VOICELOOM_{name.upper()}_ADDRESS": f"127.0.0.1:{fake.port}" for name in SERVICES}
    environment = {**os.environ, **addresses, "VOICELOOM_PORT": "0", "VOICELOOM_LOG_JSON": "true"}
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", stderr=asyncio.subprocess.PIPE, env=environment
    )
    process = Process(started, 0)
    process.port = (await process.line("gateway_started"))["port"]
    yield process
    if started.returncode is None:
        started.kill()
    await started.wait()


async def test_long_stream_does_not_hold_up_the_end(process: Process, fake: FakeOrchestrator) -> None:
    task_id = fake.add_task()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{process.port}") as http:
        async with subscribe(http, task_id) as events:
            await events.next()
            process.process.send_signal(signal.SIGTERM)
            assert await events.rest() == []
    assert await asyncio.wait_for(process.process.wait(), 5) == 0


async def test_upload_in_flight_does_not_hold_up_the_end(process: Process, fake: FakeOrchestrator) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", process.port)
    head = (
        "POST /files HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        "Content-Length: 1000000\r\n\r\n"
        '--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF'
    )
    writer.write(head.encode())
    await asyncio.wait_for(fake.uploading.wait(), 10)
    process.process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.process.wait(), 30) == 0
    assert fake.state.files == {}
    writer.close()


async def test_interrupt_ends_it_well(process: Process) -> None:
    process.process.send_signal(signal.SIGINT)
    await process.line("gateway_stopped")
    assert await asyncio.wait_for(process.process.wait(), 5) == 0


async def test_one_log_line_per_request(process: Process, fake: FakeOrchestrator) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{process.port}") as http:
        await http.get("/tasks/%E5%A3%B0", headers={"X-Request-ID": "abc"})
    line = await process.line("request_answered")
    assert (line["method"], line["path"], line["status"], line["request_id"]) == ("GET", "/tasks/声", 404, "abc")


async def test_it_stays_small_while_it_works(process: Process, fake: FakeOrchestrator) -> None:
    task_id = fake.add_task()
    wav = b"RIFF" + bytes(3_000_000)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{process.port}") as http:
        for _ in range(3):
            assert (await http.post("/files", files={"file": ("a.wav", wav)})).status_code == 200
        for path in ("/docs", "/openapi.json", "/readyz", f"/tasks/{task_id}", "/files/f1/download"):
            assert (await http.get(path)).status_code == 200
    assert psutil.Process(process.process.pid).memory_info().rss < MAX_RSS_BYTES
