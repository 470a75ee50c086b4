"""Reads server-sent events off an HTTP response, and notes when each arrived."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class Received:
    """One event."""

    id: int | None
    name: str
    data: dict[str, Any]
    at: float


async def _events(lines: AsyncIterator[str]) -> AsyncIterator[Received]:
    seq, name, data = None, "", ""
    async for line in lines:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "id":
            seq = int(value)
        elif field == "event":
            name = value
        elif field == "data":
            data = value
        elif not line and name:
            yield Received(seq, name, json.loads(data), time.monotonic())
            seq, name, data = None, "", ""


class Subscription:
    """An open event stream."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._events = _events(response.aiter_lines())

    async def next(self, timeout_s: float = 5) -> Received:
        """The next event; raises StopAsyncIteration at the end of the stream."""
        return await asyncio.wait_for(anext(self._events), timeout_s)

    async def rest(self, timeout_s: float = 5) -> list[Received]:
        """All events up to the end of the stream."""

        async def collect() -> list[Received]:
            return [event async for event in self._events]

        return await asyncio.wait_for(collect(), timeout_s)


@asynccontextmanager
async def subscribe(
    http: httpx.AsyncClient, task_id: str, last_event_id: int | None = None, *, query: str = "", **headers: str
) -> AsyncIterator[Subscription]:
    """Open the event stream of a task."""
    if last_event_id is not None:
        headers["Last-Event-ID"] = str(last_event_id)
    async with http.stream("GET", f"/tasks/{task_id}/progress{query}", headers=headers) as response:
        yield Subscription(response)
