"""Creating, showing, listing, cancelling and removing tasks over HTTP."""

import json
import unicodedata
from typing import Any

import grpc
import httpx
import pytest

from tests.contract.gateway.fake_orchestrator import FakeOrchestrator
from voiceloom.pipeline.v1 import pipeline_pb2 as pipeline

pytestmark = pytest.mark.asyncio(loop_scope="module")

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
TASK_FIELDS = {
    "id",
    "exp_name",
    "expert",
    "audio_file_ids",
    "status",
    "quality",
    "language",
    "detected_language",
    "current_stage",
    "progress",
    "stages",
    "message",
    "message_key",
    "message_args",
    "error",
    "queue_position",
    "created_at",
    "started_at",
    "completed_at",
}


@pytest.fixture
def file_id(fake: FakeOrchestrator) -> str:
    return fake.add_file()


async def create(http: httpx.AsyncClient, **body: Any) -> httpx.Response:
    return await http.post("/tasks", json={"exp_name": "voice", "audio_file_id": "f1", **body})


async def test_created_task_has_every_field_and_null_for_the_unknown(http: httpx.AsyncClient, file_id: str) -> None:
    response = await create(http, options={"quality": "high", "language": "en"})
    task = response.json()
    assert response.status_code == 200
    assert set(task) == TASK_FIELDS
    assert (task["status"], task["quality"], task["language"]) == ("queued", "high", "en")
    assert [stage["name"] for stage in task["stages"]] == STAGES
    assert {stage["status"] for stage in task["stages"]} == {"pending"}
    assert set(task["stages"][0]) == {
        "name",
        "status",
        "progress",
        "message",
        "message_key",
        "message_args",
        "started_at",
        "completed_at",
        "seconds",
    }
    unknown = ("detected_language", "current_stage", "error", "started_at", "completed_at")
    assert [task[name] for name in unknown] == [None] * len(unknown)
    assert task["queue_position"] == 1
    assert task["created_at"].endswith("Z")
    assert task["audio_file_ids"] == ["f1"]
    assert (task["message_key"], task["message_args"]) == ("task.queued", {})
    assert (task["stages"][0]["message_key"], task["stages"][0]["message_args"]) == (None, {})


async def test_options_reach_the_orchestrator_as_given(
    http: httpx.AsyncClient, fake: FakeOrchestrator, file_id: str
) -> None:
    fake.add_file(file_id="f2")
    options = {
        "quality": "fast",
        "language": "en",
        "transcript": "some words\nand more",
        "callback_url": "https://example.com/hook?x=1",
        "inference": {
            "enabled": True,
            "target_text": "say this",
            "ref_audio_id": "f2",
            "ref_text": "reference words",
            "top_k": 5,
            "top_p": 0.5,
            "temperature": 0.25,
            "repetition_penalty": 1.5,
            "speed": 2,
            "seed": 0,
        },
    }
    assert (await create(http, options=options)).status_code == 200
    _, request = fake.calls[-1]
    assert request.owner == "local"
    assert list(request.file_ids) == ["f1"]
    assert request.options == pipeline.TaskOptions(
        quality=pipeline.QUALITY_FAST,
        language="en",
        transcript="some words\nand more",
        callback_url="https://example.com/hook?x=1",
        inference=pipeline.Synthesis(
            target_text="say this",
            ref_audio_id="f2",
            ref_text="reference words",
            top_k=5,
            top_p=0.5,
            temperature=0.25,
            repetition_penalty=1.5,
            speed=2,
            seed=0,
        ),
    )


async def test_options_left_out_have_their_defaults(
    http: httpx.AsyncClient, fake: FakeOrchestrator, file_id: str
) -> None:
    assert (await create(http, options={"inference": {"enabled": False}})).status_code == 200
    options = fake.calls[-1][1].options
    assert (options.quality, options.language) == (pipeline.QUALITY_STANDARD, "auto")
    assert options.inference.disabled
    assert not options.inference.HasField("seed")


async def test_recording_may_come_in_parts(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    fake.add_file(file_id="f1")
    fake.add_file(file_id="f2")
    response = await http.post("/tasks", json={"exp_name": "parts", "audio_file_ids": ["f2", "f1"]})
    assert response.status_code == 200
    assert list(fake.calls[-1][1].file_ids) == ["f2", "f1"]


@pytest.mark.parametrize(
    "name", ["a", "A-b_9", "我的声音", "Ёлка", "हिन्दी", "日本語-テスト", "٣٤", "a" * 64, "𠮷" * 64, "한" * 64]
)
async def test_names_of_any_script_work(http: httpx.AsyncClient, file_id: str, name: str) -> None:
    response = await create(http, exp_name=name)
    assert response.status_code == 200
    assert response.json()["exp_name"] == name


async def test_names_are_composed_before_they_are_counted_and_compared(http: httpx.AsyncClient, file_id: str) -> None:
    decomposed = unicodedata.normalize("NFD", "é" * 64)
    assert len(decomposed) == 128
    first = await create(http, exp_name=decomposed)
    assert first.json()["exp_name"] == "é" * 64
    assert (await create(http, exp_name="é" * 64)).status_code == 409


@pytest.mark.parametrize(
    "name",
    ["", "a/b", "a" * 65, "𠮷" * 65, "a b", "a.b", "../x", "a\nb", "😀", "a\u0000", "\u0301a", "a'b", None, 5, []],
)
async def test_bad_names_are_refused(http: httpx.AsyncClient, fake: FakeOrchestrator, name: object) -> None:
    response = await create(http, exp_name=name)
    body = response.json()
    assert response.status_code == 400
    assert body["code"] == "INVALID_REQUEST"
    assert [error["field"] for error in body["errors"]] == ["exp_name"]
    assert body["detail"].startswith("请求参数错误")
    assert not fake.calls


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"exp_name": "x"}, "audio_file_id"),
        ({"exp_name": "x", "audio_file_id": ""}, "audio_file_id"),
        ({"exp_name": "x", "audio_file_id": 7}, "audio_file_id"),
        ({"exp_name": "x", "audio_file_ids": []}, "audio_file_ids"),
        ({"exp_name": "x", "audio_file_ids": "f1"}, "audio_file_ids"),
        ({"exp_name": "x", "audio_file_ids": ["f1", "f1"]}, "audio_file_ids"),
        ({"exp_name": "x", "audio_file_id": "f1", "audio_file_ids": ["f1"]}, "audio_file_id"),
        ({"exp_name": "x", "audio_file_id": "f1", "qualty": "fast"}, "qualty"),
        ({"exp_name": "x", "audio_file_id": "f1", "options": []}, "options"),
        ({"exp_name": "x", "audio_file_id": "f1", "options": {"quality": "ultra"}}, "options.quality"),
        ({"exp_name": "x", "audio_file_id": "f1", "options": {"language": "fr"}}, "options.language"),
        ({"exp_name": "x", "audio_file_id": "f1", "options": {"inference": False}}, "options.inference"),
        ({"exp_name": "x", "audio_file_id": "f1", "options": {"inference": {"top_k": 0}}}, "options.inference.top_k"),
        ({"exp_name": "x", "audio_file_id": "f1", "options": {"inference": {"speed": -1}}}, "options.inference.speed"),
        ({"exp_name": "x", "audio_file_id": "f1", "options": {"inference": {"seed": 2**63}}}, "options.inference.seed"),
        ({"exp_name": "x", "audio_file_id": "f1", "options": {"transcript": "a\u0000b"}}, "options.transcript"),
        ({"exp_name": "x", "audio_file_id": "f1", "options": {"callback_url": "file:///etc"}}, "options.callback_url"),
        ({"exp_name": "x", "audio_file_id": "f1", "options": {"callback_url": "http://"}}, "options.callback_url"),
    ],
)
async def test_bad_fields_are_named(http: httpx.AsyncClient, fake: FakeOrchestrator, body: object, field: str) -> None:
    response = await http.post("/tasks", json=body)
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == [field]
    problem = response.json()["errors"][0]
    assert problem["message"]
    assert problem["key"].startswith("invalid.")
    assert response.json()["key"] == "error.INVALID_REQUEST"
    assert response.json()["args"] == {"problem": f"{field} {problem['message']}"}
    assert not fake.calls


@pytest.mark.parametrize("body", [b"[]", b"null", b"5", b'"text"', b"", b"{", b"{'a': 1}", b"\xff\xfe", b'{"a": NaN}'])
async def test_body_that_is_no_object_is_refused(http: httpx.AsyncClient, body: bytes) -> None:
    response = await http.post("/tasks", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 400
    assert response.json()["code"] == "INVALID_REQUEST"
    assert response.json()["errors"]


async def test_half_a_character_is_refused_and_not_echoed(http: httpx.AsyncClient) -> None:
    body = json.dumps({"exp_name": "\ud800", "audio_file_id": "f1", "options": {"transcript": "\udfff"}}).encode()
    response = await http.post("/tasks", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 400
    assert {error["field"] for error in response.json()["errors"]} == {"exp_name", "options.transcript"}


async def test_everything_wrong_is_reported_at_once(http: httpx.AsyncClient) -> None:
    response = await http.post("/tasks", json={"options": {"quality": "x"}})
    assert {error["field"] for error in response.json()["errors"]} == {"exp_name", "audio_file_id", "options.quality"}


async def test_body_beyond_the_limit_is_413(start: Any) -> None:
    gateway = await start(max_body_bytes=1000)
    big = b'{"exp_name": "' + b"a" * 2000 + b'"}'
    announced = await gateway.http.post("/tasks", content=big, headers={"Content-Type": "application/json"})

    async def pieces() -> Any:
        yield big

    counted = await gateway.http.post("/tasks", content=pieces(), headers={"Content-Type": "application/json"})
    for response in (announced, counted):
        assert response.status_code == 413
        assert response.json()["code"] == "PAYLOAD_TOO_LARGE"
        assert "1 KB" in response.json()["detail"]


async def test_name_is_checked_before_the_file(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    fake.add_task("voice")
    taken = await create(http, audio_file_id="missing")
    assert taken.status_code == 409
    assert taken.json()["code"] == "NAME_TAKEN"
    assert taken.json()["detail"] == "实验名称 'voice' 已存在,请使用不同的名称"
    missing = await create(http, exp_name="other", audio_file_id="missing")
    assert missing.status_code == 404
    assert missing.json()["code"] == "FILE_NOT_FOUND"
    assert missing.json()["detail"] == "音频文件不存在: missing"


async def test_missing_reference_recording_is_404(http: httpx.AsyncClient, file_id: str) -> None:
    response = await create(http, options={"inference": {"ref_audio_id": "nope"}})
    assert response.status_code == 404
    assert response.json()["detail"] == "音频文件不存在: nope"


async def test_language_that_the_pack_does_not_speak_is_refused_at_once(http: httpx.AsyncClient, file_id: str) -> None:
    response = await create(http, options={"language": "zh"})
    assert response.status_code == 400
    assert response.json()["code"] == "LANGUAGE_UNSUPPORTED"
    assert response.json()["detail"] == "当前音色包不支持中文,支持的语言: 英语"


async def test_full_queue_asks_to_come_back_later(
    http: httpx.AsyncClient, fake: FakeOrchestrator, file_id: str
) -> None:
    fake.refusals["CreateTask"] = (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL", {})
    response = await create(http)
    assert response.status_code == 429
    assert response.json()["code"] == "QUEUE_FULL"
    assert int(response.headers["retry-after"]) > 0


async def test_documented_paths_and_their_aliases_answer_alike(http: httpx.AsyncClient, file_id: str) -> None:
    created = await http.post("/api/v1/tasks", json={"exp_name": "voice", "audio_file_id": "f1"})
    task_id = created.json()["id"]
    assert (await http.get(f"/api/v1/tasks/{task_id}")).json() == (await http.get(f"/tasks/{task_id}")).json()
    assert (await http.get("/api/v1/tasks")).json() == (await http.get("/tasks")).json()


async def test_running_task_shows_stage_progress_and_message(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    task_id = fake.add_task()
    await fake.progress(task_id, 0.45, epoch=8)
    zh = (await http.get(f"/tasks/{task_id}")).json()
    en = (await http.get(f"/tasks/{task_id}?lang=en")).json()
    assert (zh["status"], zh["current_stage"], zh["progress"]) == ("running", "sovits_train", 0.45)
    assert "Epoch 8/16" in zh["message"]
    assert en["message"] == "Epoch 8/16"
    for task in (zh, en):
        assert (task["message_key"], task["message_args"]) == ("sovits_train.epoch", {"epoch": "8", "epochs": "16"})


async def test_failed_task_says_why(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    task_id = fake.add_task()
    message = pipeline.Message(key="error.AUDIO_TOO_SHORT", args={"seconds": "2", "minimum": "10"})
    await fake.finish(
        task_id,
        pipeline.TASK_STATE_FAILED,
        code="AUDIO_TOO_SHORT",
        stage=pipeline.STAGE_AUDIO_SLICE,
        message=message,
    )
    error = (await http.get(f"/tasks/{task_id}")).json()["error"]
    assert (error["code"], error["stage"]) == ("AUDIO_TOO_SHORT", "audio_slice")
    assert "2 秒" in error["detail"]
    assert "10 秒" in error["detail"]
    assert error["key"] == "error.AUDIO_TOO_SHORT"
    assert error["args"] == {"seconds": "2", "minimum": "10", "stage": "audio_slice"}


async def test_unknown_task_is_404(http: httpx.AsyncClient) -> None:
    for method, path in [
        ("GET", ""),
        ("DELETE", ""),
        ("DELETE", "?purge=true"),
        ("GET", "/progress"),
        ("GET", "/outputs"),
    ]:
        response = await http.request(method, f"/tasks/nope{path}")
        assert response.status_code == 404, path
        assert (response.json()["code"], response.json()["detail"]) == ("TASK_NOT_FOUND", "任务不存在")


async def test_list_is_newest_first_filtered_and_paged(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    ids = [fake.add_task(f"v{i}") for i in range(5)]
    await fake.finish(ids[1])
    everything = (await http.get("/tasks")).json()
    assert [item["id"] for item in everything["items"]] == ids[::-1]
    assert (everything["total"], everything["limit"], everything["offset"]) == (5, 50, 0)
    page = (await http.get("/tasks?limit=2&offset=1")).json()
    assert [item["id"] for item in page["items"]] == [ids[3], ids[2]]
    assert (page["total"], page["limit"], page["offset"]) == (5, 2, 1)
    completed = (await http.get("/tasks?status=completed")).json()
    assert [item["id"] for item in completed["items"]] == [ids[1]]


async def test_list_is_searched_by_name(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    fake.add_task("Анна-1")
    fake.add_task("Bob")
    answer = (await http.get("/tasks", params={"search": " анна "})).json()
    assert ([item["exp_name"] for item in answer["items"]], answer["total"]) == (["Анна-1"], 1)
    assert fake.calls[-1][1].search == "анна"
    decomposed = unicodedata.normalize("NFD", "é" * 64)
    assert (await http.get("/tasks", params={"search": decomposed})).status_code == 200
    assert fake.calls[-1][1].search == "é" * 64
    assert (await http.get("/tasks?search=")).json()["total"] == 2


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("search=" + "a" * 65, "search"),
        ("search=a%00b", "search"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("offset=-1", "offset"),
        ("offset=99999999999999999999", "offset"),
        ("status=done", "status"),
        ("status=", "status"),
    ],
)
async def test_bad_list_queries_are_refused(http: httpx.AsyncClient, query: str, field: str) -> None:
    response = await http.get(f"/tasks?{query}")
    assert response.status_code == 400
    assert response.json()["code"] == "INVALID_REQUEST"
    assert [error["field"] for error in response.json()["errors"]] == [field]


async def test_list_limits_themselves_pass(http: httpx.AsyncClient) -> None:
    for query in ("limit=1", "limit=100", "offset=0", "status=interrupted"):
        assert (await http.get(f"/tasks?{query}")).status_code == 200


async def test_cancel_answers_once_and_then_says_why_not(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    task_id = fake.add_task()
    first = await http.delete(f"/tasks/{task_id}")
    assert (first.status_code, first.json()) == (200, {"success": True, "message": "任务已取消"})
    again = await http.delete(f"/tasks/{task_id}")
    assert again.status_code == 400
    assert again.json()["code"] == "TASK_NOT_CANCELLABLE"
    assert again.json()["detail"] == "任务无法取消(可能已完成或已取消)"


async def test_purge_frees_the_name(http: httpx.AsyncClient, fake: FakeOrchestrator, file_id: str) -> None:
    task_id = (await create(http)).json()["id"]
    await http.delete(f"/tasks/{task_id}")
    assert (await create(http)).status_code == 409
    purged = await http.delete(f"/tasks/{task_id}?purge=true")
    assert (purged.status_code, purged.json()["success"]) == (200, True)
    assert fake.state.purged == [task_id]
    assert (await http.get(f"/tasks/{task_id}")).status_code == 404
    assert (await create(http)).status_code == 200


async def test_purge_must_be_true_or_false(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    task_id = fake.add_task()
    assert (await http.delete(f"/tasks/{task_id}?purge=maybe")).status_code == 400
    assert fake.state.tasks[task_id].state == pipeline.TASK_STATE_QUEUED


async def test_idempotency_key_reaches_the_orchestrator_as_given(
    http: httpx.AsyncClient, fake: FakeOrchestrator, file_id: str
) -> None:
    for key in ("a", "0e9b3c1a-6a51-4c0e", '"quoted, as the draft has it"', "k" * 255):
        body = {"exp_name": f"voice{len(key)}", "audio_file_id": file_id}
        response = await http.post("/tasks", json=body, headers={"Idempotency-Key": key})
        assert response.status_code == 200
        assert fake.calls[-1][1].idempotency_key == key
    assert (await create(http)).status_code == 200
    assert fake.calls[-1][1].idempotency_key == ""


@pytest.mark.parametrize("path", ["/tasks", "/files"])
@pytest.mark.parametrize(
    "headers",
    [
        [(b"Idempotency-Key", b"")],
        [(b"Idempotency-Key", b"k" * 256)],
        [(b"Idempotency-Key", "schlüssel".encode("latin-1"))],
        [(b"Idempotency-Key", b"a\tb")],
        [(b"Idempotency-Key", b"one"), (b"Idempotency-Key", b"two")],
    ],
)
async def test_key_that_is_none_is_refused_in_both_languages(
    http: httpx.AsyncClient, fake: FakeOrchestrator, file_id: str, path: str, headers: list[tuple[bytes, bytes]]
) -> None:
    body = {"json": {"exp_name": "voice", "audio_file_id": file_id}} if path == "/tasks" else {}
    for language, words in (("en", "must be given once, as 1 to 255 printable ASCII"), ("zh", "可打印 ASCII 字符")):
        response = await http.post(f"{path}?lang={language}", headers=headers, **body)
        assert (response.status_code, response.json()["code"]) == (400, "INVALID_REQUEST")
        assert words in response.json()["detail"]
        assert response.json()["errors"][0]["field"] == "Idempotency-Key"
    assert fake.calls == []


async def test_reused_key_answers_409_with_a_sentence(
    http: httpx.AsyncClient, fake: FakeOrchestrator, file_id: str
) -> None:
    fake.refusals["CreateTask"] = (grpc.StatusCode.ALREADY_EXISTS, "IDEMPOTENCY_KEY_REUSED", {})
    response = await create(http)
    assert (response.status_code, response.json()["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    assert "Idempotency-Key" in response.json()["detail"]


async def test_resume_and_retry_answer_the_task_that_is_queued_again(
    http: httpx.AsyncClient, fake: FakeOrchestrator
) -> None:
    task_id = fake.add_task()
    await fake.finish(task_id, pipeline.TASK_STATE_FAILED, code="AUDIO_SILENT", stage=pipeline.STAGE_AUDIO_SLICE)
    resumed = (await http.post(f"/api/v1/tasks/{task_id}/resume?lang=en")).json()
    assert (resumed["status"], resumed["error"], resumed["completed_at"]) == ("queued", None, None)
    await fake.finish(task_id)
    retried = await http.post(f"/api/v1/tasks/{task_id}/retry?from_stage=asr&lang=en")
    assert (retried.status_code, retried.json()["status"]) == (200, "queued")
    assert retried.json()["message"] == "The task runs again from speech recognition on"
    assert fake.calls[-1][1].from_stage == pipeline.STAGE_ASR
    await http.post(f"/tasks/{task_id}/retry")
    assert fake.calls[-1][1].from_stage == pipeline.STAGE_UNSPECIFIED


async def test_retry_from_a_stage_that_does_not_exist_is_an_invalid_request(
    http: httpx.AsyncClient, fake: FakeOrchestrator
) -> None:
    answer = await http.post(f"/tasks/{fake.add_task()}/retry?from_stage=slicing")
    assert answer.status_code == 400
    assert (answer.json()["code"], answer.json()["errors"][0]["field"]) == ("INVALID_REQUEST", "from_stage")


@pytest.mark.parametrize(
    ("verb", "method", "code"),
    [("resume", "ResumeTask", "TASK_NOT_RESUMABLE"), ("retry", "RetryTask", "TASK_NOT_RETRYABLE")],
)
async def test_task_that_cannot_run_again_says_so(
    http: httpx.AsyncClient, fake: FakeOrchestrator, verb: str, method: str, code: str
) -> None:
    task_id = fake.add_task()
    fake.refusals[method] = (grpc.StatusCode.FAILED_PRECONDITION, code, {})
    answer = await http.post(f"/tasks/{task_id}/{verb}?lang=en")
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.json()["detail"].startswith("The task cannot be re")
    fake.refusals[method] = (grpc.StatusCode.NOT_FOUND, "FILE_NOT_FOUND", {"file_id": "f1"})
    gone = await http.post(f"/tasks/{task_id}/{verb}")
    assert (gone.status_code, gone.json()["code"]) == (404, "FILE_NOT_FOUND")
