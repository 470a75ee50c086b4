"""`voiceloom tasks transcripts|correct`."""

import json
from pathlib import Path

import pytest

from cli.errors import ExitCode
from tests.unit.cli.conftest import Run
from tests.unit.cli.fake_gateway import ID, FakeGateway, clip, stored, task, transcripts

CLIPS = (
    clip("0001", 0.95),
    clip("0002", 0.4, text="mended", corrected=True),
    clip("0003", 0.7, kept=False, drop_reason="too_quiet"),
    clip("0004", 0.5, dropped=True, kept=False),
)


@pytest.fixture
def read(gateway: FakeGateway) -> FakeGateway:
    """A gateway with a task whose words were recognised, and partly corrected."""
    gateway[f"GET /tasks/{ID}"] = task()
    gateway[f"GET /tasks/{ID}/transcripts"] = transcripts(*CLIPS, pending=True)
    gateway[f"PUT /tasks/{ID}/transcripts"] = transcripts(*CLIPS, pending=True)
    gateway[f"POST /tasks/{ID}/retry"] = task("queued")
    gateway["GET /messages"] = {"language": "en", "messages": {"reason.too_quiet": "too quiet"}}
    return gateway


def test_the_least_certain_clip_comes_first(read: FakeGateway, run: Run) -> None:
    assert run("tasks", "transcripts", ID).out.splitlines() == [
        "0002  40%  1:01  3.5 s  corrected             mended",
        "0004  50%  1:01  3.5 s  dropped               text of 0004",
        "0003  70%  1:01  3.5 s  left out (too quiet)  text of 0003",
        "0001  95%  1:01  3.5 s                        text of 0001",
        "There are corrections that the voice was not trained with yet.",
    ]
    found = json.loads(run("tasks", "transcripts", ID, "--json").out)
    assert [item["clip_id"] for item in found["items"]] == ["0002", "0004", "0003", "0001"]


def test_corrections_are_added_to_those_that_were_made_before(read: FakeGateway, run: Run) -> None:
    ran = run(
        *("tasks", "correct", ID, "--clip", "0001", "--text", "said"),
        *("--clip", "0004", "--text", "也说了", "--drop", "0003"),
    )
    assert ran.code == 0, ran.err
    assert "voiceloom tasks correct" in ran.out
    assert read.body(f"PUT /tasks/{ID}/transcripts") == {
        "items": [
            {"clip_id": "0002", "text": "mended", "dropped": False},
            {"clip_id": "0004", "text": "也说了", "dropped": False},
            {"clip_id": "0001", "text": "said", "dropped": False},
            {"clip_id": "0003", "text": None, "dropped": True},
        ]
    }


def test_a_clip_that_is_dropped_keeps_its_corrected_text_and_all_can_be_undone(read: FakeGateway, run: Run) -> None:
    assert run("tasks", "correct", ID, "--drop", "0002", "--undo", "0004").code == 0
    assert read.body(f"PUT /tasks/{ID}/transcripts")["items"] == [
        {"clip_id": "0002", "text": "mended", "dropped": True}
    ]


def test_training_runs_again_from_the_texts_on(read: FakeGateway, run: Run) -> None:
    assert run("tasks", "correct", ID, "--drop", "0001", "--rerun", "--no-watch").code == 0
    assert read.lines[-2:] == [f"PUT /tasks/{ID}/transcripts", f"POST /tasks/{ID}/retry?from_stage=text_feature"]
    read.asked.clear()
    assert run("tasks", "correct", ID, "--rerun", "--no-watch").code == 0
    assert not any(line.startswith("PUT") for line in read.lines), "nothing was corrected"


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("--clip", "0001"), ExitCode.USAGE, "CLIPS_AND_TEXTS"),
        (("--text", "x"), ExitCode.USAGE, "CLIPS_AND_TEXTS"),
        ((), ExitCode.USAGE, "NOTHING_TO_CORRECT"),
        (("--drop", "0009"), ExitCode.ERROR, "NO_SUCH_CLIP"),
    ],
)
def test_what_makes_no_sense_changes_nothing(
    read: FakeGateway, run: Run, arguments: tuple[str, ...], code: ExitCode, error: str
) -> None:
    ran = run("tasks", "correct", ID, *arguments, "--json")
    assert (ran.code, json.loads(ran.err)["code"]) == (code, error)
    assert not any(line.startswith("PUT") for line in read.lines)


def test_a_clip_can_be_heard(read: FakeGateway, run: Run, tmp_path: Path) -> None:
    read[f"GET /tasks/{ID}/outputs/clip/0002.wav"] = stored(b"RIFF")
    assert run("tasks", "clip", ID, "0002").code == 0
    assert json.loads(run("tasks", "clip", ID, "0002", "-o", "a.wav", "--json").out)["path"] == "a.wav"
    assert {path.name for path in tmp_path.iterdir()} == {"0002.wav", "a.wav"}


def test_a_task_without_clips_says_so(gateway: FakeGateway, run: Run) -> None:
    gateway[f"GET /tasks/{ID}"] = task()
    gateway[f"GET /tasks/{ID}/transcripts"] = transcripts()
    assert run("tasks", "transcripts", ID, "--lang", "zh").out == "没有片段。\n"
