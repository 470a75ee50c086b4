"""Sends a lease's reports to the orchestrator in order: progress thinned out, what matters until it has arrived."""

from __future__ import annotations

import asyncio
import time
from collections import deque

from services.runtime.background import end
from services.runtime.bus import Bus, report_subject
from services.runtime.errors import UnavailableError
from services.runtime.log import log
from voiceloom.pipeline.v1.pipeline_pb2 import Stage, StageReport

# Reports that decide about the task: sent again until the broker has stored them.
_KEPT = ("checkpoint", "result", "failure", "release")
_LAST = ("result", "failure", "release")
_RETRY_S = 0.5


class Reporter:
    """Queue of one lease's reports. ``send`` may be called from any thread; the rest belongs to the event loop."""

    def __init__(self, bus: Bus, task_id: str, stage: Stage, lease: int, *, progress_interval_s: float) -> None:
        self._bus, self._task_id, self._stage, self._lease = bus, task_id, stage, lease
        self._interval_s = progress_interval_s
        self._loop = asyncio.get_running_loop()
        self._queue: deque[StageReport] = deque()
        self._changed = asyncio.Event()
        self._sent = asyncio.Event()
        self._sent.set()
        self._number = 0
        self._progress_at = 0.0
        self._pump = asyncio.create_task(self._run())

    def send(self, report: StageReport) -> None:
        """Queue a report; never blocks."""
        self._loop.call_soon_threadsafe(self._enqueue, report)

    async def finish(self, report: StageReport) -> None:
        """Queue the last report of the lease and wait until the broker has it."""
        self._enqueue(report)
        await self._sent.wait()

    async def close(self) -> None:
        """Stop sending; what is still queued is given up."""
        await end(self._pump)

    def _enqueue(self, report: StageReport) -> None:
        kind = report.WhichOneof("report")
        newest = self._queue[-1].WhichOneof("report") if self._queue else None
        if newest == "progress" and (kind == "progress" or kind in _LAST):
            self._queue.pop()
        self._queue.append(report)
        self._sent.clear()
        self._changed.set()

    async def _run(self) -> None:
        while True:
            if not self._queue:
                self._sent.set()
                self._changed.clear()
                await self._changed.wait()
                continue
            if self._queue[0].WhichOneof("report") == "progress":
                wait_s = self._progress_at + self._interval_s - time.monotonic()
                if wait_s > 0 and len(self._queue) == 1:
                    self._changed.clear()
                    # A newer progress takes this one's place; anything else goes out at once.
                    try:
                        await asyncio.wait_for(self._changed.wait(), wait_s)
                    except TimeoutError:
                        pass
                    else:
                        continue
                self._progress_at = time.monotonic()
            await self._publish(self._queue.popleft())

    async def _publish(self, report: StageReport) -> None:
        self._number += 1
        report.task_id, report.stage, report.lease, report.number = (
            self._task_id,
            self._stage,
            self._lease,
            self._number,
        )
        kind = report.WhichOneof("report")
        msg_id = f"{self._task_id}/{self._stage}/{self._lease}/{self._number}"
        while True:
            try:
                await self._bus.publish(report_subject(self._task_id), report.SerializeToString(), msg_id=msg_id)
            except UnavailableError as exc:
                if kind not in _KEPT:
                    return
                log.warning("report_waits_for_broker", report=kind, detail=exc.detail)
                await asyncio.sleep(_RETRY_S)
            else:
                return
