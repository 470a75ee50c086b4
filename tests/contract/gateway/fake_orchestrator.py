"""An orchestrator in memory behind real gRPC: it implements the protos, and does what a test tells it to."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import grpc.aio
from google.protobuf.timestamp_pb2 import Timestamp
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from voiceloom.inference.v1 import inference_pb2, inference_pb2_grpc
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.orchestrator.v1 import orchestrator_pb2_grpc
from voiceloom.pipeline.v1 import manifest_pb2
from voiceloom.pipeline.v1 import pipeline_pb2 as pipeline

CREATED = Timestamp(seconds=1_760_000_000)
TERMINAL = (pipeline.TASK_STATE_COMPLETED, pipeline.TASK_STATE_FAILED, pipeline.TASK_STATE_CANCELLED)
LANGUAGES = ("en",)
CHUNK = 1000


async def refuse(context: grpc.aio.ServicerContext, status: grpc.StatusCode, code: str, **args: str) -> NoReturn:
    """Answer an error the way every service does."""
    failure = pipeline.Failure(code=code, message=pipeline.Message(key=f"error.{code}", args=args))
    await context.abort(status, code, (("voiceloom-error-bin", failure.SerializeToString()),))
    raise AssertionError


@dataclass
class Stored:
    """Bytes under a name."""

    filename: str
    uri: str
    data: bytes

    @property
    def ref(self) -> pipeline.ArtifactRef:
        return pipeline.ArtifactRef(
            uri=self.uri, sha256=hashlib.sha256(self.data).hexdigest(), size_bytes=len(self.data)
        )


@dataclass
class State:
    """What survives a restart."""

    tasks: dict[str, pb.Task] = field(default_factory=dict)
    events: dict[str, list[pipeline.TaskEvent]] = field(default_factory=dict)
    files: dict[str, pb.File] = field(default_factory=dict)
    recordings: dict[str, bytes] = field(default_factory=dict)
    reports: dict[str, manifest_pb2.RecordingReport] = field(default_factory=dict)
    outputs: dict[str, pb.ListOutputsResponse] = field(default_factory=dict)
    artifacts: dict[tuple[str, int], list[Stored]] = field(default_factory=dict)
    transcripts: dict[str, pb.TaskTranscripts] = field(default_factory=dict)
    curves: dict[str, list[pb.LossCurve]] = field(default_factory=dict)
    purged: list[str] = field(default_factory=list)


class FakeOrchestrator(
    orchestrator_pb2_grpc.TaskServiceServicer,
    orchestrator_pb2_grpc.FileServiceServicer,
    inference_pb2_grpc.InferenceServiceServicer,
):
    """All services that the gateway asks, in one server."""

    def __init__(self) -> None:
        self._clear()
        self.watches_open = 0
        self.port = 0
        self._changed = asyncio.Condition()
        self._server: grpc.aio.Server | None = None

    def _clear(self) -> None:
        self.state = State()
        self.calls: list[tuple[str, Any]] = []
        self.metadata: list[dict[str, Any]] = []
        # Method -> (status, code, args) to answer instead; a plain exception is raised as it is.
        self.refusals: dict[str, tuple[grpc.StatusCode, str, dict[str, str]] | Exception] = {}
        self.watches_total = 0
        # Whether streams stay open after a terminal event.
        self.hold_ends = False
        # Set once an upload has begun.
        self.uploading = asyncio.Event()
        # Texts that are being spoken, and whether they go on.
        self.speaking = 0
        self.may_speak = asyncio.Event()
        self.may_speak.set()
        # Bytes after which the next read breaks.
        self.break_read_after: int | None = None

    async def reset(self) -> None:
        """Forget everything, and serve."""
        self._clear()
        if self._server is None:
            await self.start()
        for part in ("", "broker", "storage"):
            await self.set_part(part, serving=True)

    async def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        self._server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        orchestrator_pb2_grpc.add_TaskServiceServicer_to_server(self, self._server)
        orchestrator_pb2_grpc.add_FileServiceServicer_to_server(self, self._server)
        inference_pb2_grpc.add_InferenceServiceServicer_to_server(self, self._server)
        self.health = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self.health, self._server)
        self.port = self._server.add_insecure_port(f"127.0.0.1:{self.port}")
        await self._server.start()

    async def stop(self) -> None:
        """Cut every call."""
        if self._server is not None:
            await self._server.stop(0)
            self._server = None

    async def set_part(self, part: str, *, serving: bool) -> None:
        """What the health check says about a part."""
        status = health_pb2.HealthCheckResponse
        await self.health.set(part, status.SERVING if serving else status.NOT_SERVING)

    async def _note(self, method: str, request: Any, context: grpc.aio.ServicerContext) -> None:
        self.calls.append((method, request))
        self.metadata.append(dict(context.invocation_metadata() or ()))
        if refusal := self.refusals.get(method):
            if isinstance(refusal, Exception):
                raise refusal
            status, code, args = refusal
            if not code:
                await context.abort(status, "/secret/path: no such table")
            await refuse(context, status, code, **args)

    # ---- what tests do to tasks

    async def emit(self, task_id: str, **event: Any) -> int:
        """Write an event of a task, as the outbox would, and return its sequence."""
        task = self.state.tasks[task_id]
        task.last_seq += 1
        self.state.events.setdefault(task_id, []).append(
            pipeline.TaskEvent(task_id=task_id, seq=task.last_seq, time=CREATED, **event)
        )
        async with self._changed:
            self._changed.notify_all()
        return task.last_seq

    async def progress(self, task_id: str, fraction: float, epoch: int = 1) -> int:
        """A progress event of the SoVITS training."""
        task = self.state.tasks[task_id]
        task.progress = fraction
        task.state = pipeline.TASK_STATE_RUNNING
        task.current_stage = pipeline.STAGE_SOVITS_TRAIN
        message = pipeline.Message(key="sovits_train.epoch", args={"epoch": str(epoch), "epochs": "16"})
        task.message.CopyFrom(message)
        return await self.emit(
            task_id,
            progressed=pipeline.TaskProgressed(
                state=pipeline.TASK_STATE_RUNNING,
                stage=pipeline.STAGE_SOVITS_TRAIN,
                progress=fraction,
                stage_progress=0.5,
                message=message,
                eta_seconds=73,
            ),
        )

    async def finish(self, task_id: str, state: int = pipeline.TASK_STATE_COMPLETED, **failure: Any) -> int:
        """End a task."""
        task = self.state.tasks[task_id]
        task.state = state
        task.completed_at.CopyFrom(CREATED)
        if state == pipeline.TASK_STATE_COMPLETED:
            task.progress = 1.0
            return await self.emit(task_id, completed=pipeline.TaskCompleted())
        if state == pipeline.TASK_STATE_CANCELLED:
            return await self.emit(task_id, cancelled=pipeline.TaskCancelled())
        task.failure.CopyFrom(pipeline.Failure(**failure))
        return await self.emit(task_id, failed=pipeline.TaskFailed(failure=task.failure))

    async def run_again(self, task_id: str) -> int:
        """Queue a task that has ended."""
        task = self.state.tasks[task_id]
        task.state = pipeline.TASK_STATE_QUEUED
        task.ClearField("failure")
        task.ClearField("completed_at")
        message = pipeline.Message(key="task.retried", args={"stage": "asr"})
        task.message.CopyFrom(message)
        return await self.emit(task_id, progressed=pipeline.TaskProgressed(state=task.state, message=message))

    def add_file(self, data: bytes = b"RIFFdata", filename: str = "a.wav", file_id: str = "f1") -> str:
        """An uploaded recording."""
        self.state.recordings[file_id] = data
        self.state.files[file_id] = pb.File(
            id=file_id,
            owner="local",
            filename=filename,
            ref=Stored(filename, f"files/{file_id}/recording", data).ref,
            seconds=12.5,
            sample_rate_hz=24000,
            channels=1,
            created_at=CREATED,
        )
        return file_id

    def add_task(self, name: str = "voice", *, task_id: str = "") -> str:
        """A queued task."""
        task_id = task_id or f"t{len(self.state.tasks) + 1}"
        self.state.tasks[task_id] = pb.Task(
            id=task_id,
            owner="local",
            exp_name=name,
            options=pipeline.TaskOptions(quality=pipeline.QUALITY_FAST, language="auto"),
            state=pipeline.TASK_STATE_QUEUED,
            stages=[
                pb.StageStatus(stage=stage, state=pipeline.STAGE_STATE_PENDING) for stage in pipeline.Stage.values()[1:]
            ],
            message=pipeline.Message(key="task.queued"),
            queue_position=1,
            created_at=CREATED,
            last_seq=1,
        )
        self.state.events[task_id] = [
            pipeline.TaskEvent(
                task_id=task_id,
                seq=1,
                time=CREATED,
                progressed=pipeline.TaskProgressed(
                    state=pipeline.TASK_STATE_QUEUED, message=pipeline.Message(key="task.queued")
                ),
            )
        ]
        return task_id

    def add_artifact(self, task_id: str, file_type: int, filename: str, data: bytes, *, key: str = "") -> Stored:
        """A file that a task made."""
        stored = Stored(filename, f"tasks/{task_id}/inference/3/{key or filename}", data)
        self.state.artifacts.setdefault((task_id, file_type), []).append(stored)
        return stored

    # ---- TaskService

    async def _task(self, request: Any, context: grpc.aio.ServicerContext) -> pb.Task:
        task = self.state.tasks.get(request.task_id)
        if task is None:
            await refuse(context, grpc.StatusCode.NOT_FOUND, "TASK_NOT_FOUND")
        return task

    async def CreateTask(self, request: pb.CreateTaskRequest, context: Any) -> pb.CreateTaskResponse:
        await self._note("CreateTask", request, context)
        if request.options.language not in ("auto", *LANGUAGES):
            args = {"language": request.options.language, "languages": ", ".join(LANGUAGES)}
            await refuse(context, grpc.StatusCode.INVALID_ARGUMENT, "LANGUAGE_UNSUPPORTED", **args)
        if any(task.exp_name == request.exp_name for task in self.state.tasks.values()):
            await refuse(context, grpc.StatusCode.ALREADY_EXISTS, "NAME_TAKEN", exp_name=request.exp_name)
        wanted = [*request.file_ids, *filter(None, [request.options.inference.ref_audio_id])]
        for file_id in wanted:
            if file_id not in self.state.files:
                await refuse(context, grpc.StatusCode.NOT_FOUND, "FILE_NOT_FOUND", file_id=file_id)
        task_id = self.add_task(request.exp_name)
        task = self.state.tasks[task_id]
        task.options.CopyFrom(request.options)
        task.file_ids.extend(request.file_ids)
        return pb.CreateTaskResponse(task=task)

    async def GetTask(self, request: pb.GetTaskRequest, context: Any) -> pb.GetTaskResponse:
        await self._note("GetTask", request, context)
        return pb.GetTaskResponse(task=await self._task(request, context))

    async def ListTasks(self, request: pb.ListTasksRequest, context: Any) -> pb.ListTasksResponse:
        await self._note("ListTasks", request, context)
        part = request.search.casefold()
        tasks = [task for task in self.state.tasks.values() if part in task.exp_name.casefold()]
        found = [task for task in tasks if request.state in (0, task.state)][::-1]
        page = found[request.offset : request.offset + request.limit]
        return pb.ListTasksResponse(tasks=page, total=len(found))

    async def CancelTask(self, request: pb.CancelTaskRequest, context: Any) -> pb.CancelTaskResponse:
        await self._note("CancelTask", request, context)
        task = await self._task(request, context)
        if task.state in TERMINAL:
            await refuse(context, grpc.StatusCode.FAILED_PRECONDITION, "TASK_NOT_CANCELLABLE")
        await self.finish(task.id, pipeline.TASK_STATE_CANCELLED)
        return pb.CancelTaskResponse(task=task)

    async def PurgeTask(self, request: pb.PurgeTaskRequest, context: Any) -> pb.PurgeTaskResponse:
        await self._note("PurgeTask", request, context)
        task = await self._task(request, context)
        del self.state.tasks[task.id]
        self.state.purged.append(task.id)
        async with self._changed:
            self._changed.notify_all()
        return pb.PurgeTaskResponse()

    async def ResumeTask(self, request: pb.ResumeTaskRequest, context: Any) -> pb.ResumeTaskResponse:
        await self._note("ResumeTask", request, context)
        await self._task(request, context)
        await self.run_again(request.task_id)
        return pb.ResumeTaskResponse(task=self.state.tasks[request.task_id])

    async def RetryTask(self, request: pb.RetryTaskRequest, context: Any) -> pb.RetryTaskResponse:
        await self._note("RetryTask", request, context)
        await self._task(request, context)
        await self.run_again(request.task_id)
        return pb.RetryTaskResponse(task=self.state.tasks[request.task_id])

    async def WatchTask(self, request: pb.WatchTaskRequest, context: Any) -> AsyncIterator[pb.WatchTaskResponse]:
        await self._note("WatchTask", request, context)
        await self._task(request, context)
        self.watches_open += 1
        self.watches_total += 1
        seq = request.after_seq
        try:
            while request.task_id in self.state.tasks:
                for event in [event for event in self.state.events[request.task_id] if event.seq > seq]:
                    yield pb.WatchTaskResponse(event=event)
                    seq = event.seq
                task = self.state.tasks.get(request.task_id)
                if task is None or (task.state in TERMINAL and seq >= task.last_seq and not self.hold_ends):
                    return
                async with self._changed:
                    if self.state.events[request.task_id][-1].seq <= seq:
                        await self._changed.wait()
        finally:
            self.watches_open -= 1

    async def EstimateTasks(self, request: pb.EstimateTasksRequest, context: Any) -> pb.EstimateTasksResponse:
        await self._note("EstimateTasks", request, context)
        estimate = pb.Estimate(quality=pipeline.QUALITY_FAST, seconds=165.04, least_s=116, most_s=261)
        return pb.EstimateTasksResponse(estimates=[estimate], tasks_before=2, wait_s=30.5)

    async def ListTranscripts(self, request: pb.ListTranscriptsRequest, context: Any) -> pb.ListTranscriptsResponse:
        await self._note("ListTranscripts", request, context)
        task = await self._task(request, context)
        if task.id not in self.state.transcripts:
            await refuse(context, grpc.StatusCode.FAILED_PRECONDITION, "TRANSCRIPTS_NOT_READY")
        return pb.ListTranscriptsResponse(transcripts=self.state.transcripts[task.id])

    async def CorrectTranscripts(
        self, request: pb.CorrectTranscriptsRequest, context: Any
    ) -> pb.CorrectTranscriptsResponse:
        await self._note("CorrectTranscripts", request, context)
        task = await self._task(request, context)
        if task.state not in TERMINAL:
            await refuse(context, grpc.StatusCode.FAILED_PRECONDITION, "TASK_NOT_ENDED")
        found = self.state.transcripts[task.id]
        made = {correction.clip_id: correction for correction in request.corrections}
        for clip in found.clips:
            clip.ClearField("correction")
            if clip.clip_id in made:
                clip.correction.CopyFrom(made[clip.clip_id])
        found.pending = bool(made)
        return pb.CorrectTranscriptsResponse(transcripts=found)

    async def ListMetrics(self, request: pb.ListMetricsRequest, context: Any) -> pb.ListMetricsResponse:
        await self._note("ListMetrics", request, context)
        task = await self._task(request, context)
        return pb.ListMetricsResponse(curves=self.state.curves.get(task.id, []))

    async def ListOutputs(self, request: pb.ListOutputsRequest, context: Any) -> pb.ListOutputsResponse:
        await self._note("ListOutputs", request, context)
        await self._task(request, context)
        return self.state.outputs.get(request.task_id, pb.ListOutputsResponse())

    # ---- FileService

    async def WriteFile(self, request_iterator: AsyncIterator[pb.WriteFileRequest], context: Any) -> Any:
        header, data, transcript = None, b"", ""
        async for request in request_iterator:
            if header is None:
                header = request.header
                self.uploading.set()
            elif request.WhichOneof("part") == "transcript":
                transcript = request.transcript
            else:
                data += request.chunk
        assert header is not None
        await self._note("WriteFile", header, context)
        # Decoding takes a while; a caller that has gone stops it here.
        await asyncio.sleep(0.02)
        if not data.startswith(b"RIFF"):
            await refuse(context, grpc.StatusCode.INVALID_ARGUMENT, "AUDIO_UNREADABLE")
        file_id = self.add_file(data, header.filename, f"f{len(self.state.files) + 1}")
        self.state.files[file_id].transcript = transcript or header.transcript
        return pb.WriteFileResponse(file=self.state.files[file_id])

    async def _file(self, file_id: str, context: grpc.aio.ServicerContext) -> pb.File:
        if file_id not in self.state.files:
            await refuse(context, grpc.StatusCode.NOT_FOUND, "FILE_NOT_FOUND", file_id=file_id)
        return self.state.files[file_id]

    async def GetFile(self, request: pb.GetFileRequest, context: Any) -> pb.GetFileResponse:
        await self._note("GetFile", request, context)
        return pb.GetFileResponse(file=await self._file(request.file_id, context))

    async def ListFiles(self, request: pb.ListFilesRequest, context: Any) -> pb.ListFilesResponse:
        await self._note("ListFiles", request, context)
        found = list(self.state.files.values())[::-1]
        return pb.ListFilesResponse(files=found[request.offset :][: request.limit], total=len(found))

    async def GetFileReport(self, request: pb.GetFileReportRequest, context: Any) -> pb.GetFileReportResponse:
        await self._note("GetFileReport", request, context)
        if request.file_id not in self.state.files:
            await refuse(context, grpc.StatusCode.NOT_FOUND, "FILE_NOT_FOUND", file_id=request.file_id)
        return pb.GetFileReportResponse(report=self.state.reports[request.file_id])

    async def DeleteFile(self, request: pb.DeleteFileRequest, context: Any) -> pb.DeleteFileResponse:
        await self._note("DeleteFile", request, context)
        await self._file(request.file_id, context)
        if any(request.file_id in task.file_ids for task in self.state.tasks.values()):
            await refuse(context, grpc.StatusCode.FAILED_PRECONDITION, "FILE_IN_USE")
        del self.state.files[request.file_id]
        return pb.DeleteFileResponse()

    async def ReadFile(self, request: pb.ReadFileRequest, context: Any) -> AsyncIterator[pb.ReadFileResponse]:
        await self._note("ReadFile", request, context)
        if request.WhichOneof("source") == "artifact":
            await self._task(request.artifact, context)
            name = request.artifact.name
            made = self.state.artifacts.get((request.artifact.task_id, request.artifact.file_type), [])
            stored = next((s for s in made if name in (s.filename, s.uri, s.uri.rpartition("/")[2])), None)
            if stored is None:
                await refuse(context, grpc.StatusCode.NOT_FOUND, "OUTPUT_NOT_FOUND")
        else:
            file = await self._file(request.file_id, context)
            stored = Stored(file.filename, file.ref.uri, self.state.recordings[request.file_id])
        yield pb.ReadFileResponse(
            header=pb.ReadFileHeader(
                filename=stored.filename,
                total_bytes=len(stored.data),
                sha256=stored.ref.sha256,
                created_at=CREATED,
            )
        )
        data = stored.data[request.offset :]
        data = data[: request.length] if request.length else data
        for start in range(0, len(data), CHUNK):
            if self.break_read_after is not None and start >= self.break_read_after:
                self.break_read_after = None
                await context.abort(grpc.StatusCode.UNAVAILABLE, "restarting")
            yield pb.ReadFileResponse(chunk=data[start : start + CHUNK])

    async def GetVoice(self, request: pb.GetVoiceRequest, context: Any) -> pb.GetVoiceResponse:
        await self._note("GetVoice", request, context)
        task = await self._task(request, context)
        if task.state != pipeline.TASK_STATE_COMPLETED:
            await refuse(context, grpc.StatusCode.FAILED_PRECONDITION, "VOICE_NOT_READY")
        manifests = {name: Stored(name, name, name.encode()).ref for name in ("sovits_train", "gpt_train")}
        return pb.GetVoiceResponse(manifests=manifests, language="en")

    # ---- InferenceService

    async def Synthesize(self, request: Any, context: Any) -> AsyncIterator[inference_pb2.SynthesizeResponse]:
        await self._note("Synthesize", request, context)
        self.speaking += 1
        try:
            for sentence in request.text.split("."):
                await self.may_speak.wait()
                pcm = b"\x01\x00" * len(sentence)
                yield inference_pb2.SynthesizeResponse(pcm=pcm, sample_rate_hz=24000, text=sentence)
        finally:
            self.speaking -= 1

    async def ListVoices(self, request: Any, context: Any) -> inference_pb2.ListVoicesResponse:
        await self._note("ListVoices", request, context)
        pack = inference_pb2.Pack(
            name="nano", family="voiceloom-nano", version="1", languages=LANGUAGES, sample_rate_hz=24000, licence="MIT"
        )
        return inference_pb2.ListVoicesResponse(pack=pack)


def finished_outputs(fake: FakeOrchestrator, task_id: str, name: str) -> pb.ListOutputsResponse:
    """What a finished task has made: one output, one model of each kind, one reference."""
    wav = fake.add_artifact(task_id, pb.FILE_TYPE_OUTPUT, "output_0.wav", b"RIFF" + bytes(range(256)) * 20)
    ref = fake.add_artifact(task_id, pb.FILE_TYPE_REF_AUDIO, "reference.wav", b"RIFFreference")
    gpt = fake.add_artifact(task_id, pb.FILE_TYPE_GPT_MODEL, f"{name}-e8.ckpt", b"gpt", key="e8.ckpt")
    sovits = fake.add_artifact(task_id, pb.FILE_TYPE_SOVITS_MODEL, f"{name}_e4_s12.pth", b"sovits", key="e4_s12.pth")
    models = {
        "gpt": manifest_pb2.Model(
            kind=manifest_pb2.MODEL_KIND_GPT, filename=gpt.filename, ref=gpt.ref, epoch=8, step=40
        ),
        "sovits": manifest_pb2.Model(
            kind=manifest_pb2.MODEL_KIND_SOVITS, filename=sovits.filename, ref=sovits.ref, epoch=4, step=12
        ),
    }
    made = pb.ListOutputsResponse(
        models=models.values(),
        created_at=CREATED,
        inference=manifest_pb2.InferenceManifest(
            ref_text="these are the words",
            ref_audio_ref=ref.ref,
            target_text="hello there",
            best_gpt=gpt.filename,
            best_sovits=sovits.filename,
            outputs=[
                manifest_pb2.Output(
                    filename=wav.filename,
                    ref=wav.ref,
                    seconds=2.5,
                    heard_text="hello their",
                    word_error_rate=0.5,
                    speaker_similarity=0.75,
                    speech_ratio=0.9,
                    length_ratio=1.1,
                    best=True,
                    **models,
                )
            ],
        ),
    )
    fake.state.outputs[task_id] = made
    return made
