"""Events reach the world once and in order, whoever relays them, and whatever the broker has forgotten."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from services.orchestrator import lifecycle
from services.orchestrator.models import EventRow, Task
from services.orchestrator.outbox import Outbox, Told
from services.orchestrator.store import Store
from services.orchestrator.worker import ACK_WAIT_S, BusPublisher
from services.runtime.bus import REPORTS, Bus, report_subject
from services.runtime.errors import UnavailableError
from tests.contract.orchestrator.harness import Broker
from tests.contract.orchestrator.replicas import stream_of, told_to_the_world


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """A task store of its own."""
    store = await Store.open(database_url)
    yield store
    await store.close()


@pytest.fixture
async def bus(broker: Broker) -> AsyncIterator[Bus]:
    """A connection to the broker."""
    bus = await Bus.connect(broker.url, "test")
    yield bus
    await bus.close()


async def new_task(store: Store, name: str) -> str:
    """A task with its first event."""
    async with store.writing() as session:
        task = lifecycle.new_task(
            task_id=name,
            owner="local",
            exp_name=name,
            file_ids=[],
            ref_audio_id="",
            language="en",
            options=b"",
            inference=True,
            callback_url="",
            now=time.time(),
        )
        session.add(task)
    return name


async def happen(store: Store, task_id: str, times: int) -> int:
    """More events of a task; the number of the newest. Their times go backwards, as those of replicas may."""
    async with store.writing() as session:
        task = await session.get(Task, task_id)
        assert task is not None
        for _ in range(times):
            task.last_seq += 1
            data = {"kind": "logged", "key": "x"}
            event = EventRow(seq=task.last_seq, owner=task.owner, time=time.time() - task.last_seq, data=data)
            task.events.add(event)
        return task.last_seq


async def relay_all(outbox: Outbox) -> None:
    while await outbox.relay():
        pass


class Forgetful:
    """A publisher whose first answers get lost: the broker has the event, the relay does not know."""

    def __init__(self, publisher: BusPublisher, times: int) -> None:
        self._publisher, self._times = publisher, times

    async def publish(self, event: EventRow, after: int) -> int:
        place = await self._publisher.publish(event, after)
        if self._times:
            self._times -= 1
            raise UnavailableError("UNAVAILABLE", detail="the answer got lost")
        return place

    async def newest(self, task_id: str) -> Told:
        return await self._publisher.newest(task_id)


async def test_relays_that_work_side_by_side_tell_each_event_once_and_in_order(
    store: Store, bus: Bus, broker: Broker
) -> None:
    relays = [Outbox(store, BusPublisher(bus)) for _ in range(3)]
    tasks = [await new_task(store, f"t{n}") for n in range(3)]
    for _ in range(4):
        newest = [await happen(store, task_id, 7) for task_id in tasks]
        await asyncio.gather(*(relay_all(relay) for relay in relays))
    for task_id, seq in zip(tasks, newest, strict=True):
        assert await told_to_the_world(broker.url, task_id, seq) == list(range(1, seq + 1))


async def test_event_whose_confirmation_got_lost_is_not_told_again(store: Store, bus: Bus, broker: Broker) -> None:
    task_id = await new_task(store, "t")
    seq = await happen(store, task_id, 5)
    relay = Outbox(store, Forgetful(BusPublisher(bus), times=3))
    for _ in range(3):
        with pytest.raises(UnavailableError):
            await relay.relay()
    await relay_all(relay)
    assert await told_to_the_world(broker.url, task_id, seq) == list(range(1, seq + 1))


async def test_after_a_loss_of_the_stream_telling_goes_on_with_what_happens_next(
    store: Store, bus: Bus, broker: Broker
) -> None:
    task_id = await new_task(store, "t")
    relay = Outbox(store, BusPublisher(bus))
    await happen(store, task_id, 3)
    await relay_all(relay)
    broker.kill()
    broker.forget()
    broker.start()
    seq = await happen(store, task_id, 2)
    async with asyncio.timeout(30):
        while True:
            try:
                await relay_all(relay)
                break
            except UnavailableError:
                await asyncio.sleep(0.1)
    assert await told_to_the_world(broker.url, task_id, seq) == [5, 6]


async def test_consumer_that_an_earlier_version_left_gets_the_settings_of_this_one(bus: Bus, broker: Broker) -> None:
    earlier = bus.consumer(REPORTS, "orchestrator", report_subject("*"), ack_wait_s=10.0, max_pending=1000)
    await bus.publish(report_subject("t"), b"1", msg_id="1")
    delivery = await earlier.fetch(wait_s=5)
    assert delivery is not None
    await earlier.close()
    now = bus.consumer(REPORTS, "orchestrator", report_subject("*"), ack_wait_s=ACK_WAIT_S, max_pending=1)
    await delivery.nak()
    again = await now.fetch(wait_s=15)
    assert again is not None
    assert (again.data, again.times) == (b"1", 2)
    async with stream_of(broker.url) as jetstream:
        config = (await jetstream.consumer_info(REPORTS, "orchestrator")).config
    assert (config.max_ack_pending, config.ack_wait) == (1, ACK_WAIT_S)
