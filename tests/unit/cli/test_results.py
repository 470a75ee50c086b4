"""`voiceloom tasks outputs|download|metrics` and `voiceloom say`."""

import json
from pathlib import Path

import httpx
import pytest

from cli.errors import ExitCode
from tests.unit.cli.conftest import Run
from tests.unit.cli.fake_gateway import ID, FakeGateway, made, model, output, refusal, stored, task


@pytest.fixture
def trained(gateway: FakeGateway) -> FakeGateway:
    """A gateway with a trained voice."""
    gateway[f"GET /tasks/{ID}"] = task()
    worse = output(filename="output_1.wav", best=False)
    models = [model(), model(kind="sovits", filename="bella_e4_s8.pth"), model(filename="bella-e4.ckpt", best=False)]
    gateway[f"GET /tasks/{ID}/outputs"] = made(outputs=[output(), worse], models=models)
    for path in (
        "output/output_0.wav",
        "output/output_1.wav",
        "ref_audio/reference.wav",
        "gpt_model/bella-e8.ckpt",
        "gpt_model/bella-e4.ckpt",
        "sovits_model/bella_e4_s8.pth",
    ):
        gateway[f"GET /tasks/{ID}/outputs/{path}"] = lambda request: (
            httpx.Response(304) if "If-None-Match" in request.headers else stored(b"abc")
        )
    return gateway


def test_outputs_name_the_best(trained: FakeGateway, run: Run) -> None:
    lines = run("tasks", "outputs", ID).out.splitlines()
    assert lines[0] == "Asked to say: Hello."
    assert lines[1].startswith(
        "*  output_0.wav  4.0 s  word errors 25%  similarity 0.80  bella_e4_s8.pth + bella-e8.ckpt"
    )
    assert lines[2].startswith("   output_1.wav")
    assert lines[3].split() == ["*", "bella-e8.ckpt", "epoch", "8", "0.00", "MB"]
    assert json.loads(run("tasks", "outputs", ID, "--json").out)["target_text"] == "Hello."


def test_an_unfinished_task_has_no_scores_yet(gateway: FakeGateway, run: Run) -> None:
    gateway[f"GET /tasks/{ID}"] = task("running")
    gateway[f"GET /tasks/{ID}/outputs"] = made(outputs=[], models=[], target_text=None, ref_audio_path=None)
    assert run("tasks", "outputs", ID).out == "Nothing was made yet.\n"
    assert run("tasks", "download", ID).out == "Nothing was made yet.\n"


def test_everything_is_downloaded_or_the_best_alone(trained: FakeGateway, run: Run, tmp_path: Path) -> None:
    ran = run("tasks", "download", ID, "--to", "best", "--best", "--json")
    assert ran.code == 0, ran.err
    best = {"output_0.wav", "reference.wav", "bella-e8.ckpt", "bella_e4_s8.pth"}
    assert {Path(fact["path"]).name for fact in json.loads(ran.out)} == best
    assert {path.name for path in (tmp_path / "best").iterdir()} == best
    assert run("tasks", "download", ID, "--to", "all").code == 0
    assert {path.name for path in (tmp_path / "all").iterdir()} == best | {"output_1.wav", "bella-e4.ckpt"}


def test_a_second_download_changes_nothing(trained: FakeGateway, run: Run, tmp_path: Path) -> None:
    run("tasks", "download", ID)
    again = run("tasks", "download", ID)
    assert again.code == 0
    assert again.out.count("was there already") == 6


def test_a_file_of_another_task_is_not_replaced(trained: FakeGateway, run: Run, tmp_path: Path) -> None:
    (tmp_path / "output_0.wav").write_bytes(b"another")
    trained[f"GET /tasks/{ID}/outputs/output/output_0.wav"] = stored(b"abc")
    ran = run("tasks", "download", ID, "--lang", "zh")
    assert (ran.code, "[FILE_EXISTS]" in ran.err, "--force" in ran.err) == (ExitCode.ERROR, True, True)
    assert (tmp_path / "output_0.wav").read_bytes() == b"another"
    assert run("tasks", "download", ID, "--force").code == 0
    assert (tmp_path / "output_0.wav").read_bytes() == b"abc"


def test_a_name_from_the_server_cannot_leave_the_folder(gateway: FakeGateway, run: Run, tmp_path: Path) -> None:
    hostile = made(outputs=[], ref_audio_path=None, models=[model(filename="../../evil.ckpt")])
    gateway[f"GET /tasks/{ID}"] = task()
    gateway[f"GET /tasks/{ID}/outputs"] = hostile
    gateway[f"GET /tasks/{ID}/outputs/gpt_model/evil.ckpt"] = stored(b"abc")
    assert run("tasks", "download", ID, "--to", "deep/out").code == 0
    assert [path.name for path in (tmp_path / "deep" / "out").iterdir()] == ["evil.ckpt"]
    twins = made(outputs=[output(filename="a/x.wav"), output(filename="b/x.wav")], models=[], ref_audio_path=None)
    gateway[f"GET /tasks/{ID}/outputs"] = twins
    assert "[NAMES_COLLIDE]" in run("tasks", "download", ID).err


def test_losses_are_shown_from_first_to_last(gateway: FakeGateway, run: Run) -> None:
    points = [
        {"step": 1, "epoch": 1, "losses": {"mel": 2.0}},
        {"step": 8, "epoch": 4, "losses": {"mel": 0.51239, "kl": 1.0}},
    ]
    curve = {"total_steps": 16, "total_epochs": 8, "batch_size": 4}
    curves = [{**curve, "stage": "sovits_train", "points": points}, {**curve, "stage": "gpt_train", "points": []}]
    gateway[f"GET /tasks/{ID}"] = task("running")
    gateway[f"GET /tasks/{ID}/metrics"] = {"task_id": ID, "curves": curves}
    assert run("tasks", "metrics", ID).out.splitlines() == [
        "sovits_train: step 8 of 16, epoch 4 of 8, batch 4",
        "  mel  2.0000  ->  0.5124",
        "  kl   1.0000  ->  1.0000",
    ]
    assert json.loads(run("tasks", "metrics", ID, "--json").out)["curves"] == curves
    gateway[f"GET /tasks/{ID}/metrics"] = {"task_id": ID, "curves": []}
    assert run("tasks", "metrics", ID).out == "Nothing was trained yet.\n"


def test_a_voice_says_something(trained: FakeGateway, run: Run, tmp_path: Path) -> None:
    trained[f"POST /tasks/{ID}/speak"] = httpx.Response(200, content=b"RIFFwave", headers={"Content-Type": "audio/wav"})
    choices = ["--speed", "1.2", "--temperature", "0.8", "--top-k", "5", "--top-p", "0.9"]
    ran = run(
        *("say", ID, "你好", "-o", "out/hello.wav", "--language", "zh"),
        *(*choices, "--repetition-penalty", "1.3", "--seed", "7", "--json"),
    )
    assert ran.code == 0, ran.err
    assert (tmp_path / "out" / "hello.wav").read_bytes() == b"RIFFwave"
    assert json.loads(ran.out)["path"] == "out/hello.wav"
    assert trained.body(f"POST /tasks/{ID}/speak") == {
        "text": "你好",
        "language": "zh",
        "speed": 1.2,
        "temperature": 0.8,
        "top_k": 5,
        "top_p": 0.9,
        "repetition_penalty": 1.3,
        "seed": 7,
    }


def test_what_is_said_does_not_replace_what_was_said(trained: FakeGateway, run: Run, tmp_path: Path) -> None:
    trained[f"POST /tasks/{ID}/speak"] = httpx.Response(200, content=b"RIFFwave")
    for _ in range(2):
        assert run("say", ID, "-", "--language", "auto", stdin=" some words\n").code == 0
    assert {path.name for path in tmp_path.iterdir()} == {f"{ID}.wav", f"{ID}-2.wav"}
    assert trained.body(f"POST /tasks/{ID}/speak") == {"text": "some words"}
    assert "[FILE_EXISTS]" in run("say", ID, "hello", "-o", f"{ID}.wav").err
    assert run("say", ID, "hello", "-o", f"{ID}.wav", "--force").code == 0
    assert run("say", ID, "hello", "-o", tmp_path).code == ExitCode.USAGE


def test_speech_may_go_to_standard_output(trained: FakeGateway, run: Run) -> None:
    trained[f"POST /tasks/{ID}/speak"] = httpx.Response(200, content=b"RIFFwave")
    assert run("say", ID, "hello", "-o", "-").out == "RIFFwave"
    assert run("say", ID, "hello", "-o", "-", "--json").code == ExitCode.USAGE


def test_a_voice_that_is_not_trained_is_refused_and_leaves_no_file(
    gateway: FakeGateway, run: Run, tmp_path: Path
) -> None:
    gateway[f"GET /tasks/{ID}"] = task("running")
    gateway[f"POST /tasks/{ID}/speak"] = refusal(409, "VOICE_NOT_READY", "This voice is not trained yet")
    ran = run("say", ID, "hello")
    assert (ran.code, ran.err) == (ExitCode.REFUSED, "voiceloom: This voice is not trained yet [VOICE_NOT_READY]\n")
    assert list(tmp_path.iterdir()) == []
