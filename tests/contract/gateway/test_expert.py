"""What experts choose, over REST."""

import httpx
import pytest

from tests.contract.gateway.fake_orchestrator import FakeOrchestrator

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_what_experts_choose_is_passed_on_and_shown(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    expert = {"sovits_epochs": 3, "gpt_learning_rate": 0.0002, "min_clip_seconds": 1.5}
    body = {"exp_name": "a", "audio_file_id": fake.add_file(), "options": {"expert": expert}}
    made = (await http.post("/tasks", json=body)).json()
    assert {name: value for name, value in made["expert"].items() if value is not None} == expert
    sent = next(request for method, request in fake.calls if method == "CreateTask").options.expert
    assert (sent.sovits_epochs, sent.gpt_learning_rate, sent.min_clip_s) == (3, 0.0002, 1.5)
    assert not sent.HasField("gpt_epochs")


async def test_expert_options_are_refused_field_by_field(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    expert = {"sovits_epochs": 0, "gpt_learning_rate": "fast", "max_clip_seconds": 4, "min_clip_seconds": 3}
    body = {"exp_name": "a", "audio_file_id": fake.add_file(), "options": {"expert": expert}}
    response = await http.post("/tasks", json=body, params={"lang": "en"})
    assert response.status_code == 400
    assert {error["field"] for error in response.json()["errors"]} == {
        "options.expert.sovits_epochs",
        "options.expert.gpt_learning_rate",
        "options.expert.max_clip_seconds",
    }


async def test_a_task_without_expert_options_shows_none(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    body = {"exp_name": "a", "audio_file_id": fake.add_file(), "options": {"expert": {}}}
    assert (await http.post("/tasks", json=body)).json()["expert"] is None
    sent = next(request for method, request in fake.calls if method == "CreateTask").options
    assert not sent.HasField("expert")
