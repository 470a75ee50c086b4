"""A plain REST and SSE client for the end-to-end tests: what a developer would write on a first afternoon."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx

TERMINAL = ("completed", "failed", "cancelled")


@dataclass(frozen=True)
class Event:
    """One server-sent event."""

    id: int | None
    name: str
    data: dict[str, Any]


def parse_events(lines: Iterator[str]) -> Iterator[Event]:
    """Turns the lines of a text/event-stream into events (https://html.spec.whatwg.org/#parsing-an-event-stream)."""
    seq: int | None = None
    name = "message"
    data: list[str] = []
    for line in lines:
        if line.startswith("id:"):
            seq = int(line[3:])
        elif line.startswith("event:"):
            name = line[6:].strip()
        elif line.startswith("data:"):
            data.append(line[5:].strip())
        elif not line and data:
            yield Event(seq, name, json.loads("\n".join(data)))
            seq, name, data = None, "message", []


class Rest:
    """The gateway of one stack; a context manager that closes its connections."""

    def __init__(self, base_url: str) -> None:
        self.http = httpx.Client(base_url=base_url, timeout=60, headers={"Accept-Language": "en"}, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.http.close()

    def upload(self, path: Path, **form: str) -> str:
        with path.open("rb") as file:
            answer = self.http.post("/files", files={"file": (path.name, file)}, data=form)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["file_id"])

    def create(self, exp_name: str, file_id: str, **options: Any) -> str:
        body = {"exp_name": exp_name, "audio_file_id": file_id, "options": {"quality": "fast", **options}}
        answer = self.http.post("/tasks", json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def task(self, task_id: str) -> dict[str, Any]:
        """The task; waits through a restart of the gateway or of what stands behind it."""
        for _ in range(120):
            try:
                answer = self.http.get(f"/tasks/{task_id}")
            except httpx.TransportError:
                time.sleep(0.25)
                continue
            if answer.status_code == 200:
                return dict(answer.json())
            assert answer.status_code == 503, answer.text
            time.sleep(0.25)
        raise AssertionError("the gateway did not come back within 30 s")

    def wait(self, task_id: str, reached: Callable[[dict[str, Any]], bool], *, timeout_s: float) -> dict[str, Any]:
        """Polls until `reached` holds; a task that ended some other way is an error at once."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            task = self.task(task_id)
            if reached(task):
                return task
            assert task["status"] not in TERMINAL, f"ended too early: {task}"
            time.sleep(0.1)
        raise AssertionError(f"not reached within {timeout_s} s: {self.task(task_id)}")

    def wait_completed(self, task_id: str, *, timeout_s: float) -> dict[str, Any]:
        return self.wait(task_id, lambda task: task["status"] == "completed", timeout_s=timeout_s)

    def wait_stage(self, task_id: str, stage: str, *, timeout_s: float) -> dict[str, Any]:
        """Waits until a stage runs (or has already completed: the small pack is quick)."""
        return self.wait(task_id, lambda task: stage_of(task, stage)["status"] != "pending", timeout_s=timeout_s)

    def events(self, task_id: str, *, after: int | None = 0) -> list[Event]:
        """Every event until the stream ends; `after=None` asks for a snapshot first."""
        params = {} if after is None else {"last_event_id": str(after)}
        with self.http.stream("GET", f"/tasks/{task_id}/progress", params=params, timeout=600) as answer:
            if answer.status_code == 204:
                return []
            assert answer.status_code == 200, answer.read()
            return list(parse_events(answer.iter_lines()))


def stage_of(task: dict[str, Any], stage: str) -> dict[str, Any]:
    """One row of a task's stages."""
    return next(row for row in task["stages"] if row["name"] == stage)
