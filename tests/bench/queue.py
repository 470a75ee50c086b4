"""A long queue: creating it through REST, listing it, and an orchestrator that comes back to it."""

import asyncio
import os
import signal
import time
from pathlib import Path

import httpx

from tests.bench.figures import Figure, Size, port_of
from tests.bench.load import get_at_rate, post_all
from tests.bench.stack import running_stack, suspended
from tests.stack import ROOT, Stack

SAMPLE = ROOT / "samples" / "bella_25s.flac"
LISTINGS_PER_S = 20
LONGEST_RESTART_S = 60.0


def measure(folder: Path, size: Size) -> list[Figure]:
    """Create tasks as fast as they are taken, then list them at a fixed rate."""
    with running_stack(folder / "data", max_queued_tasks=size.tasks + 1) as stack:
        file_id = upload(stack)
        with suspended(stack, "preprocessing"):
            per_s, p99_s, errors = fill(stack, file_id, size.tasks)
            path = "/tasks?limit=50"
            listed = asyncio.run(get_at_rate(port_of(stack), path, per_second=LISTINGS_PER_S, seconds=size.listing_s))
    p50, p99 = listed.percentile(0.5) * 1000, listed.percentile(0.99) * 1000
    return [
        Figure(
            f"creating {size.tasks} tasks through REST, SQLite",
            f"{per_s:.0f} a second, p99 {p99_s * 1000:.0f} ms, {errors} errors",
            "at least 100 a second",
            per_s >= 100 and not errors,
        ),
        Figure(
            f"`GET /tasks?limit=50` with {size.tasks} in the queue, {LISTINGS_PER_S}/s",
            f"p50 {p50:.1f} ms, p99 {p99:.1f} ms, {listed.errors} errors",
            "p99 at most 50 ms",
            p99 <= 50 and not listed.errors,
        ),
    ]


def measure_restart(folder: Path, size: Size) -> list[Figure]:
    """Kill the orchestrator and ask for a task until there is an answer again."""
    with running_stack(folder / "data", max_queued_tasks=size.tasks + 1) as stack:
        file_id = upload(stack)
        with suspended(stack, "preprocessing"):
            fill(stack, file_id, size.tasks)
            took_s, delay_s = restart(stack)
    return [
        Figure(
            f"orchestrator killed with {size.tasks} tasks, until it answers",
            f"{took_s:.1f} s, {took_s - delay_s:.1f} s of them its own start",
            "own start at most 3 s",
            took_s - delay_s <= 3.0,
        )
    ]


def upload(stack: Stack) -> str:
    """A recording for all tasks."""
    with httpx.Client(base_url=stack.base_url, timeout=60, trust_env=False) as http, SAMPLE.open("rb") as file:
        return str(http.post("/files", files={"file": (SAMPLE.name, file)}).raise_for_status().json()["file_id"])


def fill(stack: Stack, file_id: str, tasks: int) -> tuple[float, float, int]:
    """Create tasks; how many a second, the slow end of the latencies in seconds, and errors."""
    bodies = [
        {"exp_name": f"queued-{number}", "audio_file_id": file_id, "options": {"quality": "fast"}}
        for number in range(tasks)
    ]
    began = time.perf_counter()
    latencies, answers = asyncio.run(post_all(port_of(stack), "/tasks", bodies))
    return len(answers) / (time.perf_counter() - began), latencies.percentile(0.99), latencies.errors


def restart(stack: Stack) -> tuple[float, float]:
    """Seconds from the kill to the first answer, and how long the supervisor waited before it started another one."""
    pid = stack.pid_of("orchestrator")
    os.kill(pid, signal.SIGKILL)
    began = time.monotonic()
    delay_s = 0.0
    with httpx.Client(base_url=stack.base_url, timeout=5, trust_env=False) as http:
        while time.monotonic() - began < LONGEST_RESTART_S:
            if not delay_s and stack.facts["programs"]["orchestrator"]["pid"] not in (None, pid):
                delay_s = time.monotonic() - began
            try:
                if delay_s and http.get("/tasks", params={"limit": 1}).status_code == 200:
                    return time.monotonic() - began, delay_s
            except httpx.HTTPError:
                pass  # the gateway waits for the orchestrator, too
            time.sleep(0.02)
    raise AssertionError("the orchestrator did not come back")
