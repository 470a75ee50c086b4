"""`voiceloom train` and `tasks watch` before a real gateway: dropped connections, restarts, Ctrl-C."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.contract.cli.conftest import Command, Run, Sit, Site, Start, Terminal
from tests.contract.gateway.fake_orchestrator import FakeOrchestrator, finished_outputs
from voiceloom.pipeline.v1 import pipeline_pb2 as pipeline


async def until_watched(fake: FakeOrchestrator, task_id: str) -> None:
    """Wait until somebody follows the events of a task."""
    async with asyncio.timeout(20):
        while not fake.watches_open:
            await asyncio.sleep(0.02)


async def ids_to_the_end(command: Command) -> tuple[list[int], dict[str, Any], int]:
    """Ids of all events that are printed from now on, the task as it ended, and the exit code."""
    ran = await command.end()
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert lines, ran.err
    return [line["id"] for line in lines if line["id"] is not None], lines[-1], ran.code


async def test_one_command_makes_a_voice(fake: FakeOrchestrator, start: Start, tmp_path: Path) -> None:
    recording, second = tmp_path / "贝拉.wav", tmp_path / "more.wav"
    recording.write_bytes(b"RIFFone")
    second.write_bytes(b"RIFFtwo")
    command = await start("train", recording, second, "--quality", "fast", "--say", "hello", "--to", "voice")
    await command.line("Task 贝拉 (t1)")
    await until_watched(fake, "t1")
    assert list(fake.state.tasks["t1"].file_ids) == ["f1", "f2"]
    assert fake.state.tasks["t1"].options.inference.target_text == "hello"
    await fake.progress("t1", 0.5)
    assert "Epoch 1/16" in await command.line("sovits_train: 50%")
    finished_outputs(fake, "t1", "bella")
    await fake.finish("t1")
    ran = await command.end()
    assert (ran.code, ran.err) == (0, "")
    made = {path.name for path in (tmp_path / "voice").iterdir()}
    assert made == {"output_0.wav", "reference.wav", "bella-e8.ckpt", "bella_e4_s12.pth"}
    keys = [request.idempotency_key for name, request in fake.calls if name in ("WriteFile", "CreateTask")]
    assert len(keys) == len(set(keys)) == 3


async def test_what_experts_choose_is_taken_within_its_bounds(fake: FakeOrchestrator, run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    chosen = ["--expert-gpt-epochs", "3", "--expert-sovits-learning-rate", "2e-4", "--expert-max-clip-seconds", "9.5"]
    ran = await run("train", "a.wav", *chosen, "--no-watch", "--json")
    assert ran.code == 0, ran.err
    expert = fake.state.tasks["t1"].options.expert
    assert (expert.gpt_epochs, expert.sovits_learning_rate, expert.max_clip_s) == (3, 2e-4, 9.5)
    assert not expert.HasField("sovits_epochs")
    assert "gpt_epochs 3" in (await run("tasks", "show", "a")).out
    ran = await run("train", "a.wav", "--name", "b", "--expert-gpt-epochs", "0", "--json")
    assert ran.code == 4
    assert [problem["field"] for problem in json.loads(ran.err)["errors"]] == ["options.expert.gpt_epochs"]


async def test_a_dropped_connection_costs_no_event_and_doubles_none(
    fake: FakeOrchestrator, site: Site, start: Start
) -> None:
    task_id = fake.add_task()
    command = await start("tasks", "watch", task_id, "--json")
    first = await command.event("progress")
    assert first["data"]["snapshot"] is True
    assert site.link is not None
    for fraction in (0.1, 0.2, 0.3):
        await fake.progress(task_id, fraction)
        assert (await command.event("progress"))["data"]["progress"] == fraction
        site.link.reset()
        await fake.progress(task_id, fraction + 0.05)
        assert (await command.event("progress"))["data"]["progress"] == pytest.approx(fraction + 0.05)
    cutting = asyncio.create_task(site.link.cut())
    for _ in range(5):
        await fake.progress(task_id, 0.9)
    await fake.finish(task_id)
    ids, last, code = await ids_to_the_end(command)
    await cutting
    assert ids == list(range(first["id"] + 7, fake.state.tasks[task_id].last_seq + 1))
    assert (last["event"], last["data"]["status"], code) == ("task", "completed", 0)


async def test_a_restart_of_the_gateway_costs_no_event_and_doubles_none(
    fake: FakeOrchestrator, site: Site, start: Start
) -> None:
    task_id = fake.add_task()
    command = await start("tasks", "watch", task_id, "--json")
    first = await command.event("progress")
    await fake.progress(task_id, 0.1)
    await command.event("progress")
    await site.stop()
    for fraction in (0.2, 0.3):
        await fake.progress(task_id, fraction)
    await asyncio.sleep(1.5)  # it is asked in vain meanwhile
    await site.start()
    await fake.finish(task_id)
    ids, last, code = await ids_to_the_end(command)
    assert ids == list(range(first["id"] + 2, fake.state.tasks[task_id].last_seq + 1))
    assert (last["data"]["status"], code) == ("completed", 0)


@pytest.mark.parametrize(("state", "code"), [(pipeline.TASK_STATE_FAILED, 5), (pipeline.TASK_STATE_CANCELLED, 6)])
async def test_the_exit_code_says_how_a_task_ended(fake: FakeOrchestrator, start: Start, state: int, code: int) -> None:
    task_id = fake.add_task()
    command = await start("tasks", "watch", "voice", "--lang", "zh")
    await until_watched(fake, task_id)
    await fake.finish(task_id, state, code="AUDIO_SILENT")
    ran = await command.end()
    assert ran.code == code
    assert ("录音中没有检测到" in ran.out or "[AUDIO_SILENT]" in ran.out) == (code == 5)


async def test_ctrl_c_without_a_terminal_stops_watching_alone(fake: FakeOrchestrator, start: Start, site: Site) -> None:
    task_id = fake.add_task()
    command = await start("tasks", "watch", "voice", "--server", site.url)
    await until_watched(fake, task_id)
    command.process.send_signal(signal.SIGINT)
    ran = await command.end()
    assert ran.code == 130
    assert ran.err == "voiceloom: Stopped watching; voice goes on. Watch it again: voiceloom tasks watch voice" + (
        " [STOPPED_WATCHING]\n"
    )
    assert all(name != "CancelTask" for name, _ in fake.calls)


async def watched(fake: FakeOrchestrator, sit: Sit) -> Terminal:
    """Somebody at a terminal who watches a task train, and presses Ctrl-C."""
    task_id = fake.add_task()
    terminal = await sit("tasks", "watch", "voice")
    await until_watched(fake, task_id)
    await fake.progress(task_id, 0.5)
    await terminal.sees("Epoch 1/16")
    terminal.types("\x03")
    await terminal.sees("[k]eep watching")
    return terminal


async def test_ctrl_c_at_a_terminal_can_stop_watching(fake: FakeOrchestrator, sit: Sit) -> None:
    terminal = await watched(fake, sit)
    terminal.types("s\n")
    await terminal.sees("voiceloom tasks watch voice")
    assert await terminal.end() == 130
    assert all(name != "CancelTask" for name, _ in fake.calls)


async def test_ctrl_c_at_a_terminal_can_cancel_the_task(fake: FakeOrchestrator, sit: Sit) -> None:
    terminal = await watched(fake, sit)
    terminal.types("c\n")
    await terminal.sees("The task was cancelled")
    assert await terminal.end() == 6
    assert fake.state.tasks["t1"].state == pipeline.TASK_STATE_CANCELLED


async def test_ctrl_c_at_a_terminal_may_have_been_a_mistake(fake: FakeOrchestrator, sit: Sit) -> None:
    terminal = await watched(fake, sit)
    terminal.types("k\n")
    await until_watched(fake, "t1")
    await fake.finish("t1")
    assert await terminal.end() == 0


async def test_ctrl_c_twice_stops_watching(fake: FakeOrchestrator, sit: Sit) -> None:
    terminal = await watched(fake, sit)
    terminal.types("\x03")
    assert await terminal.end() == 130


async def test_a_terminal_shows_the_eight_stages_and_the_time_left(fake: FakeOrchestrator, sit: Sit) -> None:
    task_id = fake.add_task()
    terminal = await sit("tasks", "watch", task_id)
    await until_watched(fake, task_id)
    await fake.progress(task_id, 0.5)
    for stage in pipeline.Stage.keys()[1:]:
        assert stage.removeprefix("STAGE_").lower() in terminal.shown
    await terminal.sees("about 1:13 left")
    await fake.finish(task_id)
    assert await terminal.end() == 0


async def test_nobody_there_is_code_3_and_a_refusal_code_4(run: Run, site: Site) -> None:
    ran = await run("tasks", "watch", "nobody", LANG="zh_CN.UTF-8")
    assert (ran.code, ran.out, ran.err) == (4, "", "voiceloom: 任务不存在 [TASK_NOT_FOUND]\n")
    await site.stop()
    ran = await run("tasks", "list", "--json")
    assert (ran.code, json.loads(ran.err)["code"]) == (3, "UNREACHABLE")
