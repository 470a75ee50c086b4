"""Runs commands in this process, against a gateway that answers from memory."""

import contextlib
import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from cli.__main__ import run as run_cli
from cli.client import Client
from tests.unit.cli.fake_gateway import FakeGateway


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> FakeGateway:
    """What commands reach instead of a server."""
    fake = FakeGateway()

    def connect(server: str, language: str = "en", timeout_s: float = 60.0) -> Client:
        return Client(server, language, httpx.MockTransport(fake), pause=lambda seconds: None)

    monkeypatch.setattr("cli.session.Client", connect)
    monkeypatch.setattr("cli.completion.Client", connect)
    return fake


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs a command in an empty folder, in English unless told otherwise, without a terminal."""
    monkeypatch.chdir(tmp_path)
    for name in ("VOICELOOM_SERVER", "VOICELOOM_TRACEBACK", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)

    def run_command(*arguments: str | Path, stdin: str = "") -> Ran:
        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run_cli([str(argument) for argument in arguments])
            out.flush()
            err.flush()
        printed = [stream.buffer.getvalue().decode("utf-8", "replace") for stream in (out, err)]
        return Ran(code, *printed)

    return run_command
