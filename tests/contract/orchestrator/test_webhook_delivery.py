"""A client's webhook is told of the end of its task."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import grpc
import pytest

from services.orchestrator import webhooks
from tests.contract.orchestrator.harness import System, stages
from tests.contract.orchestrator.test_admission import refusal


class Receiver:
    """An HTTP server that remembers what it got and answers with the given statuses in turn."""

    def __init__(self) -> None:
        self.statuses = [200]
        self.bodies: list[dict[str, object]] = []
        self.heads: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-length")
        )
        self.bodies.append(json.loads(await reader.readexactly(length)))
        self.heads.append(head)
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\nlocation: http://127.0.0.1:1/\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    async def told(self, times: int) -> list[dict[str, object]]:
        async with asyncio.timeout(15):
            while len(self.bodies) < times:
                await asyncio.sleep(0.05)
        return self.bodies


@pytest.fixture
async def receiver() -> AsyncIterator[tuple[Receiver, str]]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield receiver, f"http://localhost:{port}/hook?key=1"
    server.close()
    await server.wait_closed()


async def test_end_of_a_task_is_posted_once_it_can_be(
    system: System, receiver: tuple[Receiver, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "POLL_S", 0.1)
    monkeypatch.setattr(webhooks, "RETRY_S", 0.01)
    hook, url = receiver
    hook.statuses = [503, 302, 204]
    await system.stop("orchestrator")
    system.overrides["callback_private"] = True
    await system.start_orchestrator()
    await system.start_workers(stages())
    task = await system.create("声音", callback_url=url)
    bodies = await hook.told(3)
    assert bodies[0] == bodies[2]
    assert (bodies[0]["task_id"], bodies[0]["exp_name"], bodies[0]["status"]) == (task.id, "声音", "completed")
    assert bodies[0]["error"] is None
    assert hook.heads[0].startswith("POST /hook?key=1 HTTP/1.1")
    assert "host: localhost:" in hook.heads[0].lower()
    await asyncio.sleep(0.4)
    assert len(hook.bodies) == 3


async def test_name_of_a_private_address_is_never_called(
    system: System, receiver: tuple[Receiver, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "POLL_S", 0.1)
    hook, url = receiver
    await system.stop("orchestrator")
    await system.start_orchestrator()
    await system.start_workers(stages())
    task = await system.create(callback_url=url)
    await system.ended(task.id)
    await asyncio.sleep(0.5)
    assert hook.bodies == []


async def test_address_inside_the_network_is_refused_at_once(system: System) -> None:
    status, error = await refusal(system.create(callback_url="http://127.0.0.1/hook"))
    assert (status, error.code) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
