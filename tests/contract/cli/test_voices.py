"""Trained voices before a real gateway: they speak, their losses are shown."""

import asyncio
import json
import os
import signal
import wave
from collections.abc import Callable
from pathlib import Path

from tests.contract.cli.conftest import Run, Start
from tests.contract.gateway.fake_orchestrator import FakeOrchestrator
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.pipeline.v1 import manifest_pb2 as manifest
from voiceloom.pipeline.v1 import pipeline_pb2 as pipeline


async def until(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not look():
            await asyncio.sleep(0.02)


async def trained(fake: FakeOrchestrator) -> str:
    task_id = fake.add_task("贝拉")
    await fake.finish(task_id)
    return task_id


def seconds_of(path: Path) -> float:
    with wave.open(str(path)) as sound:
        return sound.getnframes() / sound.getframerate()


async def test_a_voice_says_something_into_a_file(fake: FakeOrchestrator, run: Run, tmp_path: Path) -> None:
    await trained(fake)
    ran = await run("say", "贝拉", "Good morning. How are you", "--seed", "7", "--speed", "1.5", "--language", "auto")
    assert ran.code == 0, ran.err
    assert seconds_of(tmp_path / "贝拉.wav") > 0
    [asked] = [request for name, request in fake.calls if name == "Synthesize"]
    assert (asked.text, asked.language, asked.synthesis.seed) == ("Good morning. How are you", "en", 7)
    assert asked.synthesis.speed == 1.5
    assert json.loads((await run("say", "贝拉", "Hello", "--json")).out)["path"] == "贝拉-2.wav"


async def test_what_cannot_be_spoken_is_refused_and_leaves_no_file(
    fake: FakeOrchestrator, run: Run, tmp_path: Path
) -> None:
    fake.add_task("unready")
    ran = await run("say", "unready", "Hello", "--lang", "zh")
    assert (ran.code, ran.err) == (4, "voiceloom: 该音色尚未训练完成 [VOICE_NOT_READY]\n")
    ran = await run("say", "unready", " ", "--json")
    assert [problem["field"] for problem in json.loads(ran.err)["errors"]] == ["text"]
    assert os.listdir(tmp_path) == []


async def test_ctrl_c_stops_the_speaking_and_leaves_no_file(
    fake: FakeOrchestrator, start: Start, tmp_path: Path
) -> None:
    await trained(fake)
    fake.may_speak.clear()
    command = await start("say", "贝拉", "Hello")
    await until(lambda: fake.speaking == 1)
    command.process.send_signal(signal.SIGINT)
    assert (await command.end()).code == 130
    await until(lambda: fake.speaking == 0)
    assert os.listdir(tmp_path) == []


async def test_losses_are_shown_while_they_fall(fake: FakeOrchestrator, run: Run) -> None:
    task_id = fake.add_task("bella")
    assert (await run("tasks", "metrics", "bella")).out == "Nothing was trained yet.\n"
    points = [
        pipeline.StageMetrics(step=step, epoch=epoch, losses={"mel": loss})
        for step, epoch, loss in ((1, 1, 2), (8, 4, 1))
    ]
    curve = pb.LossCurve(stage=pipeline.STAGE_SOVITS_TRAIN, total_steps=16, total_epochs=8, batch_size=4, points=points)
    fake.state.curves[task_id] = [curve]
    assert (await run("tasks", "metrics", "bella")).out.splitlines() == [
        "sovits_train: step 8 of 16, epoch 4 of 8, batch 4",
        "  mel  2.0000  ->  1.0000",
    ]
    assert len(json.loads((await run("tasks", "metrics", "bella", "--json")).out)["curves"][0]["points"]) == 2


async def test_how_long_training_takes_is_told_for_recordings_and_for_seconds(fake: FakeOrchestrator, run: Run) -> None:
    for number, usable_s in enumerate((30.5, 60.0)):
        file_id = fake.add_file(file_id=f"f{number}")
        fake.state.reports[file_id] = manifest.RecordingReport(
            report=manifest.DataReport(usable_s=usable_s),
            outlook=manifest.OUTLOOK_GOOD,
            verdict=pipeline.Message(key="verdict.good", args={"seconds": "30"}),
        )
    assert "30.5 s" in (await run("files", "report", "f0")).out
    ran = await run("estimate", "f0", "f1")
    assert ran.out.splitlines() == [
        "fast  2:45  (1:56 - 4:21)  from how fast this machine is",
        "2 task(s) come first: about 0:30 until then",
    ]
    assert [request.usable_s for name, request in fake.calls if name == "EstimateTasks"] == [90.5]
    assert json.loads((await run("estimate", "--seconds", "60", "--json")).out)["tasks_before"] == 2
    assert (await run("estimate", "--seconds", "0")).code == 4
