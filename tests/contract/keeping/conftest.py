"""Rows and artifacts as a life of a stack leaves them, on each database and each artifact store."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.orchestrator import curves, lifecycle
from services.orchestrator.curves import Point
from services.orchestrator.events import Ref, to_json
from services.orchestrator.lifecycle import stage_of
from services.orchestrator.models import File, Task
from services.orchestrator.pipeline import NEEDS
from services.orchestrator.store import Store
from services.runtime.artifacts import ArtifactStore
from tests.contract.orchestrator.harness import MANIFESTS
from voiceloom.pipeline.v1 import manifest_pb2
from voiceloom.pipeline.v1.pipeline_pb2 import ArtifactRef

HOUR = 3600.0


def ref_of(stored: ArtifactRef) -> Ref:
    return Ref(stored.uri, stored.sha256, stored.size_bytes)


class Household:
    """One store of rows and one of artifacts."""

    def __init__(self, folder: Path, url: str, store: Store) -> None:
        self.folder, self.url, self.store = folder, url, store
        self.artifacts_url = str(folder / "artifacts")
        self.artifacts = ArtifactStore(self.artifacts_url)

    def uris(self) -> set[str]:
        """Every object that there is."""
        return {item.uri for top in ("files", "tasks") for item in self.artifacts.listed(top)}

    def age(self, hours: float, *uris: str) -> None:
        """Make objects (all of them when none is named) look older."""
        then = time.time() - hours * HOUR
        for uri in uris or self.uris():
            os.utime(self.folder / "artifacts" / uri, (then, then))

    async def file(self, file_id: str, data: bytes = b"sound") -> str:
        """A recording with its row; its key."""
        ref = ref_of(self.artifacts.put_bytes(f"files/{file_id}/recording", data))
        row = File(
            id=file_id,
            owner="local",
            filename="我.wav",
            ref=to_json(ref),
            seconds=1.0,
            sample_rate_hz=24000,
            channels=1,
            transcript="",
            created_at=1.5,
        )
        async with self.store.writing() as session:
            session.add(row)
        return ref.uri

    async def task(self, task_id: str, *, until: str = "inference") -> Task:
        """A task whose stages up to that one (with what they need) are completed."""
        task = lifecycle.new_task(
            task_id=task_id,
            owner="local",
            exp_name=f"voice-{task_id}",
            file_ids=["f1"],
            ref_audio_id="",
            language="auto",
            options=b"\x08\x01\xff",
            inference=True,
            callback_url="",
            now=1000.0,
        )
        async with self.store.writing() as session:
            session.add(task)
        async with self.store.writing() as session:
            task = await session.get_one(Task, task_id)
            for name in list(NEEDS)[: list(NEEDS).index(until) + 1 if until else 0]:
                self.begin(task, name)
                lifecycle.complete(task, stage_of(task, name), self.manifest(task_id, name), "", 1001.0)
        return task

    def begin(self, task: Task, stage: str) -> None:
        lifecycle.begin(task, stage_of(task, stage), "somebody", ttl_s=60.0, now=time.time())

    async def end(self, task_id: str, how: str) -> None:
        """ "cancel" a task, or "purge" it."""
        async with self.store.writing() as session:
            task = await session.get_one(Task, task_id)
            if how == "cancel":
                lifecycle.cancel(task, time.time())
            else:
                task.purged_at = time.time()

    async def curve(self, task_id: str, *steps: int) -> None:
        """Points that sovits_train has told of."""
        async with self.store.writing() as session:
            stage = stage_of(await session.get_one(Task, task_id), "sovits_train")
            for step in steps:
                await curves.add(session, stage, Point(step, 1, {"mel": 1.5}, 9, 3, 4))

    def manifest(self, task_id: str, stage: str, *, lease: int = 1, work: str = "work.bin") -> Ref:
        """What a stage that made one object has stored, deep in a message where it can be."""
        folder = f"tasks/{task_id}/{stage}/{lease}"
        made = self.artifacts.put_bytes(f"{folder}/{work}", f"{task_id} {stage} {work}".encode())
        manifest = MANIFESTS[stage]()
        if isinstance(manifest, manifest_pb2.TrainManifest):
            manifest.models.add(ref=made, filename="a")
            manifest.loss_curve_ref.CopyFrom(self.artifacts.put_bytes(f"{folder}/loss_curve.jsonl", b"{}"))
        elif isinstance(manifest, manifest_pb2.InferenceManifest):
            manifest.outputs.add(filename="o").gpt.ref.CopyFrom(made)
            manifest.ref_audio_ref.CopyFrom(self.artifacts.put_bytes(f"{folder}/reference.wav", b"r"))
        elif isinstance(manifest, manifest_pb2.AsrManifest):
            manifest.language = "en"
            self.artifacts.delete(made.uri)  # it has nothing besides itself
        else:
            field = next(name for name in manifest.DESCRIPTOR.fields_by_name if name.endswith("_ref"))
            getattr(manifest, field).CopyFrom(made)
        return ref_of(self.artifacts.put_bytes(f"{folder}/manifest.pb", manifest.SerializeToString()))


@pytest.fixture
async def household(tmp_path: Path, database_url: str) -> AsyncIterator[Household]:
    store = await Store.open(database_url)
    yield Household(tmp_path, database_url, store)
    await store.close()
