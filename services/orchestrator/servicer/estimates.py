"""What estimates rest on, read from manifests and options, and asked of the training service."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import grpc.aio
from google.protobuf.message import DecodeError

from services.orchestrator.estimate import TRAINING, Load, Speed, Taken, load_of
from services.orchestrator.estimates import Answer
from services.orchestrator.models import Stage, Task
from services.orchestrator.servicer.convert import to_options, to_ref
from services.orchestrator.servicer.references import MANIFESTS
from services.runtime.artifacts import ArtifactStore
from services.runtime.errors import NotFoundError, StageFailedError
from services.runtime.grpc_errors import from_rpc_error
from services.voice.presets import DEFAULT_PRESET, PRESETS
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.pipeline.v1.manifest_pb2 import AudioSliceManifest, TrainManifest
from voiceloom.pipeline.v1.pipeline_pb2 import Quality, TaskOptions
from voiceloom.training.v1 import training_pb2, training_pb2_grpc

# Facts of manifests that are remembered: those of the newest tasks of some owners.
KEPT = 2000


class GrpcSpeedMeter:
    """Has the training service measure."""

    def __init__(self, channel: grpc.aio.Channel, timeout_s: float) -> None:
        self._stub, self._timeout_s = training_pb2_grpc.TrainingServiceStub(channel), timeout_s

    async def speed(self) -> Speed:
        """Ask, with a deadline; the other service's typed errors are passed on."""
        try:
            answer = await self._stub.MeasureSpeed(training_pb2.MeasureSpeedRequest(), timeout=self._timeout_s)
        except grpc.RpcError as exc:
            raise from_rpc_error(exc) from exc
        epoch_s = {"sovits_train": answer.sovits_epoch_s, "gpt_train": answer.gpt_epoch_s}
        return Speed(epoch_s, answer.start_s, answer.work_s)


@dataclass(frozen=True)
class Facts:
    """What a manifest says of its stage. ``seconds``: None when they are not those of the whole stage."""

    seconds: float | None = None
    usable_s: float = 0.0


class ManifestLedger:
    """Reads each manifest once: what is stored never changes."""

    def __init__(self, artifacts: ArtifactStore, pack_sha256: str) -> None:
        """Trainings with another pack say nothing of this one's."""
        self._artifacts, self._pack_sha256 = artifacts, pack_sha256
        self._known: dict[str, Facts] = {}

    async def taken(self, task: Task) -> Taken:
        """What a completed task has taken."""
        facts = {stage.name: await self._facts(stage) for stage in task.stages}
        options = to_options(task)
        seconds = {name: fact.seconds for name, fact in facts.items() if fact.seconds}
        for name in TRAINING:
            if options.expert.HasField(f"{name.removesuffix('_train')}_batch_size"):
                seconds.pop(name, None)
        if not facts["audio_slice"].usable_s:
            seconds = {name: took for name, took in seconds.items() if name in (*TRAINING, "inference")}
        if options.inference.target_text:
            seconds.pop("inference", None)  # another text than an estimate is about
        return Taken(_load(options, facts["audio_slice"].usable_s), seconds)

    async def load(self, task: Task, recorded_s: float) -> Load:
        """What a task asks for; what it has sliced is known better than how long its recordings are."""
        sliced = await self._facts(task.stages[0])
        return _load(to_options(task), sliced.usable_s or recorded_s)

    async def _facts(self, stage: Stage) -> Facts:
        if stage.state != "completed" or stage.manifest is None:
            return Facts()
        uri = str(stage.manifest["uri"])
        if uri not in self._known:
            if len(self._known) >= KEPT:
                self._known.clear()
            self._known[uri] = await asyncio.to_thread(self._read, stage.name, stage.manifest)
        return self._known[uri]

    def _read(self, name: str, manifest: dict[str, str]) -> Facts:
        try:
            made = MANIFESTS[name].FromString(self._artifacts.get_bytes(to_ref(manifest)))
        except (NotFoundError, StageFailedError, DecodeError):
            return Facts()  # other tasks say as much
        provenance = made.provenance  # type: ignore[attr-defined]
        seconds = None if provenance.taken_from else provenance.seconds
        if isinstance(made, TrainManifest) and (made.resumed_from_step or provenance.pack_sha256 != self._pack_sha256):
            seconds = None
        return Facts(seconds, made.report.usable_s if isinstance(made, AudioSliceManifest) else 0.0)


def to_estimates(answer: Answer) -> pb.EstimateTasksResponse:
    """Estimates as clients get them."""
    return pb.EstimateTasksResponse(
        estimates=[
            pb.Estimate(
                quality=f"QUALITY_{item.quality.upper()}",
                seconds=item.seconds,
                least_s=item.least_s,
                most_s=item.most_s,
                from_history=item.from_history,
            )
            for item in answer.estimates
        ],
        tasks_before=answer.tasks_before,
        wait_s=answer.wait_s,
    )


def _load(options: TaskOptions, usable_s: float) -> Load:
    word = Quality.Name(options.quality).removeprefix("QUALITY_").lower()
    usual, expert = PRESETS.get(word, PRESETS[DEFAULT_PRESET]), options.expert
    return load_of(
        usable_s,
        expert.sovits_epochs if expert.HasField("sovits_epochs") else usual.sovits,
        expert.gpt_epochs if expert.HasField("gpt_epochs") else usual.gpt,
        inference=not options.inference.disabled,
    )
