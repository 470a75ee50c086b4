"""Shows a running task: one live bar per stage on a terminal, plain lines anywhere else, JSON lines for programs."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from cli.client import ApiError, Client, JsonObject, UnreachableError
from cli.sse import TERMINAL, Event, follow
from cli.texts import text

FINISHED = frozenset({"completed", "failed", "cancelled", "skipped"})


class View(Protocol):
    """Something that can show a task."""

    def show(self, task: JsonObject) -> None:
        """Show a whole task as REST describes it."""

    def show_event(self, event: Event) -> None:
        """Show what one event says."""


class Bars:
    """One bar per stage, redrawn in place."""

    def __init__(self, progress: Progress, language: str) -> None:
        self._progress = progress
        self._language = language
        self._bars: dict[str, TaskID] = {}

    def show(self, task: JsonObject) -> None:
        """Bring every bar up to date."""
        for stage in task["stages"]:
            seconds = f"{stage['seconds']:.0f} s" if stage["status"] in FINISHED and stage["seconds"] else ""
            status = text(self._language, f"stage_status.{stage['status']}")
            said = stage["message"] or "" if stage["status"] == "running" else status
            self._update(stage["name"], stage["progress"], said, seconds)

    def show_event(self, event: Event) -> None:
        """Move the bar of the event's stage; a log line goes above the bars."""
        data = event.data
        if event.name == "progress" and data.get("stage"):
            self._update(data["stage"], data["stage_progress"], data["message"] or "", eta(data, self._language))
        elif event.name == "progress" and data.get("message"):
            self._print(data["message"])
        elif event.name == "log":
            self._print(f"{data['stage']}: {data['message']}")

    def _print(self, line: str) -> None:
        self._progress.console.print(line, style="dim", markup=False)

    def _update(self, name: str, fraction: float, said: str, seconds: str) -> None:
        if name not in self._bars:
            self._bars[name] = self._progress.add_task(name, total=1.0, text="", seconds="")
        self._progress.update(self._bars[name], completed=fraction, text=said, seconds=seconds)


class Lines:
    """A line when a stage begins, at every quarter of it, and when it ends."""

    def __init__(self, console: Console, language: str) -> None:
        self._console = console
        self._language = language
        self._said: dict[str, int] = {}
        self._ended: set[str] = set()

    def show(self, task: JsonObject) -> None:
        """Say which stages have ended since the last time."""
        for stage in task["stages"]:
            if stage["status"] not in FINISHED and stage["name"] in self._ended:
                # A retry has it run again.
                self._ended.remove(stage["name"])
                self._said.pop(stage["name"], None)
            elif stage["status"] in FINISHED and stage["name"] not in self._ended:
                self._ended.add(stage["name"])
                status = text(self._language, f"stage_status.{stage['status']}")
                seconds = f", {stage['seconds']:.1f} s" if stage["seconds"] else ""
                self._print(f"{stage['name']}: {status}{seconds}")

    def show_event(self, event: Event) -> None:
        """Say that a stage passed another quarter, or what a log line says."""
        data = event.data
        if event.name == "log":
            self._print(f"{data['stage']}: {data['message']}")
        elif event.name == "progress" and not data.get("stage"):
            self._print(data["message"] or "")
        elif event.name == "progress" and data["stage"] not in self._ended:
            quarter = int(data["stage_progress"] * 4)
            if quarter > self._said.get(data["stage"], -1) and quarter < 4:
                self._said[data["stage"]] = quarter
                left = eta(data, self._language)
                said = f"{data['stage']}: {data['stage_progress']:.0%} {data['message'] or ''}"
                self._print(f"{said} ({left})" if left else said)

    def _print(self, line: str) -> None:
        self._console.print(line.rstrip(), markup=False, highlight=False, soft_wrap=True)


class JsonLines:
    """The task as it is in the beginning, then every event, each as one line of JSON."""

    def __init__(self) -> None:
        self._begun = False

    def show(self, task: JsonObject) -> None:
        """Print the task once; events tell of everything that happens to it."""
        if not self._begun:
            print_line("", "task", task)
        self._begun = True

    def show_event(self, event: Event) -> None:
        """Print an event as the server sent it."""
        print_line(event.id, event.name, event.data)


def print_line(identifier: str, name: str, data: JsonObject) -> None:
    """One line of JSON."""
    line = {"id": int(identifier) if identifier.isdecimal() else None, "event": name, "data": data}
    typer.echo(json.dumps(line, ensure_ascii=False))


def eta(data: JsonObject, language: str) -> str:
    """How long a stage will still take, or nothing when nobody knows."""
    seconds = data.get("eta_seconds")
    return "" if seconds is None else text(language, "progress.left", time=clock_time(seconds))


def clock_time(seconds: float) -> str:
    """Seconds as 1:05 or 1:02:30."""
    whole = max(0, round(seconds))
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"


@contextmanager
def view(console: Console, language: str = "en") -> Iterator[View]:
    """The view that suits the console."""
    if not console.is_terminal:
        yield Lines(console, language)
        return
    columns = (
        TextColumn("{task.description:>15}"),
        BarColumn(bar_width=28),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[seconds]:>6}"),
        TextColumn("{task.fields[text]}", style="dim", markup=False),
    )
    with Progress(*columns, console=console, refresh_per_second=8) as progress:
        yield Bars(progress, language)


class Watcher:
    """Shows a task until its end; stopped in between, it goes on behind the last event that it has shown."""

    def __init__(self, client: Client, task_id: str) -> None:
        self._client = client
        self._task_id = task_id
        self._last_id = ""
        self.task: JsonObject = {}

    def run(self, shown: View) -> JsonObject:
        """Show everything that is new, and return the task as it ended; raises ApiError or UnreachableError."""
        self.task = self._client.patiently(lambda: self._client.task(self._task_id))
        shown.show(self.task)
        while True:
            self._follow(shown)
            if self._ended():
                shown.show(self.task)
                return self.task
            # Run again meanwhile, and the connection was lost just then: there is more to follow.

    def _follow(self, shown: View) -> None:
        try:
            for event in follow(self._client, self._task_id, self._last_id, sleep=self._client.pause):
                self._last_id = event.id or self._last_id
                shown.show_event(event)
                # How long a stage took is in the task, not in the events.
                if event.name == "progress" and event.data.get("stage_progress") in (None, 0.0, 1.0):
                    self._look(shown)
        except ApiError as error:
            if error.code != "TASK_NOT_FOUND":
                raise

    def _look(self, shown: View) -> None:
        try:
            self.task = self._client.task(self._task_id)
        except (ApiError, UnreachableError):
            return  # the events come to the end of it
        shown.show(self.task)

    def _ended(self) -> bool:
        try:
            self.task = self._client.patiently(lambda: self._client.task(self._task_id))
        except ApiError as error:
            if error.code != "TASK_NOT_FOUND":
                raise
            self.task = self.task | {"status": "cancelled"}  # removed while it was watched
        return self.task["status"] in TERMINAL


def watch(client: Client, task_id: str, console: Console, language: str = "en") -> JsonObject:
    """Show a task until it ends and return it; raises ApiError for an unknown task."""
    with view(console, language) as shown:
        return Watcher(client, task_id).run(shown)
