"""Speaks the REST API of a gateway: one method per request, answers as plain dictionaries, errors as ApiError."""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar
from urllib.parse import quote, urlsplit

import httpx

T = TypeVar("T")
JsonObject = dict[str, Any]
API = "/api/v1"
# The gateway beats every 15 s on an event stream; silence for longer than this means that the connection is dead.
STREAM_SILENCE_S = 45.0
# Creating and uploading are tried so often; with their key, what was done already is not done again.
TRIES = 5
PAUSE_S = 0.5
LONGEST_PAUSE_S = 10.0
# A stack that restarts is back within seconds; a minute of silence means that nobody is there.
PATIENCE_S = 60.0
# Statuses that a server, or what stands before it, answers while it is away for a moment.
AWAY_STATUSES = (502, 503, 504)
# Decoding a long recording and speaking a long text take a server without a GPU a while before it answers.
SLOW_ANSWER_S = 600.0
CONNECT_S = 5.0


class ApiError(Exception):
    """The gateway refused; `code` is for programs, the message is the sentence for people, `body` what it answered."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        retry_after_s: float | None = None,
        body: JsonObject | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s
        self.body = body or {}


class UnreachableError(Exception):
    """Nobody answers at the server's address; `refused` when not even a connection was made."""

    def __init__(self, server: str, reason: str, *, refused: bool = False) -> None:
        super().__init__(f"{server} does not answer ({reason})")
        self.server = server
        self.reason = reason
        self.refused = refused


class Client:
    """A connection to one gateway. Raises ApiError for refusals and UnreachableError when nobody answers."""

    def __init__(
        self,
        server: str,
        language: str = "en",
        transport: httpx.BaseTransport | None = None,
        pause: Callable[[float], None] = time.sleep,
        timeout_s: float = 60.0,
    ) -> None:
        self.server = server.rstrip("/")
        self.pause = pause
        loopback = urlsplit(self.server).hostname in ("127.0.0.1", "localhost", "::1")
        self._http = httpx.Client(
            base_url=self.server,
            headers={"Accept-Language": language},
            timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, CONNECT_S)),
            transport=transport,
            trust_env=not loopback,  # a proxy for the web has no business with this machine's own traffic
        )

    def close(self) -> None:
        """Drop the connections."""
        self._http.close()

    def upload(
        self, path: Path, transcript: str | None = None, reading: Callable[[BinaryIO], BinaryIO] = lambda file: file
    ) -> JsonObject:
        """Send a recording; the answer has its `file_id`. `reading` may wrap the open file, to see how far it is."""
        data = {"transcript": transcript} if transcript else {}

        def send(headers: dict[str, str]) -> JsonObject:
            with path.open("rb") as recording:
                files = {"file": (path.name, reading(recording))}
                timeout = httpx.Timeout(SLOW_ANSWER_S, connect=CONNECT_S)
                return self._json("POST", f"{API}/files", files=files, data=data, headers=headers, timeout=timeout)

        return self._once(send)

    def files(self) -> list[JsonObject]:
        """Every uploaded recording, newest first."""
        return list(self._pages(f"{API}/files"))

    def file(self, file_id: str) -> JsonObject:
        """One uploaded recording."""
        return self._json("GET", self.file_path(file_id))

    def report(self, file_id: str) -> JsonObject:
        """How good a recording is for training; the first answer takes as long as slicing does."""
        timeout = httpx.Timeout(SLOW_ANSWER_S, connect=CONNECT_S)
        return self._json("GET", self.file_path(file_id) + "/report", timeout=timeout)

    def delete_file(self, file_id: str) -> JsonObject:
        """Remove an uploaded recording."""
        return self._json("DELETE", self.file_path(file_id))

    def create_task(self, exp_name: str, file_ids: str | Sequence[str], options: JsonObject) -> JsonObject:
        """Start training a voice from one recording, or from its parts in order."""
        ids = [file_ids] if isinstance(file_ids, str) else list(file_ids)
        body = {"exp_name": exp_name, "audio_file_ids": ids, "options": options}
        return self._once(lambda headers: self._json("POST", f"{API}/tasks", json=body, headers=headers))

    def tasks(self, status: str | None = None, search: str = "", most: int | None = None) -> list[JsonObject]:
        """Tasks, newest first: all, of one status, with a part of a name, or the newest `most` of them."""
        params = {"status": status or "", "search": search}
        return list(self._pages(f"{API}/tasks", {key: value for key, value in params.items() if value}, most))

    def newest(self, what: str, most: int) -> list[JsonObject]:
        """The newest "tasks" or "files", on one page."""
        items: list[JsonObject] = self._json("GET", f"{API}/{what}", params={"limit": str(most)})["items"]
        return items

    def task(self, task_id: str) -> JsonObject:
        """One task."""
        return self._json("GET", self.task_path(task_id))

    def cancel(self, task_id: str) -> JsonObject:
        """Cancel a task."""
        return self._json("DELETE", self.task_path(task_id))

    def purge(self, task_id: str) -> JsonObject:
        """Remove a task with its files and its name; cancels it first when it runs."""
        return self._json("DELETE", self.task_path(task_id), params={"purge": "true"})

    def resume(self, task_id: str) -> JsonObject:
        """Let an interrupted, failed or cancelled task go on."""
        return self._json("POST", self.task_path(task_id) + "/resume")

    def retry(self, task_id: str, from_stage: str | None = None) -> JsonObject:
        """Run an ended task again, from a stage or from the first that is not completed."""
        params = {"from_stage": from_stage} if from_stage else None
        return self._json("POST", self.task_path(task_id) + "/retry", params=params)

    def outputs(self, task_id: str) -> JsonObject:
        """What a task has made."""
        return self._json("GET", self.task_path(task_id) + "/outputs")

    def transcripts(self, task_id: str) -> JsonObject:
        """The clips of a task with their texts."""
        return self._json("GET", self.task_path(task_id) + "/transcripts")

    def correct(self, task_id: str, corrections: Sequence[JsonObject]) -> JsonObject:
        """Replace all corrections of a task; answers its transcripts."""
        body = {"items": list(corrections)}
        return self._json("PUT", self.task_path(task_id) + "/transcripts", json=body)

    def metrics(self, task_id: str) -> JsonObject:
        """The loss curves of a task."""
        return self._json("GET", self.task_path(task_id) + "/metrics")

    def estimate(self, usable_s: float) -> JsonObject:
        """How long tasks of each quality would take with so many seconds of usable speech."""
        timeout = httpx.Timeout(SLOW_ANSWER_S, connect=CONNECT_S)
        return self._json("GET", f"{API}/estimate", params={"usable_seconds": f"{usable_s:g}"}, timeout=timeout)

    def sentences(self) -> dict[str, str]:
        """Every sentence of the server by its key, in the language that is spoken; arguments are written {name}."""
        found: dict[str, str] = self._json("GET", f"{API}/messages")["messages"]
        return found

    def packs(self) -> JsonObject:
        """The voice pack in use."""
        return self._json("GET", f"{API}/packs")

    def is_ready(self) -> bool:
        """Whether the whole service can serve."""
        try:
            return self._http.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    @contextmanager
    def stream(
        self, address: str, headers: dict[str, str] | None = None, body: JsonObject | None = None
    ) -> Iterator[httpx.Response]:
        """GET whose body is read piece by piece (downloads, events), or a POST of `body` that is answered so."""
        method, silence_s = ("GET", STREAM_SILENCE_S) if body is None else ("POST", SLOW_ANSWER_S)
        timeout = httpx.Timeout(silence_s, connect=CONNECT_S)
        request = self._http.stream(method, address, headers=headers, json=body, timeout=timeout)
        with self._connected(), request as response:
            if response.is_error:
                response.read()
                raise to_error(response)
            yield response

    def patiently(self, ask: Callable[[], T], clock: Callable[[], float] = time.monotonic) -> T:
        """The answer to a question that changes nothing, asked again for a minute while the server is away."""
        began = clock()
        while True:
            try:
                return ask()
            except ApiError as error:
                if error.status not in AWAY_STATUSES or clock() - began > PATIENCE_S:
                    raise
                self.pause(min(error.retry_after_s or PAUSE_S, LONGEST_PAUSE_S))
            except UnreachableError:
                if clock() - began > PATIENCE_S:
                    raise
                self.pause(PAUSE_S)

    def task_path(self, task_id: str) -> str:
        """Where a task is; what belongs to it is below."""
        return f"{API}/tasks/{quote(task_id, safe='')}"

    def file_path(self, file_id: str) -> str:
        """Where a recording is."""
        return f"{API}/files/{quote(file_id, safe='')}"

    def output_path(self, task_id: str, file_type: str, name: str) -> str:
        """Where one file that a task made is; `name` is a bare name."""
        return f"{self.task_path(task_id)}/outputs/{file_type}/{quote(name, safe='')}"

    def _pages(
        self, address: str, params: dict[str, str] | None = None, most: int | None = None
    ) -> Iterator[JsonObject]:
        seen, total = 0, 1 if most is None else most
        while seen < total:
            limit = 100 if most is None else min(100, most - seen)
            page = self._json("GET", address, params={**(params or {}), "limit": str(limit), "offset": str(seen)})
            yield from page["items"]
            seen += len(page["items"])
            total = page["total"] if page["items"] else 0
            total = total if most is None else min(total, most)

    def _json(self, method: str, address: str, **arguments: Any) -> JsonObject:
        with self._connected():
            response = self._http.request(method, address, **arguments)
        if response.is_error:
            raise to_error(response)
        try:
            answer: JsonObject = response.json()
        except ValueError as error:
            raise ApiError(response.status_code, "UNKNOWN", f"{self.server} is no gateway of Voiceloom.") from error
        return answer

    def _once(self, send: Callable[[dict[str, str]], JsonObject]) -> JsonObject:
        """Send a request until it is answered, a few times; its key has the server do it only once."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        for tries in range(1, TRIES + 1):
            asked_to_wait = 0.0
            try:
                return send(headers)
            except UnreachableError as error:
                # A server that was never there is not waited for, one that went away is.
                if tries == TRIES or (tries == 1 and error.refused):
                    raise
            except ApiError as error:
                if tries == TRIES or error.status not in AWAY_STATUSES:
                    raise
                asked_to_wait = error.retry_after_s or 0.0
            self.pause(min(LONGEST_PAUSE_S, max(asked_to_wait, PAUSE_S * 2 ** (tries - 1))))
        raise AssertionError("the last try answers or raises")

    @contextmanager
    def _connected(self) -> Iterator[None]:
        try:
            yield
        except httpx.TransportError as error:
            refused = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            raise UnreachableError(self.server, type(error).__name__, refused=refused) from error


def to_error(response: httpx.Response) -> ApiError:
    """Turn an error answer into an exception, also when it did not come from a gateway of ours."""
    try:
        body = response.json()
        code, detail = str(body["code"]), str(body["detail"])
        fields = "; ".join(f"{item['field']}: {item['message']}" for item in body.get("errors") or [])
    except (ValueError, KeyError, TypeError):
        body, code, detail, fields = {}, "UNKNOWN", f"The server answered {response.status_code}.", ""
    retry_after = response.headers.get("Retry-After", "")
    return ApiError(
        response.status_code,
        code,
        f"{detail} ({fields})" if fields else detail,
        float(retry_after) if retry_after.isdecimal() else None,
        body,
    )
