"""What the database says may run is what the table of stages says."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

from services.orchestrator import lifecycle
from services.orchestrator.models import Task
from services.orchestrator.pipeline import STAGES
from services.orchestrator.scheduler import _waiting
from services.orchestrator.store import Store

NOW = 1000.0
STATES = ("pending", "pending", "completed", "completed", "running", "failed", "skipped")


def task(number: int, rng: random.Random) -> Task:
    made = lifecycle.new_task(
        task_id=f"{number:03}",
        owner=f"owner-{number % 3}",
        exp_name=f"voice-{number}",
        file_ids=["f"],
        ref_audio_id="",
        language="auto",
        options=b"",
        inference=True,
        callback_url="",
        now=float(number),
    )
    for stage in made.stages:
        stage.state = rng.choice(STATES)
        if stage.state == "pending":
            stage.not_before = rng.choice((None, NOW - 1, NOW + 1))
            stage.released_at = rng.choice((None, None, NOW - 5))
    return made


def test_scheduler_finds_in_the_store_exactly_what_is_ready(tmp_path: Path) -> None:
    async def both() -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
        rng = random.Random(3)
        store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/tasks.db")
        tasks = [task(number, rng) for number in range(800)]
        ready = {(made.id, stage.name) for made in tasks for stage in lifecycle.ready(made, NOW)}
        async with store.writing() as session:
            session.add_all(tasks)
        async with store.reading() as session:
            found = {(row.task_id, row.stage) for row in await _waiting(session, 10_000, NOW)}
        await store.close()
        return ready, found

    ready, found = asyncio.run(both())
    assert {stage for _, stage in ready} == set(STAGES), "every stage is ready in some task, or little was compared"
    assert found == ready
