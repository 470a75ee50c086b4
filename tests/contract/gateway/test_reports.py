"""Reports on recordings over HTTP."""

import grpc
import httpx
import pytest

from tests.contract.gateway.conftest import Start
from tests.contract.gateway.fake_orchestrator import FakeOrchestrator
from voiceloom.pipeline.v1 import manifest_pb2 as manifest
from voiceloom.pipeline.v1.pipeline_pb2 import Failure, Message

pytestmark = pytest.mark.asyncio(loop_scope="module")

GOOD = manifest.RecordingReport(
    report=manifest.DataReport(
        total_s=93.51234,
        speech_s=80.0,
        usable_s=78.25,
        silence_ratio=0.14445,
        clipping_ratio=0.0000123,
        snr_db=17.26,
        loudness_lufs=-20.04,
        source_sample_rate_hz=48000,
        source_channels=2,
        warnings=[Message(key="report.noisy", args={"snr": "14"})],
    ),
    clips=[
        manifest.Clip(id="c0000", start_s=0.5, seconds=4.25, kept=True, loudness_lufs=-20.5, snr_db=18.0),
        manifest.Clip(id="c0001", start_s=6.0, seconds=1.5, drop_reason="too_short", loudness_lufs=-21.0, snr_db=9.0),
    ],
    peaks=bytes([0, 128, 255]),
    outlook=manifest.OUTLOOK_FAIR,
    verdict=Message(key="verdict.fair_noise", args={"seconds": "78", "snr": "17"}),
)


async def test_a_report_is_answered_field_by_field(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    fake.state.reports[fake.add_file()] = GOOD
    response = await http.get("/api/v1/files/f1/report", params={"lang": "en"})
    assert response.status_code == 200
    body = response.json()
    assert body.pop("verdict").startswith("This recording will do, but there is audible noise")
    assert [warning["message_key"] for warning in body.pop("warnings")] == ["report.noisy"]
    assert body == {
        "file_id": "f1",
        "seconds": 93.512,
        "speech_seconds": 80.0,
        "usable_seconds": 78.25,
        "silence_ratio": 0.1444,
        "clipping_ratio": 0.000012,
        "snr_db": 17.3,
        "loudness_lufs": -20.0,
        "sample_rate": 48000,
        "channels": 2,
        "clips": [
            {
                "id": "c0000",
                "start": 0.5,
                "seconds": 4.25,
                "kept": True,
                "drop_reason": None,
                "loudness_lufs": -20.5,
                "snr_db": 18.0,
            },
            {
                "id": "c0001",
                "start": 6.0,
                "seconds": 1.5,
                "kept": False,
                "drop_reason": "too_short",
                "loudness_lufs": -21.0,
                "snr_db": 9.0,
            },
        ],
        "peaks": [0, 128, 255],
        "outlook": "fair",
        "verdict_key": "verdict.fair_noise",
        "verdict_args": {"seconds": "78", "snr": "17"},
        "problem": None,
    }


async def test_sentences_are_chinese_by_default(http: httpx.AsyncClient, fake: FakeOrchestrator) -> None:
    fake.state.reports[fake.add_file()] = GOOD
    body = (await http.get("/files/f1/report")).json()
    assert body["verdict"].startswith("录音可以使用,但背景噪声比较明显(信噪比 17 dB)")
    assert body["warnings"][0]["message_args"] == {"snr": "14"}
    assert "信噪比 14 dB" in body["warnings"][0]["message"]


async def test_an_unusable_recording_is_an_answer_with_its_problem(
    http: httpx.AsyncClient, fake: FakeOrchestrator
) -> None:
    args = {"seconds": "4.0", "minimum": "10"}
    fake.state.reports[fake.add_file()] = manifest.RecordingReport(
        outlook=manifest.OUTLOOK_UNUSABLE,
        verdict=Message(key="verdict.unusable_short", args=args),
        problem=Failure(code="AUDIO_TOO_SHORT", message=Message(key="error.AUDIO_TOO_SHORT", args=args)),
    )
    response = await http.get("/files/f1/report?lang=en")
    assert response.status_code == 200
    assert response.json()["outlook"] == "unusable"
    problem = response.json()["problem"]
    assert "4.0" in problem.pop("detail")
    assert problem == {"code": "AUDIO_TOO_SHORT", "key": "error.AUDIO_TOO_SHORT", "args": args}


@pytest.mark.parametrize(
    ("status", "code", "args", "answer"),
    [
        (grpc.StatusCode.NOT_FOUND, "FILE_NOT_FOUND", {"file_id": "f1"}, 404),
        (grpc.StatusCode.INVALID_ARGUMENT, "AUDIO_UNREADABLE", {"reason": "damaged"}, 400),
        (grpc.StatusCode.INVALID_ARGUMENT, "PAYLOAD_TOO_LARGE", {"limit": "2 h"}, 413),
        (grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE", {}, 503),
    ],
)
async def test_what_cannot_be_reported_on_is_an_error(
    http: httpx.AsyncClient,
    fake: FakeOrchestrator,
    status: grpc.StatusCode,
    code: str,
    args: dict[str, str],
    answer: int,
) -> None:
    fake.refusals["GetFileReport"] = (status, code, args)
    response = await http.get("/files/f1/report")
    assert (response.status_code, response.json()["code"]) == (answer, code)
    assert ("Retry-After" in response.headers) == (answer == 503)


async def test_without_an_orchestrator_nobody_waits_for_the_long_deadline(
    http: httpx.AsyncClient, fake: FakeOrchestrator, start: Start
) -> None:
    gateway = await start(rpc_timeout_s=0.3)
    await fake.stop()
    response = await gateway.http.get("/files/f1/report")
    assert response.status_code == 503
