"""Many subscribers of several tasks at once: does everybody get every event, and when."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.figures import Figure, Size, port_of
from tests.bench.load import Subscriber, post_all, subscribe
from tests.bench.queue import upload
from tests.bench.stack import running_stack, suspended
from tests.bench.training import delays, event_times
from tests.stack import ROOT, Stack

# Tasks that talk at the same time, each in a process of its own.
TALKERS = 4
LONGEST_S = 900.0


def measure(folder: Path, size: Size) -> list[Figure]:
    """Follow tasks whose worker only talks, from their first event to their last."""
    with running_stack(
        folder / "data", heavy_slots=TALKERS, stage_window=TALKERS, max_concurrent_tasks=TALKERS
    ) as stack:
        file_id = upload(stack)
        with suspended(stack, "preprocessing"):
            worst_s, missing, events = asyncio.run(follow(stack, file_id, size))
    return [
        Figure(
            f"{size.subscribers} SSE subscribers of {size.followed} tasks, slowest delivery of {events} events",
            f"{worst_s * 1000:.0f} ms, {missing} missing or doubled",
            "0 missing or doubled",
            missing == 0,
        )
    ]


async def follow(stack: Stack, file_id: str, size: Size) -> tuple[float, int, int]:
    """Slowest delivery in seconds, deliveries missing or doubled, and the events of all tasks."""
    port = port_of(stack)
    bodies = [{"exp_name": f"talk-{n}", "audio_file_id": file_id} for n in range(size.followed)]
    _, answers = await post_all(port, "/tasks", bodies)
    followers: dict[str, list[Subscriber]] = {answer["id"]: [] for answer in answers}
    async with asyncio.TaskGroup() as group:
        for number in range(size.subscribers):
            task_id = answers[number % len(answers)]["id"]
            followers[task_id].append(Subscriber())
            group.create_task(subscribe(port, task_id, followers[task_id][-1], timeout_s=LONGEST_S))
        # Everybody listens before anybody speaks.
        while not all(one.received for many in followers.values() for one in many):
            await asyncio.sleep(0.1)
        times = {task_id: group.create_task(event_times(stack, task_id)) for task_id in followers}
        with talking(stack, size.events):
            await asyncio.wait(times.values())
    found = [delays(many, times[task_id].result()) for task_id, many in followers.items()]
    events = sum(len(task.result()) for task in times.values())
    return max(worst for worst, _ in found), sum(missing for _, missing in found), events


@contextmanager
def talking(stack: Stack, lines: int) -> Iterator[None]:
    """Workers of this stack that only talk."""
    programs = stack.facts["programs"]
    environment = os.environ | {
        "VOICELOOM_NATS_URL": f"nats://127.0.0.1:{programs['nats']['port']}",
        "VOICELOOM_ORCHESTRATOR_ADDRESS": f"127.0.0.1:{programs['orchestrator']['port']}",
        "VOICELOOM_ARTIFACTS_URL": str(stack.data / "artifacts"),
        "VOICELOOM_LOG_LEVEL": "warning",
    }
    talkers = [
        subprocess.Popen([sys.executable, "-m", "tests.bench.talker", str(lines)], cwd=ROOT, env=environment)
        for _ in range(TALKERS)
    ]
    try:
        yield
    finally:
        for talker in talkers:
            talker.terminate()
        for talker in talkers:
            talker.wait()
