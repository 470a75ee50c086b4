"""Lets clients subscribe to the progress of a task."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import structlog
from fastapi import APIRouter, Header, Query
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.errors import ApiError, invalid
from gateway.messages import Language
from gateway.sse import snapshot
from gateway.state import Gateway, GatewayDep, LanguageDep, errors
from gateway.views import TERMINAL_STATES
from voiceloom.orchestrator.v1 import orchestrator_pb2

log = structlog.get_logger(__name__)

router = APIRouter(tags=["tasks"])


class EventStream(Response):
    """Sends chunks as they come, and stops as soon as the client is gone or reads nothing any more."""

    media_type = "text/event-stream"

    def __init__(self, chunks: AsyncGenerator[bytes, None], *, send_timeout_s: float) -> None:
        super().__init__(headers={"Cache-Control": "no-cache", "Connection": "keep-alive", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        # The media type has no charset parameter: event streams are always UTF-8.
        self.headers["content-type"] = self.media_type
        self._chunks = chunks
        self._send_timeout_s = send_timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until the chunks end or the client leaves."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        sending = asyncio.create_task(self._send_chunks(send))
        leaving = asyncio.create_task(self._wait_for_disconnect(receive))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
            await self._chunks.aclose()
        if not sending.cancelled() and (error := sending.exception()):
            raise error

    async def _send_chunks(self, send: Send) -> None:
        async for chunk in self._chunks:
            try:
                async with asyncio.timeout(self._send_timeout_s):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            except TimeoutError:
                log.info("subscriber_dropped", reason="reads nothing")
                return
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    @staticmethod
    async def _wait_for_disconnect(receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass


def _position(last_event_id: str | None) -> int | None:
    """The last event that a client has; None when it has none yet."""
    if last_event_id is None or not last_event_id.strip():
        return None
    if not (last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 19):
        raise invalid("last_event_id", "event_id")
    return int(last_event_id)


async def _chunks(
    gateway: Gateway, task: orchestrator_pb2.Task, position: int | None, language: Language
) -> AsyncGenerator[bytes, None]:
    gateway.metrics.subscribers.inc()
    try:
        if position is None:
            yield snapshot(task, language)
            if task.state in TERMINAL_STATES:
                return
            position = task.last_seq
        async with aclosing(gateway.hub.follow(task.id, position, task.last_seq, language)) as chunks:
            async for chunk in chunks:
                yield chunk
    finally:
        gateway.metrics.subscribers.dec()


@router.get(
    "/tasks/{task_id}/progress",
    status_code=200,
    response_class=EventStream,
    responses={204: {}, **errors(400, 404, 503)},
)
async def watch_progress(
    task_id: str,
    gateway: GatewayDep,
    language: LanguageDep,
    last_event_id_header: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
    last_event_id: Annotated[str | None, Query()] = None,
) -> Response:
    if gateway.hub.full:
        raise ApiError("UNAVAILABLE")
    # A browser that reconnects repeats the query it began with; what it says in the header is newer.
    position = _position(last_event_id_header or last_event_id)
    # What the client has heard, perhaps through another replica, must be known here: else it would be told again.
    request = orchestrator_pb2.GetTaskRequest(owner=gateway.settings.owner, task_id=task_id, known_seq=position or 0)
    task = (await gateway.clients.call(gateway.clients.tasks.GetTask, request)).task
    if position is not None:
        position = min(position, task.last_seq)  # an id from the future means "up to date"
    if position == task.last_seq and task.state in TERMINAL_STATES:
        return Response(status_code=204)
    chunks = _chunks(gateway, task, position, language)
    return EventStream(chunks, send_timeout_s=gateway.settings.sse_send_timeout_s)
