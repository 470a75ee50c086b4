"""The loss curves of a task: of a stage that is completed from its artifacts, of any other as it has been told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from services.orchestrator.curves import TRAINING, Point, points_of, thinned
from services.orchestrator.models import Stage, Task
from services.orchestrator.servicer.convert import to_ref
from services.orchestrator.store import Store
from services.runtime.artifacts import ArtifactStore
from services.runtime.stage import stage_value
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.pipeline.v1.manifest_pb2 import TrainManifest
from voiceloom.pipeline.v1.pipeline_pb2 import StageMetrics


class Curves:
    """Finds the curves of a task."""

    def __init__(self, store: Store, artifacts: ArtifactStore) -> None:
        self._store, self._artifacts = store, artifacts

    async def of(self, task: Task) -> list[pb.LossCurve]:
        """One curve for each training stage that has begun. Raises StageFailedError (ARTIFACT_CORRUPT)."""
        found = [(stage.name, await self._points(stage)) for stage in task.stages if stage.name in TRAINING]
        return [_curve(name, points) for name, points in found if points]

    async def _points(self, stage: Stage) -> list[Point]:
        if stage.state == "completed" and stage.manifest is not None:
            return await asyncio.to_thread(self._stored, stage.manifest)
        return await points_of(self._store, stage.task_id, stage.name)

    def _stored(self, manifest: dict[str, str]) -> list[Point]:
        trained = TrainManifest.FromString(self._artifacts.get_bytes(to_ref(manifest)))
        if not trained.HasField("loss_curve_ref"):
            return []
        rows = [json.loads(row) for row in self._artifacts.get_bytes(trained.loss_curve_ref).splitlines()]
        if not rows:
            return []
        steps, epochs = rows[-1]["step"], rows[-1]["epoch"]
        return [
            Point(row["step"], row["epoch"], row["losses"], steps, epochs, trained.batch_size) for row in thinned(rows)
        ]


def _curve(stage: str, points: Sequence[Point]) -> pb.LossCurve:
    newest = points[-1]
    return pb.LossCurve(
        stage=stage_value(stage),
        total_steps=newest.total_steps,
        total_epochs=newest.total_epochs,
        batch_size=newest.batch_size,
        points=[StageMetrics(step=point.step, epoch=point.epoch, losses=point.losses) for point in points],
    )
