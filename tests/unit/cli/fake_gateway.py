"""A gateway in a few lines: answers the requests of the command line from memory, without sockets."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import httpx

from cli.client import Client

Answer = Callable[[httpx.Request], httpx.Response]
Scripted = httpx.Response | Answer | Exception | list[Any]
ID = "0123456789abcdef" * 2
FILE_ID = "fedcba9876543210" * 2
STAGES = [
    "audio_slice",
    "asr",
    "text_feature",
    "hubert_feature",
    "semantic_token",
    "sovits_train",
    "gpt_train",
    "inference",
]


def task(status: str = "completed", **changes: Any) -> dict[str, Any]:
    """A task as REST shows it."""
    stages = [{"name": name, "status": status, "progress": 1.0, "message": None, "seconds": 2.0} for name in STAGES]
    facts = {
        "id": ID,
        "exp_name": "bella",
        "status": status,
        "quality": "fast",
        "current_stage": None,
        "progress": 1.0,
        "stages": stages,
        "error": None,
    }
    return facts | changes


def file(**changes: Any) -> dict[str, Any]:
    """A recording as REST shows it."""
    facts = {
        "file_id": FILE_ID,
        "filename": "me.wav",
        "size_bytes": 4,
        "seconds": 90.25,
        "sample_rate": 24000,
        "channels": 1,
        "sha256": "00" * 32,
        "created_at": "2026-01-01T00:00:00Z",
    }
    return facts | changes


def report(**changes: Any) -> dict[str, Any]:
    """How good a recording is, as REST says it."""
    facts = {
        "file_id": FILE_ID,
        "seconds": 90.0,
        "speech_seconds": 80.0,
        "usable_seconds": 72.5,
        "silence_ratio": 0.1,
        "clipping_ratio": 0.0012,
        "snr_db": 31.4,
        "loudness_lufs": -20.1,
        "sample_rate": 24000,
        "channels": 1,
        "clips": [{"id": "0001", "kept": True}, {"id": "0002", "kept": False}],
        "peaks": [],
        "outlook": "fair",
        "verdict": "It will do",
        "warnings": [{"message": "It is noisy", "message_key": "report.noisy", "message_args": {}}],
        "problem": None,
    }
    return facts | changes


def output(**changes: Any) -> dict[str, Any]:
    """One output as REST shows it."""
    facts = {
        "filename": "output_0.wav",
        "gpt_model": "bella-e8.ckpt",
        "sovits_model": "bella_e4_s8.pth",
        "size_bytes": 3,
        "seconds": 4.0,
        "word_error_rate": 0.25,
        "speaker_similarity": 0.8,
        "heard_text": "hello",
        "speech_ratio": 0.9,
        "length_ratio": 1.0,
        "best": True,
    }
    return facts | changes


def model(**changes: Any) -> dict[str, Any]:
    """One model as REST shows it."""
    return {"kind": "gpt", "filename": "bella-e8.ckpt", "epoch": 8, "size_bytes": 3, "best": True} | changes


def made(**changes: Any) -> dict[str, Any]:
    """What a task has made, as REST shows it."""
    facts = {
        "target_text": "Hello.",
        "ref_audio_path": "inference/1/reference.wav",
        "outputs": [output()],
        "models": [model()],
    }
    return facts | changes


def clip(clip_id: str, confidence: float, **changes: Any) -> dict[str, Any]:
    """A clip with its text as REST shows it."""
    facts = {
        "clip_id": clip_id,
        "start": 61.0,
        "seconds": 3.5,
        "text": f"text of {clip_id}",
        "recognised_text": f"text of {clip_id}",
        "language": "en",
        "confidence": confidence,
        "kept": True,
        "drop_reason": None,
        "corrected": False,
        "dropped": False,
        "words": [],
    }
    return facts | changes


def transcripts(*items: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """All clips of a task."""
    return {"task_id": ID, "language": "en", "aligned": False, "pending": False, "items": list(items)} | changes


def refusal(status: int, code: str, detail: str, **more: Any) -> httpx.Response:
    """An error as REST answers it."""
    headers = {"Retry-After": more.pop("retry_after")} if "retry_after" in more else {}
    return httpx.Response(status, json={"detail": detail, "code": code, **more}, headers=headers)


def stored(content: bytes) -> httpx.Response:
    """A file with the ETag of its bytes."""
    return httpx.Response(200, content=content, headers={"ETag": f'"{hashlib.sha256(content).hexdigest()}"'})


def page(*items: dict[str, Any]) -> httpx.Response:
    """A whole list on one page."""
    return httpx.Response(200, json={"items": list(items), "total": len(items), "limit": 100, "offset": 0})


def sse(*events: tuple[int | None, str, dict[str, Any]]) -> bytes:
    """An event stream."""
    blocks = []
    for number, name, data in events:
        head = f"id: {number}\n" if number is not None else ""
        blocks.append(f"{head}event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n")
    return "".join(blocks).encode()


class FakeGateway:
    """Answers by "METHOD path below /api/v1"; a list is answered one after the other, the last one again and again."""

    def __init__(self) -> None:
        self.answers: dict[str, Scripted] = {}
        self.asked: list[httpx.Request] = []

    def __setitem__(self, what: str, answer: Scripted | dict[str, Any]) -> None:
        self.answers[what] = httpx.Response(200, json=answer) if isinstance(answer, dict) else answer

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.asked.append(request)
        what = f"{request.method} {request.url.path.removeprefix('/api/v1')}"
        if what not in self.answers:
            return refusal(404, "NOT_FOUND", f"the test has no answer for {what}")
        answer: Any = self.answers[what]
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer

    def body(self, what: str) -> Any:
        """The JSON that was sent last to a path."""
        method, path = what.split()
        sent = [r for r in self.asked if r.method == method and r.url.path == f"/api/v1{path}"]
        return json.loads(sent[-1].content)

    @property
    def lines(self) -> list[str]:
        """Everything that was asked for, as "METHOD path?query"."""
        return [f"{r.method} {r.url.raw_path.decode().removeprefix('/api/v1')}" for r in self.asked]


def client(answer: Answer, pause: Callable[[float], None] = lambda seconds: None) -> Client:
    """A client whose requests are answered by a function, and which waits as told."""
    return Client("http://127.0.0.1:8000", transport=httpx.MockTransport(answer), pause=pause)
