"""Measures how long work would take on a machine that does nothing else, also while it does.

Linux counts for every thread how long it ran and how long it was ready to run but had to wait for a processor
(/proc/<pid>/task/<tid>/schedstat). Without that the clock on the wall has to do.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

_TASKS = Path("/proc/self/task")


class Stopwatch:
    """Started when it is made."""

    def __init__(self) -> None:
        self._before, self._began = _threads(), time.perf_counter()

    @property
    def wall_s(self) -> float:
        """Seconds by the clock."""
        return time.perf_counter() - self._began

    def seconds(self) -> float:
        """Seconds that this thread would have taken alone on the machine.

        It ran, waited for a processor, or was blocked, most likely for other threads that in turn ran or waited: of the
        time in which it was blocked, the share counts in which those ran.
        """
        wall_s, after = self.wall_s, _threads()
        spent = {
            thread: tuple(now - then for now, then in zip(counted, self._before.get(thread, (0, 0)), strict=True))
            for thread, counted in after.items()
        }
        ran_s, waited_s = spent.pop(threading.get_native_id(), (wall_s, 0.0))
        others_ran_s, others_waited_s = (sum(times[n] for times in spent.values()) for n in (0, 1))
        blocked_s = max(0.0, wall_s - ran_s - waited_s)
        others_s = others_ran_s + others_waited_s
        return ran_s + blocked_s * (others_ran_s / others_s if others_s else 1.0)


def waited_s() -> float:
    """Seconds that the calling thread has had to wait for a processor since it began."""
    return _threads().get(threading.get_native_id(), (0.0, 0.0))[1]


def _threads() -> dict[int, tuple[float, float]]:
    """Of each thread of this process: seconds run and waited. Empty where the system does not say."""
    counted = {}
    try:
        for name in os.listdir(_TASKS):
            ran, waited, _ = (_TASKS / name / "schedstat").read_text().split()
            counted[int(name)] = (int(ran) / 1e9, int(waited) / 1e9)
    except (OSError, ValueError):  # no Linux, or a thread that ended meanwhile
        return {}
    return counted
