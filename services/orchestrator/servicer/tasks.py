"""TaskService: tasks as clients ask for them."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import TypeAlias

import grpc.aio

from services.orchestrator.estimates import Estimates
from services.orchestrator.outbox import Watchers
from services.orchestrator.servicer.convert import (
    from_stage,
    from_task_state,
    owner_of,
    to_event,
    to_options,
    to_ref,
    to_task,
)
from services.orchestrator.servicer.curves import Curves
from services.orchestrator.servicer.estimates import to_estimates
from services.orchestrator.servicer.outputs import Outputs
from services.orchestrator.servicer.transcripts import Transcripts, checked
from services.orchestrator.tasks import NewTask, Tasks
from services.runtime.errors import InvalidInputError, NotReadyError
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.orchestrator.v1.orchestrator_pb2_grpc import TaskServiceServicer

# Stages of which speaking needs the manifests, as far as they have run.
VOICE = ("audio_slice", "asr", "text_feature", "sovits_train", "gpt_train", "inference")
TRAINING = {"sovits_train", "gpt_train"}
MAX_PAGE = 100
DEFAULT_PAGE = 50

Context: TypeAlias = grpc.aio.ServicerContext


def page_of(limit: int, offset: int) -> tuple[int, int]:
    """A limit (0 means the default) and an offset, checked. Raises InvalidInputError (INVALID_REQUEST)."""
    if not 0 <= limit <= MAX_PAGE:
        raise InvalidInputError("INVALID_REQUEST", problem="limit")
    if offset < 0:
        raise InvalidInputError("INVALID_REQUEST", problem="offset")
    return limit or DEFAULT_PAGE, offset


def _fingerprint(request: pb.CreateTaskRequest) -> str:
    """The sha256 of all that is asked for; the key itself is no part of it."""
    asked = pb.CreateTaskRequest()
    asked.CopyFrom(request)
    asked.ClearField("idempotency_key")
    return hashlib.sha256(asked.SerializeToString(deterministic=True)).hexdigest()


class TaskServicer(TaskServiceServicer):
    """Adapter of Tasks, Watchers, Outputs, Curves, Transcripts and Estimates."""

    def __init__(
        self,
        tasks: Tasks,
        watchers: Watchers,
        outputs: Outputs,
        *,
        curves: Curves,
        transcripts: Transcripts,
        estimates: Estimates,
    ) -> None:
        self._tasks, self._watchers, self._outputs = tasks, watchers, outputs
        self._curves, self._transcripts, self._estimates = curves, transcripts, estimates

    async def CreateTask(self, request: pb.CreateTaskRequest, context: Context) -> pb.CreateTaskResponse:
        """Accept a task."""
        options = request.options
        new = NewTask(
            owner=owner_of(request),
            exp_name=request.exp_name,
            file_ids=tuple(request.file_ids),
            ref_audio_id="" if options.inference.disabled else options.inference.ref_audio_id,
            language=options.language or "auto",
            options=options.SerializeToString(),
            inference=not options.inference.disabled,
            target_text=options.inference.target_text,
            callback_url=options.callback_url,
            key=request.idempotency_key,
            fingerprint=_fingerprint(request),
        )
        return pb.CreateTaskResponse(task=to_task(await self._tasks.create(new)))

    async def GetTask(self, request: pb.GetTaskRequest, context: Context) -> pb.GetTaskResponse:
        """Show a task."""
        view = await self._tasks.get(owner_of(request), request.task_id, request.known_seq)
        return pb.GetTaskResponse(task=to_task(view))

    async def ListTasks(self, request: pb.ListTasksRequest, context: Context) -> pb.ListTasksResponse:
        """List tasks, newest first."""
        limit, offset = page_of(request.limit, request.offset)
        state = from_task_state(request.state)
        views, total = await self._tasks.page(
            owner_of(request), state=state, search=request.search, limit=limit, offset=offset
        )
        return pb.ListTasksResponse(tasks=map(to_task, views), total=total)

    async def CancelTask(self, request: pb.CancelTaskRequest, context: Context) -> pb.CancelTaskResponse:
        """End a task."""
        return pb.CancelTaskResponse(task=to_task(await self._tasks.cancel(owner_of(request), request.task_id)))

    async def PurgeTask(self, request: pb.PurgeTaskRequest, context: Context) -> pb.PurgeTaskResponse:
        """Remove a task."""
        await self._tasks.purge(owner_of(request), request.task_id)
        return pb.PurgeTaskResponse()

    async def ResumeTask(self, request: pb.ResumeTaskRequest, context: Context) -> pb.ResumeTaskResponse:
        """Let a task go on."""
        owner, task_id = owner_of(request), request.task_id
        view = await self._tasks.resume(owner, task_id, inference=await self._inference(owner, task_id))
        return pb.ResumeTaskResponse(task=to_task(view))

    async def RetryTask(self, request: pb.RetryTaskRequest, context: Context) -> pb.RetryTaskResponse:
        """Run a task again."""
        owner, task_id = owner_of(request), request.task_id
        inference = await self._inference(owner, task_id)
        stage = from_stage(request.from_stage)
        if not stage:
            task = (await self._tasks.get(owner, task_id, fresh=True)).task
            # Words that were corrected and not used are what a person wants used.
            stage = "text_feature" if await self._transcripts.pending(task) else ""
        view = await self._tasks.retry(owner, task_id, stage, inference=inference)
        return pb.RetryTaskResponse(task=to_task(view))

    async def _inference(self, owner: str, task_id: str) -> bool:
        """Whether the client asked for inference; its options never change."""
        return not to_options((await self._tasks.get(owner, task_id)).task).inference.disabled

    async def WatchTask(self, request: pb.WatchTaskRequest, context: Context) -> AsyncIterator[pb.WatchTaskResponse]:
        """Follow a task."""
        async for event in self._watchers.watch(owner_of(request), request.task_id, request.after_seq):
            yield pb.WatchTaskResponse(event=to_event(event))

    async def ListOutputs(self, request: pb.ListOutputsRequest, context: Context) -> pb.ListOutputsResponse:
        """Say what a task has made."""
        view = await self._tasks.get(owner_of(request), request.task_id)
        return await self._outputs.of(view.task)

    async def ListMetrics(self, request: pb.ListMetricsRequest, context: Context) -> pb.ListMetricsResponse:
        """Show the loss curves."""
        view = await self._tasks.get(owner_of(request), request.task_id)
        return pb.ListMetricsResponse(curves=await self._curves.of(view.task))

    async def GetVoice(self, request: pb.GetVoiceRequest, context: Context) -> pb.GetVoiceResponse:
        """Say what it takes to speak with the voice of a task. Raises NotReadyError (VOICE_NOT_READY)."""
        task = (await self._tasks.get(owner_of(request), request.task_id)).task
        done = {stage.name: stage.manifest for stage in task.stages if stage.state == "completed" and stage.manifest}
        if not done.keys() >= TRAINING:
            raise NotReadyError("VOICE_NOT_READY")
        manifests = {name: to_ref(done[name]) for name in VOICE if name in done}
        return pb.GetVoiceResponse(manifests=manifests, language=task.detected_language)

    async def ListTranscripts(self, request: pb.ListTranscriptsRequest, context: Context) -> pb.ListTranscriptsResponse:
        """Show the clips with their texts."""
        view = await self._tasks.get(owner_of(request), request.task_id, fresh=True)
        return pb.ListTranscriptsResponse(transcripts=await self._transcripts.of(view.task))

    async def CorrectTranscripts(
        self, request: pb.CorrectTranscriptsRequest, context: Context
    ) -> pb.CorrectTranscriptsResponse:
        """Replace what people corrected."""
        owner, task_id = owner_of(request), request.task_id
        heard = await self._transcripts.of((await self._tasks.get(owner, task_id, fresh=True)).task)
        view = await self._tasks.correct(owner, task_id, checked(request.corrections, heard.clips))
        return pb.CorrectTranscriptsResponse(transcripts=await self._transcripts.of(view.task))

    async def EstimateTasks(self, request: pb.EstimateTasksRequest, context: Context) -> pb.EstimateTasksResponse:
        """Say how long tasks would take."""
        return to_estimates(await self._estimates.of(owner_of(request), request.usable_s))
