"""What all commands share: options anywhere, errors as sentences or JSON, exit codes, help that costs nothing."""

import json
import subprocess
import sys
from importlib.metadata import version

import httpx
import pytest

from cli import local
from cli.errors import ExitCode
from cli.session import Session, columns, language_of
from tests.unit.cli.conftest import Run
from tests.unit.cli.fake_gateway import ID, FakeGateway, page, refusal, task


def test_options_stand_before_the_command_or_behind_it(gateway: FakeGateway, run: Run) -> None:
    gateway["GET /tasks"] = page(task())
    assert json.loads(run("--json", "tasks", "list").out) == json.loads(run("tasks", "list", "--json").out) == [task()]
    run("--lang", "zh", "tasks", "list")
    run("tasks", "list", "--lang", "zh", "--server", "http://elsewhere:9")
    assert [request.headers["Accept-Language"] for request in gateway.asked] == ["en", "en", "zh", "zh"]
    assert [request.url.host for request in gateway.asked] == ["127.0.0.1"] * 3 + ["elsewhere"]


def test_the_server_may_be_in_the_environment(gateway: FakeGateway, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICELOOM_SERVER", "http://there:1")
    gateway["GET /tasks"] = page()
    assert run("tasks", "list").out == "There are no tasks.\n"
    run("tasks", "list", "--server", "http://elsewhere:9")
    assert [request.url.host for request in gateway.asked] == ["there", "elsewhere"]


def test_json_is_not_escaped(gateway: FakeGateway, run: Run) -> None:
    gateway[f"GET /tasks/{ID}"] = task(exp_name="贝拉")
    assert "贝拉" in run("--json", "tasks", "show", ID).out


def test_a_refusal_ends_with_its_sentence_and_code(gateway: FakeGateway, run: Run) -> None:
    gateway["POST /tasks/x/resume"] = refusal(404, "TASK_NOT_FOUND", "任务不存在")
    gateway["GET /tasks"] = page()
    ran = run("tasks", "resume", "x")
    assert (ran.code, ran.out, ran.err) == (ExitCode.REFUSED, "", "voiceloom: 任务不存在 [TASK_NOT_FOUND]\n")


def test_errors_are_json_for_programs(gateway: FakeGateway, run: Run) -> None:
    problem = [{"field": "limit", "message": "too much", "key": "invalid.too_big", "args": {}}]
    gateway["GET /tasks"] = refusal(400, "INVALID_REQUEST", "Wrong", errors=problem, request_id="r1")
    ran = run("tasks", "list", "--json")
    assert (ran.code, ran.out) == (ExitCode.REFUSED, "")
    assert json.loads(ran.err) == {
        "code": "INVALID_REQUEST",
        "detail": "Wrong (limit: too much)",
        "exit_code": 4,
        "status": 400,
        "errors": problem,
        "request_id": "r1",
    }


@pytest.mark.parametrize(("language", "words"), [("en", "does not answer"), ("zh", "没有响应")])
def test_without_a_server_the_command_says_how_to_start_one(
    gateway: FakeGateway, run: Run, language: str, words: str
) -> None:
    gateway["GET /tasks"] = httpx.ConnectError("refused")
    ran = run("tasks", "list", "--lang", language)
    assert ran.code == ExitCode.UNREACHABLE
    assert words in ran.err
    assert "voiceloom up" in ran.err
    assert json.loads(run("tasks", "list", "--json").err)["code"] == "UNREACHABLE"


def test_wrong_arguments_are_told_with_the_usage(run: Run) -> None:
    ran = run("tasks", "list", "--status", "sleeping")
    assert ran.code == ExitCode.USAGE
    assert "Usage: voiceloom tasks list" in ran.err
    assert "sleeping" in ran.err
    told = json.loads(run("--json", "tasks", "show").err)
    assert (told["code"], told["exit_code"]) == ("USAGE", 2)
    assert run("tasks", "fly").code == ExitCode.USAGE
    assert run("tasks", "list", "--server", "http://[").code == ExitCode.USAGE
    assert "[BAD_SERVER]" in run("tasks", "list", "--server", "http://[").err


def test_an_answer_of_something_else_is_no_traceback(gateway: FakeGateway, run: Run) -> None:
    gateway["GET /tasks"] = {"hello": "world"}
    ran = run("tasks", "list")
    assert (ran.code, ran.out) == (ExitCode.ERROR, "")
    assert "[UNEXPECTED]" in ran.err


def test_ctrl_c_ends_with_130(gateway: FakeGateway, run: Run) -> None:
    def interrupted(request: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    gateway["GET /tasks"] = interrupted
    ran = run("tasks", "list")
    assert (ran.code, ran.err) == (130, "voiceloom: Interrupted. [INTERRUPTED]\n")


def test_a_file_that_cannot_be_written_is_told(gateway: FakeGateway, run: Run) -> None:
    gateway[f"GET /tasks/{ID}"] = task()
    gateway[f"POST /tasks/{ID}/speak"] = httpx.Response(200, content=b"RIFF")
    ran = run("say", ID, "hello", "-o", "/proc/nowhere/out.wav")
    assert ran.code == ExitCode.ERROR
    assert "/proc/nowhere" in ran.err
    assert "[LOCAL]" in ran.err


def test_the_version_is_the_installed_one(run: Run) -> None:
    ran = run("--version")
    assert (ran.code, ran.out) == (0, f"voiceloom {version('voiceloom')}\n")


def test_exit_codes_differ() -> None:
    assert len({int(code) for code in ExitCode}) == len(ExitCode)


def test_what_a_terminal_would_obey_is_not_printed(gateway: FakeGateway, run: Run) -> None:
    gateway["GET /tasks"] = page(task(exp_name="a\x1b[31mb\x9bc"))
    assert "\x1b" not in run("tasks", "list").out
    assert "\x9b" not in run("tasks", "list").out


def test_columns_are_as_wide_as_they_look() -> None:
    assert columns([("声音", "1"), ("a", "20")], right=[1]) == "声音   1\na     20"


def test_a_command_to_type_names_the_server_that_is_no_default() -> None:
    assert Session().command("tasks", "watch", "my voice") == "voiceloom tasks watch 'my voice'"
    assert Session(server="http://a:1").command("x") == "voiceloom x --server http://a:1"


def test_local_work_is_done_by_the_module_that_owns_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[str, ...]] = []
    monkeypatch.setattr(local, "run_module", lambda *command: started.append(command) or 0)
    assert run("pretrain", "--steps", "3", "corpus").code == 0
    assert run("models", "join").code == 0
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


def test_help_imports_nothing_heavy() -> None:
    look = (
        "import sys\nfrom cli.__main__ import run\nrun(['--help'])\n"
        "heavy = {'torch', 'numpy', 'fastapi', 'grpc', 'sqlalchemy', 'pydantic', 'nats'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
