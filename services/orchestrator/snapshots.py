"""Tasks as they were last read, so that polling clients cost no database work while nothing changes."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Generic, TypeVar

from services.orchestrator.store import Store

MAX_SNAPSHOTS = 500
# Every commit of this process is noticed at once, an event of another replica as soon as the broker tells of it, and
# anything else that another replica wrote after this time.
MAX_AGE_S = 1.0

T = TypeVar("T")


class Snapshots(Generic[T]):
    """Values by task id, each with the newest event that it knows of; dropped when a commit touches the task."""

    def __init__(self, store: Store) -> None:
        self._kept: OrderedDict[str, tuple[float, int, T]] = OrderedDict()
        self._commits = 0
        store.on_commit(self._committed)

    def get(self, task_id: str) -> T | None:
        """What was read of the task, if that is still so."""
        read_at, _, value = self._kept.get(task_id, (0.0, 0, None))
        return value if time.monotonic() - read_at < MAX_AGE_S else None

    def at(self, task_id: str, seq: int) -> T | None:
        """What was read of the task, however long ago, if ``seq`` is the newest event that it knows of."""
        _, known, value = self._kept.get(task_id, (0.0, 0, None))
        return value if known == seq else None

    def begin(self) -> int:
        """A mark to be taken before reading."""
        return self._commits

    def put(self, task_id: str, value: T, mark: int, seq: int) -> None:
        """Keep what was read up to event ``seq``; `get` does not trust it if something was committed since the mark."""
        self._kept[task_id] = (time.monotonic() if mark == self._commits else float("-inf"), seq, value)
        self._kept.move_to_end(task_id)
        if len(self._kept) > MAX_SNAPSHOTS:
            self._kept.popitem(last=False)

    def hear(self, task_id: str, seq: int) -> None:
        """Somebody, perhaps another replica, has published an event."""
        kept = self._kept.get(task_id)
        if kept is None or kept[1] < seq:
            self._committed({task_id: seq})

    def _committed(self, touched: dict[str, int]) -> None:
        self._commits += 1
        for task_id in touched:
            self._kept.pop(task_id, None)
