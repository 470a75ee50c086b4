"""Creates, shows, lists, cancels, removes and repeats tasks."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AfterValidator

from gateway import messages
from gateway.schemas import (
    MAX_NAME_CHARACTERS,
    InferenceOptions,
    QuickModeOptions,
    QuickModeRequest,
    StageName,
    SuccessResponse,
    TaskListResponse,
    TaskResponse,
    TaskStatus,
    check_search,
)
from gateway.state import GatewayDep, IdempotencyKeyDep, LanguageDep, errors
from gateway.views import task_view
from voiceloom.orchestrator.v1 import orchestrator_pb2
from voiceloom.pipeline.v1 import pipeline_pb2

# Removing a task deletes everything that it made.
_PURGE_TIMEOUT_S = 60.0
MAX_OFFSET = 2**31 - 1

Limit = Annotated[int, Query(ge=1, le=100)]
Offset = Annotated[int, Query(ge=0, le=MAX_OFFSET)]
Search = Annotated[str, AfterValidator(check_search), Query(json_schema_extra={"maxLength": MAX_NAME_CHARACTERS})]

router = APIRouter(tags=["tasks"])


def _synthesis(asked: InferenceOptions | None) -> pipeline_pb2.Synthesis:
    if asked is None:
        return pipeline_pb2.Synthesis()
    given = asked.model_dump(exclude={"enabled"}, exclude_none=True)
    return pipeline_pb2.Synthesis(disabled=not asked.enabled, **given)


def _options(asked: QuickModeOptions) -> pipeline_pb2.TaskOptions:
    return pipeline_pb2.TaskOptions(
        quality=f"QUALITY_{asked.quality.upper()}",
        language=asked.language,
        transcript=asked.transcript or "",
        inference=_synthesis(asked.inference),
        callback_url=asked.callback_url or "",
        expert=asked.expert.to_proto() if asked.expert else None,
    )


@router.post("/tasks", response_model=TaskResponse, responses=errors(400, 404, 409, 413, 429, 503, 507))
async def create_task(
    body: QuickModeRequest, gateway: GatewayDep, language: LanguageDep, key: IdempotencyKeyDep
) -> TaskResponse:
    options = body.options or QuickModeOptions()
    request = orchestrator_pb2.CreateTaskRequest(
        owner=gateway.settings.owner,
        exp_name=body.exp_name,
        file_ids=body.file_ids,
        options=_options(options),
        idempotency_key=key,
    )
    answer = await gateway.clients.call(gateway.clients.tasks.CreateTask, request)
    return task_view(answer.task, language)


@router.get("/tasks", response_model=TaskListResponse, responses=errors(400, 503))
async def list_tasks(
    gateway: GatewayDep,
    language: LanguageDep,
    status: Annotated[TaskStatus | None, Query()] = None,
    search: Search = "",
    limit: Limit = 50,
    offset: Offset = 0,
) -> TaskListResponse:
    state = f"TASK_STATE_{status.upper()}" if status else None
    request = orchestrator_pb2.ListTasksRequest(
        owner=gateway.settings.owner, state=state, search=search, limit=limit, offset=offset
    )
    answer = await gateway.clients.call(gateway.clients.tasks.ListTasks, request)
    items = [task_view(task, language) for task in answer.tasks]
    return TaskListResponse(items=items, total=answer.total, limit=limit, offset=offset)


@router.get("/tasks/{task_id}", response_model=TaskResponse, responses=errors(404, 503))
async def get_task(task_id: str, gateway: GatewayDep, language: LanguageDep) -> TaskResponse:
    request = orchestrator_pb2.GetTaskRequest(owner=gateway.settings.owner, task_id=task_id)
    answer = await gateway.clients.call(gateway.clients.tasks.GetTask, request)
    return task_view(answer.task, language)


@router.delete("/tasks/{task_id}", response_model=SuccessResponse, responses=errors(400, 404, 503))
async def cancel_task(
    task_id: str, gateway: GatewayDep, language: LanguageDep, purge: Annotated[bool, Query()] = False
) -> SuccessResponse:
    clients, owner = gateway.clients, gateway.settings.owner
    if purge:
        removal = orchestrator_pb2.PurgeTaskRequest(owner=owner, task_id=task_id)
        await clients.call(clients.tasks.PurgeTask, removal, timeout_s=_PURGE_TIMEOUT_S)
        return SuccessResponse(message=messages.text(language, "task.purged"))
    await clients.call(clients.tasks.CancelTask, orchestrator_pb2.CancelTaskRequest(owner=owner, task_id=task_id))
    return SuccessResponse(message=messages.text(language, "task.cancelled"))


@router.post("/tasks/{task_id}/resume", response_model=TaskResponse, responses=errors(400, 404, 429, 503, 507))
async def resume_task(task_id: str, gateway: GatewayDep, language: LanguageDep) -> TaskResponse:
    request = orchestrator_pb2.ResumeTaskRequest(owner=gateway.settings.owner, task_id=task_id)
    answer = await gateway.clients.call(gateway.clients.tasks.ResumeTask, request)
    return task_view(answer.task, language)


@router.post("/tasks/{task_id}/retry", response_model=TaskResponse, responses=errors(400, 404, 429, 503, 507))
async def retry_task(
    task_id: str, gateway: GatewayDep, language: LanguageDep, from_stage: Annotated[StageName | None, Query()] = None
) -> TaskResponse:
    stage = f"STAGE_{from_stage.upper()}" if from_stage else None
    request = orchestrator_pb2.RetryTaskRequest(owner=gateway.settings.owner, task_id=task_id, from_stage=stage)
    answer = await gateway.clients.call(gateway.clients.tasks.RetryTask, request)
    return task_view(answer.task, language)
