"""Loss curves over REST."""

import httpx
import pytest

from tests.contract.gateway.fake_orchestrator import FakeOrchestrator
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.pipeline.v1 import pipeline_pb2 as pipeline

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_curves_are_answered_field_by_field(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    task_id = fake.add_task()
    point = pipeline.StageMetrics(step=3, epoch=1, losses={"total": 30.1234567, "mel": 0.5})
    fake.state.curves[task_id] = [
        pb.LossCurve(stage=pipeline.STAGE_SOVITS_TRAIN, total_steps=96, total_epochs=4, batch_size=8, points=[point])
    ]
    response = await http.get(f"/api/v1/tasks/{task_id}/metrics")
    assert response.status_code == 200
    assert response.json() == {
        "task_id": task_id,
        "curves": [
            {
                "stage": "sovits_train",
                "total_steps": 96,
                "total_epochs": 4,
                "batch_size": 8,
                "points": [{"step": 3, "epoch": 1, "losses": {"mel": 0.5, "total": 30.12346}}],
            }
        ],
    }


async def test_a_task_that_has_not_trained_has_no_curves(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    task_id = fake.add_task()
    assert (await http.get(f"/tasks/{task_id}/metrics")).json() == {"task_id": task_id, "curves": []}


async def test_curves_of_an_unknown_task_are_not_found(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    response = await http.get("/tasks/nowhere/metrics")
    assert response.status_code == 404
    assert response.json()["code"] == "TASK_NOT_FOUND"
