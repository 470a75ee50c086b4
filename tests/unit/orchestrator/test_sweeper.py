"""What is swept away, and what is not."""

from __future__ import annotations

import os
import time
from pathlib import Path

from services.orchestrator.models import File
from services.orchestrator.store import Store
from services.orchestrator.sweeper import Sweeper
from services.runtime.artifacts import ArtifactStore


def age(path: Path) -> None:
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(path, (two_days_ago, two_days_ago))


async def test_orphans_go_after_a_day_and_files_stay(tmp_path: Path) -> None:
    artifacts = ArtifactStore(str(tmp_path / "artifacts"))
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/tasks.db")
    refs = {name: artifacts.put_bytes(f"files/{name}/recording", b"x") for name in ("kept", "orphan", "young")}
    async with store.writing() as session:
        session.add(
            File(
                id="kept",
                owner="local",
                filename="x",
                ref={},
                seconds=1.0,
                sample_rate_hz=1,
                channels=1,
                transcript="",
                created_at=0.0,
            )
        )
    folder = tmp_path / "artifacts" / "files"
    half = folder / "half" / "recording#1"
    half.parent.mkdir()
    half.write_bytes(b"x")
    for path in (half, folder / "kept" / "recording", folder / "orphan" / "recording"):
        age(path)
    await Sweeper(store, artifacts, purge_after_s=1.0, orphan_age_s=24 * 3600.0, keep_keys_s=60.0).sweep_orphans()
    assert [name for name, ref in refs.items() if artifacts.exists(ref.uri)] == ["kept", "young"]
    assert not half.exists()
    await store.close()


async def test_outdated_checkpoints_are_removed_soon(tmp_path: Path) -> None:
    artifacts = ArtifactStore(str(tmp_path / "artifacts"))
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/tasks.db")
    old, new = (artifacts.put_bytes(f"tasks/t/gpt_train/1/{name}", b"x") for name in ("old.pt", "new.pt"))
    sweeper = Sweeper(store, artifacts, purge_after_s=1.0, orphan_age_s=24 * 3600.0, keep_keys_s=60.0)
    sweeper.remove([old.uri, "tasks/t/gpt_train/1/gone.pt"])
    await sweeper.sweep()
    assert not artifacts.exists(old.uri)
    assert artifacts.exists(new.uri)
    await store.close()
