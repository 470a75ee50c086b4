"""A client's webhook is told of the end of its task, and can tell that it was us."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import re
import ssl
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from services.orchestrator import webhooks
from services.orchestrator.models import Task
from services.orchestrator.store import Store
from services.orchestrator.webhook_signature import keys_of
from services.orchestrator.webhooks import DeliveryRules, Webhooks
from services.runtime.errors import InvalidInputError
from services.runtime.stage import StageContext
from tests.contract.orchestrator.harness import System, free_port, stages
from tests.contract.orchestrator.test_admission import refusal
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb


def secret(first: int) -> str:
    return "whsec_" + base64.b64encode(bytes(range(first, first + 32))).decode()


MANUAL = Path(__file__).parents[3] / "docs" / "operations.md"
OLD, NEW, FOREIGN = secret(0), secret(50), secret(100)


@dataclass
class Received:
    """One request that arrived."""

    request_line: str
    headers: dict[str, str]
    body: bytes

    def verified(self, known: str) -> dict[str, Any]:
        """What it says, as a receiver with that secret would read it. Raises WebhookVerificationError."""
        said: dict[str, Any] = Webhook(known).verify(self.body, self.headers)
        return said


class Receiver:
    """An HTTP server that remembers what it got and answers with the given statuses in turn."""

    def __init__(self) -> None:
        self.statuses = [200]
        self.headers = ""
        self.received: list[Received] = []
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        head = (await reader.readuntil(b"\r\n\r\n")).decode().strip().splitlines()
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
        body = await reader.readexactly(int(headers["content-length"]))
        self.received.append(Received(head[0], headers, body))
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\n{self.headers}\r\n".encode())
        await writer.drain()
        writer.close()

    async def told(self, times: int) -> list[Received]:
        async with asyncio.timeout(20):
            while len(self.received) < times:
                await asyncio.sleep(0.05)
        return self.received


@pytest.fixture
async def receiver() -> AsyncIterator[tuple[Receiver, str]]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield receiver, f"http://localhost:{port}/hook?key=1"
    server.close()
    await server.wait_closed()


@pytest.fixture
async def system(system: System, monkeypatch: pytest.MonkeyPatch) -> System:
    """A system that signs with two secrets, and does not wait long between tries."""
    monkeypatch.setattr(webhooks, "POLL_S", 0.05)
    await restart(system, callback_secret=f"{NEW} {OLD}", callback_private=True, callback_backoff_s=0.01)
    return system


async def restart(system: System, **settings: object) -> None:
    await system.stop("orchestrator")
    system.overrides.update(settings)
    await system.start_orchestrator()


async def delivery(system: System, task_id: str, *states: str) -> Task:
    """The task's row, as soon as its delivery is in one of the states."""
    store = await Store.open(system.settings().database_url)
    try:
        async with asyncio.timeout(20):
            while True:
                async with store.reading() as session:
                    task = await session.scalar(select(Task).where(Task.id == task_id))
                if task is not None and task.callback_state in states:
                    return task
                await asyncio.sleep(0.05)
    finally:
        await store.close()


async def test_end_of_a_task_is_posted_once_it_can_be(system: System, receiver: tuple[Receiver, str]) -> None:
    hook, url = receiver
    hook.statuses = [503, 302, 204]
    hook.headers = "location: http://127.0.0.1:1/\r\n"
    await system.start_workers(stages())
    task = await system.create("声音", callback_url=url)
    row = await delivery(system, task.id, "sent")
    assert row.callback_tries == len(hook.received) == 3
    first, _, last = hook.received
    said = last.verified(NEW)
    assert first.verified(NEW) == said
    assert first.headers["webhook-id"] == last.headers["webhook-id"]
    assert said == {
        "type": "task.completed",
        "timestamp": dt.datetime.fromtimestamp(row.completed_at or 0.0, dt.UTC).isoformat(),
        "data": {"task_id": task.id, "exp_name": "声音", "status": "completed", "error": None},
    }
    assert last.request_line == "POST /hook?key=1 HTTP/1.1"
    assert last.headers["host"].startswith("localhost:")
    assert last.headers["content-type"] == "application/json"


async def test_every_secret_signs_and_no_other_one_fits(system: System, receiver: tuple[Receiver, str]) -> None:
    hook, url = receiver
    task = await system.create(callback_url=url)
    await system.tasks.CancelTask(pb.CancelTaskRequest(task_id=task.id))
    (got,) = await hook.told(1)
    assert got.verified(OLD) == got.verified(NEW)
    assert got.verified(NEW)["type"] == "task.cancelled"
    with pytest.raises(WebhookVerificationError):
        got.verified(FOREIGN)
    for changed in (
        Received("", got.headers, got.body.replace(b"cancelled", b"completed")),
        Received("", {**got.headers, "webhook-id": "another"}, got.body),
    ):
        with pytest.raises(WebhookVerificationError):
            changed.verified(NEW)


async def test_failure_is_told_with_its_code_and_stage(system: System, receiver: tuple[Receiver, str]) -> None:
    def refuse(context: StageContext) -> Any:
        raise InvalidInputError("AUDIO_SILENT")

    hook, url = receiver
    await system.start_workers(stages(audio_slice=refuse))
    await system.create(callback_url=url)
    (got,) = await hook.told(1)
    said = got.verified(NEW)
    assert (said["type"], said["data"]["error"]) == ("task.failed", {"code": "AUDIO_SILENT", "stage": "audio_slice"})


async def test_end_after_a_resumption_is_a_delivery_of_its_own(system: System, receiver: tuple[Receiver, str]) -> None:
    hook, url = receiver
    task = await system.create(callback_url=url)
    await system.tasks.CancelTask(pb.CancelTaskRequest(task_id=task.id))
    await hook.told(1)
    await delivery(system, task.id, "sent")
    await system.tasks.ResumeTask(pb.ResumeTaskRequest(task_id=task.id))
    await system.start_workers(stages())
    first, second = await hook.told(2)
    assert (first.verified(NEW)["type"], second.verified(NEW)["type"]) == ("task.cancelled", "task.completed")
    assert first.headers["webhook-id"] != second.headers["webhook-id"]


async def test_receiver_that_is_gone_for_good_is_asked_once(system: System, receiver: tuple[Receiver, str]) -> None:
    hook, url = receiver
    hook.statuses = [410]
    task = await system.create(callback_url=url)
    await system.tasks.CancelTask(pb.CancelTaskRequest(task_id=task.id))
    row = await delivery(system, task.id, "given_up")
    assert (row.callback_tries, len(hook.received)) == (1, 1)


async def test_receiver_that_never_takes_it_is_given_up(system: System, receiver: tuple[Receiver, str]) -> None:
    hook, url = receiver
    hook.statuses = [500]
    await restart(system, callback_attempts=3)
    task = await system.create(callback_url=url)
    await system.tasks.CancelTask(pb.CancelTaskRequest(task_id=task.id))
    row = await delivery(system, task.id, "given_up")
    assert (row.callback_tries, len(hook.received)) == (3, 3)


async def test_receiver_that_asks_for_time_gets_it(system: System, receiver: tuple[Receiver, str]) -> None:
    hook, url = receiver
    hook.statuses, hook.headers = [503], "retry-after: 600\r\n"
    task = await system.create(callback_url=url)
    await system.tasks.CancelTask(pb.CancelTaskRequest(task_id=task.id))
    ended = (await system.get(task.id)).completed_at.seconds
    async with asyncio.timeout(20):
        while (row := await delivery(system, task.id, "due")).callback_at < ended + 500:  # type: ignore[operator]
            await asyncio.sleep(0.05)
    assert (row.callback_tries, len(hook.received)) == (1, 1)


async def test_name_of_a_private_address_is_never_called(system: System, receiver: tuple[Receiver, str]) -> None:
    hook, url = receiver
    await restart(system, callback_private=False)
    task = await system.create(callback_url=url)
    await system.tasks.CancelTask(pb.CancelTaskRequest(task_id=task.id))
    await delivery(system, task.id, "given_up")
    assert hook.connections == 0


async def test_address_inside_the_network_is_refused_at_once(system: System) -> None:
    await restart(system, callback_private=False)
    status, error = await refusal(system.create(callback_url="http://127.0.0.1/hook"))
    assert (status, error.code) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")


async def test_without_a_secret_webhooks_are_refused_and_what_is_due_waits_for_one(
    system: System, receiver: tuple[Receiver, str]
) -> None:
    hook, url = receiver
    hook.statuses = [500]
    await restart(system, callback_backoff_s=600.0)
    task = await system.create(callback_url=url)
    await system.tasks.CancelTask(pb.CancelTaskRequest(task_id=task.id))
    await hook.told(1)
    await restart(system, callback_secret="")
    status, error = await refusal(system.create("other", callback_url=url))
    assert (status, error.code) == (grpc.StatusCode.INVALID_ARGUMENT, "CALLBACKS_OFF")
    assert (await delivery(system, task.id, "due")).callback_tries == 1


async def test_receiver_of_the_manual_knows_what_is_ours(system: System, tmp_path: Path) -> None:
    chapter = MANUAL.read_text(encoding="utf-8").partition("\n## Webhooks\n")[2].partition("\n## ")[0]
    (program,) = re.findall(r"```python\n(.*?)```", chapter, re.DOTALL)
    (tmp_path / "receiver.py").write_text(program)
    (tmp_path / "webhook_secret").write_text(OLD + "\n")
    port = free_port()
    command = [sys.executable, "-u", tmp_path / "receiver.py", tmp_path / "webhook_secret", str(port)]
    receiver = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        task = await system.create(callback_url=f"http://127.0.0.1:{port}/")
        await system.tasks.CancelTask(pb.CancelTaskRequest(task_id=task.id))
        assert receiver.stdout is not None
        line = await asyncio.wait_for(receiver.stdout.readline(), 20)
        assert line.decode() == f"task.cancelled {task.id} cancelled\n"
        await delivery(system, task.id, "sent")
        async with httpx.AsyncClient(trust_env=False) as forger:
            forged = await forger.post(f"http://127.0.0.1:{port}/", content=b"{}", headers={"webhook-id": "1"})
        assert forged.status_code == 401
    finally:
        receiver.kill()
        await receiver.wait()


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate for a name, and a client's that trusts it alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cafile=str(file))


@pytest.mark.parametrize(("name", "state"), [("localhost", "sent"), ("elsewhere.example", "due")])
async def test_certificate_must_be_for_the_name_though_the_checked_address_is_called(
    system: System, tmp_path: Path, name: str, state: str
) -> None:
    server_context, trust = certificate(tmp_path, name)
    hook = Receiver()
    server = await asyncio.start_server(hook.serve, "127.0.0.1", 0, ssl=server_context)
    port = server.sockets[0].getsockname()[1]
    await restart(system, callback_backoff_s=600.0)
    store = await Store.open(system.settings().database_url)
    # The orchestrator itself trusts the web's certificates only, and so fails once.
    task = await system.create(callback_url=f"https://localhost:{port}/")
    await system.tasks.CancelTask(pb.CancelTaskRequest(task_id=task.id))
    async with asyncio.timeout(20):
        while (await delivery(system, task.id, "due")).callback_tries == 0:
            await asyncio.sleep(0.05)
    await system.stop("orchestrator")
    assert hook.received == []
    async with store.writing() as session:
        row = await session.get_one(Task, task.id)
        row.callback_at = 0.0
    rules = DeliveryRules(timeout_s=10.0, max_tries=5, backoff_s=600.0, backoff_max_s=600.0)
    await Webhooks(store, keys=keys_of(NEW), allow_private=True, rules=rules, trust=trust).deliver_due()
    await store.close()
    assert (await delivery(system, task.id, state)).callback_tries == 2
    assert [got.verified(NEW)["type"] for got in hook.received] == (["task.cancelled"] if state == "sent" else [])
    server.close()
    await server.wait_closed()
