"""Whatever goes wrong behind the gateway becomes a code and a fixed sentence; nothing of its inside gets out."""

import asyncio
from typing import Any

import grpc
import httpx
import pytest

from tests.contract.gateway.fake_orchestrator import FakeOrchestrator

pytestmark = pytest.mark.asyncio(loop_scope="module")

INTERNAL = "服务内部错误,请稍后再试或联系管理员"
UNAVAILABLE = "服务暂时不可用,请稍后再试"


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        # What carries no failure is nobody's message.
        (grpc.StatusCode.INTERNAL, "", (500, "INTERNAL")),
        (grpc.StatusCode.UNKNOWN, "", (500, "INTERNAL")),
        (grpc.StatusCode.NOT_FOUND, "", (500, "INTERNAL")),
        (grpc.StatusCode.INVALID_ARGUMENT, "", (500, "INTERNAL")),
        (grpc.StatusCode.UNIMPLEMENTED, "", (500, "INTERNAL")),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "", (500, "INTERNAL")),
        (grpc.StatusCode.UNAVAILABLE, "", (503, "UNAVAILABLE")),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "", (503, "UNAVAILABLE")),
        # What carries one follows its code, and where the contract has no opinion the status.
        (grpc.StatusCode.INTERNAL, "ARTIFACT_CORRUPT", (500, "INTERNAL")),
        (grpc.StatusCode.INTERNAL, "INTERNAL", (500, "INTERNAL")),
        (grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE", (503, "UNAVAILABLE")),
        (grpc.StatusCode.UNAVAILABLE, "STORAGE_UNAVAILABLE", (503, "UNAVAILABLE")),
        (grpc.StatusCode.INVALID_ARGUMENT, "AUDIO_SILENT", (400, "AUDIO_SILENT")),
        (grpc.StatusCode.INVALID_ARGUMENT, "PAYLOAD_TOO_LARGE", (413, "PAYLOAD_TOO_LARGE")),
        (grpc.StatusCode.FAILED_PRECONDITION, "FILE_IN_USE", (409, "FILE_IN_USE")),
        (grpc.StatusCode.FAILED_PRECONDITION, "TASK_NOT_CANCELLABLE", (400, "TASK_NOT_CANCELLABLE")),
        (grpc.StatusCode.NOT_FOUND, "NO_SUCH_CODE_AT_ALL", (500, "INTERNAL")),
    ],
)
async def test_each_failure_of_a_service_has_its_answer(
    http: httpx.AsyncClient, fake: FakeOrchestrator, status: grpc.StatusCode, code: str, expected: tuple[int, str]
) -> None:
    task_id = fake.add_task()
    fake.refusals["GetTask"] = (status, code, {})
    response = await http.get(f"/tasks/{task_id}")
    body = response.json()
    assert (response.status_code, body["code"]) == expected
    assert set(body) == {"detail", "code", "key", "args", "request_id"}
    assert body["key"] == f"error.{expected[1]}"
    assert body["request_id"] == response.headers["x-request-id"]
    assert "secret" not in response.text
    if expected[0] == 500:
        assert body["detail"] == INTERNAL
    if expected[0] == 503:
        assert body["detail"] == UNAVAILABLE
        assert int(response.headers["retry-after"]) > 0


async def test_exception_in_a_service_stays_there(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    task_id = fake.add_task()
    fake.refusals["GetTask"] = KeyError("/secret/path")
    for path in ("", "/progress"):
        response = await http.get(f"/tasks/{task_id}{path}")
        assert (response.status_code, response.json()["code"]) == (500, "INTERNAL")
        assert "secret" not in response.text


async def test_exception_in_the_gateway_stays_there(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    # A state that this gateway has never heard of.
    task_id = fake.add_task()
    fake.state.tasks[task_id].state = 99
    response = await http.get(f"/tasks/{task_id}?lang=en")
    assert response.status_code == 500
    assert response.json()["detail"] == "Internal error; please try again or tell the administrator"
    assert response.headers["x-request-id"] == response.json()["request_id"]
    assert "Traceback" not in response.text


async def test_without_an_orchestrator_503_asks_to_come_back(start: Any, fake: FakeOrchestrator) -> None:
    gateway = await start(rpc_timeout_s=0.3)
    await fake.stop()
    for method, path in [("GET", "/tasks"), ("GET", "/tasks/t1/progress"), ("GET", "/files"), ("DELETE", "/tasks/t1")]:
        response = await gateway.http.request(method, path)
        assert (response.status_code, response.json()["code"]) == (503, "UNAVAILABLE")
        assert int(response.headers["retry-after"]) > 0


async def test_uploads_and_downloads_do_not_wait_for_ever(start: Any, fake: FakeOrchestrator) -> None:
    gateway = await start(rpc_timeout_s=0.3)
    fake.add_file()
    await fake.stop()
    upload = await gateway.http.post("/files", files={"file": ("a.wav", b"RIFF" * 100_000)})
    download = await gateway.http.get("/tasks/t1/outputs/output/a.wav")
    for response in (upload, download):
        assert (response.status_code, response.json()["code"]) == (503, "UNAVAILABLE")


async def test_short_restart_of_the_orchestrator_is_waited_for(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    task_id = fake.add_task()
    await fake.stop()
    asking = asyncio.create_task(http.get(f"/tasks/{task_id}"))
    await asyncio.sleep(0.3)
    await fake.start()
    assert (await asking).status_code == 200


async def test_unknown_path_and_method_answer_like_everything_else(http: httpx.AsyncClient) -> None:
    missing = await http.get("/api/v1/nothing")
    assert (missing.status_code, missing.json()["code"]) == (404, "NOT_FOUND")
    method = await http.put("/api/v1/tasks/t1")
    assert (method.status_code, method.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert method.headers["allow"] == "DELETE, GET"
    for response in (missing, method):
        assert response.headers["x-request-id"] == response.json()["request_id"]
        assert "Accept-Language" in response.headers["vary"]


async def test_request_id_of_the_client_is_kept_when_it_is_one(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    kept = await http.get("/tasks", headers={"X-Request-ID": "my-id.42"})
    assert kept.headers["x-request-id"] == "my-id.42"
    assert fake.metadata[-1]["x-request-id"] == "my-id.42"
    for bad in ("a b", "x" * 200, "<script>"):
        replaced = await http.get("/tasks", headers={"X-Request-ID": bad})
        assert replaced.headers["x-request-id"] != bad


@pytest.mark.parametrize(
    ("headers", "query", "english"),
    [
        ({}, "", False),
        ({"Accept-Language": "en"}, "", True),
        ({"Accept-Language": "en-US,en;q=0.9"}, "", True),
        ({"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}, "", False),
        ({"Accept-Language": "zh;q=0.3, en;q=0.7"}, "", True),
        ({"Accept-Language": "fr,de;q=0.5"}, "", False),
        ({"Accept-Language": "fr,en;q=0.5"}, "", True),
        ({"Accept-Language": "en;q=0"}, "", False),
        ({"Accept-Language": "*"}, "", False),
        ({"Accept-Language": "en;q=x"}, "", False),
        ({"Accept-Language": "en"}, "?lang=zh", False),
        ({}, "?lang=en", True),
        ({}, "?lang=EN-us", True),
        ({"Accept-Language": "en"}, "?lang=fr", True),
    ],
)
async def test_language_is_chosen_by_query_then_header_then_chinese(
    http: httpx.AsyncClient, headers: dict[str, str], query: str, english: bool
) -> None:
    # httpx would send a header of its own.
    response = await http.get(f"/tasks/nope{query}", headers={"Accept-Language": "", **headers})
    assert response.json()["detail"] == ("No such task" if english else "任务不存在")
    assert "Accept-Language" in response.headers["vary"]


async def test_json_is_utf8_and_not_escaped(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    fake.add_task("我的声音")
    for response in (await http.get("/tasks"), await http.get("/tasks/nope")):
        assert response.headers["content-type"] == "application/json"
        assert b"\\u" not in response.content
        assert response.headers["cache-control"] == "no-store"
    assert "我的声音".encode() in (await http.get("/tasks")).content
