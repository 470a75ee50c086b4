"""What is let in: names, files, languages, and how many tasks."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from services.runtime.errors import VoiceloomError
from services.runtime.grpc_errors import from_rpc_error
from services.runtime.stage import StageContext
from tests.contract.orchestrator.harness import System, stages
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.pipeline.v1.pipeline_pb2 import Synthesis, TaskState


async def refusal(call: object) -> tuple[grpc.StatusCode, VoiceloomError]:
    """The status and the typed error of a refused call."""
    with pytest.raises(grpc.RpcError) as refused:
        await call  # type: ignore[misc]
    return refused.value.code(), from_rpc_error(refused.value)


async def test_taken_name_is_refused_before_the_file_is_looked_for(system: System) -> None:
    await system.create("taken")
    status, error = await refusal(system.create("taken", file_id="missing"))
    assert status == grpc.StatusCode.ALREADY_EXISTS
    assert (error.code, error.params) == ("NAME_TAKEN", {"exp_name": "taken"})
    status, error = await refusal(system.create("free", file_id="missing"))
    assert status == grpc.StatusCode.NOT_FOUND
    assert (error.code, error.params) == ("FILE_NOT_FOUND", {"file_id": "missing"})


async def test_name_is_compared_in_its_composed_form(system: System) -> None:
    await system.create("caf\N{LATIN SMALL LETTER E WITH ACUTE}")
    status, error = await refusal(system.create("cafe\N{COMBINING ACUTE ACCENT}"))
    assert (status, error.code) == (grpc.StatusCode.ALREADY_EXISTS, "NAME_TAKEN")


async def test_of_many_clients_with_one_name_exactly_one_wins(system: System) -> None:
    file = await system.upload()
    answers = await asyncio.gather(*(system.create("race", file_id=file.id) for _ in range(8)), return_exceptions=True)
    refused = [from_rpc_error(answer).code for answer in answers if isinstance(answer, grpc.RpcError)]
    assert refused == ["NAME_TAKEN"] * 7


async def test_failed_and_cancelled_tasks_keep_their_names(system: System) -> None:
    task = await system.create("mine")
    await system.tasks.CancelTask(pb.CancelTaskRequest(task_id=task.id))
    assert (await refusal(system.create("mine")))[1].code == "NAME_TAKEN"


async def test_owners_do_not_see_each_other(system: System) -> None:
    task = await system.create("shared", owner="")
    file = (await system.files.ListFiles(pb.ListFilesRequest())).files[0]
    for call in (
        system.tasks.GetTask(pb.GetTaskRequest(owner="somebody", task_id=task.id)),
        system.tasks.CancelTask(pb.CancelTaskRequest(owner="somebody", task_id=task.id)),
        system.tasks.PurgeTask(pb.PurgeTaskRequest(owner="somebody", task_id=task.id)),
        system.files.DeleteFile(pb.DeleteFileRequest(owner="somebody", file_id=file.id)),
    ):
        assert (await refusal(call))[0] == grpc.StatusCode.NOT_FOUND
    assert (await system.tasks.ListTasks(pb.ListTasksRequest(owner="somebody"))).total == 0


async def test_language_that_the_pack_does_not_speak_is_refused_at_once(system: System) -> None:
    file = await system.upload()
    request = pb.CreateTaskRequest(exp_name="zh", file_ids=[file.id])
    request.options.language = "zh"
    status, error = await refusal(system.tasks.CreateTask(request))
    assert (status, error.code) == (grpc.StatusCode.INVALID_ARGUMENT, "LANGUAGE_UNSUPPORTED")
    assert error.params == {"language": "zh", "languages": "en"}


async def test_text_that_no_voice_of_the_pack_can_read_is_refused_before_the_training(system: System) -> None:
    status, error = await refusal(system.create(inference=Synthesis(target_text="吃过午饭，我们慢慢散步。")))
    assert (status, error.code) == (grpc.StatusCode.INVALID_ARGUMENT, "LANGUAGE_UNSUPPORTED")
    assert error.params == {"language": "zh", "languages": "en"}
    await system.create("speaks", inference=Synthesis(target_text="She said 你好 to everybody."))
    await system.create("silent", inference=Synthesis(target_text="吃过午饭。", disabled=True))


async def test_missing_reference_recording_is_refused(system: System) -> None:
    status, error = await refusal(system.create(inference=Synthesis(ref_audio_id="nowhere")))
    assert (status, error.params) == (grpc.StatusCode.NOT_FOUND, {"file_id": "nowhere"})


async def test_full_queue_refuses_until_a_task_ends(system: System) -> None:
    await system.stop("orchestrator")
    system.overrides["max_queued_tasks"] = 2
    await system.start_orchestrator()
    first = await system.create("one")
    await system.create("two")
    status, error = await refusal(system.create("three"))
    assert (status, error.code, error.retryable) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL", True)
    await system.tasks.CancelTask(pb.CancelTaskRequest(task_id=first.id))
    await system.create("three")


async def test_queued_tasks_know_their_place_and_run_one_stage_at_a_time(system: System) -> None:
    running: list[str] = []
    most: list[int] = []

    def counted(context: StageContext) -> None:
        running.append(context.task_id)
        most.append(len(running))
        context.stop.wait(0.3)
        running.remove(context.task_id)
        context.stop.raise_if_set()
        raise ValueError

    first, second, third = [await system.create(name) for name in ("a", "b", "c")]
    listed = await system.tasks.ListTasks(pb.ListTasksRequest(state=TaskState.TASK_STATE_QUEUED))
    assert [(task.exp_name, task.queue_position) for task in listed.tasks] == [("c", 3), ("b", 2), ("a", 1)]
    await system.start_workers(stages(audio_slice=counted))
    await system.start_workers(stages(audio_slice=counted), name="more workers")
    for task in (first, second, third):
        assert (await system.ended(task.id)).state == TaskState.TASK_STATE_FAILED
    assert most == [1, 1, 1]


async def test_lists_are_paged_newest_first(system: System) -> None:
    for name in ("a", "b", "c"):
        await system.create(name)
    page = await system.tasks.ListTasks(pb.ListTasksRequest(limit=2, offset=1))
    assert [task.exp_name for task in page.tasks] == ["b", "a"]
    assert page.total == 3
    for wrong in (pb.ListTasksRequest(limit=101), pb.ListTasksRequest(offset=-1)):
        assert (await refusal(system.tasks.ListTasks(wrong)))[0] == grpc.StatusCode.INVALID_ARGUMENT
