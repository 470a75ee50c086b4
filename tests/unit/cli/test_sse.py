"""Following a task: parsing, reconnecting after the last event, giving up."""

from collections.abc import Iterator

import httpx
import pytest

from cli.client import ApiError, UnreachableError
from cli.sse import Event, follow, lines_of, parse
from tests.unit.cli.fake_gateway import client, sse


def quiet(_: float) -> None:
    """Instead of sleeping."""


def test_events_are_parsed_with_comments_and_several_data_lines() -> None:
    lines = [": hello", "id: 3", "event: log", 'data: {"a":', "data: 1}", "", "data: {}", ""]
    assert list(parse(lines)) == [Event("3", "log", {"a": 1}), Event("", "message", {})]


def test_lines_end_where_the_server_ends_them_and_nowhere_else() -> None:
    said = "data: 一\u2028二\x0b三\r\n\nid: 4\n".encode()
    for size in (1, 2, 5, 100):
        chunks = [said[at : at + size] for at in range(0, len(said), size)]
        assert list(lines_of(chunks)) == ["data: 一\u2028二\x0b三", "", "id: 4"]


def test_an_event_that_comes_again_is_not_told_again() -> None:
    streams = [sse((4, "progress", {}), (5, "progress", {})), sse((5, "progress", {}), (6, "completed", {}))]
    events = list(follow(client(lambda _: httpx.Response(200, content=streams.pop(0))), "t1", sleep=quiet))
    assert [event.id for event in events] == ["4", "5", "6"]


def test_a_stream_that_breaks_goes_on_after_the_last_event() -> None:
    streams = [
        httpx.Response(
            200, content=sse((4, "progress", {"snapshot": True}), (None, "heartbeat", {}), (5, "progress", {}))
        ),
        httpx.Response(503, json={"detail": "restarting", "code": "UNAVAILABLE"}, headers={"Retry-After": "1"}),
        httpx.Response(200, content=sse((6, "log", {}), (7, "completed", {"status": "completed"}))),
    ]
    asked: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers.get("Last-Event-ID"))
        return streams.pop(0)

    events = list(follow(client(answer), "t1", sleep=quiet))
    assert [event.id for event in events] == ["4", "5", "6", "7"]
    assert asked == [None, "5", "5"]


def test_an_end_before_a_retry_is_not_the_end() -> None:
    streams = [
        httpx.Response(200, content=sse((2, "completed", {}), (3, "progress", {}))),
        httpx.Response(200, content=sse((4, "failed", {}))),
    ]
    events = list(follow(client(lambda _: streams.pop(0)), "t1", "1", sleep=quiet))
    assert [event.id for event in events] == ["2", "3", "4"]
    assert not streams


def test_a_stream_that_is_cut_after_the_end_has_ended() -> None:
    def cut() -> Iterator[bytes]:
        yield sse((2, "completed", {}))
        raise httpx.ReadError("cut")

    assert [event.id for event in follow(client(lambda _: httpx.Response(200, content=cut())), "t1")] == ["2"]


def test_no_content_means_that_the_end_was_already_seen() -> None:
    assert list(follow(client(lambda _: httpx.Response(204)), "t1", "9", sleep=quiet)) == []


def test_an_unknown_task_is_refused_at_once() -> None:
    with pytest.raises(ApiError):
        list(follow(client(lambda _: httpx.Response(404, json={"detail": "x", "code": "TASK_NOT_FOUND"})), "t1"))


def test_a_server_that_stays_away_is_given_up() -> None:
    now = iter(range(0, 1000, 10))

    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(UnreachableError):
        list(follow(client(answer), "t1", patience_s=60, sleep=quiet, clock=lambda: next(now)))
    assert next(now) <= 100
