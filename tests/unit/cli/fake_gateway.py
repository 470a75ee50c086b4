"""A gateway in a few lines: answers the requests of the command line from memory, without sockets."""

import json
from collections.abc import Callable
from typing import Any

import httpx

from cli.client import Client

Answer = Callable[[httpx.Request], httpx.Response]
ID = "0123456789abcdef" * 2
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


def made(**changes: Any) -> dict[str, Any]:
    """What a task has made, as REST shows it."""
    facts = {
        "target_text": "Hello.",
        "ref_audio_path": "inference/1/reference.wav",
        "outputs": [output()],
        "models": [{"kind": "gpt", "filename": "bella-e8.ckpt", "epoch": 8, "size_bytes": 3, "best": True}],
    }
    return facts | changes


def sse(*events: tuple[int | None, str, dict[str, Any]]) -> bytes:
    """An event stream."""
    blocks = []
    for number, name, data in events:
        head = f"id: {number}\n" if number is not None else ""
        blocks.append(f"{head}event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n")
    return "".join(blocks).encode()


def client(answer: Answer, pause: Callable[[float], None] = lambda seconds: None) -> Client:
    """A client whose requests are answered by a function, and which waits as told."""
    return Client("http://127.0.0.1:8000", transport=httpx.MockTransport(answer), pause=pause)
