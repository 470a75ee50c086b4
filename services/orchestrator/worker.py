"""The orchestrator's own worker: reads reports from the broker, publishes commands, events and notices."""

from __future__ import annotations

import math
from collections.abc import Callable

from google.protobuf.message import DecodeError

from services.orchestrator.curves import Point
from services.orchestrator.events import Ref
from services.orchestrator.models import EventRow
from services.orchestrator.outbox import OutOfOrderError, Told
from services.orchestrator.servicer.convert import from_failure, from_message, from_ref, to_event
from services.orchestrator.work import Report, Work
from services.runtime.bus import (
    REPORTS,
    TASKS,
    Bus,
    Delivery,
    WrongSequenceError,
    cancel_subject,
    report_subject,
    stage_subject,
    task_subject,
)
from services.runtime.errors import UnavailableError
from services.runtime.log import log
from services.runtime.stage import stage_name, stage_value
from voiceloom.pipeline.v1.pipeline_pb2 import CancelNotice, StageCommand, StageMetrics, StageReport, TaskEvent

READER = "orchestrator"
FETCH_WAIT_S = 5.0
# A replica that died over a report holds up all that follow for so long.
ACK_WAIT_S = 3.0
# Of a report at which the store takes offence. Its lease runs out, and another attempt may say something else.
MOST_TRIES = 5


class BusCommands:
    """Sends commands to the workers' queue."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def send(self, task_id: str, stage: str, msg_id: str) -> None:
        """Queue a command."""
        command = StageCommand(task_id=task_id, stage=stage_value(stage))
        await self._bus.publish(stage_subject(stage), command.SerializeToString(), msg_id=msg_id)


class BusPublisher:
    """Publishes events to the world."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def publish(self, event: EventRow, after: int) -> int:
        """Publish one event."""
        payload = to_event(event).SerializeToString()
        msg_id = f"{event.task_id}/{event.seq}"
        try:
            return await self._bus.publish(task_subject(event.task_id), payload, msg_id=msg_id, after=after)
        except WrongSequenceError as exc:
            raise OutOfOrderError(msg_id) from exc

    async def newest(self, task_id: str) -> Told:
        """What the stream has of a task."""
        last = await self._bus.last(TASKS, task_subject(task_id))
        return Told(TaskEvent.FromString(last[1]).seq, last[0]) if last else Told(0, 0)


async def listen_to_events(bus: Bus, hear: Callable[[str, int], None]) -> None:
    """Have ``hear`` told task and number of each event that any replica publishes. A hint: some may get lost."""

    async def heard(payload: bytes) -> None:
        event = TaskEvent.FromString(payload)
        hear(event.task_id, event.seq)

    await bus.listen(task_subject("*"), heard)


async def notify_cancelled(bus: Bus, task_id: str) -> None:
    """Tell whoever works on a task to stop."""
    await bus.notify(cancel_subject(task_id), CancelNotice(task_id=task_id).SerializeToString())


async def read_reports(bus: Bus, work: Work) -> None:
    """Apply reports for ever, in the order in which they came; each is acknowledged once it is in the store.

    Only one is out at a time, whichever replica has it: none overtakes another, also when one has to come again.
    """
    consumer = bus.consumer(REPORTS, READER, report_subject("*"), ack_wait_s=ACK_WAIT_S, max_pending=1)
    while True:
        delivery = await consumer.fetch(wait_s=FETCH_WAIT_S)
        if delivery is not None:
            await _apply(delivery, work)


async def reports_taken(bus: Bus) -> tuple[int, int]:
    """The number of the newest report, and up to which one all were taken. Raises UnavailableError."""
    return await bus.progress(REPORTS, READER)


async def _apply(delivery: Delivery, work: Work) -> None:
    try:
        report = to_report(StageReport.FromString(delivery.data))
    except (DecodeError, ValueError):
        log.error("report_unreadable")
        await delivery.term()
        return
    try:
        await work.apply(report)
    except UnavailableError as exc:
        log.warning("report_waits", error=str(exc))
        await delivery.nak(1.0)
    except Exception as exc:  # noqa: BLE001  one report that cannot be applied must not hold up all others for ever
        log.error("report_not_applied", exc_info=exc, task_id=report.task_id, kind=report.kind, times=delivery.times)
        await (delivery.nak(1.0) if delivery.times < MOST_TRIES else delivery.term())
    else:
        # A report that comes again is ignored by its number or by the state of its stage.
        await delivery.ack_soon()


def to_report(message: StageReport) -> Report:
    """A report as the domain reads it. Raises ValueError when it says nothing."""
    kind = message.WhichOneof("report")
    if kind is None or not message.stage:
        raise ValueError("empty report")
    progress, checkpoint = message.progress, message.checkpoint
    ref: Ref | None = None
    if kind in ("checkpoint", "result"):
        ref = from_ref(checkpoint.ref if kind == "checkpoint" else message.result.manifest)
    return Report(
        task_id=message.task_id,
        stage=stage_name(message.stage),
        lease=message.lease,
        number=message.number,
        kind=kind,
        text=from_message(message.log.message if kind == "log" else progress.message),
        fraction=progress.fraction,
        eta_s=progress.eta_seconds if progress.HasField("eta_seconds") else None,
        level=message.log.level,
        ref=ref,
        step=checkpoint.step,
        language=message.result.detected_language,
        cache_key=message.result.cache_key,
        origin=message.result.origin,
        fault=from_failure(message.failure) if kind == "failure" else None,
        point=_to_point(message.metrics) if kind == "metrics" else None,
    )


def _to_point(said: StageMetrics) -> Point:
    """Raises ValueError for what no curve can show."""
    losses = dict(said.losses)
    if said.step < 0 or not all(map(math.isfinite, losses.values())):
        raise ValueError("no point of a curve")
    return Point(said.step, said.epoch, losses, said.total_steps, said.total_epochs, said.batch_size)
