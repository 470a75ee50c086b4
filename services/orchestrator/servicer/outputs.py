"""What a task has made, from its manifests; and the one way from a name to an artifact."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from google.protobuf.message import Message

from services.orchestrator.models import Stage, Task
from services.orchestrator.servicer.convert import to_options, to_ref
from services.runtime.artifacts import ArtifactStore
from services.runtime.errors import NotFoundError
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.pipeline.v1.manifest_pb2 import InferenceManifest, ModelKind, TrainManifest
from voiceloom.pipeline.v1.pipeline_pb2 import ArtifactRef

M = TypeVar("M", bound=Message)


@dataclass(frozen=True)
class Named:
    """An artifact and the name under which people get it."""

    filename: str
    ref: ArtifactRef
    created_at: float


class Outputs:
    """Reads the manifests of finished stages."""

    def __init__(self, artifacts: ArtifactStore) -> None:
        self._artifacts = artifacts

    async def of(self, task: Task) -> pb.ListOutputsResponse:
        """Everything that a task has made so far."""
        stages = {stage.name: stage for stage in task.stages}
        response = pb.ListOutputsResponse(target_text=to_options(task).inference.target_text)
        for name in ("sovits_train", "gpt_train"):
            trained = await self._manifest(stages[name], TrainManifest)
            response.models.extend(trained.models if trained else ())
        inference = await self._manifest(stages["inference"], InferenceManifest)
        if inference is not None:
            response.inference.CopyFrom(inference)
            response.created_at.FromMilliseconds(int((stages["inference"].completed_at or 0.0) * 1000))
        return response

    async def find(self, task: Task, file_type: pb.FileType, name: str) -> Named:
        """The artifact of that type whose name, key, or last part of the key is ``name``.

        A name is only ever compared with the names of what this task made, so it cannot lead anywhere else.
        Raises NotFoundError (OUTPUT_NOT_FOUND).
        """
        made = await self.of(task)
        for named in _listed(task, made, file_type):
            if name in (named.filename, named.ref.uri, named.ref.uri.rpartition("/")[2]):
                return named
        raise NotFoundError("OUTPUT_NOT_FOUND")

    async def _manifest(self, stage: Stage, cls: type[M]) -> M | None:
        if stage.state != "completed" or stage.manifest is None:
            return None
        return cls.FromString(await asyncio.to_thread(self._artifacts.get_bytes, to_ref(stage.manifest)))


def _listed(task: Task, made: pb.ListOutputsResponse, file_type: pb.FileType) -> Iterator[Named]:
    completed_at = {stage.name: stage.completed_at or 0.0 for stage in task.stages}
    spoken_at = completed_at["inference"]
    if file_type == pb.FileType.FILE_TYPE_OUTPUT:
        for output in made.inference.outputs:
            yield Named(output.filename, output.ref, spoken_at)
    elif file_type == pb.FileType.FILE_TYPE_REF_AUDIO and made.inference.HasField("ref_audio_ref"):
        ref = made.inference.ref_audio_ref
        yield Named(ref.uri.rpartition("/")[2], ref, spoken_at)
    kinds = {
        pb.FileType.FILE_TYPE_GPT_MODEL: (ModelKind.MODEL_KIND_GPT, "gpt_train"),
        pb.FileType.FILE_TYPE_SOVITS_MODEL: (ModelKind.MODEL_KIND_SOVITS, "sovits_train"),
    }
    if file_type in kinds:
        kind, stage = kinds[file_type]
        for model in made.models:
            if model.kind == kind:
                yield Named(model.filename, model.ref, completed_at[stage])
