"""Proof-reading from the command line before a real gateway: read, hear, correct, train again."""

import json
from pathlib import Path

from tests.contract.cli.conftest import Run
from tests.contract.gateway.fake_orchestrator import FakeOrchestrator
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.pipeline.v1 import manifest_pb2 as manifest
from voiceloom.pipeline.v1 import pipeline_pb2 as pipeline


async def heard(fake: FakeOrchestrator) -> str:
    """A completed task with three clips: one certain, one doubtful, one that was left out."""
    task_id = fake.add_task("贝拉")
    await fake.finish(task_id)
    texts = {
        "c0000": manifest.Transcript(text="Good morning", language="en", confidence=0.95, kept=True),
        "c0001": manifest.Transcript(text="How old you", language="en", confidence=0.4, kept=True),
        "c0002": manifest.Transcript(language="en", drop_reason="no_words"),
    }
    clips = [
        pb.ClipTranscript(clip_id=clip_id, start_s=60.0 + number, seconds=2.5, recognised=transcript)
        for number, (clip_id, transcript) in enumerate(texts.items())
    ]
    fake.state.transcripts[task_id] = pb.TaskTranscripts(clips=clips, language="en")
    return task_id


async def test_doubtful_clips_come_first_with_the_reason_in_words(fake: FakeOrchestrator, run: Run) -> None:
    await heard(fake)
    ran = await run("tasks", "transcripts", "贝拉", "--lang", "zh")
    assert [line.split()[0] for line in ran.out.splitlines()] == ["c0002", "c0001", "c0000"]
    assert "未采用（没有听到词语）" in ran.out
    assert "no_words" not in ran.out
    found = json.loads((await run("tasks", "transcripts", "贝拉", "--json")).out)
    assert [item["drop_reason"] for item in found["items"]] == ["no_words", None, None]


async def test_corrections_add_up_and_the_task_trains_again(fake: FakeOrchestrator, run: Run) -> None:
    task_id = await heard(fake)
    assert (await run("tasks", "correct", task_id, "--clip", "c0001", "--text", "How are you")).code == 0
    ran = await run("tasks", "correct", "贝拉", "--drop", "c0000", "--rerun", "--no-watch", "--json")
    assert (ran.code, json.loads(ran.out)["status"]) == (0, "queued")
    made = [request for name, request in fake.calls if name == "CorrectTranscripts"][-1].corrections
    assert sorted((one.clip_id, one.text, one.dropped) for one in made) == [
        ("c0000", "", True),
        ("c0001", "How are you", False),
    ]
    [again] = [request for name, request in fake.calls if name == "RetryTask"]
    assert again.from_stage == pipeline.STAGE_TEXT_FEATURE
    ran = await run("tasks", "correct", "贝拉", "--undo", "c0000")
    assert (ran.code, "[TASK_NOT_ENDED]" in ran.err) == (4, True)


async def test_a_clip_is_heard(fake: FakeOrchestrator, run: Run, tmp_path: Path) -> None:
    task_id = await heard(fake)
    fake.add_artifact(task_id, pb.FILE_TYPE_CLIP, "c0001.wav", b"RIFFclip")
    assert (await run("tasks", "clip", "贝拉", "c0001")).code == 0
    assert (tmp_path / "c0001.wav").read_bytes() == b"RIFFclip"
    ran = await run("tasks", "clip", "贝拉", "c0009")
    assert (ran.code, "[FILE_NOT_FOUND]" in ran.err) == (4, True)


async def test_what_was_not_heard_yet_cannot_be_read(fake: FakeOrchestrator, run: Run) -> None:
    fake.add_task("new")
    ran = await run("tasks", "transcripts", "new")
    assert (ran.code, "[TRANSCRIPTS_NOT_READY]" in ran.err) == (4, True)
