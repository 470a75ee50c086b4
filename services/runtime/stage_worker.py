"""Runs the commands of one stage, one at a time: claim, keep alive, work in a thread, report, commit, acknowledge.

A command is a hint. Only a lease gives the right to work, and only its holder's reports count; a worker that lost its
lease throws its work away without a word.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import grpc
import structlog
from google.protobuf.message import DecodeError

from services.runtime.artifacts import ArtifactStore
from services.runtime.background import end
from services.runtime.bus import STAGES, Bus, Delivery, stage_subject
from services.runtime.disk import check_room, is_full
from services.runtime.errors import (
    DiskFullError,
    NotFoundError,
    StageFailedError,
    StoppedError,
    UnavailableError,
    VoiceloomError,
)
from services.runtime.grpc_errors import from_rpc_error, to_failure
from services.runtime.log import log
from services.runtime.reporter import Reporter
from services.runtime.scratch import scratch_folder
from services.runtime.settings import RuntimeSettings
from services.runtime.stage import StageContext, StageFunction, StopFlag, stage_value
from services.runtime.stage_cache import asks, finish
from services.runtime.watch import CANCELLED, DRAINING, LEASE_LOST, STALLED, TIMED_OUT, Limits, Pulse, until_back
from voiceloom.orchestrator.v1.orchestrator_pb2 import (
    ClaimStageRequest,
    ClaimStageResponse,
    KeepAliveRequest,
    Lease,
    Refusal,
    RefusalReason,
)
from voiceloom.orchestrator.v1.orchestrator_pb2_grpc import WorkServiceStub
from voiceloom.pipeline.v1.pipeline_pb2 import (
    StageCommand,
    StageRelease,
    StageReport,
    StageResult,
)

_CLAIM_RETRY_S = 0.5


@dataclass(frozen=True)
class Surroundings:
    """What the workers of a process share."""

    settings: RuntimeSettings
    bus: Bus
    work: WorkServiceStub
    artifacts: ArtifactStore
    worker_id: str


class StageWorker:
    """The worker of one stage in this process."""

    def __init__(self, stage: str, function: StageFunction, surroundings: Surroundings) -> None:
        self._stage, self._function, self._around = stage, function, surroundings
        self._value = stage_value(stage)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=stage)
        self._running: tuple[str, StopFlag] | None = None
        self._fetching: asyncio.Task[Delivery | None] | None = None
        self._draining = False
        self._claims = 0
        # Set when a stage function did not come back: its thread is lost, and only a new process can work again.
        self.stuck = False

    async def run(self) -> None:
        """Take commands until ``drain`` is called, then return when the running one has been settled.

        Returns also when this worker is ``stuck``.
        """
        settings = self._around.settings
        consumer = self._around.bus.consumer(
            STAGES, self._stage, stage_subject(self._stage), ack_wait_s=settings.ack_wait_s
        )
        while not self._draining and not self.stuck:
            self._fetching = asyncio.create_task(consumer.fetch(wait_s=settings.fetch_wait_s))
            await asyncio.wait([self._fetching])
            if self._fetching.cancelled():
                break
            delivery = self._fetching.result()
            if delivery is not None:
                await self._handle(delivery)
        await consumer.close()

    def drain(self) -> None:
        """Take no new command and ask the running one to stop; its claim is handed back."""
        self._draining = True
        if self._fetching is not None:
            self._fetching.cancel()
        if self._running is not None:
            self._running[1].set(DRAINING)

    def cancel(self, task_id: str) -> None:
        """Stop working on a task that was cancelled."""
        if self._running is not None and self._running[0] == task_id:
            self._running[1].set(CANCELLED)

    @property
    def busy(self) -> bool:
        """Whether a command is being run."""
        return self._running is not None

    async def _handle(self, delivery: Delivery) -> None:
        try:
            command = StageCommand.FromString(delivery.data)
        except DecodeError:
            log.error("command_unreadable", stage=self._stage)
            await delivery.term()
            return
        with structlog.contextvars.bound_contextvars(task_id=command.task_id, stage=self._stage):
            answer = await self._claim(command, delivery)
            if answer is None:
                return
            if answer.WhichOneof("answer") == "refusal":
                await self._refused(delivery, answer.refusal)
                return
            with structlog.contextvars.bound_contextvars(attempt=answer.lease.attempt, lease=answer.lease.lease):
                await self._run_lease(command, answer.lease, delivery)

    async def _claim(self, command: StageCommand, delivery: Delivery) -> ClaimStageResponse | None:
        """Ask for the lease, for as long as the orchestrator is away; None when the command is settled already."""
        # One id per claim: asking again because the answer got lost must not look like another worker, and another
        # command for the same stage must not look like asking again.
        self._claims += 1
        worker_id = f"{self._around.worker_id}/{self._claims}"
        request = ClaimStageRequest(task_id=command.task_id, stage=self._value, worker_id=worker_id)
        while not self._draining:
            try:
                response: ClaimStageResponse = await self._around.work.ClaimStage(
                    request, timeout=self._around.settings.rpc_timeout_s
                )
            except grpc.RpcError as exc:
                error = from_rpc_error(exc)
                if isinstance(error, NotFoundError):
                    await delivery.ack()
                    return None
                log.info("claim_awaited", error=str(error))
                await delivery.in_progress()
                await asyncio.sleep(_CLAIM_RETRY_S)
            else:
                return response
        await delivery.nak()
        return None

    async def _refused(self, delivery: Delivery, refusal: Refusal) -> None:
        log.info("claim_refused", reason=RefusalReason.Name(refusal.reason))
        if refusal.reason == RefusalReason.REFUSAL_REASON_LEASED:
            await delivery.nak(max(refusal.retry_after_s, 0.2))
        else:
            await delivery.ack()

    async def _run_lease(self, command: StageCommand, lease: Lease, delivery: Delivery) -> None:
        started = time.monotonic()
        stop = StopFlag()
        self._running = (command.task_id, stop)
        if self._draining:
            stop.set(DRAINING)
        reporter = Reporter(
            self._around.bus,
            command.task_id,
            self._value,
            lease.lease,
            progress_interval_s=self._around.settings.progress_interval_s,
        )
        try:
            async with self._kept_alive(command, lease, delivery, stop):
                outcome = await self._work(command, lease, stop, reporter)
                if outcome is not None:
                    await _unless_stopped(reporter.finish(outcome), stop)
            ended = "discarded" if outcome is None else outcome.WhichOneof("report")
            log.info("stage_ended", outcome=ended, stopped=stop.reason, took_s=round(time.monotonic() - started, 2))
        finally:
            await reporter.close()
            self._running = None
        await delivery.ack()

    async def _work(
        self, command: StageCommand, lease: Lease, stop: StopFlag, reporter: Reporter
    ) -> StageReport | None:
        """Run the stage function; answers what to say about its end, or None when nobody wants to know any more."""

        pulse, settings = Pulse(), self._around.settings

        def send(report: StageReport) -> None:
            pulse.beat()
            reporter.send(report)

        def work() -> StageResult:
            with scratch_folder(settings.scratch_dir, self._stage) as scratch:
                for folder in (scratch, self._around.artifacts.folder):
                    if folder is not None:
                        check_room(folder, 0, keep_free_bytes=settings.min_free_bytes)
                context = StageContext(
                    task_id=command.task_id,
                    stage=self._stage,
                    claim=lease,
                    artifacts=self._around.artifacts,
                    scratch=scratch,
                    send=send,
                    stop=stop,
                    alive=pulse.beat,
                )
                return finish(self._function, context, find)

        loop = asyncio.get_running_loop()
        find = asks(self._around.work, loop, settings.rpc_timeout_s) if settings.stage_cache else None
        running = loop.run_in_executor(self._thread, work)
        if not await until_back(running, stop, pulse, Limits.of(self._stage, settings)):
            self.stuck = True
            running.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
            return _ended_by(StoppedError(detail=stop.reason), stop, self._stage)
        try:
            result = await running
        except Exception as exc:  # noqa: BLE001  whatever a stage raises must reach the task as a failure
            return _ended_by(exc, stop, self._stage)
        return None if stop.reason in (CANCELLED, LEASE_LOST) else StageReport(result=result)

    @contextlib.asynccontextmanager
    async def _kept_alive(
        self, command: StageCommand, lease: Lease, delivery: Delivery, stop: StopFlag
    ) -> AsyncIterator[None]:
        """Prolong the lease and the broker's patience for as long as the body runs."""
        interval_s = min(self._around.settings.ack_wait_s, lease.ttl_s) / 3
        request = KeepAliveRequest(task_id=command.task_id, stage=self._value, lease=lease.lease)

        async def beat() -> None:
            # The first one comes early: a cancel notice may have passed while the claim was being answered.
            wait_s = min(0.5, interval_s)
            while True:
                await asyncio.sleep(wait_s)
                wait_s = interval_s
                await delivery.in_progress()
                try:
                    answer = await self._around.work.KeepAlive(request, timeout=interval_s)
                except grpc.RpcError as exc:
                    log.info("keep_alive_unanswered", error=str(from_rpc_error(exc)))
                else:
                    if answer.stop:
                        stop.set(LEASE_LOST)

        beating = asyncio.create_task(beat())
        try:
            yield
        finally:
            await end(beating)


def _ended_by(exc: Exception, stop: StopFlag, stage: str) -> StageReport | None:
    if stop.reason in (CANCELLED, LEASE_LOST):
        return None
    if stop.reason == TIMED_OUT:
        return StageReport(failure=to_failure(StageFailedError("STAGE_TIMEOUT", stage=stage)))
    if stop.reason == STALLED:
        return StageReport(failure=to_failure(StageFailedError("STAGE_STALLED", stage=stage, retryable=True)))
    if isinstance(exc, StoppedError) or stop.reason == DRAINING:
        # Stopped by the drain, or by somebody inside the service: the stage is run again.
        return StageReport(release=StageRelease())
    if isinstance(exc, grpc.RpcError):
        exc = from_rpc_error(exc)
    if isinstance(exc, MemoryError):
        exc = StageFailedError("OUT_OF_MEMORY")
    if not isinstance(exc, VoiceloomError) and is_full(exc):
        exc = DiskFullError(detail=str(exc))
    if isinstance(exc, OSError):
        log.error("stage_failed", exc_info=exc)
        exc = UnavailableError("UNAVAILABLE")
    if not isinstance(exc, VoiceloomError):
        log.error("stage_failed", exc_info=exc)
        exc = StageFailedError("INTERNAL")
    log.info("stage_failed", code=exc.code, detail=exc.detail, retryable=exc.retryable)
    return StageReport(failure=to_failure(exc))


async def _unless_stopped(sending: Coroutine[Any, Any, None], stop: StopFlag) -> None:
    """Wait for a report to leave, unless the lease is lost meanwhile: then nobody wants it."""
    task = asyncio.create_task(sending)
    while not task.done() and stop.reason not in (CANCELLED, LEASE_LOST):
        await asyncio.wait([task], timeout=0.2)
    await end(task)
