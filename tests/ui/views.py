"""Every view of the page by its name, and how to come to it: for what holds in all of them."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.ui.studio import Studio


def _train(studio: Studio) -> None:
    studio.open("#/")


def _report(studio: Studio, recording: Path) -> None:
    studio.open("#/")
    studio.drop(recording)
    studio.wait_report()


def _tasks(studio: Studio) -> None:
    studio.open("#/tasks")
    expect(studio.at("task")).not_to_have_count(0)


def _progress(studio: Studio, task_id: str) -> None:
    studio.open(f"#/tasks/{task_id}")
    studio.wait_completed()
    expect(studio.page.locator("vl-curves canvas")).to_have_count(2)


def _proofread(studio: Studio, task_id: str) -> None:
    studio.open(f"#/tasks/{task_id}/proofread")
    expect(studio.at("clip")).not_to_have_count(0)


def _result(studio: Studio, task_id: str) -> None:
    studio.open(f"#/tasks/{task_id}/result")
    expect(studio.at("candidate")).not_to_have_count(0)
    studio.at("speak-advanced").locator("summary").click()
    studio.at("spectrogram-toggle").locator("summary").first.click()
    expect(studio.at("spectrogram")).to_be_visible()


def _missing(studio: Studio) -> None:
    studio.open("#/nowhere")


VIEWS = ("train", "report", "progress", "proofread", "result", "tasks", "missing")


def opener(view: str, *, task_id: str, recording: Path) -> Callable[[Studio], None]:
    """What opens a view; those of a task show this one, which is completed."""
    return {
        "train": _train,
        "report": lambda studio: _report(studio, recording),
        "progress": lambda studio: _progress(studio, task_id),
        "proofread": lambda studio: _proofread(studio, task_id),
        "result": lambda studio: _result(studio, task_id),
        "tasks": _tasks,
        "missing": _missing,
    }[view]
