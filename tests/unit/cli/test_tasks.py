"""`voiceloom tasks`: list, show, cancel, delete, resume, retry, watch, and tasks given by name."""

import json

import httpx
import pytest

from cli.errors import ExitCode
from tests.unit.cli.conftest import Run
from tests.unit.cli.fake_gateway import ID, FakeGateway, page, refusal, sse, task

ENDED = httpx.Response(
    200,
    content=sse(
        (1, "progress", {"stage": "asr", "stage_progress": 0.5, "message": "1/2"}),
        (2, "completed", {"status": "completed"}),
    ),
)


def test_a_task_is_listed_on_one_line(gateway: FakeGateway, run: Run) -> None:
    gateway["GET /tasks"] = page(task("running", progress=0.42, current_stage="asr"), task("failed", exp_name="声音"))
    ran = run("tasks", "list", "--status", "running", "--search", "b", "--limit", "2", "--lang", "zh")
    first, second = ran.out.splitlines()
    assert first.split() == [ID, "进行中", "42%", "fast", "bella", "asr"]
    assert second.split() == [ID, "失败", "100%", "fast", "声音"]
    assert gateway.lines == ["GET /tasks?status=running&search=b&limit=2&offset=0"]


def test_a_failed_task_shows_its_reason_and_its_code(gateway: FakeGateway, run: Run) -> None:
    error = {"code": "AUDIO_SILENT", "stage": "audio_slice", "detail": "The recording is silent"}
    gateway[f"GET /tasks/{ID}"] = task("failed", error=error)
    ran = run("tasks", "show", ID)
    assert (ran.code, "The recording is silent [AUDIO_SILENT]" in ran.out) == (0, True)
    assert [line.split()[0] for line in ran.out.splitlines()[1:9]] == [stage["name"] for stage in task()["stages"]]


def test_what_experts_chose_is_shown(gateway: FakeGateway, run: Run) -> None:
    gateway[f"GET /tasks/{ID}"] = task(expert={"gpt_epochs": 3, "sovits_epochs": None, "gpt_learning_rate": 1e-4})
    assert "  expert options: gpt_epochs 3, gpt_learning_rate 0.0001" in run("tasks", "show", ID).out.splitlines()


@pytest.mark.parametrize("written", ["贝拉é", "贝拉e\u0301"])
def test_a_task_is_found_by_its_name_however_it_was_typed(gateway: FakeGateway, run: Run, written: str) -> None:
    gateway["GET /tasks"] = page(task(id="other", exp_name="贝拉é2"), task(exp_name="贝拉é"))
    gateway[f"DELETE /tasks/{ID}"] = {"success": True, "message": "任务已取消"}
    assert run("tasks", "cancel", written).out == "任务已取消\n"
    assert gateway.lines[-1] == f"DELETE /tasks/{ID}"
    assert gateway.asked[0].url.params["search"] == "贝拉é"


def test_a_name_that_looks_like_an_id_is_found_too(gateway: FakeGateway, run: Run) -> None:
    name = "ab" * 16
    gateway[f"GET /tasks/{name}"] = refusal(404, "TASK_NOT_FOUND", "none")
    gateway["GET /tasks"] = page(task(exp_name=name))
    gateway[f"GET /tasks/{ID}"] = task(exp_name=name)
    assert json.loads(run("tasks", "show", name, "--json").out)["id"] == ID


def test_what_is_neither_id_nor_name_is_refused_by_the_server(gateway: FakeGateway, run: Run) -> None:
    gateway["GET /tasks"] = page(task(exp_name="Bella2"))
    gateway["GET /tasks/bella"] = refusal(404, "TASK_NOT_FOUND", "No such task")
    assert run("tasks", "show", "bella").code == ExitCode.REFUSED
    long = "x" * 65
    gateway[f"GET /tasks/{long}"] = refusal(404, "TASK_NOT_FOUND", "No such task")
    gateway.asked.clear()
    assert run("tasks", "show", long).code == ExitCode.REFUSED
    assert len(gateway.asked) == 1, "no name is that long: the server would refuse to search for it"


def test_a_task_is_only_deleted_when_somebody_is_sure(gateway: FakeGateway, run: Run) -> None:
    gateway[f"GET /tasks/{ID}"] = task()
    gateway[f"DELETE /tasks/{ID}"] = {"success": True, "message": "The task was removed"}
    ran = run("tasks", "delete", ID)
    assert (ran.code, "[NEEDS_YES]" in ran.err) == (ExitCode.USAGE, True)
    assert not any(line.startswith("DELETE") for line in gateway.lines)
    assert run("tasks", "delete", ID, "--yes").out == "The task was removed\n"
    assert gateway.lines[-1] == f"DELETE /tasks/{ID}?purge=true"


@pytest.mark.parametrize(
    ("status", "code"),
    [("completed", ExitCode.OK), ("failed", ExitCode.TASK_FAILED), ("cancelled", ExitCode.TASK_CANCELLED)],
)
def test_the_exit_code_says_how_a_watched_task_ended(
    gateway: FakeGateway, run: Run, status: str, code: ExitCode
) -> None:
    gateway[f"GET /tasks/{ID}"] = task(status)
    gateway[f"GET /tasks/{ID}/progress"] = httpx.Response(200, content=sse((9, status, {"status": status})))
    assert run("tasks", "watch", ID).code == code


def test_watching_prints_json_lines_for_programs(gateway: FakeGateway, run: Run) -> None:
    gateway[f"GET /tasks/{ID}"] = [
        httpx.Response(200, json=task("running")),
        httpx.Response(200, json=task("running")),
        httpx.Response(200, json=task()),
    ]
    gateway[f"GET /tasks/{ID}/progress"] = ENDED
    ran = run("tasks", "watch", ID, "--json")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [(line["id"], line["event"]) for line in lines] == [
        (None, "task"),
        (1, "progress"),
        (2, "completed"),
        (None, "task"),
    ]
    assert (lines[0]["data"]["status"], lines[-1]["data"]["status"]) == ("running", "completed")
    assert lines[1]["data"]["message"] == "1/2"


def test_a_task_that_ended_runs_again_from_the_stage_that_was_named(gateway: FakeGateway, run: Run) -> None:
    gateway[f"GET /tasks/{ID}"] = task()
    gateway[f"POST /tasks/{ID}/retry"] = task("queued")
    gateway[f"POST /tasks/{ID}/resume"] = task("queued")
    gateway[f"GET /tasks/{ID}/progress"] = ENDED
    ran = run("tasks", "retry", ID, "--from", "asr")
    assert (ran.code, "inference: completed, 2.0 s" in ran.out) == (0, True)
    assert f"POST /tasks/{ID}/retry?from_stage=asr" in gateway.lines
    gateway.asked.clear()
    assert "voiceloom tasks watch bella" in run("tasks", "resume", ID, "--no-watch").out
    assert json.loads(run("tasks", "retry", ID, "--no-watch", "--json").out)["status"] == "queued"
    assert [line for line in gateway.lines if not line.startswith("GET")] == [
        f"POST /tasks/{ID}/resume",
        f"POST /tasks/{ID}/retry",
    ]
    assert run("tasks", "retry", ID, "--from", "nowhere").code == ExitCode.USAGE
