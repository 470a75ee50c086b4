"""Follows a task with one WatchTask, however many clients look, and writes its events as server-sent events.

A ``Feed`` is what is followed of one task: a ring of recent events that every subscriber reads at its own pace from
its own position. Nothing is queued per client, so a slow one costs nothing and delays nobody; one that has fallen
behind the ring, or comes back with an old id, reads what it missed from a bounded WatchTask of its own.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import grpc.aio
import structlog

from gateway.clients import Clients
from gateway.messages import Language, Said
from gateway.settings import GatewaySettings
from gateway.views import (
    TERMINAL_STATES,
    failure_said,
    said,
    seconds,
    share,
    stage_word,
    state_word,
    task_said,
    told,
)
from voiceloom.orchestrator.v1 import orchestrator_pb2
from voiceloom.pipeline.v1 import pipeline_pb2

TERMINAL_EVENTS = ("completed", "failed", "cancelled")
HEARTBEAT = b'event: heartbeat\ndata: {"type": "heartbeat"}\n\n'
# Replays that run at once, and how many events one of them holds.
_MAX_REPLAYS = 32
_REPLAY_EVENTS = 512
_RETRY_FIRST_S, _RETRY_MOST_S = 0.1, 2.0

log = structlog.get_logger(__name__)


def encode(event: str, data: dict[str, object], seq: int | None = None) -> bytes:
    """One server-sent event (WHATWG HTML, 9.2.6)."""
    head = "" if seq is None else f"id: {seq}\n"
    return f"{head}event: {event}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


class Event:
    """One task event; its text is made once per language, whoever reads it."""

    def __init__(self, proto: pipeline_pb2.TaskEvent) -> None:
        self.seq = proto.seq
        self.kind: str = proto.WhichOneof("event") or ""
        self.terminal = self.kind in TERMINAL_EVENTS
        self._proto = proto
        self._encoded: dict[Language, bytes] = {}

    def encoded(self, language: Language) -> bytes:
        """The event as its readers of one language get it; empty for a kind that this gateway does not know."""
        if language not in self._encoded:
            self._encoded[language] = self._encode(language)
        return self._encoded[language]

    def _encode(self, language: Language) -> bytes:
        match self.kind:
            case "progressed":
                return encode("progress", _progress_data(self._proto.progressed, language), self.seq)
            case "logged":
                logged = self._proto.logged
                line = told(said(logged.message), language)
                data = {"stage": stage_word(logged.stage), "level": logged.level, **line}
                return encode("log", {**data, "message": data["message"] or ""}, self.seq)
            case "failed":
                return encode("failed", _failed_data(self._proto.failed.failure, language), self.seq)
            case "completed" | "cancelled" as kind:
                return encode(kind, _ended_data(kind, language), self.seq)
        return b""


def _progress_data(progressed: pipeline_pb2.TaskProgressed, language: Language) -> dict[str, object]:
    status = state_word(progressed.state)
    return {
        "stage": stage_word(progressed.stage),
        "progress": share(progressed.progress),
        **told(said(progressed.message) or Said(f"task.{status}"), language),
        "status": status,
        "stage_progress": share(progressed.stage_progress),
        "eta_seconds": seconds(progressed.eta_seconds) if progressed.HasField("eta_seconds") else None,
    }


def _failed_data(failure: pipeline_pb2.Failure, language: Language) -> dict[str, object]:
    return {
        "status": "failed",
        "stage": stage_word(failure.stage),
        "code": failure.code,
        **told(failure_said(failure), language),
    }


def _ended_data(status: str, language: Language) -> dict[str, object]:
    return {"status": status, **told(Said(f"task.{status}"), language)}


def snapshot(task: orchestrator_pb2.Task, language: Language) -> bytes:
    """What a newcomer gets first: the task as it stands, or how it ended, under the id of its last event."""
    status = state_word(task.state)
    if task.state == pipeline_pb2.TASK_STATE_FAILED:
        return encode("failed", _failed_data(task.failure, language), task.last_seq)
    if task.state in TERMINAL_STATES:
        return encode(status, _ended_data(status, language), task.last_seq)
    stage = next((stage for stage in task.stages if stage.stage == task.current_stage), None)
    data = {
        "stage": stage_word(task.current_stage),
        "progress": share(task.progress),
        **told(task_said(task), language),
        "status": status,
        "stage_progress": share(stage.progress) if stage else 0.0,
        "eta_seconds": seconds(task.eta_seconds) if task.HasField("eta_seconds") else None,
        "snapshot": True,
    }
    return encode("progress", data, task.last_seq)


class Feed:
    """The events of one task from ``position`` on, read by one WatchTask that re-opens itself when it breaks."""

    def __init__(self, clients: Clients, settings: GatewaySettings, task_id: str, position: int) -> None:
        self.task_id = task_id
        self.subscribers = 0
        self.last_seq = position
        # Set once no more events will come: the task ended, or is gone.
        self.ended = False
        self.gone = False
        self._clients = clients
        self._settings = settings
        self._ring: deque[Event] = deque(maxlen=settings.sse_buffer_events)
        self._changed = asyncio.Event()
        self._reader = asyncio.create_task(self._read(), name=f"feed-{task_id}")

    @property
    def told_end(self) -> bool:
        """Whether the newest event is a terminal one: the end, unless the task was retried."""
        return bool(self._ring) and self._ring[-1].terminal

    @property
    def first_seq(self) -> int:
        """The oldest event that the ring still has (or the next one, while it is empty)."""
        return self._ring[0].seq if self._ring else self.last_seq + 1

    def after(self, position: int) -> list[Event]:
        """The events in the ring that are later than ``position``, oldest first."""
        later: list[Event] = []
        for event in reversed(self._ring):
            if event.seq <= position:
                break
            later.append(event)
        later.reverse()
        return later

    async def wait(self, timeout_s: float) -> None:
        """Return when something may have changed, or after ``timeout_s``."""
        changed = self._changed
        try:
            async with asyncio.timeout(timeout_s):
                await changed.wait()
        except TimeoutError:
            pass

    def wake(self) -> None:
        """Let every waiting subscriber look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def close(self) -> None:
        """Stop reading."""
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)

    async def _read(self) -> None:
        delay_s = _RETRY_FIRST_S
        while True:
            position = self.last_seq
            try:
                if await self._read_once():
                    return
            except grpc.aio.AioRpcError as error:
                if error.code() is grpc.StatusCode.NOT_FOUND:
                    self._end(gone=not self.told_end)
                    return
                log.warning("watch_broke", task_id=self.task_id, after_seq=self.last_seq, status=error.code().name)
            delay_s = _RETRY_FIRST_S if self.last_seq > position else min(delay_s * 2, _RETRY_MOST_S)
            await asyncio.sleep(delay_s)

    async def _read_once(self) -> bool:
        """Follow one WatchTask to its end, and say whether that was the task's end, too.

        A task that was retried has terminal events in the middle: one is the end only if the stream ends after it.
        """
        request = orchestrator_pb2.WatchTaskRequest(
            owner=self._settings.owner, task_id=self.task_id, after_seq=self.last_seq
        )
        call = self._clients.tasks.WatchTask(request, wait_for_ready=True)
        try:
            async for response in call:
                event = Event(response.event)
                # A stream that was opened again may repeat what came before it broke.
                if event.seq > self.last_seq:
                    self._ring.append(event)
                    self.last_seq = event.seq
                    self.wake()
        finally:
            call.cancel()
        if self.told_end:
            self._end()
        return self.ended

    def _end(self, *, gone: bool = False) -> None:
        self.ended = True
        self.gone = gone
        self.wake()


class Hub:
    """Every feed that somebody reads, by task."""

    def __init__(self, clients: Clients, settings: GatewaySettings) -> None:
        self.subscribers = 0
        self.stopping = False
        self._clients = clients
        self._settings = settings
        self._feeds: dict[str, Feed] = {}
        self._replays = asyncio.Semaphore(_MAX_REPLAYS)

    @property
    def full(self) -> bool:
        """Whether no further subscriber is taken."""
        return self.stopping or self.subscribers >= self._settings.sse_max_subscribers

    def stop(self) -> None:
        """End every event stream soon; clients come back with their last id to whoever serves next."""
        self.stopping = True
        for feed in self._feeds.values():
            feed.wake()

    async def follow(
        self, task_id: str, position: int, known_seq: int, language: Language
    ) -> AsyncGenerator[bytes, None]:
        """Encoded events later than ``position``, with heartbeats in silence, until the task or this process ends.

        ``known_seq`` is the task's newest event as far as the caller knows.
        """
        async with self._feed(task_id, position, known_seq) as feed:
            heard = time.monotonic()
            while True:
                missed = position + 1 < feed.first_seq
                # What is due is sent before the end; what has to be fetched is fetched by whoever serves next.
                if self.stopping and (missed or position >= feed.last_seq):
                    return
                events = await self._replay(feed, position) if missed else feed.after(position)
                if events:
                    position = events[-1].seq
                    heard = time.monotonic()
                    yield b"".join(event.encoded(language) for event in events)
                elif feed.gone:
                    # Removed while somebody watched: nothing can be replayed, so this end has no id.
                    yield encode("cancelled", _ended_data("cancelled", language))
                    return
                elif feed.ended and not missed:
                    return
                else:
                    silence_left_s = heard + self._settings.heartbeat_s - time.monotonic()
                    await feed.wait(min(silence_left_s, _RETRY_MOST_S) if missed else silence_left_s)
                    if time.monotonic() - heard >= self._settings.heartbeat_s:
                        heard = time.monotonic()
                        yield HEARTBEAT

    @asynccontextmanager
    async def _feed(self, task_id: str, position: int, known_seq: int) -> AsyncIterator[Feed]:
        feed = self._feeds.get(task_id)
        # One that has ended, or is about to, knows nothing of a retry; it still serves those who read its last events.
        if feed is None or feed.ended or (feed.told_end and feed.last_seq < known_seq):
            feed = self._feeds[task_id] = Feed(self._clients, self._settings, task_id, position)
        feed.subscribers += 1
        self.subscribers += 1
        try:
            yield feed
        finally:
            self.subscribers -= 1
            feed.subscribers -= 1
            if not feed.subscribers:
                if self._feeds.get(task_id) is feed:
                    del self._feeds[task_id]
                await feed.close()

    async def _replay(self, feed: Feed, position: int) -> list[Event]:
        """Events after ``position`` that the ring no longer has, as many as one replay holds; none when it breaks."""
        request = orchestrator_pb2.WatchTaskRequest(
            owner=self._settings.owner, task_id=feed.task_id, after_seq=position
        )
        events: list[Event] = []
        async with self._replays:
            until = min(feed.first_seq - 1, position + _REPLAY_EVENTS)
            call = self._clients.tasks.WatchTask(request, timeout=self._settings.heartbeat_s)
            try:
                async for response in call:
                    # The first one always counts: a history with a hole must not stop a reader for ever.
                    if response.event.seq <= until or not events:
                        events.append(Event(response.event))
                    if response.event.seq >= until:
                        break
            except grpc.aio.AioRpcError as error:
                log.warning("replay_broke", task_id=feed.task_id, after_seq=position, status=error.code().name)
            finally:
                call.cancel()
        return events
