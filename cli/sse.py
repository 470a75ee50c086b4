"""Follows a task's events over SSE: reconnects by itself and goes on after the last event it saw."""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from cli.client import AWAY_STATUSES, LONGEST_PAUSE_S, PATIENCE_S, ApiError, Client, JsonObject, UnreachableError

TERMINAL = frozenset({"completed", "failed", "cancelled"})
# The server asks everybody who follows to come back when it restarts.
PAUSE_S = 1.0


@dataclass(frozen=True)
class Event:
    """One server-sent event; `id` is empty for heartbeats."""

    id: str
    name: str
    data: JsonObject


def lines_of(chunks: Iterable[bytes]) -> Iterator[str]:
    """The lines of an event stream. Only LF and CR LF end one: the texts in it may hold other line separators."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.removesuffix(b"\r").decode("utf-8", "replace")


def parse(lines: Iterable[str]) -> Iterator[Event]:
    """Turn the lines of an event stream into events (WHATWG HTML, section 9.2: fields, comments, blank line ends)."""
    identifier, name = "", "message"
    data: list[str] = []
    for line in lines:
        if line == "":
            if data:
                yield Event(identifier, name, json.loads("\n".join(data)))
            identifier, name, data = "", "message", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "id":
            identifier = value
        elif field == "event":
            name = value
        elif field == "data":
            data.append(value)


def follow(
    client: Client,
    task_id: str,
    last_id: str = "",
    *,
    patience_s: float = PATIENCE_S,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Event]:
    """Yield a task's events until its end, each once; raises ApiError, or UnreachableError after `patience_s`.

    The end is a terminal event after which the stream ends: one in the middle belongs to a run before a retry.
    """
    last_contact, ended = clock(), False
    while True:
        try:
            headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_id} if last_id else {})
            with client.stream(f"{client.task_path(task_id)}/progress", headers) as response:
                if response.status_code == 204:  # the end of the task was already seen
                    return
                for event in parse(lines_of(response.iter_bytes())):
                    last_contact = clock()
                    if event.name != "heartbeat" and not _told_before(event.id, last_id):
                        last_id = event.id or last_id
                        ended = event.name in TERMINAL
                        yield event
            if ended:
                return
        except ApiError as error:
            if error.status not in (429, *AWAY_STATUSES) or clock() - last_contact > patience_s:
                raise
            sleep(min(error.retry_after_s or PAUSE_S, LONGEST_PAUSE_S))
        except UnreachableError:
            if ended:  # whoever told of the end is gone, and nothing more is to be expected
                return
            if clock() - last_contact > patience_s:
                raise
            sleep(PAUSE_S)
        else:
            sleep(PAUSE_S)  # the server closed the stream before the end, for example to restart


def _told_before(event_id: str, last_id: str) -> bool:
    """Whether an event comes again; ids count up."""
    return event_id.isdecimal() and last_id.isdecimal() and int(event_id) <= int(last_id)
