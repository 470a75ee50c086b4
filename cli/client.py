"""Speaks the REST API of a gateway: one method per request, answers as plain dictionaries, errors as ApiError."""

import hashlib
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

JsonObject = dict[str, Any]
API = "/api/v1"
CHUNK_BYTES = 1 << 20
# The gateway beats every 15 s on an event stream; silence for longer than this means that the connection is dead.
STREAM_SILENCE_S = 45.0
# Creating and uploading are tried so often; with their key, what was done already is not done again.
TRIES = 5
PAUSE_S = 0.5
LONGEST_PAUSE_S = 10.0


class ApiError(Exception):
    """The gateway refused; `code` is for programs, the message is the sentence for people."""

    def __init__(self, status: int, code: str, detail: str, retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s


class UnreachableError(Exception):
    """Nobody answers at the server's address; `refused` when not even a connection was made."""

    def __init__(self, message: str, *, refused: bool = False) -> None:
        super().__init__(message)
        self.refused = refused


class Client:
    """A connection to one gateway. Raises ApiError for refusals and UnreachableError when nobody answers."""

    def __init__(
        self,
        server: str,
        language: str = "en",
        transport: httpx.BaseTransport | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.server = server.rstrip("/")
        self._pause = pause
        loopback = urlsplit(self.server).hostname in ("127.0.0.1", "localhost", "::1")
        self._http = httpx.Client(
            base_url=self.server,
            headers={"Accept-Language": language},
            timeout=httpx.Timeout(60.0, connect=5.0),
            transport=transport,
            trust_env=not loopback,  # a proxy for the web has no business with this machine's own traffic
        )

    def close(self) -> None:
        """Drop the connections."""
        self._http.close()

    def upload(self, path: Path, transcript: str | None = None) -> JsonObject:
        """Send a recording; the answer has its `file_id`."""
        data = {"transcript": transcript} if transcript else {}

        def send(headers: dict[str, str]) -> JsonObject:
            with path.open("rb") as recording:
                files = {"file": (path.name, recording)}
                # Decoding a long recording takes the server a while after the last byte.
                return self._json("POST", f"{API}/files", files=files, data=data, headers=headers, timeout=600.0)

        return self._once(send)

    def files(self) -> list[JsonObject]:
        """Every uploaded recording, page by page."""
        return list(self._pages(f"{API}/files"))

    def delete_file(self, file_id: str) -> JsonObject:
        """Remove an uploaded recording."""
        return self._json("DELETE", f"{API}/files/{quote(file_id, safe='')}")

    def create_task(self, exp_name: str, file_id: str, options: JsonObject) -> JsonObject:
        """Start training a voice."""
        body = {"exp_name": exp_name, "audio_file_id": file_id, "options": options}
        return self._once(lambda headers: self._json("POST", f"{API}/tasks", json=body, headers=headers))

    def tasks(self, status: str | None = None) -> list[JsonObject]:
        """Every task, newest first."""
        return list(self._pages(f"{API}/tasks", {"status": status} if status else {}))

    def task(self, task_id: str) -> JsonObject:
        """One task."""
        return self._json("GET", self._task_path(task_id))

    def cancel(self, task_id: str, *, purge: bool = False) -> JsonObject:
        """Cancel a task; with `purge`, remove it with its files and its name."""
        return self._json("DELETE", self._task_path(task_id), params={"purge": "true"} if purge else {})

    def resume(self, task_id: str) -> JsonObject:
        """Let an interrupted, failed or cancelled task go on."""
        return self._json("POST", self._task_path(task_id) + "/resume")

    def retry(self, task_id: str, from_stage: str | None = None) -> JsonObject:
        """Run an ended task again, from a stage or from the first that is not completed."""
        params = {"from_stage": from_stage} if from_stage else None
        return self._json("POST", self._task_path(task_id) + "/retry", params=params)

    def outputs(self, task_id: str) -> JsonObject:
        """What a task has made."""
        return self._json("GET", self._task_path(task_id) + "/outputs")

    def packs(self) -> JsonObject:
        """The voice pack in use."""
        return self._json("GET", f"{API}/packs")

    def is_ready(self) -> bool:
        """Whether the whole service can serve."""
        try:
            return self._http.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def download(self, task_id: str, file_type: str, name: str, into: Path) -> "Download":
        """Fetch one file of a task to the path `into` (written beside it first, so that no half file stays)."""
        address = f"{self._task_path(task_id)}/outputs/{file_type}/{quote(name)}"
        digest, size = hashlib.sha256(), 0
        into.parent.mkdir(parents=True, exist_ok=True)
        partial = into.with_name(into.name + ".part")
        with self.stream(address) as response, partial.open("wb") as target:
            for chunk in response.iter_bytes(CHUNK_BYTES):
                target.write(chunk)
                digest.update(chunk)
                size += len(chunk)
            etag = response.headers.get("ETag", "").removeprefix("W/").strip('"')
        partial.replace(into)
        return Download(into, size, digest.hexdigest(), etag)

    @contextmanager
    def stream(self, address: str, headers: dict[str, str] | None = None) -> Iterator[httpx.Response]:
        """GET whose body is read piece by piece; used for downloads and events."""
        timeout = httpx.Timeout(STREAM_SILENCE_S, connect=5.0)
        with self._connected(), self._http.stream("GET", address, headers=headers, timeout=timeout) as response:
            if response.is_error:
                response.read()
                raise to_error(response)
            yield response

    def events_path(self, task_id: str) -> str:
        """Where a task's events are."""
        return self._task_path(task_id) + "/progress"

    def _task_path(self, task_id: str) -> str:
        return f"{API}/tasks/{quote(task_id, safe='')}"

    def _pages(self, address: str, params: dict[str, str] | None = None) -> Iterator[JsonObject]:
        seen, total = 0, 1
        while seen < total:
            page = self._json("GET", address, params={**(params or {}), "limit": "100", "offset": str(seen)})
            yield from page["items"]
            seen, total = seen + len(page["items"]), page["total"] if page["items"] else 0

    def _json(self, method: str, address: str, **arguments: Any) -> JsonObject:
        with self._connected():
            response = self._http.request(method, address, **arguments)
        if response.is_error:
            raise to_error(response)
        answer: JsonObject = response.json()
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
                if tries == TRIES or error.status != 503:
                    raise
                asked_to_wait = error.retry_after_s or 0.0
            self._pause(min(LONGEST_PAUSE_S, max(asked_to_wait, PAUSE_S * 2 ** (tries - 1))))
        raise AssertionError("the last try answers or raises")

    @contextmanager
    def _connected(self) -> Iterator[None]:
        try:
            yield
        except httpx.TransportError as error:
            refused = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            raise UnreachableError(
                f"{self.server} does not answer ({type(error).__name__})", refused=refused
            ) from error


class Download:
    """A file that was fetched: where it is, how long, its SHA-256 and what the server's ETag said."""

    def __init__(self, path: Path, size_bytes: int, sha256: str, etag: str) -> None:
        self.path = path
        self.size_bytes = size_bytes
        self.sha256 = sha256
        self.etag = etag


def to_error(response: httpx.Response) -> ApiError:
    """Turn an error answer into an exception, also when it did not come from a gateway of ours."""
    try:
        body = response.json()
        code, detail = str(body["code"]), str(body["detail"])
        fields = "; ".join(f"{item['field']}: {item['message']}" for item in body.get("errors") or [])
    except (ValueError, KeyError, TypeError):
        code, detail, fields = "UNKNOWN", f"The server answered {response.status_code}.", ""
    retry_after = response.headers.get("Retry-After", "")
    return ApiError(
        response.status_code,
        code,
        f"{detail} ({fields})" if fields else detail,
        float(retry_after) if retry_after.isdecimal() else None,
    )
