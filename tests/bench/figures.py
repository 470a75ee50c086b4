"""Rows of the report, and the report itself."""

import datetime as dt
import os
import platform
import subprocess
import sys
from dataclasses import dataclass

from tests.stack import ROOT, Stack

REPORT = ROOT / "docs" / "benchmarks.md"


@dataclass(frozen=True)
class Figure:
    """One row of the table; `reached` is None where there is no goal."""

    name: str
    value: str
    goal: str
    reached: bool | None


@dataclass(frozen=True)
class Size:
    """How much is done: as the goals say, or a little of everything to see that it works."""

    tasks: int = 500
    subscribers: int = 1000
    followed: int = 20
    events: int = 50
    listing_s: float = 30.0
    # The killed worker trains this pack.
    pack: str = "mini"


SMALL = Size(tasks=60, subscribers=60, followed=4, events=10, listing_s=3.0, pack="nano")


def port_of(stack: Stack) -> int:
    """Port of the gateway."""
    return int(stack.facts["programs"]["gateway"]["port"])


def refuse_loaded_machine() -> None:
    """End the program when others use the processors: a minute's load of half a core is too much."""
    load = os.getloadavg()[0]
    if load > 0.5:
        sys.exit(
            f"The machine is busy (load {load:.2f} in the last minute, at most 0.50 wanted). Try again when it is idle."
        )


def table(figures: list[Figure]) -> str:
    """The figures as Markdown."""
    marks = {True: "yes", False: "**no**", None: ""}
    lines = ["| figure | measured | goal | reached |", "|---|---|---|---|"]
    return "\n".join(lines + [f"| {f.name} | {f.value} | {f.goal} | {marks[f.reached]} |" for f in figures])


def machine() -> str:
    """What was measured on: processors, memory, Python, commit."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {memory_gib:.0f} GiB, Python {platform.python_version()}, "
        f"commit {commit.stdout.strip() or 'unknown'}, {dt.date.today().isoformat()}"
    )


def write_report(figures: list[Figure]) -> None:
    """Replace the report's measured part and keep what people wrote above it."""
    marker = "<!-- measured -->"
    written = REPORT.read_text(encoding="utf-8").split(marker)[0]
    REPORT.write_text(f"{written}{marker}\n\n{machine()}\n\n{table(figures)}\n", encoding="utf-8")
