"""The commands, against a gateway that answers from memory."""

import json
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from cli import local
from cli.__main__ import app, main
from cli.client import Client
from cli.session import language_of
from tests.unit.cli.fake_gateway import ID, Answer, made, sse, task

ENDED = sse(
    (1, "progress", {"stage": "asr", "stage_progress": 0.5, "message": "1/2"}),
    (2, "completed", {"status": "completed"}),
)


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> dict[str, httpx.Response]:
    """Answers by "METHOD path"; commands reach them instead of a server."""
    answers: dict[str, httpx.Response] = {}

    def answer(request: httpx.Request) -> httpx.Response:
        return answers[f"{request.method} {request.url.path}"]

    connect_to(monkeypatch, answer)
    return answers


def connect_to(monkeypatch: pytest.MonkeyPatch, answer: Answer) -> None:
    """Let every command's client be answered by a function."""
    monkeypatch.setattr(
        "cli.session.Client", lambda server, language: Client(server, language, httpx.MockTransport(answer))
    )


def run(*arguments: str) -> tuple[int, str]:
    """Exit code and output of a command."""
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    return result.exit_code, result.output


def test_a_task_is_listed_on_one_line(gateway: dict[str, httpx.Response]) -> None:
    gateway["GET /api/v1/tasks"] = httpx.Response(200, json={"items": [task("running", progress=0.42)], "total": 1})
    code, said = run("tasks", "list")
    assert code == 0
    assert said.split() == [ID, "running", "42%", "fast", "bella"]


def test_json_is_for_machines(gateway: dict[str, httpx.Response]) -> None:
    gateway[f"GET /api/v1/tasks/{ID}"] = httpx.Response(200, json=task(exp_name="贝拉"))
    code, said = run("--json", "tasks", "show", ID)
    assert code == 0
    assert json.loads(said)["exp_name"] == "贝拉"
    assert "贝拉" in said


def test_a_task_is_found_by_its_name(gateway: dict[str, httpx.Response]) -> None:
    gateway["GET /api/v1/tasks"] = httpx.Response(200, json={"items": [task(exp_name="贝拉")], "total": 1})
    gateway[f"DELETE /api/v1/tasks/{ID}"] = httpx.Response(200, json={"success": True, "message": "任务已取消"})
    assert run("tasks", "cancel", "贝拉") == (0, "任务已取消\n")


def test_a_failed_task_shows_its_reason_and_its_code(gateway: dict[str, httpx.Response]) -> None:
    error = {"code": "AUDIO_SILENT", "stage": "audio_slice", "detail": "The recording is silent"}
    gateway[f"GET /api/v1/tasks/{ID}"] = httpx.Response(200, json=task("failed", error=error))
    _, said = run("tasks", "show", ID)
    assert "The recording is silent [AUDIO_SILENT]" in said


def test_training_uploads_creates_watches_and_downloads(gateway: dict[str, httpx.Response], tmp_path: Path) -> None:
    recording = tmp_path / "my voice.wav"
    recording.write_bytes(b"RIFF")
    gateway["POST /api/v1/files"] = httpx.Response(200, json={"file_id": "f1"})
    gateway["POST /api/v1/tasks"] = httpx.Response(200, json=task("queued"))
    gateway[f"GET /api/v1/tasks/{ID}"] = httpx.Response(200, json=task())
    gateway[f"GET /api/v1/tasks/{ID}/progress"] = httpx.Response(200, content=ENDED)
    gateway[f"GET /api/v1/tasks/{ID}/outputs"] = httpx.Response(200, json=made())
    for path in ("output/output_0.wav", "ref_audio/inference/1/reference.wav", "gpt_model/bella-e8.ckpt"):
        gateway[f"GET /api/v1/tasks/{ID}/outputs/{path}"] = httpx.Response(200, content=b"abc")
    code, said = run("train", str(recording), "--name", "bella", "--quality", "fast", "--to", str(tmp_path / "out"))
    assert code == 0, said
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"output_0.wav", "reference.wav", "bella-e8.ckpt"}
    assert "inference: completed in 2.0 s" in said


def test_what_the_voice_should_say_and_its_transcript_reach_the_server(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    recording, words = tmp_path / "voice.wav", tmp_path / "voice.txt"
    recording.write_bytes(b"RIFF")
    words.write_text("some words", encoding="utf-8")
    bodies: dict[str, bytes] = {}

    def answer(request: httpx.Request) -> httpx.Response:
        bodies[request.url.path] = request.read()
        return httpx.Response(200, json={"file_id": "f1"} if "files" in request.url.path else task("queued"))

    connect_to(monkeypatch, answer)
    code, said = run("train", str(recording), "--say", "你好", "--transcript", str(words), "--no-wait")
    assert code == 0, said
    body = json.loads(bodies["/api/v1/tasks"])
    assert body["exp_name"] == "voice"
    assert body["options"]["inference"] == {"target_text": "你好"}
    assert b"some words" in bodies["/api/v1/files"]


def test_watching_a_task_that_fails_ends_with_an_error_code(gateway: dict[str, httpx.Response]) -> None:
    gateway[f"GET /api/v1/tasks/{ID}"] = httpx.Response(200, json=task("failed"))
    gateway[f"GET /api/v1/tasks/{ID}/progress"] = httpx.Response(200, content=sse((9, "failed", {"status": "failed"})))
    assert run("tasks", "watch", ID)[0] == 1


def test_a_task_that_ended_runs_again_from_the_stage_that_was_named(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url.raw_path.decode().removeprefix('/api/v1/tasks/' + ID)}")
        if request.url.path.endswith("/progress"):
            return httpx.Response(200, content=ENDED)
        return httpx.Response(200, json=task())

    connect_to(monkeypatch, answer)
    assert run("tasks", "retry", ID, "--from", "asr")[0] == 0
    assert asked[0] == "POST /retry?from_stage=asr"
    assert "GET /progress" in asked
    asked.clear()
    assert "voiceloom tasks watch" in run("tasks", "resume", ID, "--no-wait")[1]
    assert run("tasks", "retry", ID, "--no-wait")[0] == 0
    assert asked == ["POST /resume", "POST /retry"]


def test_outputs_name_the_best(gateway: dict[str, httpx.Response]) -> None:
    gateway[f"GET /api/v1/tasks/{ID}/outputs"] = httpx.Response(200, json=made())
    _, said = run("tasks", "outputs", ID)
    assert "* output_0.wav  4.0 s  word errors  25%  similarity 0.80" in said


def test_a_name_from_the_server_cannot_leave_the_folder(gateway: dict[str, httpx.Response], tmp_path: Path) -> None:
    hostile = made(outputs=[], ref_audio_path=None, models=[{"kind": "gpt", "filename": "../../evil.ckpt"}])
    gateway[f"GET /api/v1/tasks/{ID}/outputs"] = httpx.Response(200, json=hostile)
    gateway[f"GET /api/v1/tasks/{ID}/evil.ckpt"] = httpx.Response(200, content=b"abc")
    code, _ = run("tasks", "download", ID, "--to", str(tmp_path / "deep" / "out"))
    assert code == 0
    assert (tmp_path / "deep" / "out" / "evil.ckpt").exists()


def test_without_a_server_the_command_says_how_to_start_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    connect_to(monkeypatch, answer)
    monkeypatch.setattr("sys.argv", ["voiceloom", "tasks", "list"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 3
    assert "voiceloom up" in capsys.readouterr().err


def test_a_refusal_ends_with_its_sentence_and_code(
    gateway: dict[str, httpx.Response], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway[f"GET /api/v1/tasks/{ID}"] = httpx.Response(404, json={"detail": "任务不存在", "code": "TASK_NOT_FOUND"})
    monkeypatch.setattr("sys.argv", ["voiceloom", "tasks", "show", ID])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == "voiceloom: 任务不存在 [TASK_NOT_FOUND]\n"


def test_local_work_is_done_by_the_module_that_owns_it(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[str, ...]] = []
    monkeypatch.setattr(local, "run_module", lambda *command: started.append(command) or 0)
    assert run("pretrain", "--steps", "3", "corpus")[0] == 0
    assert run("models", "join")[0] == 0
    assert started == [("services.training.pretrain", "--steps", "3", "corpus"), ("services.voice.whisper_files",)]


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({}, "en"),
        ({"LC_ALL": "zh", "LANG": "en"}, "zh"),
    ],
)
def test_the_language_is_the_locales(environment: dict[str, str], language: str) -> None:
    assert language_of(environment) == language
