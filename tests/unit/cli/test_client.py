"""The REST client: pages, refusals, downloads."""

from pathlib import Path

import httpx
import pytest

from cli.client import ApiError, UnreachableError
from tests.unit.cli.fake_gateway import client


def test_lists_are_read_page_by_page() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        offset = int(request.url.params["offset"])
        items = [{"id": str(number)} for number in range(offset, min(offset + 100, 250))]
        return httpx.Response(200, json={"items": items, "total": 250, "limit": 100, "offset": offset})

    assert [task["id"] for task in client(answer).tasks()] == [str(number) for number in range(250)]


def test_a_list_that_shrinks_while_it_is_read_ends() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        items = [{"id": "1"}] if request.url.params["offset"] == "0" else []
        return httpx.Response(200, json={"items": items, "total": 5})

    assert client(answer).tasks() == [{"id": "1"}]


def test_a_refusal_carries_code_sentence_and_fields() -> None:
    body = {"detail": "请求参数错误", "code": "INVALID_REQUEST", "errors": [{"field": "exp_name", "message": "太长"}]}
    with pytest.raises(ApiError, match="请求参数错误 \\(exp_name: 太长\\)") as refused:
        client(lambda _: httpx.Response(400, json=body)).task("t1")
    assert (refused.value.status, refused.value.code) == (400, "INVALID_REQUEST")


def test_an_answer_that_is_no_gateways_is_still_an_error() -> None:
    with pytest.raises(ApiError, match="The server answered 502") as refused:
        client(lambda _: httpx.Response(502, text="<html>Bad gateway</html>")).packs()
    assert refused.value.code == "UNKNOWN"


def test_retry_after_is_told() -> None:
    body = {"detail": "full", "code": "QUEUE_FULL"}
    with pytest.raises(ApiError) as refused:
        client(lambda _: httpx.Response(429, json=body, headers={"Retry-After": "7"})).create_task("a", "f", {})
    assert refused.value.retry_after_s == 7


def test_nobody_at_the_address_is_an_error_of_its_own() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(UnreachableError, match=r"http://127\.0\.0\.1:8000 does not answer"):
        client(answer).task("t1")
    assert not client(answer).is_ready()


def test_ids_cannot_leave_their_place_in_the_address() -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path.decode())
        return httpx.Response(200, json={})

    client(answer).task("../files")
    assert asked == ["/api/v1/tasks/..%2Ffiles"]


def test_a_create_whose_answer_is_lost_is_sent_again_with_the_same_key(tmp_path: Path) -> None:
    recording = tmp_path / "me.wav"
    recording.write_bytes(b"RIFF" * 100)
    unavailable = httpx.Response(503, json={"detail": "away", "code": "UNAVAILABLE"}, headers={"Retry-After": "3"})
    asked: list[httpx.Request] = []
    paused: list[float] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        match len(asked):
            case 1:
                raise httpx.ReadError("connection reset", request=request)
            case 2:
                return unavailable
            case 3:
                raise httpx.ConnectError("refused", request=request)
        return httpx.Response(200, json={"file_id": "f1"})

    assert client(answer, paused.append).upload(recording) == {"file_id": "f1"}
    assert len({request.headers["Idempotency-Key"] for request in asked}) == 1
    assert len({request.read().count(b"RIFF") for request in asked}) == 1
    assert paused == [0.5, 3.0, 2.0]
    asked.clear()
    client(answer).create_task("a", "f", {})
    assert len({request.headers["Idempotency-Key"] for request in asked}) == 1


def test_every_create_has_a_key_of_its_own() -> None:
    keys = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        return httpx.Response(200, json={})

    for _ in range(3):
        client(answer).create_task("a", "f", {})
    assert len(set(keys)) == 3


def test_a_server_that_stays_away_is_given_up_and_one_that_was_never_there_at_once() -> None:
    paused: list[float] = []

    def break_off(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("connection reset", request=request)

    with pytest.raises(UnreachableError, match="ReadError"):
        client(break_off, paused.append).create_task("a", "f", {})
    assert paused == [0.5, 1.0, 2.0, 4.0]
    paused.clear()

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(UnreachableError, match="ConnectError"):
        client(refuse, paused.append).create_task("a", "f", {})
    assert paused == []


def test_a_question_is_asked_again_while_the_server_is_away() -> None:
    answers: list[httpx.Response | Exception] = [
        httpx.ConnectError("refused"),
        httpx.Response(502, text="<html>"),
        httpx.Response(503, json={"detail": "away", "code": "UNAVAILABLE"}, headers={"Retry-After": "3"}),
        httpx.Response(200, json={"id": "t1"}),
    ]
    paused: list[float] = []

    def answer(request: httpx.Request) -> httpx.Response:
        said = answers.pop(0)
        if isinstance(said, Exception):
            raise said
        return said

    asking = client(answer, paused.append)
    assert asking.patiently(lambda: asking.task("t1")) == {"id": "t1"}
    assert paused == [0.5, 0.5, 3.0]


def test_a_question_is_given_up_after_a_minute_and_a_refusal_at_once() -> None:
    now = iter(range(0, 1000, 25))
    away = client(lambda _: httpx.Response(503, json={"detail": "away", "code": "UNAVAILABLE"}))
    with pytest.raises(ApiError, match="away"):
        away.patiently(lambda: away.task("t1"), clock=lambda: next(now))
    assert next(now) == 100
    refusing = client(lambda _: httpx.Response(404, json={"detail": "none", "code": "TASK_NOT_FOUND"}))
    with pytest.raises(ApiError, match="none"):
        refusing.patiently(lambda: refusing.task("t1"), clock=lambda: 0.0)


def test_an_answer_that_is_no_json_is_an_error() -> None:
    with pytest.raises(ApiError, match="no gateway"):
        client(lambda _: httpx.Response(200, text="<html>")).task("t1")


def test_only_so_many_are_listed_as_were_asked_for() -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(dict(request.url.params))
        offset, limit = int(request.url.params["offset"]), int(request.url.params["limit"])
        return httpx.Response(
            200, json={"items": [{"id": str(at)} for at in range(offset, offset + limit)], "total": 999}
        )

    assert len(client(answer).tasks("failed", "贝", 150)) == 150
    assert asked == [
        {"status": "failed", "search": "贝", "limit": "100", "offset": "0"},
        {"status": "failed", "search": "贝", "limit": "50", "offset": "100"},
    ]


def test_a_refused_create_is_not_sent_again() -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(409, json={"detail": "taken", "code": "NAME_TAKEN"})

    with pytest.raises(ApiError, match="taken"):
        client(answer).create_task("a", "f", {})
    assert len(asked) == 1
