"""Reading and correcting the words of clips over REST."""

import httpx
import pytest

from tests.contract.gateway.fake_orchestrator import FakeOrchestrator
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.pipeline.v1 import manifest_pb2 as manifest
from voiceloom.pipeline.v1 import pipeline_pb2 as pipeline

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def heard(fake: FakeOrchestrator) -> str:
    """A completed task with two clips, one of which was not trained on."""
    task_id = fake.add_task()
    await fake.finish(task_id)
    words = [manifest.Word(text="Hello", start_s=0.1, end_s=0.5, probability=0.75)]
    fake.state.transcripts[task_id] = pb.TaskTranscripts(
        clips=[
            pb.ClipTranscript(
                clip_id="c0000",
                start_s=0.5,
                seconds=2.25,
                recognised=manifest.Transcript(
                    clip_id="c0000", text="Hello", language="en", confidence=0.75, words=words, kept=True
                ),
                trained=manifest.PhonemeRow(clip_id="c0000", text="Hello", drop_reason="pace"),
            ),
            pb.ClipTranscript(
                clip_id="c0001",
                start_s=3.0,
                seconds=1.5,
                recognised=manifest.Transcript(clip_id="c0001", language="en", drop_reason="no_words"),
            ),
        ],
        language="en",
    )
    return task_id


async def test_clips_are_answered_field_by_field(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    task_id = await heard(fake)
    response = await http.get(f"/api/v1/tasks/{task_id}/transcripts")
    assert response.status_code == 200
    assert response.json() == {
        "task_id": task_id,
        "language": "en",
        "aligned": False,
        "pending": False,
        "items": [
            {
                "clip_id": "c0000",
                "start": 0.5,
                "seconds": 2.25,
                "text": "Hello",
                "recognised_text": "Hello",
                "language": "en",
                "confidence": 0.75,
                "kept": False,
                "drop_reason": "pace",
                "corrected": False,
                "dropped": False,
                "words": [{"text": "Hello", "start": 0.1, "end": 0.5, "probability": 0.75}],
            },
            {
                "clip_id": "c0001",
                "start": 3.0,
                "seconds": 1.5,
                "text": "",
                "recognised_text": "",
                "language": "en",
                "confidence": 0.0,
                "kept": False,
                "drop_reason": "no_words",
                "corrected": False,
                "dropped": False,
                "words": [],
            },
        ],
    }


async def test_corrections_are_taken_and_shown(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    task_id = await heard(fake)
    items = [{"clip_id": "c0000", "text": "  Hallo\u0065\u0301 "}, {"clip_id": "c0001", "dropped": True}]
    response = await http.put(f"/tasks/{task_id}/transcripts", json={"items": items})
    assert response.status_code == 200
    first, second = response.json()["items"]
    assert (first["text"], first["recognised_text"], first["corrected"], first["dropped"]) == (
        "Hallo\u00e9",
        "Hello",
        True,
        False,
    )
    assert (second["corrected"], second["dropped"]) == (False, True)
    assert response.json()["pending"] is True
    asked = next(request for method, request in fake.calls if method == "CorrectTranscripts")
    assert list(asked.corrections) == [
        pipeline.Correction(clip_id="c0000", text="Hallo\u00e9"),
        pipeline.Correction(clip_id="c0001", dropped=True),
    ]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "items"),
        ({"items": [{"text": "a"}]}, "items.0.clip_id"),
        ({"items": [{"clip_id": "c0000", "text": "a" * 1001}]}, "items.0.text"),
        ({"items": [{"clip_id": "c0000", "text": "a\u0007"}]}, "items.0.text"),
        ({"items": [{"clip_id": "c0000", "drop": True}]}, "items.0.drop"),
    ],
)
async def test_what_is_no_correction_is_refused(
    http: httpx.AsyncClient, fake: FakeOrchestrator, body: dict[str, object], field: str
) -> None:
    task_id = await heard(fake)
    response = await http.put(f"/tasks/{task_id}/transcripts", json=body)
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == [field]


async def test_words_that_are_not_recognised_yet_are_a_conflict(
    http: httpx.AsyncClient, fake: FakeOrchestrator
) -> None:
    response = await http.get(f"/tasks/{fake.add_task()}/transcripts")
    assert (response.status_code, response.json()["code"]) == (409, "TRANSCRIPTS_NOT_READY")


async def test_a_task_that_runs_is_not_corrected(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    response = await http.put(f"/tasks/{fake.add_task()}/transcripts", json={"items": []})
    assert (response.status_code, response.json()["code"]) == (409, "TASK_NOT_ENDED")


async def test_transcripts_of_an_unknown_task_are_not_found(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    assert (await http.get("/tasks/nowhere/transcripts")).status_code == 404


async def test_a_clip_can_be_played(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    task_id = await heard(fake)
    fake.add_artifact(task_id, pb.FILE_TYPE_CLIP, "c0000.wav", b"RIFFclip")
    response = await http.get(f"/tasks/{task_id}/outputs/clip/c0000.wav", headers={"Range": "bytes=4-7"})
    assert (response.status_code, response.content) == (206, b"clip")
    assert response.headers["Content-Type"] == "audio/wav"
