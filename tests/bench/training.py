"""One `fast` task with the default pack: its time, and how the gateway bears load and subscribers while it trains."""

import asyncio
import datetime as dt
import sys
import time
from pathlib import Path

import av
import grpc.aio
import httpx

from tests.bench.figures import Figure, Size, port_of
from tests.bench.load import Latencies, Subscriber, get_at_rate, subscribe
from tests.bench.stack import MIB, MemoryWatch, loads_torch, running_stack
from tests.stack import ROOT, Stack
from voiceloom.orchestrator.v1 import orchestrator_pb2, orchestrator_pb2_grpc

SAMPLE = ROOT / "samples" / "bella_90s.flac"
SUBSCRIBERS = 200
REQUESTS_PER_S = 100
LONGEST_S = 1800.0


def measure(folder: Path, size: Size) -> list[Figure]:
    """Train a voice; the size changes nothing here."""
    with running_stack(folder / "data") as stack:
        with MemoryWatch(stack) as memory:
            task_id = create_task(stack, "bench")
            began = time.perf_counter()
            loaded = asyncio.run(load_during_training(stack, task_id))
            took_s = time.perf_counter() - began
        task = httpx.get(f"{stack.base_url}/tasks/{task_id}", timeout=30, trust_env=False).json()
        if task["status"] != "completed":
            sys.exit(f"The task ended as {task['status']}: {task['error']}")
        return task_figures(task, took_s) + load_figures(*loaded) + memory_figures(stack, memory)


async def event_times(stack: Stack, task_id: str) -> dict[int, float]:
    """The moment at which each event of the task was committed, by its sequence."""
    address = f"127.0.0.1:{stack.facts['programs']['orchestrator']['port']}"
    async with grpc.aio.insecure_channel(address) as channel:
        watch = orchestrator_pb2_grpc.TaskServiceStub(channel).WatchTask(
            orchestrator_pb2.WatchTaskRequest(owner="local", task_id=task_id)
        )
        return {answer.event.seq: answer.event.time.ToDatetime(dt.UTC).timestamp() async for answer in watch}


async def load_during_training(stack: Stack, task_id: str) -> tuple[Latencies, list[Subscriber], dict[int, float]]:
    """Subscribers for the whole task; requests at a fixed rate for 30 s once a training runs."""
    subscribers = [Subscriber() for _ in range(SUBSCRIBERS)]
    async with asyncio.TaskGroup() as group:
        for subscriber in subscribers:
            group.create_task(subscribe(port_of(stack), task_id, subscriber, timeout_s=LONGEST_S))
        times = group.create_task(event_times(stack, task_id))
        await until_stage(stack, task_id, "sovits_train")
        latencies = await get_at_rate(port_of(stack), f"/tasks/{task_id}", per_second=REQUESTS_PER_S, seconds=30)
    return latencies, subscribers, times.result()


async def until_stage(stack: Stack, task_id: str, stage: str) -> None:
    """Wait until a stage of the task runs."""
    async with httpx.AsyncClient(base_url=stack.base_url, trust_env=False) as http:
        while True:
            task = (await http.get(f"/tasks/{task_id}")).json()
            row = next(row for row in task["stages"] if row["name"] == stage)
            if row["status"] != "pending" or task["status"] in ("failed", "cancelled"):
                return
            await asyncio.sleep(0.5)


def create_task(stack: Stack, name: str) -> str:
    """Upload the sample and start a `fast` task."""
    with httpx.Client(base_url=stack.base_url, timeout=60, trust_env=False) as http, SAMPLE.open("rb") as file:
        file_id = http.post("/files", files={"file": (SAMPLE.name, file)}).raise_for_status().json()["file_id"]
        body = {"exp_name": name, "audio_file_id": file_id, "options": {"quality": "fast"}}
        return str(http.post("/tasks", json=body).raise_for_status().json()["id"])


def audio_seconds(path: Path) -> float:
    """Length of a recording by decoding it."""
    with av.open(str(path)) as container:
        return sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))


def delays(subscribers: list[Subscriber], committed: dict[int, float]) -> tuple[float, int]:
    """Longest seconds from commit to any subscriber among live events, and how many deliveries went missing."""
    # The first events were committed before the last subscriber was there: those are replayed, not late.
    begun = max(min(subscriber.received.values()) for subscriber in subscribers)
    live = {seq for seq, moment in committed.items() if moment > begun}
    worst, missing = 0.0, 0
    for subscriber in subscribers:
        missing += len(set(committed) - set(subscriber.received)) + (len(subscriber.order) - len(subscriber.received))
        worst = max([worst, *(subscriber.received[seq] - committed[seq] for seq in live if seq in subscriber.received)])
    return worst, missing


def task_figures(task: dict, took_s: float) -> list[Figure]:
    """Rows about the task itself."""
    stages = {row["name"]: row["seconds"] for row in task["stages"]}
    seconds = audio_seconds(SAMPLE)
    speed = seconds / stages["asr"]
    rows = [
        Figure("`fast` task, POST to completed", f"{took_s:.0f} s", "at most 360 s", took_s <= 360),
        Figure(f"ASR of {seconds:.0f} s", f"{speed:.1f} times real time", "at least 3", speed >= 3),
    ]
    return rows + [Figure(f"stage `{name}`", f"{took:.1f} s", "", None) for name, took in stages.items()]


def load_figures(latencies: Latencies, subscribers: list[Subscriber], committed: dict[int, float]) -> list[Figure]:
    """Rows about the gateway under load."""
    p50, p99 = latencies.percentile(0.5) * 1000, latencies.percentile(0.99) * 1000
    worst, missing = delays(subscribers, committed)
    return [
        Figure(
            f"`GET /tasks/{{id}}` at {REQUESTS_PER_S}/s while training",
            f"p50 {p50:.1f} ms, p99 {p99:.1f} ms, {latencies.errors} errors",
            "p99 at most 25 ms",
            p99 <= 25 and not latencies.errors,
        ),
        Figure(
            f"{SUBSCRIBERS} SSE subscribers, slowest delivery of {len(committed)} events",
            f"{worst * 1000:.0f} ms, {missing} missing or doubled",
            "at most 300 ms, 0",
            worst <= 0.3 and missing == 0,
        ),
    ]


def memory_figures(stack: Stack, memory: MemoryWatch) -> list[Figure]:
    """Rows about memory, and about what the cheap processes load."""
    rows = [
        Figure(
            f"{name}, resident at most",
            f"{size / MIB:.0f} MiB, {'torch loaded' if loads_torch(stack.pid_of(name)) else 'no torch'}",
            "150 MiB, no torch",
            size <= 150 * MIB and not loads_torch(stack.pid_of(name)),
        )
        for name, size in memory.resident_peak_bytes.items()
    ]
    peak = memory.peak_bytes / 1e9
    return [
        *rows,
        Figure("whole stack, proportional set size at its peak", f"{peak:.2f} GB", "at most 5 GB", peak <= 5),
    ]
