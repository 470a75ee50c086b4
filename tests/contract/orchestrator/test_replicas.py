"""Several orchestrators, gateways and workers do the work of one: each stage once, each event once and in order."""

from __future__ import annotations

import asyncio
import itertools
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NoReturn

import grpc
import httpx
import pytest

from services.orchestrator.tasks import Tasks
from services.runtime.errors import InvalidInputError, UnavailableError
from services.runtime.grpc_errors import from_rpc_error
from services.runtime.grpc_server import open_channel
from services.runtime.stage import StageContext
from tests.contract.orchestrator.harness import ENDED, Broker, System, kill
from tests.contract.orchestrator.replicas import Processes, told_to_the_world
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.orchestrator.v1.orchestrator_pb2_grpc import TaskServiceStub
from voiceloom.pipeline.v1.pipeline_pb2 import TaskEvent, TaskState

COMPLETED = TaskState.TASK_STATE_COMPLETED
# Time enough for a replica that was stopped to be left by those who talk to it.
LEASE_S = 12.0


@pytest.fixture
async def pair(tmp_path: Path, broker: Broker, database_url: str) -> AsyncIterator[System]:
    """A system for two orchestrators, which the test starts."""
    system = System(tmp_path, broker, database_url, orchestrators=2)
    await system.start_preprocessing()
    yield system
    await system.close()


@pytest.fixture
def processes(pair: System) -> Iterator[Processes]:
    """Programs of that system."""
    started = Processes(pair)
    yield started
    started.close()


async def start_both(system: System, **overrides: object) -> None:
    """Two orchestrators in this process."""
    system.overrides.update(overrides)
    for number in (0, 1):
        await system.start_orchestrator(number)


def leases(system: System) -> list[str]:
    """Every lease that a worker process has worked on."""
    journal = system.folder / "leases"
    return journal.read_text().splitlines() if journal.exists() else []


async def upload_of(system: System, owner: str) -> str:
    """A recording of an owner."""

    async def parts() -> AsyncIterator[pb.WriteFileRequest]:
        yield pb.WriteFileRequest(header=pb.WriteFileHeader(owner=owner, filename="me.wav"))
        yield pb.WriteFileRequest(chunk=b"sound")

    return str((await system.files.WriteFile(parts())).file.id)


async def ended(system: System, owner: str, task_id: str) -> None:
    """Wait until an owner's task has ended."""
    deadline = time.monotonic() + 60
    while True:
        task = (await system.tasks.GetTask(pb.GetTaskRequest(owner=owner, task_id=task_id))).task
        if task.state in ENDED:
            return
        assert time.monotonic() < deadline, task
        await asyncio.sleep(0.05)


async def check_history(system: System, task: pb.Task) -> list[TaskEvent]:
    """A completed task told everything once and in order, to its watchers and to the world."""
    assert task.state == COMPLETED, task
    events = await system.events(task.id)
    assert [event.seq for event in events] == list(range(1, task.last_seq + 1))
    done = Counter(event.progressed.stage for event in events if event.progressed.message.key == "stage.done")
    assert done == dict.fromkeys(done, 1)
    assert len(done) == 8
    assert await told_to_the_world(system.broker.url, task.id, task.last_seq) == list(range(1, task.last_seq + 1))
    return events


async def test_two_orchestrators_and_three_workers_run_each_stage_once(pair: System, processes: Processes) -> None:
    await start_both(pair, heavy_slots=4, stage_window=4, lease_ttl_s=LEASE_S)
    for _ in range(3):
        processes.worker(0.05)
    file = await pair.upload()
    tasks = [await pair.create(f"v{n}", file_id=file.id, owner="") for n in range(4)]
    for task in tasks:
        await check_history(pair, await pair.ended(task.id, within_s=90))
    assert len(leases(pair)) == len(set(leases(pair))) == 4 * 8


async def test_worker_that_was_paused_over_its_lease_spoils_nothing_when_it_wakes(
    pair: System, processes: Processes
) -> None:
    await start_both(pair, lease_ttl_s=3.0)
    sleeper = processes.worker(1.0)
    task = await pair.create()
    await pair.until(task.id, lambda task: task.stages[0].progress > 0, within_s=30)
    sleeper.send_signal(signal.SIGSTOP)
    await pair.until(task.id, lambda task: task.state == TaskState.TASK_STATE_INTERRUPTED, within_s=30)
    processes.worker(0.05)
    ended = await pair.ended(task.id, within_s=60)
    sleeper.send_signal(signal.SIGCONT)
    await asyncio.sleep(2)  # it says what it has to say
    after = await pair.get(task.id)
    assert (after.state, after.last_seq) == (COMPLETED, ended.last_seq)
    assert after.stages[0].lease == 2
    await check_history(pair, after)


async def test_orchestrator_that_was_paused_in_the_middle_spoils_nothing_when_it_wakes(
    pair: System, processes: Processes
) -> None:
    pair.overrides.update(lease_ttl_s=LEASE_S)
    first, _ = processes.orchestrator(0), processes.orchestrator(1)
    await pair.reachable()
    processes.worker(0.2)
    task = await pair.create()
    await pair.until(task.id, lambda task: task.progress > 0, within_s=30)
    # SQLite's file stays locked for as long as somebody is stopped in the middle of a write: no long pause there.
    pause_s = 1.5 if "sqlite" in pair.settings().database_url else LEASE_S + 1
    async with asyncio.timeout(120):
        while (await pair.get(task.id)).state not in ENDED:
            first.send_signal(signal.SIGSTOP)
            await asyncio.sleep(pause_s)
            first.send_signal(signal.SIGCONT)
            await asyncio.sleep(0.3)
    await asyncio.sleep(2)  # it does what it had begun
    after = await pair.get(task.id)
    await check_history(pair, after)
    assert {stage.lease for stage in after.stages} == {1}, "no worker lost its lease"


async def read_events(url: str, task_id: str, after: int, most: int) -> list[int]:
    """Numbers of the next events of a task, as a client of one gateway gets them."""
    seqs: list[int] = []
    headers = {"Last-Event-ID": str(after)}
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        async with http.stream("GET", f"{url}/tasks/{task_id}/progress", headers=headers) as response:
            assert response.status_code == 200
            async for line in response.aiter_lines():
                if line.startswith("id: "):
                    seqs.append(int(line.removeprefix("id: ")))
                    if len(seqs) == most:
                        break
    return seqs


async def test_client_that_moves_between_gateways_while_an_orchestrator_dies_misses_nothing_and_no_get_fails(
    pair: System, processes: Processes
) -> None:
    pair.overrides.update(lease_ttl_s=LEASE_S)
    first, _ = processes.orchestrator(0), processes.orchestrator(1)
    await pair.reachable()
    gateways = [await processes.gateway(), await processes.gateway()]
    task = await pair.create()
    processes.worker(0.3)
    seen: list[int] = []
    statuses: list[int] = []
    killed = False

    async def look() -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
            for url in itertools.cycle(gateways):
                statuses.append((await http.get(f"{url}/tasks/{task.id}")).status_code)
                await asyncio.sleep(0.02)

    looking = asyncio.create_task(look())
    for url in itertools.cycle(gateways):
        seen += await read_events(url, task.id, seen[-1] if seen else 0, 6)
        if len(seen) > 12 and not killed:
            killed = True
            kill(first, signal.SIGKILL)
        if (await pair.get(task.id)).state == COMPLETED and seen[-1] == (await pair.get(task.id)).last_seq:
            break
    looking.cancel()
    assert killed
    assert seen == list(range(1, seen[-1] + 1))
    assert set(statuses) == {200}
    await check_history(pair, await pair.get(task.id))


async def test_event_committed_by_one_orchestrator_reaches_a_watcher_of_the_other_at_once(pair: System) -> None:
    await start_both(pair)
    task = await pair.create()
    one, other = (open_channel(address) for address in pair.address.split(","))
    async with one, other:
        watching = TaskServiceStub(other).WatchTask(pb.WatchTaskRequest(task_id=task.id), timeout=30)
        await watching.read()
        # The view of the other one is kept, and must not outlive what this one does.
        await TaskServiceStub(other).GetTask(pb.GetTaskRequest(task_id=task.id))
        asked_at = time.monotonic()
        await TaskServiceStub(one).CancelTask(pb.CancelTaskRequest(task_id=task.id))
        told = await watching.read()
        assert told.event.HasField("cancelled")
        assert time.monotonic() - asked_at < 3, "well before watchers look by themselves"
        seen = await TaskServiceStub(other).GetTask(pb.GetTaskRequest(task_id=task.id))
        assert seen.task.state == TaskState.TASK_STATE_CANCELLED


async def test_view_of_a_task_is_never_older_than_what_the_caller_has_heard_elsewhere(
    pair: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The broker's news of the other replica is late.
    monkeypatch.setattr(Tasks, "hear", lambda self, task_id, seq: None)
    await start_both(pair)
    await pair.start_workers({"audio_slice": wait_to_be_stopped})
    task = await pair.create()
    one, other = (open_channel(address) for address in pair.address.split(","))
    async with one, other:
        await pair.until(task.id, lambda task: task.state == TaskState.TASK_STATE_RUNNING)
        await TaskServiceStub(other).GetTask(pb.GetTaskRequest(task_id=task.id))
        cancelled = (await TaskServiceStub(one).CancelTask(pb.CancelTaskRequest(task_id=task.id))).task
        known = pb.GetTaskRequest(task_id=task.id, known_seq=cancelled.last_seq)
        assert (await TaskServiceStub(other).GetTask(known)).task.last_seq >= cancelled.last_seq


async def test_limit_of_unfinished_tasks_is_exact_however_many_ask_at_once(pair: System) -> None:
    await start_both(pair, max_queued_tasks=5)
    file = await pair.upload()
    answers = await asyncio.gather(*(pair.create(f"v{n}", file_id=file.id) for n in range(20)), return_exceptions=True)
    refused = [from_rpc_error(answer) for answer in answers if isinstance(answer, grpc.RpcError)]
    assert {error.code for error in refused} == {"QUEUE_FULL"}
    assert not any(isinstance(error, UnavailableError) for error in refused)
    assert len(refused) == 15
    assert (await pair.tasks.ListTasks(pb.ListTasksRequest())).total == 5


def wait_to_be_stopped(context: StageContext) -> NoReturn:
    context.stop.wait(60)
    context.stop.raise_if_set()
    raise AssertionError("nobody stopped the stage")


async def create_for(system: System, counts: dict[str, int]) -> list[tuple[str, str]]:
    """So many tasks of each owner, one owner after the other; owner and id of each."""
    created = []
    for owner, count in counts.items():
        file_id = await upload_of(system, owner)
        created += [(owner, (await system.create(f"v{n}", file_id=file_id, owner=owner)).id) for n in range(count)]
    return created


async def test_owners_take_turns_whichever_orchestrator_decides(pair: System) -> None:
    begun: list[str] = []

    def slice_audio(context: StageContext) -> NoReturn:
        begun.append(context.claim.owner)
        raise InvalidInputError("AUDIO_SILENT")  # the task ends, and nothing but these stages takes slots

    await start_both(pair, heavy_slots=1)
    created = await create_for(pair, {"a": 4, "b": 2, "c": 2})
    await pair.start_workers({"audio_slice": slice_audio})
    for owner, task_id in created:
        await ended(pair, owner, task_id)
    # The very first one was released before others had asked.
    assert "".join(begun) == "abcabcaa"


async def test_limits_hold_over_all_orchestrators(pair: System) -> None:
    running: Counter[str] = Counter()
    most: Counter[str] = Counter()

    def slice_audio(context: StageContext) -> NoReturn:
        owner = context.claim.owner
        running[owner] += 1
        most[owner] = max(most[owner], running[owner])
        most["all"] = max(most["all"], running.total())
        context.stop.wait(0.3)
        running[owner] -= 1
        raise InvalidInputError("AUDIO_SILENT")

    await start_both(pair, heavy_slots=3, stage_window=3, max_concurrent_tasks=2, lease_ttl_s=LEASE_S)
    created = await create_for(pair, {"a": 5, "b": 3})
    for number in range(4):
        await pair.start_workers({"audio_slice": slice_audio}, name=f"workers-{number}")
    for owner, task_id in created:
        await ended(pair, owner, task_id)
    assert most["all"] <= 3
    assert max(most["a"], most["b"]) <= 2
