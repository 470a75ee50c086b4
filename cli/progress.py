"""Shows a running task: one live bar per stage on a terminal, plain lines anywhere else."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from cli.client import Client, JsonObject
from cli.sse import Event, follow

FINISHED = frozenset({"completed", "failed", "cancelled", "skipped"})


class View(Protocol):
    """Something that can show a task."""

    def show(self, task: JsonObject) -> None:
        """Show a whole task as REST describes it."""

    def show_event(self, event: Event) -> None:
        """Show what one event says."""


class Bars:
    """One bar per stage, redrawn in place."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[str, TaskID] = {}

    def show(self, task: JsonObject) -> None:
        """Bring every bar up to date."""
        for stage in task["stages"]:
            seconds = f"{stage['seconds']:.0f} s" if stage["status"] in FINISHED and stage["seconds"] else ""
            text = stage["message"] or "" if stage["status"] == "running" else stage["status"]
            self._update(stage["name"], stage["progress"], text, seconds)

    def show_event(self, event: Event) -> None:
        """Move the bar of the event's stage; a log line goes above the bars."""
        if event.name == "progress" and event.data.get("stage"):
            self._update(event.data["stage"], event.data["stage_progress"], event.data["message"] or "", "")
        elif event.name == "log":
            self._progress.console.print(f"{event.data['stage']}: {event.data['message']}", style="dim", markup=False)

    def _update(self, name: str, fraction: float, text: str, seconds: str) -> None:
        if name not in self._bars:
            self._bars[name] = self._progress.add_task(name, total=1.0, text="", seconds="")
        self._progress.update(self._bars[name], completed=fraction, text=text, seconds=seconds)


class Lines:
    """A line when a stage begins, at every quarter of it, and when it ends."""

    def __init__(self, console: Console) -> None:
        self._console = console
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
                seconds = f" in {stage['seconds']:.1f} s" if stage["seconds"] else ""
                self._print(f"{stage['name']}: {stage['status']}{seconds}")

    def show_event(self, event: Event) -> None:
        """Say that a stage passed another quarter, or what a log line says."""
        data = event.data
        if event.name == "log":
            self._print(f"{data['stage']}: {data['message']}")
        elif event.name == "progress" and data.get("stage") and data["stage"] not in self._ended:
            quarter = int(data["stage_progress"] * 4)
            if quarter > self._said.get(data["stage"], -1) and quarter < 4:
                self._said[data["stage"]] = quarter
                self._print(f"{data['stage']}: {data['stage_progress']:.0%} {data['message'] or ''}")

    def _print(self, line: str) -> None:
        self._console.print(line.rstrip(), markup=False, highlight=False, soft_wrap=True)


@contextmanager
def view(console: Console) -> Iterator[View]:
    """The view that suits the console."""
    if not console.is_terminal:
        yield Lines(console)
        return
    columns = (
        TextColumn("{task.description:>15}"),
        BarColumn(bar_width=28),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[seconds]:>6}"),
        TextColumn("{task.fields[text]}", style="dim", markup=False),
    )
    with Progress(*columns, console=console, refresh_per_second=8) as progress:
        yield Bars(progress)


def watch(client: Client, task_id: str, console: Console) -> JsonObject:
    """Show a task until it ends and return it; raises ApiError for an unknown task."""
    with view(console) as shown:
        task = client.task(task_id)
        shown.show(task)
        stage = ""
        for event in follow(client, task_id):
            shown.show_event(event)
            # Which stages have ended is in the task, not in the events: look when another stage speaks.
            if event.data.get("stage", stage) != stage or event.data.get("stage_progress") == 1.0:
                stage = event.data.get("stage", stage)
                shown.show(client.task(task_id))
        task = client.task(task_id)
        shown.show(task)
    return task
