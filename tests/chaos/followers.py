"""Subscribers that follow a task to its very end: they come back after every break with the last id they have."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import grpc.aio
import httpx

from tests.chaos.clients import Grpc, Rest
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb

TERMINAL = ("completed", "failed", "cancelled")
_PAUSE_S = 0.5
# Heartbeats come every ten seconds: whoever hears nothing for so long is not connected any more.
_SILENCE_S = 25.0


class Follower:
    """What one client has seen of one task."""

    def __init__(self, task_id: str, *, from_start: bool, label: str) -> None:
        self.task_id, self.label = task_id, label
        # The last id that the client has; None: it is new and wants a snapshot first.
        self.last_id: int | None = 0 if from_start else None
        # Ids in the order in which they came; a snapshot's is where the client began.
        self.began_at = 0
        self.ids: list[int] = []
        self.ends: list[int] = []
        self.breaks = 0
        # Removed while somebody watched: the end has no id.
        self.gone = False
        # Set when the task has a new life, or at the end of the run: look again.
        self.again = asyncio.Event()
        self.up_to_date = False
        self.over = False

    def see(self, seq: int, name: str, *, snapshot: bool) -> None:
        """Note an event."""
        if snapshot:
            self.began_at = seq
        else:
            self.ids.append(seq)
        self.last_id = seq
        if name in TERMINAL:
            self.ends.append(seq)

    async def ended(self) -> None:
        """Wait until somebody says that there may be more."""
        self.up_to_date = True
        await self.again.wait()
        self.again.clear()
        self.up_to_date = False

    def look_again(self) -> None:
        """There may be more."""
        self.up_to_date = False
        self.again.set()


async def follow_sse(follower: Follower, rest: Rest, draw: random.Random) -> None:
    """Follow over REST until the task is gone or nobody asks any more; sometimes break off without a reason."""
    while not follower.over and not follower.gone:
        # Most connections last; some clients are in a train.
        patience_s = draw.uniform(2, 20) if draw.random() < 0.3 else 600.0
        try:
            async with asyncio.timeout(patience_s):
                at_end = await _read_sse(follower, rest)
        except (httpx.TransportError, TimeoutError):
            at_end = False
            follower.breaks += 1
        if at_end:
            await follower.ended()
        else:
            await asyncio.sleep(_PAUSE_S)


async def _read_sse(follower: Follower, rest: Rest) -> bool:
    """One connection; whether the client now has all there is."""
    headers = {} if follower.last_id is None else {"Last-Event-ID": str(follower.last_id)}
    url = f"{rest.url()}/api/v1/tasks/{follower.task_id}/progress"
    timeout = httpx.Timeout(20.0, read=_SILENCE_S)
    async with rest.http.stream("GET", url, headers=headers, timeout=timeout) as answer:
        if answer.status_code == 204:
            return True
        if answer.status_code == 404:
            follower.gone = True
            return True
        if answer.status_code != 200:
            return False
        async for seq, name in _events(answer.aiter_lines()):
            if seq is not None:
                # The first thing that a newcomer hears is where the task stands.
                follower.see(seq, name, snapshot=follower.last_id is None)
            elif name in TERMINAL:
                follower.gone = True
    return follower.gone


async def _events(lines: AsyncIterator[str]) -> AsyncIterator[tuple[int | None, str]]:
    """Id and name of each whole event."""
    seq: int | None = None
    name = ""
    async for line in lines:
        if line.startswith("id:"):
            seq = int(line[3:])
        elif line.startswith("event:"):
            name = line[6:].strip()
        elif not line and name:
            yield seq, name
            seq, name = None, ""


async def follow_grpc(follower: Follower, grpc_client: Grpc, owner: str) -> None:
    """Follow over gRPC until the task is gone or nobody asks any more."""
    while not follower.over and not follower.gone:
        request = pb.WatchTaskRequest(owner=owner, task_id=follower.task_id, after_seq=follower.last_id or 0)
        try:
            async for answer in grpc_client.tasks.WatchTask(request):
                follower.see(answer.event.seq, answer.event.WhichOneof("event"), snapshot=False)
        except grpc.aio.AioRpcError as exc:
            if exc.code() is grpc.StatusCode.NOT_FOUND:
                follower.gone = True
                return
            grpc_client.check(exc, "WatchTask")
            follower.breaks += 1
            await asyncio.sleep(_PAUSE_S)
        else:
            await follower.ended()
