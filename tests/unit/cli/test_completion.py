"""Completion in shells: commands and options, and the names and ids that the server knows."""

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
import typer

from cli import completion
from cli.__main__ import app
from tests.unit.cli.fake_gateway import FILE_ID, ID, FakeGateway, file, page, refusal, task


def context(**params: str) -> typer.Context:
    """A context in the middle of a command line."""
    found = typer.Context(typer.main.get_command(app), info_name="voiceloom")
    found.params.update(params)
    return found


def test_tasks_are_offered_by_name_and_by_id(gateway: FakeGateway) -> None:
    gateway["GET /tasks"] = page(task(), task("running", id="9" * 32, exp_name="benno"))
    assert completion.tasks(context(), "") == [("bella", "completed, fast"), ("benno", "running, fast")]
    assert completion.tasks(context(), "ben") == [("benno", "running, fast")]
    assert completion.tasks(context(), ID[:3]) == [(ID, "bella")]
    completion.tasks(context(server="http://root:1"), "")
    completion.tasks(context(server="http://root:1", common_server="http://near:1"), "")
    assert [request.url.host for request in gateway.asked[-2:]] == ["root", "near"]


def test_recordings_are_offered_by_id(gateway: FakeGateway) -> None:
    gateway["GET /files"] = page(file())
    assert completion.files(context(), "f") == [(FILE_ID, "me.wav, 90 s")]
    assert completion.files(context(), "0") == []


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        refusal(503, "UNAVAILABLE", "away"),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"items": [{}]}),
        httpx.Response(200, json=[]),
    ],
)
def test_a_server_that_does_not_help_is_no_error(gateway: FakeGateway, answer: httpx.Response | Exception) -> None:
    gateway["GET /tasks"] = answer
    assert completion.tasks(context(), "b") == []


def complete(words: str, **environment: str) -> str:
    """What bash would be offered behind some words."""
    line = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1), "_VOICELOOM_COMPLETE": "complete_bash"}
    script = "from cli.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **line, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.strip()


def test_commands_and_choices_are_completed() -> None:
    assert complete("voiceloom tasks tran").split() == ["transcripts"]
    assert complete("voiceloom tasks retry x --from s").split() == ["semantic_token", "sovits_train"]


def test_without_a_server_tab_is_quick_and_silent() -> None:
    began = time.monotonic()
    assert complete("voiceloom tasks show b", VOICELOOM_SERVER="http://127.0.0.1:9") == ""
    assert time.monotonic() - began < 10


def test_completion_is_installed(tmp_path: Path) -> None:
    script = (
        "import sys; sys.argv = ['voiceloom', '--install-completion', 'bash']; from cli.__main__ import main; main()"
    )
    environment = {**os.environ, "HOME": str(tmp_path), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    installed = "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert "_VOICELOOM_COMPLETE=complete_bash" in installed
