"""Uploading, showing, downloading and deleting recordings over HTTP."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import grpc
import httpx
import pytest

from tests.contract.gateway.fake_orchestrator import FakeOrchestrator

pytestmark = pytest.mark.asyncio(loop_scope="module")

WAV = b"RIFF" + bytes(range(256)) * 40
BOUNDARY = "frontier"


def form(*parts: tuple[str, str | None, bytes], end: bool = True) -> bytes:
    """A multipart body, byte by byte; a part is (name, filename or None, data)."""
    body = b""
    for name, filename, data in parts:
        file = "" if filename is None else f'; filename="{filename}"'
        body += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + data + b"\r\n"
    return body + (f"--{BOUNDARY}--\r\n".encode() if end else b"")


async def post_form(http: httpx.AsyncClient, body: bytes | AsyncIterator[bytes]) -> httpx.Response:
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return await http.post("/files", content=body, headers=headers)


async def test_upload_answers_the_facts_of_the_recording(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    response = await http.post("/files", files={"file": ("my recording.wav", WAV)})
    assert response.status_code == 200
    assert response.json() == {
        "file_id": "f1",
        "filename": "my recording.wav",
        "size_bytes": len(WAV),
        "seconds": 12.5,
        "sample_rate": 24000,
        "channels": 1,
        "sha256": hashlib.sha256(WAV).hexdigest(),
        "created_at": "2025-10-09T08:53:20Z",
    }
    assert fake.state.recordings["f1"] == WAV
    assert fake.state.files["f1"].transcript == ""


async def test_transcript_may_come_before_or_after_the_file(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    before = form(("transcript", None, "你好 hello".encode()), ("file", "a.wav", WAV))
    after = form(("file", "a.wav", WAV), ("transcript", None, "你好 hello".encode()))
    for body, file_id in ((before, "f1"), (after, "f2")):
        response = await post_form(http, body)
        assert (response.status_code, response.json()["file_id"]) == (200, file_id)
        assert fake.state.files[file_id].transcript == "你好 hello"
        assert fake.state.recordings[file_id] == WAV


async def test_body_may_arrive_byte_by_byte(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    body = form(("other", None, b"ignored"), ("file", "a.wav", WAV[:600]), ("transcript", None, b"words"))

    async def drops() -> AsyncIterator[bytes]:
        for i in range(len(body)):
            yield body[i : i + 1]

    assert (await post_form(http, drops())).status_code == 200
    assert fake.state.recordings["f1"] == WAV[:600]
    assert fake.state.files["f1"].transcript == "words"


@pytest.mark.parametrize(
    "name",
    [
        "录音 一.wav",
        "a b.wav",
        'say "hi".wav',
        "it's.wav",
        "two\nlines\r\n.wav",
        "../../etc/passwd",
        "a;b=c.wav",
        "ü.wav",
        "😀.wav",
    ],
)
async def test_names_are_kept_as_given_and_lead_nowhere(
    http: httpx.AsyncClient, fake: FakeOrchestrator, name: str
) -> None:
    response = await http.post("/files", files={"file": (name, WAV)})
    assert response.status_code == 200
    assert response.json()["filename"] == name
    download = await http.get("/files/f1/download")
    assert download.status_code == 200
    disposition = download.headers["content-disposition"]
    assert disposition.startswith("attachment; filename=")
    assert not {"\r", "\n", "/"} & set(disposition)
    assert disposition.isascii()


async def test_decomposed_names_are_composed(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    assert (await http.post("/files", files={"file": ("e\u0301.wav", WAV)})).json()["filename"] == "é.wav"


async def test_what_is_not_audio_is_400_with_its_code(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    for data in (b"just text", b""):
        response = await http.post("/files", files={"file": ("a.wav", data)})
        assert response.status_code == 400
        assert response.json()["code"] == "AUDIO_UNREADABLE"
    assert not fake.state.files


@pytest.mark.parametrize(
    "body",
    [
        form(("other", "a.wav", WAV)),
        form(("file", None, b"no file name")),
        form(("file", "", b"")),
        form(("file", "a.wav", WAV), ("file", "b.wav", WAV)),
        form(("file", "a.wav", WAV), end=False),
        form(("file", "n" * 1025, WAV)),
        form(("transcript", None, b"\xff"), ("file", "a.wav", WAV)),
        form(("transcript", None, b"a\0b"), ("file", "a.wav", WAV)),
        form(("file", "a.wav", WAV), ("transcript", None, b"a" * 300_001)),
        form(("h" * 20_000, None, b"")),
        form(),
        b"nonsense",
        b"",
    ],
)
async def test_bad_forms_are_refused_and_leave_nothing(
    http: httpx.AsyncClient, fake: FakeOrchestrator, body: bytes
) -> None:
    response = await post_form(http, body)
    assert response.status_code == 400
    assert response.json()["code"] == "INVALID_REQUEST"
    assert response.json()["errors"][0]["field"] in ("file", "transcript")
    assert not fake.state.files


@pytest.mark.parametrize(
    "content_type", ["", "application/json", "multipart/form-data", f"multipart/form-data; boundary={'b' * 300}"]
)
async def test_body_that_is_no_form_is_refused(http: httpx.AsyncClient, content_type: str) -> None:
    response = await http.post("/files", content=b"{}", headers={"Content-Type": content_type})
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "file"


async def test_exactly_the_limit_passes_and_one_byte_more_does_not(start: Any, fake: FakeOrchestrator) -> None:
    gateway = await start(max_upload_bytes=len(WAV))
    assert (await gateway.http.post("/files", files={"file": ("a.wav", WAV)})).status_code == 200
    response = await gateway.http.post("/files", files={"file": ("a.wav", WAV + b"x")})
    assert response.status_code == 413
    assert response.json()["code"] == "PAYLOAD_TOO_LARGE"
    assert "10.24 KB" in response.json()["detail"]
    assert list(fake.state.files) == ["f1"]


async def test_announced_size_is_refused_before_a_byte_is_taken(start: Any, fake: FakeOrchestrator) -> None:
    gateway = await start(max_upload_bytes=1000)
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(
        b"POST /files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000000\r\nExpect: 100-continue\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\n\r\n"
    )
    status = await asyncio.wait_for(reader.readline(), 5)
    assert status.startswith(b"HTTP/1.1 413 ")
    writer.close()
    assert not fake.calls


async def test_client_that_sends_far_too_much_still_reads_why(start: Any, fake: FakeOrchestrator) -> None:
    gateway = await start(max_upload_bytes=1_000_000)

    async def flood() -> AsyncIterator[bytes]:
        yield form(("file", "a.wav", b"RIFF"), end=False)[:-2]
        for _ in range(500):
            yield b"x" * 65536

    response = await post_form(gateway.http, flood())
    assert response.status_code == 413
    assert not fake.state.files


async def test_orchestrator_that_goes_away_in_the_middle_is_503(start: Any, fake: FakeOrchestrator) -> None:
    gateway = await start()

    async def pieces() -> AsyncIterator[bytes]:
        yield form(("file", "a.wav", b"RIFF"), end=False)[:-2]
        await asyncio.wait_for(fake.uploading.wait(), 5)
        await fake.stop()
        for _ in range(50):
            yield b"x" * 65536
            await asyncio.sleep(0)

    response = await post_form(gateway.http, pieces())
    assert (response.status_code, response.json()["code"]) == (503, "UNAVAILABLE")


async def test_refusal_by_the_orchestrator_is_told(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    fake.refusals["WriteFile"] = (grpc.StatusCode.INVALID_ARGUMENT, "PAYLOAD_TOO_LARGE", {"limit": "2 h"})
    response = await http.post("/files", files={"file": ("a.wav", WAV * 300)})
    assert response.status_code == 413
    assert "2 h" in response.json()["detail"]


async def test_client_that_gives_up_leaves_nothing(start: Any, fake: FakeOrchestrator) -> None:
    gateway = await start()
    _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    body = form(("file", "a.wav", WAV))
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    head = f"POST /files HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body[:-60])
    await asyncio.wait_for(fake.uploading.wait(), 5)
    writer.close()
    await asyncio.sleep(0.2)
    assert not fake.state.files
    assert 'status="499"' in (await gateway.http.get("/metrics")).text


async def test_list_and_details(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    for i in range(3):
        fake.add_file(file_id=f"f{i}", filename=f"{i}.wav")
    page = (await http.get("/files?limit=2&offset=1")).json()
    assert [item["file_id"] for item in page["items"]] == ["f1", "f0"]
    assert (page["total"], page["limit"], page["offset"]) == (3, 2, 1)
    one = (await http.get("/files/f1")).json()
    assert one == page["items"][0]
    assert (await http.get("/files?limit=0")).status_code == 400


async def test_unknown_file_is_404_everywhere(http: httpx.AsyncClient) -> None:
    for method, path in [("GET", ""), ("GET", "/download"), ("DELETE", "")]:
        response = await http.request(method, f"/files/nope{path}")
        assert response.status_code == 404
        assert (response.json()["code"], response.json()["detail"]) == ("FILE_NOT_FOUND", "音频文件不存在: nope")


async def test_file_in_use_is_kept(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    fake.add_file()
    await http.post("/tasks", json={"exp_name": "voice", "audio_file_id": "f1"})
    response = await http.delete("/files/f1")
    assert (response.status_code, response.json()["code"]) == (409, "FILE_IN_USE")
    fake.state.tasks.clear()
    assert (await http.delete("/files/f1")).json()["success"] is True
    assert (await http.get("/files/f1")).status_code == 404


@pytest.mark.parametrize(
    ("filename", "content_type"),
    [
        ("a.wav", "audio/wav"),
        ("a.MP3", "audio/mpeg"),
        ("a.html", "application/octet-stream"),
        ("a", "application/octet-stream"),
    ],
)
async def test_download_plays_only_what_is_audio(
    http: httpx.AsyncClient, fake: FakeOrchestrator, filename: str, content_type: str
) -> None:
    fake.add_file(WAV, filename)
    response = await http.get("/files/f1/download")
    assert response.content == WAV
    assert response.headers["content-type"] == content_type
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_idempotency_key_of_an_upload_reaches_the_orchestrator(
    http: httpx.AsyncClient, fake: FakeOrchestrator
) -> None:
    response = await http.post("/files", files={"file": ("a.wav", WAV)}, headers={"Idempotency-Key": "mine"})
    assert response.status_code == 200
    assert fake.calls[-1][1].idempotency_key == "mine"
