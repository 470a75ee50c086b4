"""Work that several callers ask for at once is done once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

V = TypeVar("V")


@dataclass
class _Running(Generic[V]):
    task: asyncio.Task[V]
    waiting: int = 0


class Shared(Generic[V]):
    """Running work by name. Nothing is remembered once it has ended."""

    def __init__(self) -> None:
        self._running: dict[str, _Running[V]] = {}

    async def run(self, name: str, work: Callable[[], Coroutine[Any, Any, V]]) -> V:
        """The result of the work of that name, begun now unless it is under way; raises what it raises.

        Work that nobody waits for any more is cancelled.
        """
        running = self._running.get(name)
        if running is None:
            running = self._running[name] = _Running(asyncio.create_task(work()))
            running.task.add_done_callback(lambda task: self._ended(name, task))
        running.waiting += 1
        try:
            return await asyncio.shield(running.task)
        finally:
            running.waiting -= 1
            if not running.waiting and not running.task.done():
                running.task.cancel()
                # Who asks from here on begins anew.
                self._forget(name, running.task)

    def _ended(self, name: str, task: asyncio.Task[V]) -> None:
        self._forget(name, task)
        if not task.cancelled():
            task.exception()  # the last caller may have left just before

    def _forget(self, name: str, task: asyncio.Task[V]) -> None:
        known = self._running.get(name)
        if known is not None and known.task is task:
            del self._running[name]
