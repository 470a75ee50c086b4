"""Thins out the loss curve of a run while it is told; the whole of it goes with the models."""

from __future__ import annotations

import time
from collections.abc import Callable

from services.training.run import RunState

INTERVAL_S = 1.0


class Thinned:
    """Tells of the first step, after a second of the next one, and always of the last."""

    def __init__(self, tell: Callable[[RunState], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._tell, self._clock = tell, clock
        self._next_at = float("-inf")

    def stepped(self, now: RunState) -> None:
        """Tell of a step, if it is time."""
        if self._clock() < self._next_at and now.step < now.total_steps:
            return
        self._next_at = self._clock() + INTERVAL_S
        self._tell(now)

    def start_again(self) -> None:
        """The run goes on from an earlier step, of which to tell at once: what was told later is void."""
        self._next_at = float("-inf")
