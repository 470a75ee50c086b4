"""A small system for tests: a real broker, a real orchestrator, real workers that run torch-free stage functions."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import grpc.aio
from google.protobuf.message import Message as ProtoMessage

from services.orchestrator.__main__ import Orchestrator, limits_of
from services.orchestrator.settings import OrchestratorSettings
from services.orchestrator.store import Store
from services.runtime.artifacts import ArtifactStore
from services.runtime.errors import InvalidInputError
from services.runtime.grpc_server import GrpcServer, open_channel
from services.runtime.service import serve
from services.runtime.settings import RuntimeSettings
from services.runtime.stage import StageContext, StageFunction
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.orchestrator.v1.orchestrator_pb2_grpc import FileServiceStub, TaskServiceStub, WorkServiceStub
from voiceloom.pipeline.v1 import manifest_pb2 as manifests
from voiceloom.pipeline.v1.pipeline_pb2 import Message, Quality, Synthesis, TaskEvent, TaskOptions, TaskState
from voiceloom.preprocessing.v1.preprocessing_pb2 import InspectRequest, InspectResponse, ReportRequest, ReportResponse
from voiceloom.preprocessing.v1.preprocessing_pb2_grpc import (
    PreprocessingServiceServicer,
    add_PreprocessingServiceServicer_to_server,
)

T = TypeVar("T")

MANIFESTS: dict[str, type[ProtoMessage]] = {
    "audio_slice": manifests.AudioSliceManifest,
    "asr": manifests.AsrManifest,
    "text_feature": manifests.TextFeatureManifest,
    "hubert_feature": manifests.HubertFeatureManifest,
    "semantic_token": manifests.SemanticTokenManifest,
    "sovits_train": manifests.TrainManifest,
    "gpt_train": manifests.TrainManifest,
    "inference": manifests.InferenceManifest,
}
# A voice pack as far as the orchestrator reads one.
PACK = """
name = "tiny"
family = "tiny"
version = "1"
languages = ["en"]
sample_rate_hz = 24000
licence = "MIT"
content = {}
sovits = {}
gpt = {}
files = {}
"""
# Everything that takes seconds in earnest takes tenths of them here.
TIMINGS = {
    "ack_wait_s": 0.6,
    "fetch_wait_s": 1.0,
    "drain_s": 2.0,
    "progress_interval_s": 0.02,
    "log_level": "warning",
}
ENDED = (TaskState.TASK_STATE_COMPLETED, TaskState.TASK_STATE_FAILED, TaskState.TASK_STATE_CANCELLED)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def stage(name: str) -> StageFunction:
    """A stage that does its work at once: three steps of progress, an artifact, its manifest."""

    def run(context: StageContext) -> ProtoMessage:
        for step in (1, 2, 3):
            context.stop.raise_if_set()
            context.progress(step / 3, "asr.transcribing", done=step, total=3)
        return manifest_of(context)

    return run


def manifest_of(context: StageContext) -> ProtoMessage:
    """The manifest of a stage that made one artifact."""
    manifest = MANIFESTS[context.stage](provenance=context.provenance(seed=7))
    ref = context.put_bytes("work.bin", context.stage.encode())
    if isinstance(manifest, manifests.AsrManifest):
        manifest.language = "en"
    if isinstance(manifest, manifests.TrainManifest):
        sovits = context.stage == "sovits_train"
        model = manifest.models.add(ref=ref, epoch=4, filename=f"{context.exp_name}-e4.ckpt")
        model.kind = manifests.MODEL_KIND_SOVITS if sovits else manifests.MODEL_KIND_GPT
    if isinstance(manifest, manifests.InferenceManifest):
        manifest.outputs.add(filename="output_0.wav", ref=ref, best=True)
        manifest.ref_audio_ref.CopyFrom(context.put_bytes("reference.wav", b"reference"))
    return manifest


def stages(**behaviours: StageFunction) -> dict[str, StageFunction]:
    """All eight stages; those named behave as given."""
    return {name: behaviours.get(name, stage(name)) for name in MANIFESTS}


class Broker:
    """A nats-server with JetStream on a port of its own, which can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        installed = Path(sys.prefix) / "bin" / "nats-server"
        binary = str(installed) if installed.exists() else shutil.which("nats-server")
        assert binary is not None
        command = [binary, "-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", str(self._folder)]
        with (self._folder.parent / "nats.log").open("ab") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.02)
        raise TimeoutError("nats-server does not listen")

    def forget(self) -> None:
        """Lose all streams, as a broker with a broken disk."""
        shutil.rmtree(self._folder)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class FakePreprocessing(PreprocessingServiceServicer):
    """Decodes nothing: a recording that begins with "bad" is unreadable, any other lasts ten seconds."""

    def __init__(self, artifacts: ArtifactStore) -> None:
        self._artifacts = artifacts
        self.basis = "b" * 64
        self.reports_begun = self.reports_made = 0
        self.may_report = asyncio.Event()
        self.may_report.set()

    async def Inspect(self, request: InspectRequest, context: grpc.aio.ServicerContext) -> InspectResponse:
        if (await asyncio.to_thread(self._artifacts.get_bytes, request.recording)).startswith(b"bad"):
            raise InvalidInputError("AUDIO_UNREADABLE", reason="not_audio")
        return InspectResponse(seconds=10.0, sample_rate_hz=24000, channels=1)

    async def Report(self, request: ReportRequest, context: grpc.aio.ServicerContext) -> ReportResponse:
        """What a report says is how many were made before it."""
        if request.known_basis == self.basis:
            return ReportResponse(basis=self.basis)
        self.reports_begun += 1
        await self.may_report.wait()
        if (await asyncio.to_thread(self._artifacts.get_bytes, request.recording)).startswith(b"odd"):
            raise InvalidInputError("AUDIO_UNREADABLE", reason="damaged")
        self.reports_made += 1
        report = manifests.RecordingReport(
            report=manifests.DataReport(total_s=request.seconds, usable_s=9.0 + self.reports_made),
            outlook=manifests.OUTLOOK_POOR,
            verdict=Message(key="verdict.poor_speech", args={"seconds": "10"}),
            peaks=b"\x00\xff",
        )
        return ReportResponse(report=report, basis=self.basis)


class System:
    """What a test talks to."""

    def __init__(self, folder: Path, broker: Broker, database_url: str = "", *, orchestrators: int = 1) -> None:
        self.folder, self.broker = folder, broker
        self.database_url = database_url or f"sqlite+aiosqlite:///{folder}/tasks.db"
        self.artifacts = folder / "artifacts"
        self.storage: dict[str, object] = {"artifacts_url": str(self.artifacts)}  # or the settings of a bucket
        self.ports = [free_port() for _ in range(orchestrators)]
        self.address = ",".join(f"127.0.0.1:{port}" for port in self.ports)
        self.preprocessing_port = free_port()
        self.overrides: dict[str, object] = {}
        self._channel = open_channel(self.address)
        self.tasks, self.files = TaskServiceStub(self._channel), FileServiceStub(self._channel)
        self.work = WorkServiceStub(self._channel)
        self._running: dict[str, tuple[asyncio.Event, asyncio.Task[object]]] = {}

    def settings(self, number: int = 0) -> OrchestratorSettings:
        values: dict[str, object] = {
            "port": self.ports[number],
            "nats_url": self.broker.url,
            **self.storage,
            "database_url": self.database_url,
            "preprocessing_address": f"127.0.0.1:{self.preprocessing_port}",
            "lease_ttl_s": 1.2,
            "tick_s": 0.1,
            "backoff_s": 0.1,
            "resend_s": 1.0,
            "max_attempts": 3,
            **TIMINGS,
            **self.overrides,
        }
        return OrchestratorSettings(**values)  # type: ignore[arg-type]

    def environment(self, number: int = 0) -> dict[str, str]:
        """The settings of the orchestrator for a process."""
        pack = self.folder / "pack"
        pack.mkdir(exist_ok=True)
        (pack / "pack.toml").write_text(PACK)
        # What a test chose is passed on as it is: a secret shows in no dump.
        values = {
            **self.settings(number).model_dump(mode="json", exclude_unset=True),
            **self.overrides,
            "pack_dir": pack,
        }
        return {**os.environ, **{f"VOICELOOM_{name.upper()}": str(value) for name, value in values.items()}}

    async def start_orchestrator(self, number: int = 0) -> None:
        """In this process."""
        settings = self.settings(number)
        orchestrator = Orchestrator(settings, Store(settings.database_url, limits_of(settings)), ("en",))
        self._spawn(f"orchestrator-{number + 1}" if number else "orchestrator", orchestrator.run)
        await self.reachable(number)

    async def start_preprocessing(self) -> None:
        servicer = self.preprocessing = FakePreprocessing(ArtifactStore.of(self.settings()))

        def register(server: grpc.aio.Server) -> list[str]:
            add_PreprocessingServiceServicer_to_server(servicer, server)
            return []

        async def run(stop: asyncio.Event) -> None:
            server = await GrpcServer.start("127.0.0.1", self.preprocessing_port, register, reflect=False)
            await stop.wait()
            await server.stop(0.1)

        self._spawn("preprocessing", run)

    async def start_workers(
        self, functions: dict[str, StageFunction], name: str = "workers", **settings_of_workers: float
    ) -> None:
        """Workers of all given stages, in this process, through the real runtime."""
        settings = RuntimeSettings(
            port=0,
            nats_url=self.broker.url,
            orchestrator_address=self.address,
            reflection=False,
            **{**TIMINGS, **self.storage, **settings_of_workers},  # type: ignore[arg-type]
        )
        self._spawn(name, lambda stop: serve(settings, register=lambda server: [], stages=functions, stop=stop))

    def _spawn(self, name: str, run: Callable[[asyncio.Event], object]) -> None:
        stop = asyncio.Event()
        self._running[name] = (stop, asyncio.create_task(run(stop)))  # type: ignore[arg-type]

    async def stop(self, name: str) -> None:
        """Drain a part of the system, as SIGTERM does."""
        stop, task = self._running.pop(name)
        stop.set()
        await asyncio.wait_for(task, 10)

    async def close(self) -> None:
        for name in reversed(list(self._running)):
            await self.stop(name)
        await self._channel.close()

    async def reachable(self, number: int = 0) -> None:
        """Wait until this orchestrator, not another of them, answers from its store."""
        async with open_channel(f"127.0.0.1:{self.ports[number]}") as own:
            tasks = TaskServiceStub(own)
            await patiently(lambda: tasks.ListTasks(pb.ListTasksRequest(limit=1), wait_for_ready=True, timeout=60))
        await asyncio.wait_for(self._channel.channel_ready(), 60)

    async def upload(self, data: bytes = b"sound", *, filename: str = "me.wav", transcript: str = "") -> pb.File:
        async def parts() -> AsyncIterator[pb.WriteFileRequest]:
            yield pb.WriteFileRequest(header=pb.WriteFileHeader(filename=filename))
            for start in range(0, len(data), 1000):
                yield pb.WriteFileRequest(chunk=data[start : start + 1000])
            if transcript:
                yield pb.WriteFileRequest(transcript=transcript)

        response = await self.files.WriteFile(parts())
        file: pb.File = response.file
        return file

    async def create(self, name: str = "voice", *, file_id: str = "", owner: str = "", **options: object) -> pb.Task:
        if not file_id:
            file_id = (await self.upload()).id
        request = pb.CreateTaskRequest(
            owner=owner,
            exp_name=name,
            file_ids=[file_id],
            options=TaskOptions(quality=Quality.QUALITY_FAST, language="auto", **options),  # type: ignore[arg-type]
        )
        task: pb.Task = (await self.tasks.CreateTask(request)).task
        return task

    async def get(self, task_id: str) -> pb.Task:
        """The task; waits while the orchestrator or its store is away."""
        request = pb.GetTaskRequest(task_id=task_id)
        response = await patiently(lambda: self.tasks.GetTask(request, wait_for_ready=True, timeout=15))
        task: pb.Task = response.task
        return task

    async def until(self, task_id: str, condition: Callable[[pb.Task], bool], *, within_s: float = 60) -> pb.Task:
        """The task, as soon as the condition holds."""
        deadline = time.monotonic() + within_s
        while True:
            task = await self.get(task_id)
            if condition(task):
                return task
            assert time.monotonic() < deadline, f"not in time; the task is now\n{task}"
            await asyncio.sleep(0.03)

    async def ended(self, task_id: str, *, within_s: float = 60) -> pb.Task:
        return await self.until(task_id, lambda task: task.state in ENDED, within_s=within_s)

    async def events(self, task_id: str, after_seq: int = 0) -> list[TaskEvent]:
        """Every event up to the terminal one."""
        request = pb.WatchTaskRequest(task_id=task_id, after_seq=after_seq)
        return [response.event async for response in self.tasks.WatchTask(request, timeout=60)]


async def patiently(call: Callable[[], Awaitable[T]], *, within_s: float = 60) -> T:
    """The answer of a call, made again for as long as it is UNAVAILABLE."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            return await call()
        except grpc.RpcError as exc:
            if exc.code() != grpc.StatusCode.UNAVAILABLE or time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.03)


def no_inference() -> Synthesis:
    return Synthesis(disabled=True)


def kill(process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGKILL) -> None:
    if process.poll() is None:
        process.send_signal(number)
    process.wait(timeout=15)
