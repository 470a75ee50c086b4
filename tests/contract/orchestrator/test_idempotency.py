"""A request that comes again with its key makes nothing twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import grpc
import pytest
from sqlalchemy import func, select, update

from services.orchestrator.models import IdempotencyKey
from services.orchestrator.store import Store
from services.orchestrator.sweeper import Sweeper
from services.runtime.artifacts import ArtifactStore
from tests.contract.orchestrator.harness import System
from tests.contract.orchestrator.test_admission import refusal
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.pipeline.v1.pipeline_pb2 import Synthesis, TaskOptions


def asked(file_id: str, name: str = "voice", key: str = "key", text: str = "") -> pb.CreateTaskRequest:
    options = TaskOptions(language="en", inference=Synthesis(target_text=text))
    return pb.CreateTaskRequest(exp_name=name, file_ids=[file_id], options=options, idempotency_key=key)


async def create(system: System, request: pb.CreateTaskRequest) -> pb.Task:
    task: pb.Task = (await system.tasks.CreateTask(request)).task
    return task


async def upload(system: System, data: bytes = b"sound", *, key: str = "key", filename: str = "me.wav") -> pb.File:
    async def parts() -> AsyncIterator[pb.WriteFileRequest]:
        yield pb.WriteFileRequest(header=pb.WriteFileHeader(filename=filename, idempotency_key=key))
        yield pb.WriteFileRequest(chunk=data)

    file: pb.File = (await system.files.WriteFile(parts())).file
    return file


async def tasks_in_all(system: System) -> int:
    return int((await system.tasks.ListTasks(pb.ListTasksRequest())).total)


def stored(system: System) -> int:
    """Recordings in the artifact store."""
    return len(list((system.artifacts / "files").rglob("recording")))


async def keys(system: System) -> int:
    store = await Store.open(system.settings().database_url)
    async with store.reading() as session:
        count = await session.scalar(select(func.count()).select_from(IdempotencyKey))
    await store.close()
    return count or 0


async def test_same_request_answers_the_same_task_also_after_a_restart_and_with_a_full_queue(system: System) -> None:
    file = await upload(system)
    first = await create(system, asked(file.id))
    await system.stop("orchestrator")
    system.overrides["max_queued_tasks"] = 1
    await system.start_orchestrator()
    again = await create(system, asked(file.id))
    assert (again.id, again.created_at) == (first.id, first.created_at)
    assert (await refusal(create(system, asked(file.id, "other", "other"))))[1].code == "QUEUE_FULL"
    assert await tasks_in_all(system) == 1


async def test_of_many_at_once_with_one_key_one_is_made_and_all_get_it(system: System) -> None:
    file = await upload(system)
    for turn in range(5):
        request = asked(file.id, f"voice{turn}", f"key{turn}")
        made = await asyncio.gather(*(create(system, request) for _ in range(6)))
        assert len({task.id for task in made}) == 1
    assert await tasks_in_all(system) == 5


async def test_key_of_another_request_is_refused_and_leaves_nothing_behind(system: System) -> None:
    file = await upload(system)
    first = await create(system, asked(file.id))
    for other in (asked(file.id, "other"), asked(file.id, text="Say this."), asked("another file")):
        status, error = await refusal(create(system, other))
        assert (status, error.code) == (grpc.StatusCode.ALREADY_EXISTS, "IDEMPOTENCY_KEY_REUSED")
    assert await tasks_in_all(system) == 1
    assert (await create(system, asked(file.id))).id == first.id


async def test_refused_request_does_not_use_up_its_key(system: System) -> None:
    file = await upload(system)
    assert (await refusal(create(system, asked("missing"))))[1].code == "FILE_NOT_FOUND"
    await create(system, asked(file.id))


async def test_owners_have_keys_of_their_own(system: System) -> None:
    file = await upload(system)
    await create(system, asked(file.id))
    request = asked(file.id)
    request.owner = "somebody"
    assert (await refusal(create(system, request)))[1].code == "FILE_NOT_FOUND"


async def test_purge_forgets_the_key_with_the_task(system: System) -> None:
    file = await upload(system)
    first = await create(system, asked(file.id))
    await system.tasks.PurgeTask(pb.PurgeTaskRequest(task_id=first.id))
    second = await create(system, asked(file.id, text="Another request."))
    assert second.id != first.id


async def test_same_upload_answers_the_same_file_and_keeps_one_recording(system: System) -> None:
    first = await upload(system)
    again = await upload(system)
    assert again.id == first.id
    made = await asyncio.gather(*(upload(system, b"other sound", key="both") for _ in range(6)))
    assert len({file.id for file in made}) == 1
    assert (await system.files.ListFiles(pb.ListFilesRequest())).total == 2
    assert stored(system) == 2


async def test_other_upload_with_the_key_is_refused_and_leaves_nothing_behind(system: System) -> None:
    await upload(system)
    for call in (upload(system, b"other"), upload(system, filename="you.wav")):
        status, error = await refusal(call)
        assert (status, error.code) == (grpc.StatusCode.ALREADY_EXISTS, "IDEMPOTENCY_KEY_REUSED")
    assert stored(system) == 1


async def test_unreadable_upload_does_not_use_up_its_key(system: System) -> None:
    assert (await refusal(upload(system, b"bad sound")))[1].code == "AUDIO_UNREADABLE"
    await upload(system, b"good sound")


async def test_delete_forgets_the_key_with_the_file(system: System) -> None:
    first = await upload(system)
    await system.files.DeleteFile(pb.DeleteFileRequest(file_id=first.id))
    assert (await upload(system, b"other sound")).id != first.id


async def test_keys_outlive_their_use_by_a_day_and_no_more(system: System) -> None:
    file = await upload(system)
    await create(system, asked(file.id))
    store = await Store.open(system.settings().database_url)
    artifacts = ArtifactStore(str(system.artifacts))
    sweeper = Sweeper(store, artifacts, purge_after_s=60.0, orphan_age_s=86400.0, keep_keys_s=86400.0)
    await sweeper.sweep()
    assert await keys(system) == 2
    async with store.writing() as session:
        await session.execute(update(IdempotencyKey).values(created_at=time.time() - 86500))
    await sweeper.sweep()
    await store.close()
    assert await keys(system) == 0


@pytest.mark.parametrize("key", ["k" * 256, "é", "a\nb"])
async def test_key_that_is_none_is_refused(system: System, key: str) -> None:
    status, error = await refusal(create(system, asked("f", key=key)))
    assert (status, error.code) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert (await refusal(upload(system, key=key)))[1].code == "INVALID_REQUEST"
