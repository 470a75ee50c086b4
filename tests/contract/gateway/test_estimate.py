"""How long tasks would take, over REST."""

import grpc
import httpx
import pytest

from tests.contract.gateway.fake_orchestrator import FakeOrchestrator

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_estimates_are_answered_field_by_field(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    response = await http.get("/api/v1/estimate", params={"usable_seconds": 90.5})
    assert response.status_code == 200
    assert response.json() == {
        "items": [
            {
                "quality": "fast",
                "seconds": 165.04,
                "least_seconds": 116.0,
                "most_seconds": 261.0,
                "basis": "measured",
            }
        ],
        "tasks_before": 2,
        "wait_seconds": 30.5,
    }
    assert next(request for method, request in fake.calls if method == "EstimateTasks").usable_s == 90.5


@pytest.mark.parametrize("given", [None, "0", "-1", "7201", "nan", "inf", "long"])
async def test_lengths_that_no_recording_has_are_refused(
    http: httpx.AsyncClient, fake: FakeOrchestrator, given: str | None
) -> None:
    response = await http.get("/estimate", params={"usable_seconds": given} if given else {})
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == ["usable_seconds"]


async def test_nothing_known_yet_is_told_to_come_back(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    fake.refusals["EstimateTasks"] = (grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE", {})
    response = await http.get("/estimate", params={"usable_seconds": 90})
    assert (response.status_code, response.json()["code"]) == (503, "UNAVAILABLE")
    assert int(response.headers["Retry-After"]) > 0
