"""Uploads, downloads and completion before a real gateway: cut in the middle, interrupted, repeated."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from tests.contract.cli.conftest import Run, Sit, Site, Start
from tests.contract.gateway.fake_orchestrator import FakeOrchestrator
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb

LARGE = b"RIFF" + os.urandom(1 << 20) * 6


def partial(folder: Path) -> int:
    """Bytes of downloads in the making."""
    return sum(path.stat().st_size for path in folder.glob(".*.part"))


async def until_some_came(folder: Path) -> None:
    async with asyncio.timeout(20):
        while not partial(folder):
            await asyncio.sleep(0.01)


def add_large(fake: FakeOrchestrator) -> str:
    """A task with one large model."""
    task_id = fake.add_task("贝拉")
    stored = fake.add_artifact(task_id, pb.FILE_TYPE_GPT_MODEL, "贝拉-e8.ckpt", LARGE)
    answer = pb.ListOutputsResponse()
    answer.models.add(kind="MODEL_KIND_GPT", filename=stored.filename, ref=stored.ref, epoch=8)
    fake.state.outputs[task_id] = answer
    return task_id


async def test_a_download_that_breaks_goes_on_where_it_broke(
    fake: FakeOrchestrator, site: Site, start: Start, tmp_path: Path
) -> None:
    add_large(fake)
    assert site.link is not None
    slow = asyncio.create_task(site.link.slow(1.0, 0.02))
    command = await start("tasks", "download", "贝拉", "--json")
    await until_some_came(tmp_path)
    site.link.reset()
    ran = await command.end()
    await slow
    assert ran.code == 0, ran.err
    assert (tmp_path / "贝拉-e8.ckpt").read_bytes() == LARGE
    assert json.loads(ran.out)[0]["size_bytes"] == len(LARGE)
    offsets = [request.offset for name, request in fake.calls if name == "ReadFile" and request.length != 1]
    assert offsets[0] == 0
    assert offsets[-1] > 0, "the second request was for the rest alone"
    assert partial(tmp_path) == 0


async def test_an_interrupted_download_leaves_no_half_file(
    fake: FakeOrchestrator, site: Site, start: Start, tmp_path: Path
) -> None:
    add_large(fake)
    assert site.link is not None
    slow = asyncio.create_task(site.link.slow(3.0, 0.05))
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        command = await start("tasks", "download", "贝拉")
        await until_some_came(tmp_path)
        command.process.send_signal(number)
        assert (await command.end()).code == code
        assert os.listdir(tmp_path) == []
    slow.cancel()


async def test_a_second_download_replaces_nothing(fake: FakeOrchestrator, run: Run, tmp_path: Path) -> None:
    add_large(fake)
    for written in (True, False):
        ran = await run("tasks", "download", "贝拉", "--json")
        assert [fact["written"] for fact in json.loads(ran.out)] == [written]
    (tmp_path / "贝拉-e8.ckpt").write_bytes(b"mine")
    ran = await run("tasks", "download", "贝拉")
    assert (ran.code, "[FILE_EXISTS]" in ran.err) == (1, True)
    assert (tmp_path / "贝拉-e8.ckpt").read_bytes() == b"mine"
    assert (await run("tasks", "download", "贝拉", "--force")).code == 0
    assert (tmp_path / "贝拉-e8.ckpt").read_bytes() == LARGE


async def test_an_upload_that_breaks_is_sent_again_with_its_key(
    fake: FakeOrchestrator, site: Site, start: Start, tmp_path: Path
) -> None:
    (tmp_path / "声音.wav").write_bytes(LARGE)
    assert site.link is not None
    slow = asyncio.create_task(site.link.slow(1.0, 0.02))
    command = await start("files", "upload", "声音.wav", "--json")
    await asyncio.wait_for(fake.uploading.wait(), 20)
    site.link.reset()
    ran = await command.end()
    await slow
    assert ran.code == 0, ran.err
    [file] = json.loads(ran.out)
    assert fake.state.recordings == {file["file_id"]: LARGE}
    sent = {(request.idempotency_key, request.filename) for name, request in fake.calls if name == "WriteFile"}
    assert len(sent) == 1
    assert next(iter(sent))[0], "without a key the server would keep it twice"


async def test_recordings_are_shown_downloaded_and_deleted(fake: FakeOrchestrator, run: Run, tmp_path: Path) -> None:
    fake.add_file(b"RIFFabc", "../me.wav")
    assert "me.wav" in (await run("files", "list")).out
    assert json.loads((await run("files", "show", "f1", "--json")).out)["filename"] == "../me.wav"
    assert (await run("files", "download", "f1")).code == 0
    assert (tmp_path / "me.wav").read_bytes() == b"RIFFabc"
    assert (await run("files", "delete", "f1", "--yes", "--lang", "zh")).out == "文件已删除\n"
    ran = await run("files", "show", "f1", "--json")
    assert (ran.code, json.loads(ran.err)["code"]) == (4, "FILE_NOT_FOUND")


async def test_tasks_are_listed_found_and_removed_by_name(fake: FakeOrchestrator, run: Run) -> None:
    for number in range(120):
        fake.add_task(f"voice-{number}")
    assert len(json.loads((await run("tasks", "list", "--json")).out)) == 120
    assert len(json.loads((await run("tasks", "list", "--search", "VOICE-11", "--json")).out)) == 11
    assert json.loads((await run("tasks", "show", "voice-3", "--json")).out)["id"] == "t4"
    assert (await run("tasks", "delete", "voice-3", "--yes")).code == 0
    assert fake.state.purged == ["t4"]


async def test_a_shell_is_offered_the_names_of_tasks(
    fake: FakeOrchestrator, environment: dict[str, str], tmp_path: Path
) -> None:
    fake.add_task("bella")
    fake.add_task("贝拉")
    fake.add_file()

    async def complete(words: str) -> list[str]:
        line = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" ")), "_VOICELOOM_COMPLETE": "complete_bash"}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", "from cli.__main__ import main; main()"),
            stdout=asyncio.subprocess.PIPE,
            env={**environment, **line},
        )
        out, _ = await process.communicate()
        return out.decode().split()

    assert await complete("voiceloom tasks show ") == ["贝拉", "bella"]
    assert await complete("voiceloom say b") == ["bella"]
    assert await complete("voiceloom files report ") == ["f1"]
    assert await complete("voiceloom files delete f1 f") == ["f1"]


async def test_a_terminal_shows_how_much_of_a_recording_has_left(
    fake: FakeOrchestrator, site: Site, sit: Sit, tmp_path: Path
) -> None:
    (tmp_path / "me.wav").write_bytes(LARGE)
    assert site.link is not None
    slow = asyncio.create_task(site.link.slow(2.0, 0.02))
    terminal = await sit("files", "upload", "me.wav")
    await terminal.sees("Uploading me.wav")
    await terminal.sees("f1")
    assert await terminal.end() == 0
    await slow
    assert fake.state.recordings == {"f1": LARGE}


async def test_nothing_is_deleted_unless_somebody_says_yes(fake: FakeOrchestrator, sit: Sit) -> None:
    fake.add_file()
    for answer, code in (("n\n", 1), ("y\n", 0)):
        terminal = await sit("files", "delete", "f1")
        await terminal.sees("This cannot be undone.")
        assert "f1" in fake.state.files
        terminal.types(answer)
        assert await terminal.end() == code
    assert fake.state.files == {}
