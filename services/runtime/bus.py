"""The broker: three JetStream streams, pull consumers, and notices that need not arrive. The only file that knows nats.

========== ========================== ==================================================================================
STAGES     voiceloom.stage.<stage>    work queue; one durable pull consumer per stage; nothing old is thrown away
REPORTS    voiceloom.report.<task_id> work queue, read by the orchestrator
TASKS      voiceloom.task.<task_id>   what happened, for the world; kept for 7 days
(none)     voiceloom.cancel.<task_id> a notice; the same is answered at every keep-alive
========== ========================== ==================================================================================
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DiscardPolicy, RetentionPolicy, StorageType, StreamConfig

from services.runtime.errors import UnavailableError
from services.runtime.log import log

STAGES, REPORTS, TASKS = "STAGES", "REPORTS", "TASKS"
TASKS_MAX_AGE_S = 7 * 24 * 3600.0
DUPLICATE_WINDOW_S = 120.0
PUBLISH_TIMEOUT_S = 5.0

STREAMS = (
    StreamConfig(
        name=STAGES,
        subjects=["voiceloom.stage.*"],
        retention=RetentionPolicy.WORK_QUEUE,
        discard=DiscardPolicy.NEW,
        storage=StorageType.FILE,
        # Commands are hints that are sent again; a stage that nobody works on must not fill the disk with them.
        max_msgs_per_subject=1000,
        discard_new_per_subject=True,
        duplicate_window=DUPLICATE_WINDOW_S,
    ),
    StreamConfig(
        name=REPORTS,
        subjects=["voiceloom.report.*"],
        retention=RetentionPolicy.WORK_QUEUE,
        storage=StorageType.FILE,
        duplicate_window=DUPLICATE_WINDOW_S,
    ),
    StreamConfig(
        name=TASKS,
        subjects=["voiceloom.task.*"],
        retention=RetentionPolicy.LIMITS,
        max_age=TASKS_MAX_AGE_S,
        storage=StorageType.FILE,
        duplicate_window=DUPLICATE_WINDOW_S,
    ),
)

# Error codes of "wrong last sequence", with the number that would be right or without.
_WRONG_SEQUENCE = (10071, 10164)

# What nats-py raises while the broker is away or its streams are loading.
_AWAY = (nats.errors.Error, OSError, asyncio.TimeoutError)


def stage_subject(stage: str) -> str:
    """Subject of the commands of a stage."""
    return f"voiceloom.stage.{stage}"


def report_subject(task_id: str) -> str:
    """Subject of the reports on a task."""
    return f"voiceloom.report.{task_id}"


def task_subject(task_id: str) -> str:
    """Subject of the events of a task."""
    return f"voiceloom.task.{task_id}"


def cancel_subject(task_id: str) -> str:
    """Subject of the notice that a task was cancelled."""
    return f"voiceloom.cancel.{task_id}"


class WrongSequenceError(Exception):
    """A message was to follow another one on its subject, which is not the last there."""


@dataclass(frozen=True)
class Delivery:
    """One message of a work queue, to be settled once; a message that could not be settled comes again."""

    _message: Msg

    @property
    def data(self) -> bytes:
        """The payload."""
        return self._message.data

    @property
    def times(self) -> int:
        """How often it has been delivered, this time included."""
        return int(self._message.metadata.num_delivered)

    async def ack(self) -> None:
        """Remove it from the queue, and wait until the broker confirms that (a double ack)."""
        with _settling("ack"):
            await self._message.ack_sync(timeout=PUBLISH_TIMEOUT_S)

    async def ack_soon(self) -> None:
        """Remove it from the queue without waiting; fine where a second delivery does no harm."""
        with _settling("ack"):
            await self._message.ack()

    async def nak(self, delay_s: float = 0.0) -> None:
        """Have it delivered again, to anybody, after a delay."""
        with _settling("nak"):
            await self._message.nak(delay=delay_s)

    async def in_progress(self) -> None:
        """Start the wait for an answer anew."""
        with _settling("in_progress"):
            await self._message.in_progress()

    async def term(self) -> None:
        """Remove a message that nobody can read."""
        with _settling("term"):
            await self._message.term()


@contextlib.contextmanager
def _settling(verb: str):  # type: ignore[no-untyped-def]  # noqa: ANN202
    try:
        yield
    except _AWAY as exc:
        log.warning("message_not_settled", verb=verb, error=repr(exc))


class Consumer:
    """A durable pull consumer; survives restarts of the broker, also one that lost its data."""

    def __init__(self, bus: Bus, stream: str, durable: str, subject: str, ack_wait_s: float, max_pending: int) -> None:
        self._bus, self._stream, self._durable = bus, stream, durable
        self._config = ConsumerConfig(
            name=durable,
            durable_name=durable,
            filter_subject=subject,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=ack_wait_s,
            max_deliver=-1,
            max_ack_pending=max_pending,
        )
        self._subscription: JetStreamContext.PullSubscription | None = None
        self._asking: asyncio.Task[list[Msg]] | None = None
        self._ask_again = False

    async def fetch(self, *, wait_s: float) -> Delivery | None:
        """The next message; None when none came in time or (after a short pause) the broker is away."""
        started = time.monotonic()
        try:
            if self._subscription is None:
                self._subscription = await self._subscribe()
            # One at a time: for a batch, nats-py waits until it is full or the time is over.
            self._asking = asyncio.create_task(self._subscription.fetch(1, timeout=wait_s))
            (message,) = await self._asking
        except asyncio.CancelledError:
            if self._ask_again:
                self._ask_again = False
                return None
            raise
        except _AWAY as exc:
            timed_out = isinstance(exc, nats.errors.TimeoutError | nats.js.errors.FetchTimeoutError)
            if timed_out and time.monotonic() - started > wait_s / 2:
                return None
            # nats-py says "timeout" at once when nobody answers: the broker or its consumer is gone.
            log.info("consumer_waits_for_broker", consumer=self._durable, error=repr(exc))
            await self.close()
            await asyncio.sleep(0.5)
            return None
        return Delivery(message)

    def ask_again(self) -> None:
        """Give up the request that is out: a broker that was restarted knows nothing of it."""
        if self._asking is not None and not self._asking.done():
            self._ask_again = True
            self._asking.cancel()

    async def _subscribe(self) -> JetStreamContext.PullSubscription:
        # Makes the consumer, or gives one that an earlier version has left the settings of this one.
        js = self._bus.jetstream
        try:
            await js.add_consumer(self._stream, self._config)
        except nats.js.errors.NotFoundError:
            await self._bus.ensure_streams()
            await js.add_consumer(self._stream, self._config)
        return await js.pull_subscribe_bind(durable=self._durable, stream=self._stream)

    async def close(self) -> None:
        """Stop asking; the durable consumer stays at the broker."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            with contextlib.suppress(*_AWAY):
                await subscription.unsubscribe()


class Bus:
    """A connection to the broker that reconnects for ever."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.jetstream = client.jetstream(timeout=PUBLISH_TIMEOUT_S)
        self._consumers: list[Consumer] = []

    @classmethod
    async def connect(cls, url: str, name: str) -> Bus:
        """Connect, waiting as long as it takes, and make sure that the streams exist."""
        bus = cls(Client())
        try:
            await bus._connect_at_last(url, name)
            await bus._ensure_streams_at_last()
        except BaseException:
            await bus.close()
            raise
        return bus

    async def _connect_at_last(self, url: str, name: str) -> None:
        waiting = False
        while True:
            try:
                await self._client.connect(
                    url,
                    name=name,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=0.5,  # type: ignore[arg-type]  # seconds, any number
                    connect_timeout=2,
                    ping_interval=10,
                    error_cb=_log_error,
                    disconnected_cb=_log_disconnected,
                    reconnected_cb=self._reconnected,
                    allow_reconnect=True,
                )
            except _AWAY as exc:
                if not waiting:
                    log.info("broker_awaited", url=url, error=repr(exc))
                waiting = True
                await asyncio.sleep(0.3)
            else:
                return

    @property
    def connected(self) -> bool:
        """Whether the broker can be reached now."""
        return bool(self._client.is_connected)

    async def ensure_streams(self) -> None:
        """Make the streams, or bring them up to date."""
        for config in STREAMS:
            try:
                await self.jetstream.add_stream(config)
            except nats.js.errors.BadRequestError:
                await self.jetstream.update_stream(config)

    async def _ensure_streams_at_last(self) -> None:
        while True:
            try:
                await self.ensure_streams()
            except _AWAY as exc:
                log.info("jetstream_awaited", error=repr(exc))
                await asyncio.sleep(0.5)
            else:
                return

    async def publish(self, subject: str, payload: bytes, *, msg_id: str, after: int | None = None) -> int:
        """Store a message in its stream, once per ``msg_id``; answers its place there.

        With ``after``, only if the last message of the subject is at that place (0: if there is none).
        Raises WrongSequenceError, UnavailableError (UNAVAILABLE).
        """
        headers = {"Nats-Msg-Id": msg_id}
        if after is not None:
            headers["Nats-Expected-Last-Subject-Sequence"] = str(after)
        try:
            try:
                stored = await self.jetstream.publish(subject, payload, timeout=PUBLISH_TIMEOUT_S, headers=headers)
            except nats.js.errors.NoStreamResponseError:
                # The broker came back without its data, or its streams are still loading.
                await self.ensure_streams()
                stored = await self.jetstream.publish(subject, payload, timeout=PUBLISH_TIMEOUT_S, headers=headers)
        except nats.js.errors.APIError as exc:
            if exc.err_code in _WRONG_SEQUENCE:
                raise WrongSequenceError(subject) from exc
            raise UnavailableError("UNAVAILABLE", detail=repr(exc)) from exc
        except _AWAY as exc:
            raise UnavailableError("UNAVAILABLE", detail=repr(exc)) from exc
        return int(stored.seq)

    async def last(self, stream: str, subject: str) -> tuple[int, bytes] | None:
        """Place and payload of the last message of a subject. Raises UnavailableError (UNAVAILABLE)."""
        try:
            found = await self.jetstream.get_last_msg(stream, subject)
        except nats.js.errors.NotFoundError:
            return None
        except _AWAY as exc:
            raise UnavailableError("UNAVAILABLE", detail=repr(exc)) from exc
        return found.seq or 0, found.data or b""

    async def progress(self, stream: str, durable: str) -> tuple[int, int]:
        """Place of the newest message of a work queue, and up to which place all were settled by a consumer.

        Raises UnavailableError (UNAVAILABLE).
        """
        try:
            newest = (await self.jetstream.stream_info(stream)).state.last_seq
            consumer = await self.jetstream.consumer_info(stream, durable)
        except _AWAY as exc:
            raise UnavailableError("UNAVAILABLE", detail=repr(exc)) from exc
        if not consumer.num_pending and not consumer.num_ack_pending:
            return newest, newest
        floor = consumer.ack_floor
        return newest, (floor.stream_seq or 0) if floor is not None else 0

    async def notify(self, subject: str, payload: bytes) -> None:
        """Tell whoever listens now; nobody is a fine answer, and so is a broker that is away."""
        with contextlib.suppress(*_AWAY):
            await self._client.publish(subject, payload)

    async def listen(self, subject: str, handler: Callable[[bytes], Awaitable[None]]) -> None:
        """Call ``handler`` for each notice from now on, also after a reconnection."""

        async def handle(message: Msg) -> None:
            await handler(message.data)

        await self._client.subscribe(subject, cb=handle)

    def consumer(
        self, stream: str, durable: str, subject: str, *, ack_wait_s: float, max_pending: int = 256
    ) -> Consumer:
        """A durable pull consumer, made at the broker when it is first used."""
        consumer = Consumer(self, stream, durable, subject, ack_wait_s, max_pending)
        self._consumers.append(consumer)
        return consumer

    async def _reconnected(self) -> None:
        log.info("broker_reconnected")
        for consumer in self._consumers:
            consumer.ask_again()

    async def close(self) -> None:
        """Send what is buffered and disconnect."""
        with contextlib.suppress(*_AWAY):
            if self.connected:
                await self._client.flush(timeout=1)
        with contextlib.suppress(*_AWAY):
            await asyncio.wait_for(self._client.close(), timeout=3)


async def _log_error(exc: Exception) -> None:
    log.debug("broker_error", error=repr(exc))


async def _log_disconnected() -> None:
    log.info("broker_disconnected")
