"""Folders of stages and who uses them: on every task store, in a folder and in a bucket."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from services.orchestrator import lifecycle
from services.orchestrator.models import Task
from services.orchestrator.origins import find, is_kept
from services.orchestrator.pipeline import STAGES
from services.orchestrator.store import Store
from services.orchestrator.sweeper import Sweeper
from services.runtime.artifacts import ArtifactStore
from tests.support.s3 import Bucket

KEY = "ab" * 32


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.close()


@pytest.fixture(params=["folder", "bucket"])
def artifacts(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactStore:
    if request.param == "folder":
        return ArtifactStore(str(tmp_path / "artifacts"))
    bucket: Bucket = request.getfixturevalue("bucket")
    return ArtifactStore(bucket.url, bucket.access)


async def add(store: Store, name: str, *, origin: str = "", owner: str = "local", purged: bool = False) -> str:
    """A task all of whose stages are completed; with ``origin``, they were taken over from that task."""
    async with store.writing() as session:
        task = lifecycle.new_task(
            task_id=name,
            owner=owner,
            exp_name=name,
            file_ids=["f"],
            ref_audio_id="",
            language="auto",
            options=b"words",
            inference=True,
            callback_url="",
            now=time.time(),
        )
        for stage in task.stages:
            stage.state, stage.cache_key, stage.completed_at = "completed", KEY, time.time()
            stage.manifest = {"uri": f"tasks/{name}/{stage.name}/1/manifest.pb", "sha256": "00", "size_bytes": 1}
            stage.origin = f"tasks/{origin or name}/{stage.name}"
        task.purged_at = time.time() - 60 if purged else None
        session.add(task)
    return name


async def run(store: Store, name: str, stage_name: str = "asr", *, manifest: bool = True) -> None:
    """Have one stage of a task run again."""
    async with store.writing() as session:
        task = await session.get_one(Task, name)
        stage = lifecycle.stage_of(task, stage_name)
        stage.state, stage.lease = "running", 3
        if not manifest:
            stage.manifest, stage.cache_key, stage.origin = None, "", ""


async def purge(store: Store, name: str) -> None:
    async with store.writing() as session:
        task = (await session.scalars(select(Task).where(Task.id == name).with_for_update())).one()
        task.purged_at = time.time() - 60


def keys_of(artifacts: ArtifactStore, task_id: str) -> set[str]:
    return {item.uri.split("/")[2] for item in artifacts.listed(f"tasks/{task_id}")}


async def test_own_manifest_is_found_before_the_newest_and_only_for_the_live_lease(store: Store) -> None:
    for name, owner in (("old", "local"), ("new", "local"), ("theirs", "other"), ("gone", "local"), ("mine", "local")):
        await add(store, name, owner=owner, purged=name == "gone")
    await run(store, "mine")
    async with store.reading() as session:
        own = await find(session, "mine", "asr", 3, KEY)
        assert own is not None
        assert own.origin == "tasks/mine/asr"
        assert await find(session, "mine", "asr", 2, KEY) is None
        assert await find(session, "mine", "audio_slice", 0, KEY) is None  # it does not run
        assert await find(session, "mine", "asr", 3, "cd" * 32) is None
        assert await find(session, "mine", "asr", 3, "") is None
    await run(store, "mine", manifest=False)
    async with store.reading() as session:
        newest = await find(session, "mine", "asr", 3, KEY)
        assert newest is not None
        assert newest.origin == "tasks/new/asr"


async def test_task_cannot_be_purged_while_its_work_is_being_taken_over(store: Store) -> None:
    await add(store, "first")
    purging: asyncio.Task[None] | None = None
    async with store.writing() as session:
        assert await is_kept(session, "local", "asr", "tasks/first/asr")
        purging = asyncio.create_task(purge(store, "first"))
        await asyncio.wait([purging], timeout=0.5)
        assert not purging.done()
    await asyncio.wait_for(purging, 10)
    async with store.writing() as session:
        assert not await is_kept(session, "local", "asr", "tasks/first/asr")


async def test_only_users_of_the_same_owner_and_stage_count(store: Store) -> None:
    await add(store, "first", purged=True)
    await add(store, "second", origin="first")
    async with store.writing() as session:
        assert await is_kept(session, "local", "asr", "tasks/first/asr")
        assert not await is_kept(session, "other", "asr", "tasks/first/asr")
        assert not await is_kept(session, "local", "gpt_train", "tasks/first/asr")
        assert not await is_kept(session, "local", "asr", "tasks/second/asr")


async def test_last_purge_removes_the_folder_and_no_other(store: Store, artifacts: ArtifactStore) -> None:
    await add(store, "first", purged=True)
    await add(store, "second", origin="first")
    await add(store, "firsts")  # a name that begins alike
    for task_id in ("first", "second", "firsts"):
        for stage in STAGES:
            for lease in (1, 2):  # models of one run may lie under several leases
                artifacts.put_bytes(f"tasks/{task_id}/{stage}/{lease}/work.bin", b"x")
    await run(store, "second", "gpt_train", manifest=False)
    sweeper = Sweeper(store, artifacts, purge_after_s=1.0, orphan_age_s=60.0, keep_keys_s=60.0)
    await sweeper.sweep()
    assert keys_of(artifacts, "first") == set(STAGES) - {"gpt_train"}
    async with store.reading() as session:
        hidden = await session.get_one(Task, "first")
        assert (hidden.options, hidden.exp_name, hidden.file_ids) == (b"", "", [])
    await purge(store, "second")
    # Another process goes on where the first one was cut off.
    again = Sweeper(store, artifacts, purge_after_s=1.0, orphan_age_s=60.0, keep_keys_s=60.0)
    await again.sweep()
    assert keys_of(artifacts, "first") == keys_of(artifacts, "second") == set()
    assert keys_of(artifacts, "firsts") == set(STAGES)
    async with store.reading() as session:
        assert list(await session.scalars(select(Task.id))) == ["firsts"]


async def test_two_sweepers_at_once_remove_the_same_tasks_in_peace(store: Store, artifacts: ArtifactStore) -> None:
    for number in range(3):
        await add(store, f"t{number}", purged=True)
        for stage in STAGES:
            artifacts.put_bytes(f"tasks/t{number}/{stage}/1/work.bin", b"x")
    sweepers = [Sweeper(store, artifacts, purge_after_s=1.0, orphan_age_s=60.0, keep_keys_s=60.0) for _ in range(2)]
    await asyncio.gather(*(sweeper.sweep() for sweeper in sweepers))
    assert list(artifacts.listed("tasks")) == []
    async with store.reading() as session:
        assert list(await session.scalars(select(Task.id))) == []
