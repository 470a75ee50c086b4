"""What was backed up comes back: rows, events, objects, on whichever database and artifact store."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, create_engine, select, text

from services.orchestrator import backup as backing_up
from services.orchestrator import lifecycle
from services.orchestrator.backup import Copier, back_up
from services.orchestrator.backup_folder import BackupFolder, Contents
from services.orchestrator.gc import Removed, collect
from services.orchestrator.lifecycle import stage_of
from services.orchestrator.models import Base, EventRow, Lock, Task
from services.orchestrator.pipeline import NEEDS
from services.orchestrator.places import KeepingError, Places, held
from services.orchestrator.restore import restore
from services.orchestrator.rows import Snapshot, read_lines
from services.orchestrator.schema import upgrade
from services.orchestrator.settings import OrchestratorSettings
from services.orchestrator.store import Store
from services.runtime.artifacts import ArtifactStore
from tests.contract.keeping.conftest import Household, ref_of
from tests.support.s3 import Bucket

Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture
async def lived_in(household: Household) -> Household:
    """A completed task, one that is being trained, one that waits, one that was purged, and two recordings."""
    await household.file("f1")
    await household.file("f2", b"another")
    await household.task("completed")
    await household.task("waiting", until="")
    await household.task("purged")
    await household.end("purged", "purge")
    task = await household.task("training", until="semantic_token")
    household.artifacts.put_bytes("tasks/training/sovits_train/1/e4.pth", b"model of an earlier lease")
    saved = [
        household.artifacts.put_bytes(f"tasks/training/sovits_train/1/checkpoint_{n}.zip", b"%d" % n) for n in (8, 9)
    ]
    async with household.store.writing() as session:
        task = await session.get_one(Task, "training")
        household.begin(task, "sovits_train")
        for step, ref in enumerate(saved, start=8):
            lifecycle.checkpoint(stage_of(task, "sovits_train"), ref_of(ref), step)
        for stage in (await session.get_one(Task, "waiting")).stages[:1]:
            stage.released_at = stage.sent_at = time.time()
    for task_id in ("training", "purged"):
        await household.curve(task_id, 1, 7)
    return household


def needed(household: Household) -> set[str]:
    return {uri for uri in household.uris() if not uri.startswith("tasks/purged/")}


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables, besides the one of the household."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/new/voiceloom.db"
    url: str = request.getfixturevalue("empty_postgres_url")
    return url


def new_places(folder: Path, url: str, bucket: Bucket | None = None) -> Places:
    """Where a restored stack shall live: its artifacts in a folder, or in a bucket."""
    settings: dict[str, Any] = {"database_url": url, "artifacts_url": str(folder / "new" / "artifacts")}
    if bucket is not None:
        settings |= {
            "artifacts_url": bucket.url,
            "artifacts_endpoint": bucket.endpoint,
            "artifacts_region": bucket.region,
            "artifacts_key_id": bucket.key_id,
            "artifacts_secret": bucket.secret,
        }
    return Places(folder / "new", OrchestratorSettings(**settings))


def bytes_in(artifacts: ArtifactStore) -> dict[str, bytes]:
    """Every object."""
    listed = [item.uri for top in ("files", "tasks") for item in artifacts.listed(top)]
    return {uri: b"".join(artifacts.stream(uri)) for uri in listed}


async def rows_of(store: Store) -> Rows:
    """All rows, as values."""
    found: Rows = {}
    async with store.reading() as session:
        for table in Base.metadata.sorted_tables:
            rows = await session.execute(select(table).order_by(*table.primary_key.columns))
            found[table.name] = [dict(row) for row in rows.mappings()]
    return found


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Store]:
    store = await Store.open(url)
    try:
        yield store
    finally:
        await store.close()


def make(household: Household, name: str = "backup") -> Any:
    return back_up(household.store, household.artifacts, household.folder / name)


async def test_reports_are_left_out_as_they_can_be_made_again(household: Household) -> None:
    recording = await household.file("f1")
    household.artifacts.put_bytes("files/f1/report", b"a report")
    contents = await make(household)
    copied = {path.name for path in (household.folder / "backup" / "artifacts").rglob("*") if path.is_file()}
    assert (contents.objects_count, copied, recording) == (1, {"recording"}, "files/f1/recording")


async def test_all_comes_back_as_it_was_on_either_database(lived_in: Household, empty_url: str) -> None:
    contents = await make(lived_in)
    assert contents.damaged == {}
    assert contents.counts["tasks"] == 3
    where = new_places(lived_in.folder, empty_url)
    await restore(where, lived_in.folder / "backup")

    artifacts = ArtifactStore.of(where.settings)
    assert bytes_in(artifacts) == {uri: b"".join(lived_in.artifacts.stream(uri)) for uri in needed(lived_in)}
    before = await rows_of(lived_in.store)
    async with opened(empty_url) as store:
        after = await rows_of(store)
    assert after["files"] == before["files"]
    assert after["locks"] == before["locks"]
    assert after["metrics"] == [row for row in before["metrics"] if row["task_id"] == "training"] != []
    for table, key in (("tasks", "id"), ("stages", "task_id"), ("events", "task_id")):
        same = [row for row in before[table] if row[key] in ("completed", "waiting")]
        found = [row for row in after[table] if row[key] in ("completed", "waiting")]
        for row in same:
            row.update(
                {name: None for name in ("released_at", "sent_at") if row.get("state") == "pending" and name in row}
            )
        assert found == same
    assert not [row for row in after["tasks"] if row["id"] == "purged"]


async def test_a_stage_that_ran_is_taken_back_and_the_events_go_on(lived_in: Household, empty_url: str) -> None:
    async with lived_in.store.reading() as session:
        before = (await session.get_one(Task, "training")).last_seq
    await make(lived_in)
    await restore(new_places(lived_in.folder, empty_url), lived_in.folder / "backup")
    async with opened(empty_url) as store, store.reading() as session:
        task = await session.get_one(Task, "training")
        stage = stage_of(task, "sovits_train")
        assert (task.state, stage.state, stage.lease, stage.attempt) == ("interrupted", "pending", 1, 0)
        assert (stage.expires_at, stage.released_at, stage.not_before) == (None, None, None)
        assert stage.checkpoint is not None
        assert stage.checkpoint_step == 9
        query = select(EventRow).where(EventRow.task_id == "training").order_by(EventRow.seq)
        events = (await session.scalars(query)).all()
        assert [event.seq for event in events] == list(range(1, before + 2))
        assert events[-1].data["state"] == "interrupted"
        assert events[-1].published_at is None
        assert [stage.name for stage in lifecycle.ready(task, time.time())] == ["sovits_train", "gpt_train"]


async def test_a_second_backup_copies_what_is_new_and_drops_what_is_gone(lived_in: Household) -> None:
    await make(lived_in)
    folder = BackupFolder(lived_in.folder / "backup")
    old = {path: path.stat().st_ino for path in folder.artifacts.rglob("*") if path.is_file()}
    await lived_in.end("completed", "purge")
    await lived_in.file("f3", b"new")
    rotten = folder.artifacts / "files" / "f2" / "recording"
    rotten.write_bytes(b"rotten!")
    contents = await make(lived_in)
    assert contents.damaged == {}
    assert rotten.read_bytes() == b"another"
    now = {path: path.stat().st_ino for path in folder.artifacts.rglob("*") if path.is_file()}
    uris = {path.relative_to(folder.artifacts).as_posix() for path in now}
    assert uris == {uri for uri in needed(lived_in) if not uri.startswith("tasks/completed/")}
    assert {path for path, inode in now.items() if old.get(path) != inode} == {
        rotten,
        folder.artifacts / "files" / "f3" / "recording",
        # Only a checkpoint knows it, so nobody says what it must be: it is copied again.
        folder.artifacts / "tasks" / "training" / "sovits_train" / "1" / "e4.pth",
    }
    assert len(list(folder.folder.iterdir())) == 5  # backup.json, rows, objects, artifacts, lock


async def test_what_a_running_stack_removes_meanwhile_makes_another_snapshot(
    lived_in: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkpoint is replaced, and a task is purged, after the rows were read and before the objects were copied."""
    rounds = 0
    loop = asyncio.get_running_loop()

    async def meanwhile() -> None:
        newer = lived_in.artifacts.put_bytes("tasks/training/sovits_train/1/checkpoint_10.zip", b"10")
        async with lived_in.store.writing() as session:
            stage = stage_of(await session.get_one(Task, "training"), "sovits_train")
            lived_in.artifacts.delete(lifecycle.checkpoint(stage, ref_of(newer), 10))
        await lived_in.end("completed", "purge")
        lived_in.artifacts.delete_prefix("tasks/completed")

    class Slow(Copier):
        def copy(self, snapshot: Snapshot) -> dict[str, str]:
            nonlocal rounds
            rounds += 1
            if rounds == 1:
                asyncio.run_coroutine_threadsafe(meanwhile(), loop).result(30)
            return super().copy(snapshot)

    monkeypatch.setattr(backing_up, "Copier", Slow)
    contents = await make(lived_in)
    assert rounds == 2
    assert contents.damaged == {}
    assert contents.counts["tasks"] == 2
    refs = BackupFolder(lived_in.folder / "backup").objects(contents)
    uris = {ref.uri for ref in refs}
    assert "tasks/training/sovits_train/1/checkpoint_10.zip" in uris
    assert "tasks/training/sovits_train/1/checkpoint_8.zip" not in uris
    assert uris == {uri for uri in needed(lived_in) if not uri.startswith("tasks/completed/")}


@pytest.mark.parametrize("uri", ["tasks/completed/gpt_train/1/work.bin", "tasks/completed/gpt_train/1/manifest.pb"])
async def test_a_damaged_object_is_told_and_what_an_earlier_backup_had_of_it_is_used(
    lived_in: Household, uri: str
) -> None:
    await make(lived_in, "earlier")
    lived_in.artifacts.put_bytes(uri, b"damaged")
    contents = await make(lived_in)
    assert list(contents.damaged) == [uri]
    assert "sha256" in contents.damaged[uri]
    where = new_places(lived_in.folder, f"sqlite+aiosqlite:///{lived_in.folder}/new/voiceloom.db")
    assert (await restore(where, lived_in.folder / "backup")).damaged == contents.damaged
    assert (await make(lived_in, "earlier")).damaged == {}


def damage_object(folder: Path) -> str:
    path = folder / "artifacts" / "files" / "f1" / "recording"
    path.write_bytes(b"souNd")
    return "files/f1/recording"


def lose_object(folder: Path) -> str:
    (folder / "artifacts" / "files" / "f1" / "recording").unlink()
    return "files/f1/recording"


def damage_rows(folder: Path) -> str:
    [rows] = folder.glob("rows-*")
    rows.write_text(rows.read_text().replace("voice-completed", "voice-Completed"))
    return rows.name


def damage_list(folder: Path) -> str:
    [objects] = folder.glob("objects-*")
    objects.write_text(objects.read_text() + '{"uri": "../../x", "sha256": "", "size_bytes": 0}\n')
    return objects.name


def damage_manifest(folder: Path) -> str:
    (folder / "backup.json").write_text('{"format": 1')
    return "backup.json"


def interrupt(folder: Path) -> str:
    (folder / "backup.json").unlink()
    return "no finished backup"


def newer_schema(folder: Path) -> str:
    return _change(folder, "revision", "9999")


def newer_format(folder: Path) -> str:
    return _change(folder, "format", 2)


def _change(folder: Path, name: str, value: object) -> str:
    said = json.loads((folder / "backup.json").read_text())
    (folder / "backup.json").write_text(json.dumps(said | {name: value}))
    return "newer version"


@pytest.mark.parametrize(
    "spoil",
    [
        damage_object,
        lose_object,
        damage_rows,
        damage_list,
        damage_manifest,
        interrupt,
        newer_schema,
        newer_format,
    ],
)
async def test_a_backup_that_is_not_whole_restores_nothing(lived_in: Household, spoil: Any) -> None:
    await make(lived_in)
    reason = spoil(lived_in.folder / "backup")
    where = new_places(lived_in.folder, f"sqlite+aiosqlite:///{lived_in.folder}/new/voiceloom.db")
    with pytest.raises(KeepingError, match=reason):
        await restore(where, lived_in.folder / "backup")
    assert not (lived_in.folder / "new" / "voiceloom.db").exists()
    assert not list(ArtifactStore.of(where.settings).listed("files"))


async def test_an_interrupted_backup_leaves_the_earlier_one_whole(
    lived_in: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await make(lived_in)
    await lived_in.file("f3", b"new")

    def full(self: BackupFolder, contents: Contents) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(BackupFolder, "finish", full)
        with pytest.raises(OSError, match="No space"):
            await make(lived_in)
    assert BackupFolder(lived_in.folder / "backup").contents() == first
    where = new_places(lived_in.folder, f"sqlite+aiosqlite:///{lived_in.folder}/new/voiceloom.db")
    assert (await restore(where, lived_in.folder / "backup")) == first
    assert (await make(lived_in)).counts["files"] == 3
    assert len(list((lived_in.folder / "backup").iterdir())) == 5


async def test_an_interrupted_restore_can_be_run_again(lived_in: Household, empty_url: str) -> None:
    await make(lived_in)
    where = new_places(lived_in.folder, empty_url)
    half = ArtifactStore.of(where.settings)
    half.put_bytes("files/f1/recording", b"soun")  # cut off
    half.put_bytes("files/f2/recording", b"another")
    await restore(where, lived_in.folder / "backup")
    assert b"".join(half.stream("files/f1/recording")) == b"sound"


async def test_only_what_is_empty_and_not_in_use_is_restored_into(lived_in: Household, empty_url: str) -> None:
    await make(lived_in)
    folder = lived_in.folder / "backup"
    where = new_places(lived_in.folder, empty_url)
    where.data.mkdir(exist_ok=True)
    with held(where.data / "lock", "?"), pytest.raises(KeepingError, match=r"uses .*Stop it first"):
        await restore(where, folder)
    ArtifactStore.of(where.settings).put_bytes("files/strange/recording", b"x")
    with pytest.raises(KeepingError, match="not empty: it has files/strange/recording"):
        await restore(where, folder)
    shutil.rmtree(where.settings.artifacts_url)
    await restore(where, folder)
    with pytest.raises(KeepingError, match="The database is not empty"):
        await restore(where, folder)


async def test_a_database_that_a_stack_uses_is_not_restored_into(lived_in: Household, empty_postgres_url: str) -> None:
    await make(lived_in)
    where = new_places(lived_in.folder, empty_postgres_url)
    async with opened(empty_postgres_url) as store, store.reading() as session:
        await session.execute(text("SELECT 1"))
        with pytest.raises(KeepingError, match="uses the database"):
            await restore(where, lived_in.folder / "backup")
    await restore(where, lived_in.folder / "backup")


async def test_a_folder_with_other_things_is_no_place_for_a_backup(lived_in: Household) -> None:
    folder = lived_in.folder / "backup"
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")
    with pytest.raises(KeepingError, match="other things"):
        await make(lived_in)
    assert [path.name for path in folder.iterdir()] == ["thesis.txt"]
    (folder / "thesis.txt").unlink()
    with held(folder / "lock", "?"), pytest.raises(KeepingError, match="Another backup"):
        await make(lived_in)
    await make(lived_in)


def columns_of(revision: str) -> dict[str, set[str]]:
    """The tables of a schema revision, and their columns."""
    engine, tables = create_engine("sqlite://"), MetaData()
    with engine.begin() as connection:
        upgrade(connection, revision)
        tables.reflect(connection)
    engine.dispose()
    return {name: set(table.columns.keys()) for name, table in tables.tables.items()}


async def test_a_backup_of_an_earlier_schema_is_brought_up_to_date(lived_in: Household, empty_url: str) -> None:
    """As it would be without what the revisions after 0001 have added."""
    contents = await make(lived_in)
    folder = BackupFolder(lived_in.folder / "backup")
    columns = columns_of("0001")
    lines = [line for line in read_lines(folder.folder / contents.rows.file) if line["table"] in columns]
    for line in lines:
        line["row"] = {name: value for name, value in line["row"].items() if name in columns[line["table"]]}

    def write(path: Path) -> None:
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")

    rows = folder.write_part("rows-0001.jsonl", write)
    counts = {name: count for name, count in contents.counts.items() if name in columns}
    folder.finish(dataclasses.replace(contents, revision="0001", counts=counts, rows=rows))
    await restore(new_places(lived_in.folder, empty_url), folder.folder)
    async with opened(empty_url) as store, store.reading() as session:
        task = await session.get_one(Task, "completed")
        assert {stage.origin for stage in task.stages} == {f"tasks/completed/{name}" for name in NEEDS}
        assert (await session.scalars(select(Lock.name).order_by(Lock.name))).all() == ["admission", "schedule"]


async def test_a_stack_moves_to_postgresql_and_a_bucket_and_back(
    lived_in: Household, empty_postgres_url: str, bucket: Bucket
) -> None:
    there = new_places(lived_in.folder, empty_postgres_url, bucket)
    await make(lived_in)
    await restore(there, lived_in.folder / "backup")
    assert not there.data.exists()
    with pytest.raises(KeepingError, match="database is not empty"):
        await restore(there, lived_in.folder / "backup")
    remote = ArtifactStore.of(there.settings)
    async with opened(empty_postgres_url) as store:
        moved = await rows_of(store)
        contents = await back_up(store, remote, lived_in.folder / "second")
        assert (await collect(store, remote, older_than_s=0, keep_keys_s=0)).objects == [Removed()] * 4
        remote.put_bytes("files/f0/recording", b"123")
        collected = await collect(store, remote, older_than_s=0, keep_keys_s=0)
        assert (collected.files, remote.exists("files/f0/recording")) == (Removed(1, 3), False)
    assert contents.damaged == {}
    here = new_places(lived_in.folder, f"sqlite+aiosqlite:///{lived_in.folder}/new/voiceloom.db")
    await restore(here, lived_in.folder / "second")
    async with opened(here.settings.database_url) as store:
        assert await rows_of(store) == moved
    local = bytes_in(ArtifactStore.of(here.settings))
    assert local == bytes_in(remote)
    assert local == {uri: b"".join(lived_in.artifacts.stream(uri)) for uri in needed(lived_in)}
