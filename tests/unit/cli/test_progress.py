"""How a running task is shown: bars on a terminal, lines elsewhere."""

import io

from rich.console import Console

from cli.progress import Bars, Lines, view
from cli.sse import Event
from tests.unit.cli.fake_gateway import task


def progress(stage: str, fraction: float) -> Event:
    return Event("1", "progress", {"stage": stage, "stage_progress": fraction, "message": f"{fraction:.0%} [x]"})


def test_lines_come_once_a_quarter_and_at_the_end() -> None:
    console = Console(file=io.StringIO(), width=80)
    with view(console) as shown:
        assert isinstance(shown, Lines)
        for fraction in (0.1, 0.2, 0.3, 0.55, 1.0):
            shown.show_event(progress("asr", fraction))
        shown.show_event(Event("2", "log", {"stage": "asr", "message": "a fact"}))
        shown.show(task())
        shown.show(task())
        shown.show_event(progress("asr", 0.9))
    lines = console.file.getvalue().splitlines()
    assert lines[:4] == ["asr: 10% 10% [x]", "asr: 30% 30% [x]", "asr: 55% 55% [x]", "asr: a fact"]
    assert lines.count("asr: completed, 2.0 s") == 1
    assert len(lines) == 4 + 8


def test_a_line_says_how_long_a_stage_still_takes_in_the_language_that_was_asked_for() -> None:
    console = Console(file=io.StringIO(), width=80)
    with view(console, "zh") as shown:
        shown.show_event(Event("1", "progress", progress("gpt_train", 0.5).data | {"eta_seconds": 3725.0}))
        shown.show_event(Event("2", "progress", {"stage": None, "stage_progress": 0.0, "message": "任务已进入队列"}))
    assert console.file.getvalue().splitlines() == ["gpt_train: 50% 50% [x] (约剩 1:02:05)", "任务已进入队列"]


def test_a_stage_that_runs_again_is_told_of_again() -> None:
    console = Console(file=io.StringIO(), width=80)
    with view(console) as shown:
        shown.show(task())
        shown.show(task("pending"))
        shown.show_event(progress("asr", 0.0))
        shown.show(task())
    assert console.file.getvalue().splitlines().count("asr: completed, 2.0 s") == 2


def test_a_terminal_gets_a_bar_for_each_stage() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=120)
    with view(console) as shown:
        assert isinstance(shown, Bars)
        shown.show(task("running"))
        shown.show_event(Event("1", "progress", progress("sovits_train", 0.25).data | {"eta_seconds": 65}))
    drawn = console.file.getvalue()
    assert all(stage["name"] in drawn for stage in task()["stages"])
    assert "25 %" in drawn
    assert "about 1:05 left" in drawn
    assert "[x]" in drawn, "messages are shown as they are, not read as markup"
