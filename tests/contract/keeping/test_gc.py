"""What `voiceloom gc` removes, and above all what it does not."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from services.orchestrator import lifecycle
from services.orchestrator.events import Ref
from services.orchestrator.gc import Collected, StrangersError, collect
from services.orchestrator.lifecycle import stage_of
from services.orchestrator.models import IdempotencyKey, MetricRow, Task
from services.orchestrator.store import Store
from services.orchestrator.sweeper import Sweeper
from services.runtime.artifacts import ArtifactStore
from tests.contract.keeping.conftest import HOUR, Household, ref_of


def gc(household: Household, *, hours: float = 24, dry_run: bool = False) -> Awaitable[Collected]:
    return collect(
        household.store, household.artifacts, older_than_s=hours * HOUR, keep_keys_s=24 * HOUR, dry_run=dry_run
    )


async def test_what_nobody_owns_goes_once_it_is_a_day_old(household: Household) -> None:
    await household.file("f1")
    await household.task("t1")
    owned = household.uris()
    lost = {
        household.artifacts.put_bytes(uri, b"1234").uri
        for uri in (
            "files/f0/recording",
            "tasks/t0/asr/1/manifest.pb",
            "tasks/t0/gpt_train/1/e5.ckpt",
            "tasks/t1/gpt_train/0/e5.ckpt",
        )
    }
    half = household.folder / "artifacts" / "tasks" / "t1" / "asr" / "3" / "work.bin#1"
    half.parent.mkdir()
    half.write_bytes(b"12345")
    household.age(23)
    assert (await gc(household)).leftovers.count == 0
    assert household.uris() == owned | lost

    household.age(25)
    household.age(23, "tasks/t1/asr/3/work.bin#1")
    young = household.artifacts.put_bytes("files/f9/recording", b"young").uri
    would = await gc(household, dry_run=True)
    assert household.uris() == owned | lost | {young}
    done = await gc(household)
    assert done == would
    assert household.uris() == owned | {young}
    assert [(kind.count, kind.bytes) for kind in done.objects] == [(1, 4), (2, 8), (1, 4), (0, 0)]
    assert half.exists()
    household.age(25, "tasks/t1/asr/3/work.bin#1")
    done = await gc(household)
    assert (done.unfinished.count, done.unfinished.bytes, half.exists()) == (1, 5, False)


async def test_a_report_stays_as_long_as_its_recording(household: Household) -> None:
    await household.file("f1")
    kept = household.artifacts.put_bytes("files/f1/report", b"of f1").uri
    household.artifacts.put_bytes("files/f0/report", b"of a recording that was deleted")
    household.age(25)
    done = await gc(household)
    assert household.uris() == {"files/f1/recording", kept}
    assert done.files.count == 1


async def test_curves_go_with_their_task_also_when_others_still_use_what_it_made(household: Household) -> None:
    for name in ("first", "kept", "last"):
        await household.task(name)
        await household.curve(name, 1, 2)
    async with household.store.writing() as session:
        stage = stage_of(await session.get_one(Task, "last"), "asr")
        stage.origin = "tasks/kept/asr"
    for name in ("first", "kept"):
        await household.end(name, "purge")
    sweeper = Sweeper(household.store, household.artifacts, purge_after_s=-1.0, orphan_age_s=HOUR, keep_keys_s=HOUR)
    await sweeper.sweep()
    async with household.store.reading() as session:
        assert set(await session.scalars(select(Task.id))) == {"kept", "last"}
        assert set(await session.scalars(select(MetricRow.task_id))) == {"last"}


async def test_unfinished_and_purged_tasks_are_left_alone(household: Household) -> None:
    await household.file("f1")
    for name in ("running", "queued", "purged"):
        await household.task(name, until="hubert_feature")
        household.artifacts.put_bytes(f"tasks/{name}/semantic_token/1/work.bin", b"x")
    await household.end("purged", "cancel")
    await household.end("purged", "purge")
    household.age(1000)
    before = household.uris()
    done = await gc(household)
    assert household.uris() == before
    assert sum(kind.count for kind in done.objects) == 0


async def test_a_purged_task_of_which_only_what_others_use_is_left_is_no_riddle(household: Household) -> None:
    await household.file("f1")
    await household.task("t1")
    await household.end("t1", "purge")
    household.artifacts.delete_prefix("tasks/t1/text_feature")
    household.age(25)
    before = household.uris()
    assert (await gc(household)).kept == {}
    assert household.uris() == before


async def test_an_ended_task_loses_the_leftovers_of_leases_and_keeps_what_it_can_go_on_from(
    household: Household,
) -> None:
    await household.file("f1")
    task = await household.task("t1", until="semantic_token")
    artifacts = household.artifacts
    model = artifacts.put_bytes("tasks/t1/sovits_train/1/e4.pth", b"model").uri
    saved = artifacts.put_bytes("tasks/t1/sovits_train/2/checkpoint_9.zip", b"it names the model of lease 1")
    async with household.store.writing() as session:
        task = await session.get_one(Task, "t1")
        household.begin(task, "sovits_train")
        lifecycle.checkpoint(stage_of(task, "sovits_train"), ref_of(saved), 9)
        lifecycle.cancel(task, time.time())
    leftover = artifacts.put_bytes("tasks/t1/text_feature/7/work.bin", b"x").uri
    half_done = artifacts.put_bytes("tasks/t1/gpt_train/1/e5.ckpt", b"x").uri
    household.age(25)
    before = household.uris()
    done = await gc(household)
    assert before - household.uris() == {leftover, half_done}
    assert done.leftovers.count == 2
    assert {model, saved.uri} <= household.uris()


async def test_what_another_task_has_taken_over_stays_although_its_maker_is_gone(household: Household) -> None:
    await household.file("f1")
    await household.task("heir")
    taken = household.manifest("gone", "hubert_feature")
    left = household.artifacts.put_bytes("tasks/gone/hubert_feature/0/work.bin", b"x").uri
    async with household.store.writing() as session:
        stage = stage_of(await session.get_one(Task, "heir"), "hubert_feature")
        stage.manifest, stage.origin = vars(taken), "tasks/gone/hubert_feature"
    household.age(25)
    await gc(household)
    assert {taken.uri, "tasks/gone/hubert_feature/1/work.bin"} <= household.uris()
    assert left not in household.uris()


@pytest.mark.parametrize("damage", ["gone", "overwritten", "no manifest"])
async def test_a_task_whose_manifest_cannot_be_read_is_left_whole(household: Household, damage: str) -> None:
    await household.file("f1")
    await household.task("t1")
    uri = "tasks/t1/sovits_train/1/manifest.pb"
    if damage == "gone":
        household.artifacts.delete(uri)
    else:
        written = household.artifacts.put_bytes(uri, b"\xff\xff\xff")
    if damage == "no manifest":
        async with household.store.writing() as session:
            stage = stage_of(await session.get_one(Task, "t1"), "sovits_train")
            stage.manifest = vars(Ref(uri, written.sha256, written.size_bytes))
    household.artifacts.put_bytes("tasks/t1/asr/0/work.bin", b"x")
    household.age(25)
    before = household.uris()
    done = await gc(household)
    assert household.uris() == before
    assert list(done.kept) == ["t1"]
    assert uri in done.kept["t1"]


async def test_rows_that_know_none_of_the_objects_remove_none(household: Household) -> None:
    household.artifacts.put_bytes("files/f0/recording", b"x")
    household.artifacts.put_bytes("tasks/t0/asr/1/manifest.pb", b"x")
    household.age(1000)
    with pytest.raises(StrangersError, match="none of the 2 objects"):
        await gc(household)
    await household.task("another", until="audio_slice")
    household.artifacts.delete_prefix("tasks/another")
    with pytest.raises(StrangersError, match="none of the 2 objects"):
        await gc(household)
    assert len(household.uris()) == 2


async def test_old_idempotency_keys_go(household: Household) -> None:
    await household.file("f1")
    async with household.store.writing() as session:
        for key, hours in (("old", 25), ("young", 23)):
            session.add(
                IdempotencyKey(
                    owner="local",
                    scope="file",
                    key=key,
                    fingerprint="0",
                    made_id="f1",
                    created_at=time.time() - hours * HOUR,
                )
            )
    assert (await gc(household, dry_run=True)).idempotency_keys == 1
    assert (await gc(household)).idempotency_keys == 1
    async with household.store.reading() as session:
        assert await session.scalar(select(func.count()).select_from(IdempotencyKey)) == 1


async def test_it_works_beside_a_stack_that_makes_and_purges_tasks(household: Household) -> None:
    """Tasks come, are completed and retried while garbage is collected over and over, without any grace."""
    await household.file("f1")
    over = asyncio.Event()

    async def live() -> None:
        for number in range(12):
            task_id = f"t{number}"
            await household.task(task_id, until="hubert_feature")
            household.artifacts.put_bytes(f"tasks/{task_id}/asr/0/left.bin", b"x")
            if number % 3 == 1:
                await household.end(task_id, "cancel")
        over.set()

    living = asyncio.create_task(live())
    rounds = 0
    while not over.is_set():
        await gc(household, hours=0)
        rounds += 1
    await living
    await gc(household, hours=0)
    assert rounds >= 1
    for number in range(12):
        uris = {uri for uri in household.uris() if uri.startswith(f"tasks/t{number}/")}
        assert f"tasks/t{number}/hubert_feature/1/work.bin" in uris
        assert (f"tasks/t{number}/asr/0/left.bin" in uris) == (number % 3 != 1)


async def command(data: Path, url: str, *arguments: str) -> tuple[int, str, str]:
    """Exit code, output and errors of `voiceloom gc`."""
    environment = {**os.environ, "VOICELOOM_DATABASE_URL": url}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", *arguments, "--data", str(data)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, out.decode(), err.decode()


async def test_the_command_says_what_it_removed(household: Household) -> None:
    await household.file("f1")
    household.artifacts.put_bytes("files/f0/recording", b"12345")
    household.age(2)
    code, out, _ = await command(household.folder, household.url, "gc")
    assert (code, out.splitlines()[0]) == (0, "Removed 0 objects, 0.0 MB:")
    code, out, _ = await command(household.folder, household.url, "--json", "gc", "--older-than", "1", "--dry-run")
    assert (code, json.loads(out)["files"]) == (0, {"count": 1, "bytes": 5})
    assert "files/f0/recording" in household.uris()
    code, out, _ = await command(household.folder, household.url, "gc", "--older-than", "1")
    assert code == 0
    assert "1 of recordings without a row" in out
    assert household.uris() == {"files/f1/recording"}


async def test_the_command_refuses_a_folder_without_rows_and_rows_of_another_version(tmp_path: Path) -> None:
    nothing = f"sqlite+aiosqlite:///{tmp_path}/nothing.db"
    code, _, err = await command(tmp_path, nothing, "gc")
    assert (code, "Traceback" in err) == (2, False)
    assert "There are no rows in" in err
    assert not (tmp_path / "nothing.db").exists()

    (tmp_path / "other.db").touch()
    code, _, err = await command(tmp_path, nothing.replace("nothing", "other"), "gc")
    assert (code, "Traceback" in err) == (1, False)
    assert "schema revision none" in err


async def test_opening_rows_for_a_command_does_not_need_the_artifacts(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/voiceloom.db")
    done = await collect(store, ArtifactStore(str(tmp_path / "artifacts")), older_than_s=0, keep_keys_s=0)
    assert done == Collected()
    await store.close()
