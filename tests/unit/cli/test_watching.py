"""Watching a task to its end: through restarts, a lost end, a purge; and what Ctrl-C does."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpx
import pytest

from cli.errors import CliError, ExitCode, InterruptedByUser
from cli.progress import Watcher
from cli.session import Session
from cli.sse import Event, follow
from cli.watching import follow_task
from tests.unit.cli.fake_gateway import ID, FakeGateway, client, refusal, sse, task


class Noted:
    """Remembers what it was shown."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.statuses: list[str] = []

    def show(self, task: dict[str, Any]) -> None:
        self.statuses.append(task["status"])

    def show_event(self, event: Event) -> None:
        self.events.append(event.id)


def stream(*events: tuple[int | None, str, dict[str, Any]]) -> httpx.Response:
    return httpx.Response(200, content=sse(*events))


def progress(number: int, fraction: float = 0.5) -> tuple[int, str, dict[str, Any]]:
    return number, "progress", {"stage": "asr", "stage_progress": fraction, "message": None}


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


def test_a_restart_of_the_gateway_costs_no_event_and_doubles_none(gateway: FakeGateway) -> None:
    away: list[Any] = [httpx.ConnectError("refused"), refusal(503, "UNAVAILABLE", "restarting")]
    running, ended = httpx.Response(200, json=task("running")), httpx.Response(200, json=task())
    # The lookups between events fail as well, and so does the last one at first.
    gateway[f"GET /tasks/{ID}"] = [*away, running, httpx.ConnectError("refused"), *away, ended]
    gateway[f"GET /tasks/{ID}/progress"] = [
        *away,
        stream(progress(4), progress(5, 1.0)),
        httpx.ReadError("cut"),
        *away,
        stream((6, "log", {"stage": "asr", "message": "x"}), (7, "completed", {})),
    ]
    shown = Noted()
    assert Watcher(client(gateway), ID).run(shown)["status"] == "completed"
    assert shown.events == ["4", "5", "6", "7"]
    asked = [request.headers.get("Last-Event-ID") for request in gateway.asked if "progress" in request.url.path]
    assert asked == [None, None, None, "5", "5", "5", "5"]


def test_an_end_that_was_followed_by_a_retry_is_followed_further(gateway: FakeGateway) -> None:
    def cut() -> Iterator[bytes]:
        yield sse((2, "failed", {}))
        raise httpx.ReadError("cut")

    gateway[f"GET /tasks/{ID}"] = [
        httpx.Response(200, json=task(state)) for state in ("running", "running", "completed")
    ]
    gateway[f"GET /tasks/{ID}/progress"] = [
        lambda _: httpx.Response(200, content=cut()),
        stream(progress(3), (4, "completed", {})),
    ]
    shown = Noted()
    assert Watcher(client(gateway), ID).run(shown)["status"] == "completed"
    assert shown.events == ["2", "3", "4"]


def test_a_task_that_was_removed_while_it_was_watched_counts_as_cancelled(gateway: FakeGateway) -> None:
    gateway[f"GET /tasks/{ID}"] = [httpx.Response(200, json=task("running")), refusal(404, "TASK_NOT_FOUND", "gone")]
    gateway[f"GET /tasks/{ID}/progress"] = [stream(progress(3), (None, "cancelled", {}))]
    assert Watcher(client(gateway), ID).run(Noted())["status"] == "cancelled"


def test_a_task_that_was_removed_while_nobody_answered_counts_as_cancelled(gateway: FakeGateway) -> None:
    gone = refusal(404, "TASK_NOT_FOUND", "gone")
    gateway[f"GET /tasks/{ID}"] = [httpx.Response(200, json=task("running")), gone]
    gateway[f"GET /tasks/{ID}/progress"] = [stream(progress(3)), gone]
    assert Watcher(client(gateway), ID).run(Noted())["status"] == "cancelled"


def test_a_server_that_stays_away_ends_the_watching_with_what_to_do(
    gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.progress.follow", partial(follow, patience_s=-1.0))
    gateway[f"GET /tasks/{ID}"] = task("running")
    gateway[f"GET /tasks/{ID}/progress"] = [stream(progress(3)), httpx.ConnectError("refused")]
    with pytest.raises(CliError, match="Watch it again: voiceloom tasks watch bella") as lost:
        follow_task(Typing(gateway, monkeypatch).session, ID, "bella")
    assert (lost.value.code, lost.value.exit_code) == ("LOST", ExitCode.UNREACHABLE)


class Typing:
    """A session at whose terminal somebody answers questions; an answer may be Ctrl-C or the end of input."""

    def __init__(self, gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch, *answers: str | BaseException) -> None:
        self.left = list(answers)
        self.session = Session()
        self.session.__dict__["client"] = client(gateway)
        monkeypatch.setattr(Session, "asks", property(lambda _: bool(answers)))
        monkeypatch.setattr("cli.watching.read_line", self.answer)

    def answer(self) -> str:
        said = self.left.pop(0)
        if isinstance(said, BaseException):
            raise said
        return said


def interrupted(*before: tuple[int, str, dict[str, Any]]) -> Callable[[httpx.Request], httpx.Response]:
    """A stream in the middle of which somebody presses Ctrl-C."""

    def body() -> Iterator[bytes]:
        yield sse(*before)
        raise KeyboardInterrupt

    return lambda _: httpx.Response(200, content=body())


@pytest.mark.parametrize("answers", [(), ("",), ("s",), ("what?", "S"), (KeyboardInterrupt(),), (EOFError(),)])
def test_ctrl_c_stops_watching_alone(
    gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch, answers: tuple[str | BaseException, ...]
) -> None:
    gateway[f"GET /tasks/{ID}"] = task("running")
    gateway[f"GET /tasks/{ID}/progress"] = interrupted(progress(3))
    typing = Typing(gateway, monkeypatch, *answers)
    with pytest.raises(
        InterruptedByUser, match=r"bella goes on\. Watch it again: voiceloom tasks watch bella"
    ) as stopped:
        follow_task(typing.session, ID, "bella")
    assert stopped.value.exit_code == 130
    assert typing.left == []
    assert not any(line.startswith("DELETE") for line in gateway.lines)


def test_ctrl_c_can_cancel_the_task_and_see_it_end(gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway[f"GET /tasks/{ID}"] = [
        httpx.Response(200, json=task(state)) for state in ("running", "running", "cancelled")
    ]
    gateway[f"GET /tasks/{ID}/progress"] = [interrupted(progress(3)), stream((4, "cancelled", {}))]
    gateway[f"DELETE /tasks/{ID}"] = {"success": True, "message": "The task was cancelled"}
    assert follow_task(Typing(gateway, monkeypatch, "c").session, ID)["status"] == "cancelled"
    assert [r.headers.get("Last-Event-ID") for r in gateway.asked if "progress" in r.url.path] == [None, "3"]


def test_ctrl_c_may_have_been_a_mistake(
    gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway[f"GET /tasks/{ID}"] = [
        httpx.Response(200, json=task(state)) for state in ("running", "running", "completed")
    ]
    gateway[f"GET /tasks/{ID}/progress"] = [interrupted(progress(3)), stream((4, "completed", {}))]
    # Too late to cancel: it has ended meanwhile, and how is still told.
    gateway[f"DELETE /tasks/{ID}"] = refusal(400, "TASK_NOT_CANCELLABLE", "It has ended")
    assert follow_task(Typing(gateway, monkeypatch, "c").session, ID)["status"] == "completed"
    assert "It has ended [TASK_NOT_CANCELLABLE]" in capsys.readouterr().out
    gateway[f"GET /tasks/{ID}"] = task()
    gateway[f"GET /tasks/{ID}/progress"] = [interrupted(progress(3)), stream((4, "completed", {}))]
    gateway.asked.clear()
    assert follow_task(Typing(gateway, monkeypatch, "k").session, ID)["status"] == "completed"
    assert not any(line.startswith("DELETE") for line in gateway.lines)
