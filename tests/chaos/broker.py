"""What the broker holds at the end: every event that the world was told, and what is left in the queues."""

from __future__ import annotations

from dataclasses import dataclass

import nats
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js.api import ConsumerConfig, DeliverPolicy

from services.runtime.bus import REPORTS, STAGES, TASKS
from voiceloom.pipeline.v1.pipeline_pb2 import TaskEvent

_BATCH = 500


@dataclass(frozen=True)
class Queue:
    """A work queue."""

    name: str
    messages: int
    # Delivered to somebody and not confirmed, by consumer.
    unconfirmed: dict[str, int]

    @property
    def empty(self) -> bool:
        """Whether nothing waits and nobody owes an answer."""
        return not self.messages and not any(self.unconfirmed.values())


async def queues(url: str) -> list[Queue]:
    """Both work queues."""
    client = await nats.connect(url)
    try:
        js = client.jetstream()
        found = []
        for name in (STAGES, REPORTS):
            info = await js.stream_info(name)
            consumers = await js.consumers_info(name)
            waiting = {consumer.name: consumer.num_ack_pending or 0 for consumer in consumers}
            found.append(Queue(name, info.state.messages, waiting))
        return found
    finally:
        await client.close()


async def told(url: str) -> dict[str, list[TaskEvent]]:
    """Every event in the order in which the broker got it, by task."""
    client = await nats.connect(url)
    try:
        js = client.jetstream()
        total = (await js.stream_info(TASKS)).state.messages
        config = ConsumerConfig(deliver_policy=DeliverPolicy.ALL)
        subscription = await js.pull_subscribe("voiceloom.task.*", stream=TASKS, config=config)
        events: dict[str, list[TaskEvent]] = {}
        read = 0
        while read < total:
            try:
                messages = await subscription.fetch(min(_BATCH, total - read), timeout=10)
            except NatsTimeoutError:
                break
            for message in messages:
                event = TaskEvent.FromString(message.data)
                events.setdefault(event.task_id, []).append(event)
                await message.ack()
            read += len(messages)
        return events
    finally:
        await client.close()
