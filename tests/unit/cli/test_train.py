"""`voiceloom train`, `voiceloom files` and `voiceloom estimate`: from recordings to a voice."""

import json
from pathlib import Path

import httpx
import pytest

from cli.errors import ExitCode
from tests.unit.cli.conftest import Run
from tests.unit.cli.fake_gateway import (
    FILE_ID,
    ID,
    FakeGateway,
    file,
    made,
    page,
    refusal,
    report,
    sse,
    stored,
    task,
)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "my voice.wav"
    path.write_bytes(b"RIFFsound")
    return path


@pytest.fixture
def willing(gateway: FakeGateway) -> FakeGateway:
    """A gateway that takes recordings and trains them at once."""
    gateway["POST /files"] = [httpx.Response(200, json=file(file_id=f"f{number}")) for number in (1, 2, 3)]
    gateway["POST /tasks"] = task("queued")
    gateway[f"GET /tasks/{ID}"] = task()
    gateway[f"GET /tasks/{ID}/progress"] = httpx.Response(
        200,
        content=sse((1, "progress", {"stage": "asr", "stage_progress": 0.5, "message": "1/2"}), (2, "completed", {})),
    )
    return gateway


def test_training_uploads_creates_watches_and_downloads(
    willing: FakeGateway, run: Run, recording: Path, tmp_path: Path
) -> None:
    willing[f"GET /tasks/{ID}/outputs"] = made()
    for path in ("output/output_0.wav", "ref_audio/reference.wav", "gpt_model/bella-e8.ckpt"):
        willing[f"GET /tasks/{ID}/outputs/{path}"] = stored(b"abc")
    ran = run("train", recording, "--name", "bella", "--quality", "fast", "--to", "out")
    assert ran.code == 0, ran.err
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"output_0.wav", "reference.wav", "bella-e8.ckpt"}
    assert f"Task bella ({ID})" in ran.out
    assert "inference: completed, 2.0 s" in ran.out
    assert all("Idempotency-Key" in request.headers for request in willing.asked if request.method == "POST")


def test_what_was_chosen_reaches_the_server(willing: FakeGateway, run: Run, recording: Path, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("some words", encoding="utf-8-sig")
    second = tmp_path / "second.wav"
    second.write_bytes(b"RIFFmore")
    chosen = ["--language", "en", "--say", "你好", "--transcript", words, "--expert-gpt-epochs", "3"]
    learning = ["--expert-sovits-learning-rate", "1e-4", "--expert-min-clip-seconds", "1.5"]
    ran = run("train", recording, second, *chosen, *learning, "--no-watch")
    assert ran.code == 0, ran.err
    assert "voiceloom tasks watch bella" in ran.out
    assert willing.body("POST /tasks") == {
        "exp_name": "my voice",
        "audio_file_ids": ["f1", "f2"],
        "options": {
            "quality": "standard",
            "language": "en",
            "transcript": "some words",
            "inference": {"target_text": "你好"},
            "expert": {"gpt_epochs": 3, "sovits_learning_rate": 1e-4, "min_clip_seconds": 1.5},
        },
    }
    assert [b"RIFFsound" in r.content or b"RIFFmore" in r.content for r in willing.asked] == [True, True, False]


def test_nothing_but_what_was_chosen_is_sent(willing: FakeGateway, run: Run, recording: Path) -> None:
    assert json.loads(run("train", recording, "--no-watch", "--json").out)["id"] == ID
    assert willing.body("POST /tasks")["options"] == {"quality": "standard", "language": "auto"}


def test_a_create_that_got_no_answer_is_sent_again_with_its_key(
    willing: FakeGateway, run: Run, recording: Path
) -> None:
    willing["POST /files"] = [httpx.ReadError("reset"), httpx.Response(200, json=file())]
    willing["POST /tasks"] = [refusal(503, "UNAVAILABLE", "away"), httpx.Response(200, json=task("queued"))]
    assert run("train", recording, "--no-watch").code == 0
    keys = [request.headers["Idempotency-Key"] for request in willing.asked]
    assert (len(keys), keys[0], keys[2], len(set(keys))) == (4, keys[1], keys[3], 2)


def test_a_task_that_fails_ends_the_command_with_a_code_of_its_own(
    willing: FakeGateway, run: Run, recording: Path
) -> None:
    error = {"code": "AUDIO_SILENT", "stage": "audio_slice", "detail": "Silent"}
    willing[f"GET /tasks/{ID}"] = task("failed", error=error)
    willing[f"GET /tasks/{ID}/progress"] = httpx.Response(200, content=sse((2, "failed", {"status": "failed"})))
    ran = run("train", recording, "--to", "out")
    assert (ran.code, "Silent [AUDIO_SILENT]" in ran.out) == (ExitCode.TASK_FAILED, True)
    assert not any("outputs" in line for line in willing.lines)


def test_a_name_that_is_taken_is_refused(willing: FakeGateway, run: Run, recording: Path) -> None:
    willing["POST /tasks"] = refusal(409, "NAME_TAKEN", "taken")
    assert run("train", recording).err == "voiceloom: taken [NAME_TAKEN]\n"


@pytest.mark.parametrize(("where", "code"), [("files", "STOPPED_UPLOADING"), ("tasks", "STOPPED_CREATING")])
def test_ctrl_c_before_there_is_a_task_says_what_there_is(
    willing: FakeGateway, run: Run, recording: Path, where: str, code: str
) -> None:
    willing[f"POST /{where}"] = KeyboardInterrupt()  # type: ignore[assignment]

    def stop(request: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    willing[f"POST /{where}"] = stop
    ran = run("train", recording, "--name", "bella")
    assert (ran.code, f"[{code}]" in ran.err) == (130, True)


def test_a_transcript_that_is_no_text_is_refused_here(willing: FakeGateway, run: Run, recording: Path) -> None:
    ran = run("train", recording, "--transcript", recording.with_name("x.txt"))
    assert ran.code == ExitCode.USAGE
    recording.with_name("x.txt").write_bytes(b"\xff\xfe\x00")
    assert "[NOT_UTF8]" in run("train", recording, "--transcript", recording.with_name("x.txt")).err
    assert willing.asked == []


def test_recordings_are_uploaded_with_their_words(willing: FakeGateway, run: Run, recording: Path) -> None:
    words = recording.with_name("words.txt")
    words.write_text("some words", encoding="utf-8")
    ran = run("files", "upload", recording, recording, "--transcript", words, "--json")
    assert [fact["file_id"] for fact in json.loads(ran.out)] == ["f1", "f2"]
    assert all(b"some words" in request.content for request in willing.asked)
    assert run("files", "upload", recording.with_name("none.wav")).code == ExitCode.USAGE


def test_recordings_are_listed_shown_and_deleted(gateway: FakeGateway, run: Run) -> None:
    gateway["GET /files"] = page(file(filename="声音.wav"), file(seconds=5.0))
    gateway[f"GET /files/{FILE_ID}"] = file()
    gateway[f"DELETE /files/{FILE_ID}"] = {"success": True, "message": "The file was deleted"}
    lines = run("files", "list").out.splitlines()
    assert lines[0].split() == [FILE_ID, "90.2", "s", "24", "kHz", "0.00", "MB", "声音.wav"]
    assert run("files", "show", FILE_ID).out.split()[0] == FILE_ID
    assert "[NEEDS_YES]" in run("files", "delete", FILE_ID).err
    assert run("files", "delete", FILE_ID, "-y").out == "The file was deleted\n"
    gateway["GET /files"] = page()
    assert run("files", "list").out == "Nothing was uploaded yet.\n"


def test_a_report_is_a_verdict_with_figures(gateway: FakeGateway, run: Run) -> None:
    gateway[f"GET /files/{FILE_ID}/report"] = report()
    assert run("files", "report", FILE_ID).out.splitlines() == [
        "Fair: It will do",
        "  usable speech    72.5 s / 90.0 s",
        "  clips kept       1 / 2",
        "  signal to noise  31 dB",
        "  clipped          0.12%",
        "  loudness         -20.1 LUFS",
        "  sample rate      24 kHz",
        "  ! It is noisy",
    ]
    problem = {"code": "AUDIO_SILENT", "detail": "Nobody speaks", "key": "k", "args": {}}
    gateway[f"GET /files/{FILE_ID}/report"] = report(outlook="unusable", problem=problem)
    ran = run("files", "report", FILE_ID, "--lang", "zh")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "  Nobody speaks [AUDIO_SILENT]")
    assert ran.out.startswith("无法使用")


def test_a_recording_is_downloaded_under_its_own_name(gateway: FakeGateway, run: Run, tmp_path: Path) -> None:
    gateway[f"GET /files/{FILE_ID}"] = file(filename="../me.wav", size_bytes=4)
    gateway[f"GET /files/{FILE_ID}/download"] = stored(b"RIFF")
    (tmp_path / "folder").mkdir()
    assert run("files", "download", FILE_ID).code == 0
    assert run("files", "download", FILE_ID, "-o", "folder").code == 0
    assert run("files", "download", FILE_ID, "-o", "b.wav").code == 0
    assert {str(at.relative_to(tmp_path)) for at in tmp_path.rglob("*.wav")} == {"me.wav", "folder/me.wav", "b.wav"}
    gateway[f"GET /files/{FILE_ID}"] = file(size_bytes=5)
    assert "[DOWNLOAD_BROKEN]" in run("files", "download", FILE_ID, "-o", "c.wav").err


def test_an_estimate_is_of_recordings_or_of_seconds(gateway: FakeGateway, run: Run) -> None:
    items = [
        {"quality": "fast", "seconds": 125, "least_seconds": 60, "most_seconds": 3700, "basis": "measured"},
        {"quality": "high", "seconds": 400, "least_seconds": 300, "most_seconds": 500, "basis": "history"},
    ]
    gateway["GET /estimate"] = {"items": items, "tasks_before": 2, "wait_seconds": 90}
    gateway["GET /files/a/report"] = report(usable_seconds=30.5)
    gateway["GET /files/b/report"] = report(usable_seconds=60.0)
    assert run("estimate", "a", "b").out.splitlines() == [
        "fast  2:05  (1:00 - 1:01:40)  from how fast this machine is",
        "high  6:40  (5:00 - 8:20)     from tasks that this machine has completed",
        "2 task(s) come first: about 1:30 until then",
    ]
    assert gateway.lines[-1] == "GET /estimate?usable_seconds=90.5"
    assert json.loads(run("estimate", "--seconds", "60", "--json").out)["items"] == items
    assert gateway.lines[-1] == "GET /estimate?usable_seconds=60"
    assert run("estimate").code == ExitCode.USAGE
    assert run("estimate", "a", "--seconds", "60").code == ExitCode.USAGE
