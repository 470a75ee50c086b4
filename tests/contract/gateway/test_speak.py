"""A trained voice says something else, over REST."""

import asyncio
import io
import wave

import grpc
import httpx
import pytest

from tests.contract.gateway.conftest import running, settings_for
from tests.contract.gateway.fake_orchestrator import FakeOrchestrator

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def finished(fake: FakeOrchestrator) -> str:
    task_id = fake.add_task()
    await fake.finish(task_id)
    return task_id


async def until(condition: object) -> None:
    async with asyncio.timeout(10):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.01)


async def test_a_voice_says_a_text_as_one_wav_file(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    task_id = await finished(fake)
    response = await http.post(f"/api/v1/tasks/{task_id}/speak", json={"text": "Good morning. How are you"})
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "audio/wav"
    assert response.headers["Cache-Control"] == "no-store"
    assert int(response.headers["Content-Length"]) == len(response.content)
    with wave.open(io.BytesIO(response.content)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 24000)
        assert sound.getnframes() == len("Good morning How are you")


async def test_the_voice_gets_what_was_asked_for(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    task_id = await finished(fake)
    options = {"speed": 1.5, "temperature": 0.5, "top_k": 3, "top_p": 0.9, "repetition_penalty": 1.2, "seed": 7}
    asked = {"text": "你好", "language": "zh", **options}
    assert (await http.post(f"/tasks/{task_id}/speak", json=asked)).status_code == 200
    request = next(request for method, request in fake.calls if method == "Synthesize")
    assert (request.voice_id, request.text, request.language) == (task_id, "你好", "zh")
    assert set(request.manifests) == {"sovits_train", "gpt_train"}
    assert {name: pytest.approx(getattr(request.synthesis, name)) for name in options} == options


async def test_the_language_is_that_of_the_recording_unless_named(
    http: httpx.AsyncClient, fake: FakeOrchestrator
) -> None:
    task_id = await finished(fake)
    await http.post(f"/tasks/{task_id}/speak", json={"text": "Hello"})
    assert next(request for method, request in fake.calls if method == "Synthesize").language == "en"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "text"),
        ({"text": " \n "}, "text"),
        ({"text": "a" * 5001}, "text"),
        ({"text": "a\x07"}, "text"),
        ({"text": "a", "speed": 9}, "speed"),
        ({"text": "a", "language": "auto"}, "language"),
        ({"text": "a", "warmth": 1}, "warmth"),
    ],
)
async def test_what_cannot_be_said_is_refused(
    http: httpx.AsyncClient, fake: FakeOrchestrator, body: dict[str, object], field: str
) -> None:
    task_id = await finished(fake)
    response = await http.post(f"/tasks/{task_id}/speak", json=body)
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert "Synthesize" not in [method for method, _ in fake.calls]


async def test_a_voice_that_is_not_trained_cannot_speak(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    response = await http.post(f"/tasks/{fake.add_task()}/speak", json={"text": "Hello"})
    assert response.status_code == 409
    assert response.json()["code"] == "VOICE_NOT_READY"


async def test_an_unknown_task_cannot_speak(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    response = await http.post("/tasks/nowhere/speak", json={"text": "Hello"})
    assert (response.status_code, response.json()["code"]) == (404, "TASK_NOT_FOUND")


async def test_words_that_the_voice_cannot_pronounce_are_refused_with_its_sentence(
    http: httpx.AsyncClient, fake: FakeOrchestrator
) -> None:
    task_id = await finished(fake)
    fake.refusals["Synthesize"] = (grpc.StatusCode.INVALID_ARGUMENT, "TARGET_TEXT_EMPTY", {"language": "en"})
    response = await http.post(f"/tasks/{task_id}/speak", params={"lang": "en"}, json={"text": "☃"})
    assert (response.status_code, response.json()["code"]) == (400, "TARGET_TEXT_EMPTY")
    assert response.json()["detail"] == "Nothing in the text to speak can be pronounced in English"


async def test_a_client_that_leaves_stops_the_speaking(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    task_id = await finished(fake)
    fake.may_speak.clear()
    asking = asyncio.create_task(http.post(f"/tasks/{task_id}/speak", json={"text": "Hello"}))
    await until(lambda: fake.speaking == 1)
    asking.cancel()
    await until(lambda: fake.speaking == 0)


async def test_more_texts_at_once_than_allowed_are_told_to_come_back(fake: FakeOrchestrator) -> None:
    task_id = await finished(fake)
    fake.may_speak.clear()
    async with running(settings_for(fake, max_speaking=1)) as gateway:
        first = asyncio.create_task(gateway.http.post(f"/tasks/{task_id}/speak", json={"text": "Hello"}))
        await until(lambda: fake.speaking == 1)
        second = await gateway.http.post(f"/tasks/{task_id}/speak", json={"text": "Hello"})
        assert (second.status_code, second.json()["code"]) == (429, "SPEECH_BUSY")
        assert int(second.headers["Retry-After"]) > 0
        fake.may_speak.set()
        assert (await first).status_code == 200
        assert (await gateway.http.post(f"/tasks/{task_id}/speak", json={"text": "Hi"})).status_code == 200


async def test_a_deadline_ends_speech_that_does_not_come(fake: FakeOrchestrator) -> None:
    task_id = await finished(fake)
    fake.may_speak.clear()
    async with running(settings_for(fake, speak_timeout_s=0.2)) as gateway:
        response = await gateway.http.post(f"/tasks/{task_id}/speak", json={"text": "Hello"})
    assert (response.status_code, response.json()["code"]) == (503, "UNAVAILABLE")
