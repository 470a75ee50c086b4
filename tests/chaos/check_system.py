"""Rules about what is left: no process, no message and no temporary file that nobody needs."""

from __future__ import annotations

import psutil

from tests.chaos import broker
from tests.chaos.report import Violations
from tests.chaos.stack import ChaosStack


async def check_queues(stack: ChaosStack, violations: Violations) -> None:
    """No command and no report waits, and none was taken without being settled."""
    for queue in await broker.queues(stack.nats_url):
        if not queue.empty:
            violations.add("queues", f"{queue.name}: {queue.messages} messages, unconfirmed {queue.unconfirmed}")


def check_processes(stack: ChaosStack, violations: Violations) -> None:
    """Only what is supervised runs, and all of it."""
    supervised = stack.supervised()
    for name, pid in supervised.items():
        if pid is None or psutil.Process(pid).status() in (psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE):
            violations.add("processes", f"{name} does not run")
    known = set(supervised.values())
    for process in stack.processes():
        if process.pid not in known:
            violations.add("processes", f"orphan {process.pid}: {' '.join(process.cmdline())[:200]}")


def check_gone(stack: ChaosStack, violations: Violations) -> None:
    """After the end, nothing runs."""
    for process in stack.processes():
        violations.add("processes", f"after the end, {process.pid} still runs: {' '.join(process.cmdline())[:200]}")


def check_temporary(stack: ChaosStack, violations: Violations) -> None:
    """No temporary file is left, and no object that was begun and never finished."""
    for path in stack.folders.scratch.iterdir():
        violations.add("temporary", f"scratch/{path.name}")
    for path in stack.folders.artifacts.rglob("*#*"):
        violations.add("temporary", str(path.relative_to(stack.folders.artifacts)))
