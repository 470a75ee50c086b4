"""Server-sent events: snapshots, resumption, ends, heartbeats, fan-out and survival."""

import asyncio
import time
from typing import Any

import grpc
import httpx
import pytest

from tests.contract.gateway.fake_orchestrator import FakeOrchestrator
from tests.contract.gateway.sse_client import Subscription, subscribe
from voiceloom.pipeline.v1 import pipeline_pb2 as pipeline

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def wait_until(condition: Any, timeout_s: float = 5) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.01)


async def test_headers_are_those_of_an_event_stream(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    task_id = fake.add_task()
    async with subscribe(http, task_id, **{"Accept-Encoding": "gzip"}) as events:
        headers = events.response.headers
        assert events.response.status_code == 200
        assert headers["content-type"] == "text/event-stream"
        assert headers["cache-control"] == "no-cache"
        assert headers["connection"] == "keep-alive"
        assert headers["x-accel-buffering"] == "no"
        assert headers["x-request-id"]
        assert "content-encoding" not in headers


async def test_newcomer_gets_a_snapshot_first_then_what_happens(
    http: httpx.AsyncClient, fake: FakeOrchestrator
) -> None:
    task_id = fake.add_task()
    last = await fake.progress(task_id, 0.2)
    async with subscribe(http, task_id) as events:
        snapshot = await events.next()
        assert (snapshot.name, snapshot.id) == ("progress", last)
        assert snapshot.data["snapshot"] is True
        assert (snapshot.data["status"], snapshot.data["progress"]) == ("running", 0.2)
        await fake.progress(task_id, 0.45, epoch=8)
        event = await events.next()
        assert (event.name, event.id) == ("progress", last + 1)
        assert event.data == {
            "stage": "sovits_train",
            "progress": 0.45,
            "message": event.data["message"],
            "message_key": "sovits_train.epoch",
            "message_args": {"epoch": "8", "epochs": "16"},
            "status": "running",
            "stage_progress": 0.5,
            "eta_seconds": 73,
        }
        assert "Epoch 8/16" in event.data["message"]


async def test_each_subscriber_reads_its_own_language(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    task_id = fake.add_task()
    async with (
        subscribe(http, task_id) as zh,
        subscribe(http, task_id, query="?lang=en") as en,
        subscribe(http, task_id, **{"Accept-Language": "en-GB,en;q=0.9,zh;q=0.1"}) as british,
    ):
        await fake.finish(task_id)
        ends = [(await subscriber.rest())[-1].data for subscriber in (zh, en, british)]
    same = {"status": "completed", "message_key": "task.completed", "message_args": {}}
    assert ends[0] == {**same, "message": "训练完成"}
    assert ends[1] == ends[2] == {**same, "message": "Training completed"}


async def test_log_lines_are_events_too(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    task_id = fake.add_task()
    message = pipeline.Message(key="clip.dropped", args={"clip": "c0001", "reason": "too_short"})
    await fake.emit(
        task_id, logged=pipeline.TaskLogged(stage=pipeline.STAGE_AUDIO_SLICE, level="warning", message=message)
    )
    await fake.finish(task_id)
    async with subscribe(http, task_id, 1) as events:
        log, _ = await events.rest()
    assert (log.name, log.id) == ("log", 2)
    assert log.data == {
        "stage": "audio_slice",
        "level": "warning",
        "message": "片段 c0001 未被采用: 太短",
        "message_key": "clip.dropped",
        "message_args": {"clip": "c0001", "reason": "too_short"},
    }


async def test_resuming_gives_only_later_events_each_once(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    task_id = fake.add_task()
    for step in range(10):
        await fake.progress(task_id, step / 10)
    await fake.finish(task_id)
    async with subscribe(http, task_id, 4) as events:
        assert [event.id for event in await events.rest()] == list(range(5, 13))
    async with subscribe(http, task_id, query="?last_event_id=0") as events:
        everything = await events.rest()
    assert [event.id for event in everything] == list(range(1, 13))
    assert everything[-1].name == "completed"
    assert not any("snapshot" in event.data for event in everything)


async def test_header_wins_over_the_query_of_the_first_visit(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    task_id = fake.add_task()
    await fake.progress(task_id, 0.5)
    await fake.finish(task_id)
    async with subscribe(http, task_id, 2, query="?last_event_id=0") as events:
        assert [event.id for event in await events.rest()] == [3]


@pytest.mark.parametrize("bad", ["x", "-1", "1.5", "9" * 30, "²"])
async def test_last_event_id_must_be_a_number(http: httpx.AsyncClient, fake: FakeOrchestrator, bad: str) -> None:
    response = await http.get(f"/tasks/{fake.add_task()}/progress", params={"last_event_id": bad})
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "last_event_id"


async def test_id_from_the_future_waits_for_the_end_like_everybody(
    http: httpx.AsyncClient, fake: FakeOrchestrator
) -> None:
    task_id = fake.add_task()
    async with subscribe(http, task_id, 999) as events:
        await fake.finish(task_id)
        assert [event.name for event in await events.rest()] == ["completed"]
    asked = [request for method, request in fake.calls if method == "GetTask"]
    assert [request.known_seq for request in asked] == [999], "nothing older than what the client has heard"


@pytest.mark.parametrize(
    ("state", "name"),
    [
        (pipeline.TASK_STATE_COMPLETED, "completed"),
        (pipeline.TASK_STATE_CANCELLED, "cancelled"),
        (pipeline.TASK_STATE_FAILED, "failed"),
    ],
)
async def test_finished_task_tells_its_end_at_once_and_then_204(
    http: httpx.AsyncClient, fake: FakeOrchestrator, state: int, name: str
) -> None:
    task_id = fake.add_task()
    last = await fake.finish(task_id, state, code="AUDIO_SILENT", stage=pipeline.STAGE_AUDIO_SLICE)
    async with subscribe(http, task_id) as events:
        (end,) = await events.rest()
    assert (end.name, end.id, end.data["status"]) == (name, last, name)
    assert end.data["message"]
    again = await http.get(f"/tasks/{task_id}/progress", headers={"Last-Event-ID": str(last)})
    assert (again.status_code, again.content) == (204, b"")
    by_query = await http.get(f"/tasks/{task_id}/progress?last_event_id={last}")
    assert by_query.status_code == 204
    assert fake.watches_total == 0


async def test_end_in_the_middle_of_a_history_ends_nothing(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    task_id = fake.add_task()
    first_end = await fake.finish(task_id)
    assert (await http.post(f"/tasks/{task_id}/retry")).status_code == 200
    async with subscribe(http, task_id, first_end) as after, subscribe(http, task_id, 0) as whole:
        await fake.progress(task_id, 0.5)
        last = await fake.finish(task_id)
        assert [event.id for event in await after.rest()] == [3, 4, 5]
        events = await whole.rest()
    assert [event.id for event in events] == [1, 2, 3, 4, 5]
    assert [event.name for event in events] == ["progress", "completed", "progress", "progress", "completed"]
    again = await http.get(f"/tasks/{task_id}/progress", headers={"Last-Event-ID": str(last)})
    assert again.status_code == 204


async def test_reader_of_an_end_and_reader_of_the_retry_are_kept_apart(start: Any, fake: FakeOrchestrator) -> None:
    gateway = await start(sse_buffer_events=3)
    task_id = fake.add_task()
    async with subscribe(gateway.http, task_id, 1) as before:
        await wait_until(lambda: fake.watches_open == 1)
        await fake.finish(task_id)
        await wait_until(lambda: fake.watches_open == 0)
        await fake.run_again(task_id)
        async with subscribe(gateway.http, task_id, 2) as after, subscribe(gateway.http, task_id, 0) as whole:
            for step in range(5):
                await fake.progress(task_id, step / 10)
            await fake.finish(task_id)
            assert [event.id for event in await after.rest()] == list(range(3, 10))
            assert [event.id for event in await whole.rest()] == list(range(1, 10))
        assert [event.id for event in await before.rest()] == [2]


async def test_stream_that_broke_after_the_end_tells_it_once_and_ends(start: Any, fake: FakeOrchestrator) -> None:
    gateway = await start()
    task_id = fake.add_task()
    async with subscribe(gateway.http, task_id, 1) as events:
        await wait_until(lambda: fake.watches_open == 1)
        fake.hold_ends = True  # the end is told, and the stream stays open until it is cut
        await fake.finish(task_id)
        assert (await events.next()).name == "completed"
        await fake.stop()
        fake.hold_ends = False
        await fake.start()
        assert await events.rest(10) == []


async def test_failure_carries_stage_code_and_sentence(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    task_id = fake.add_task()
    async with subscribe(http, task_id, 1) as events:
        message = pipeline.Message(key="error.ATTEMPTS_EXHAUSTED")
        stage = pipeline.STAGE_GPT_TRAIN
        await fake.finish(task_id, pipeline.TASK_STATE_FAILED, code="ATTEMPTS_EXHAUSTED", stage=stage, message=message)
        (end,) = await events.rest()
    assert end.data == {
        "status": "failed",
        "stage": "gpt_train",
        "code": "ATTEMPTS_EXHAUSTED",
        "message": "「GPT 训练」步骤多次尝试都没有成功,任务已停止",
        "message_key": "error.ATTEMPTS_EXHAUSTED",
        "message_args": {"stage": "gpt_train"},
    }


async def test_interruption_is_no_end(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    task_id = fake.add_task()
    async with subscribe(http, task_id, 1) as events:
        message = pipeline.Message(key="task.interrupted", args={"stage": "asr"})
        await fake.emit(
            task_id,
            progressed=pipeline.TaskProgressed(
                state=pipeline.TASK_STATE_INTERRUPTED, stage=pipeline.STAGE_ASR, progress=0.1, message=message
            ),
        )
        event = await events.next()
        assert (event.name, event.data["status"], event.data["eta_seconds"]) == ("progress", "interrupted", None)
        await fake.progress(task_id, 0.2)
        assert (await events.next()).data["status"] == "running"


async def test_silence_is_filled_with_heartbeats_without_id(start: Any, fake: FakeOrchestrator) -> None:
    gateway = await start(heartbeat_s=0.2)
    task_id = fake.add_task()
    async with subscribe(gateway.http, task_id, 1) as events:
        begun = time.monotonic()
        beats = [await events.next() for _ in range(3)]
        assert [(beat.name, beat.id, beat.data) for beat in beats] == [("heartbeat", None, {"type": "heartbeat"})] * 3
        assert 0.5 < beats[-1].at - begun < 2
        await fake.finish(task_id)
        assert [event.name for event in await events.rest()][-1] == "completed"


async def test_many_subscribers_share_one_watch_and_hear_at_once(
    http: httpx.AsyncClient, fake: FakeOrchestrator
) -> None:
    task_id = fake.add_task()
    open_streams = [subscribe(http, task_id, 1) for _ in range(20)]
    subscribers: list[Subscription] = [await stream.__aenter__() for stream in open_streams]
    await wait_until(lambda: fake.watches_open == 1)
    await fake.progress(task_id, 0.5)
    first = [await subscriber.next() for subscriber in subscribers]
    assert {event.id for event in first} == {2}
    assert fake.watches_total == 1
    await fake.finish(task_id)
    for subscriber, stream in zip(subscribers, open_streams, strict=True):
        assert [event.name for event in await subscriber.rest()] == ["completed"]
        await stream.__aexit__(None, None, None)
    await wait_until(lambda: fake.watches_open == 0)


async def test_watch_ends_when_the_last_subscriber_leaves(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    task_id = fake.add_task()
    async with subscribe(http, task_id) as first:
        await first.next()
        async with subscribe(http, task_id) as second:
            await second.next()
        await wait_until(lambda: fake.watches_open == 1)
    await wait_until(lambda: fake.watches_open == 0)


async def test_latecomer_with_an_old_id_reads_what_the_ring_has_lost(start: Any, fake: FakeOrchestrator) -> None:
    gateway = await start(sse_buffer_events=5)
    task_id = fake.add_task()
    for step in range(40):
        await fake.progress(task_id, step / 100)
    async with subscribe(gateway.http, task_id) as early:
        await early.next()
        for step in range(40, 60):
            await fake.progress(task_id, step / 100)
        async with subscribe(gateway.http, task_id, 3) as late:
            await fake.finish(task_id)
            assert [event.id for event in await late.rest()] == list(range(4, 63))
        assert [event.id for event in await early.rest()] == list(range(42, 63))


async def test_streams_survive_a_restart_of_the_orchestrator(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    task_id = fake.add_task()
    async with subscribe(http, task_id, 1) as events:
        await fake.progress(task_id, 0.1)
        assert (await events.next()).id == 2
        await fake.stop()
        await fake.progress(task_id, 0.2)
        await fake.progress(task_id, 0.3)
        await asyncio.sleep(0.3)
        await fake.start()
        assert [(await events.next(10)).id for _ in range(2)] == [3, 4]
        await fake.finish(task_id)
        assert [event.id for event in await events.rest()] == [5]


async def test_broken_watch_is_opened_again_where_it_was(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    task_id = fake.add_task()
    fake.refusals["WatchTask"] = (grpc.StatusCode.INTERNAL, "INTERNAL", {})
    async with subscribe(http, task_id, 1) as events:
        await fake.progress(task_id, 0.1)
        await wait_until(lambda: sum(name == "WatchTask" for name, _ in fake.calls) >= 2)
        del fake.refusals["WatchTask"]
        assert (await events.next()).id == 2


async def test_purged_task_ends_its_streams(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    task_id = fake.add_task()
    async with subscribe(http, task_id, 1) as events:
        await wait_until(lambda: fake.watches_open == 1)
        await http.delete(f"/tasks/{task_id}?purge=true")
        (end,) = await events.rest()
    assert (end.name, end.id, end.data["status"]) == ("cancelled", None, "cancelled")


async def test_gateway_ends_its_streams_when_it_stops(start: Any, fake: FakeOrchestrator) -> None:
    gateway = await start()
    task_id = fake.add_task()
    async with subscribe(gateway.http, task_id) as events:
        await events.next()
        begun = time.monotonic()
        gateway.server.stop()
        assert await events.rest() == []
        assert time.monotonic() - begun < 1


async def test_too_many_subscribers_are_asked_to_come_back(start: Any, fake: FakeOrchestrator) -> None:
    gateway = await start(sse_max_subscribers=1)
    task_id = fake.add_task()
    async with subscribe(gateway.http, task_id) as events:
        await events.next()
        await wait_until(lambda: fake.watches_open == 1)
        refused = await gateway.http.get(f"/tasks/{task_id}/progress")
    assert refused.status_code == 503
    assert refused.headers["retry-after"]


async def test_subscriber_that_reads_nothing_delays_nobody(start: Any, fake: FakeOrchestrator) -> None:
    gateway = await start(sse_send_timeout_s=0.5, sse_buffer_events=50)
    task_id = fake.add_task()
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port, limit=1024)
    writer.write(f"GET /tasks/{task_id}/progress?last_event_id=0 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    async with subscribe(gateway.http, task_id, 1) as quick:
        message = pipeline.Message(key="clip.dropped", args={"clip": "c" * 50_000, "reason": "noisy"})
        for _ in range(200):
            await fake.emit(task_id, logged=pipeline.TaskLogged(level="info", message=message))
        await fake.finish(task_id)
        events = await quick.rest(20)
    assert [event.id for event in events] == list(range(2, 203))
    # The deaf one is still connected, but it is no subscriber any more.
    async with asyncio.timeout(5):
        while "voiceloom_sse_subscribers 0.0" not in (await gateway.http.get("/metrics")).text:
            await asyncio.sleep(0.05)
    writer.close()
