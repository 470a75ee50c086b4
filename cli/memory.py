"""Measures what a process and everything it starts use of main memory."""

from threading import Event, Thread
from types import TracebackType

import psutil

EVERY_S = 1.0


class MemoryWatch:
    """While entered, keeps the peak memory of a process tree; shared pages are counted once (PSS)."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self._over = Event()
        self._thread = Thread(target=self._watch, daemon=True)
        self.peak_bytes = 0

    def __enter__(self) -> "MemoryWatch":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            self.peak_bytes = max(self.peak_bytes, tree_bytes(self._root))
            if self._over.wait(EVERY_S):
                return


def tree_bytes(root: psutil.Process) -> int:
    """Memory of a process and its descendants now, in bytes; processes that end meanwhile count as nothing."""
    total = 0
    try:
        processes = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for process in processes:
        try:
            full = process.memory_full_info()
        except psutil.Error:
            continue
        total += getattr(full, "pss", full.rss)  # PSS is Linux's
    return total
