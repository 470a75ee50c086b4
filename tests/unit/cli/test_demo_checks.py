"""What the demo checks, and that each check can fail."""

import array
import hashlib
import math
import wave
from pathlib import Path

import pytest

from cli.demo_checks import (
    Check,
    Loss,
    check_audible,
    check_downloads,
    check_losses,
    check_outputs,
    check_task,
    read_loss,
)
from cli.transfer import Download
from tests.unit.cli.fake_gateway import made, output, task
from voiceloom.pipeline.v1 import manifest_pb2


def failed(checks: list[Check]) -> list[str]:
    return [check.name for check in checks if not check.ok]


def write_wav(path: Path, amplitude: float) -> Path:
    """One second of a 200 Hz tone."""
    tone = array.array("h", (int(amplitude * 32767 * math.sin(index / 38.2)) for index in range(24000)))
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 24000, 0, "NONE", ""))
        sound.writeframes(tone.tobytes())
    return path


def test_a_completed_task_holds_and_a_skipped_stage_does_not() -> None:
    assert failed(check_task(task())) == []
    skipped = task()
    skipped["stages"][7]["status"] = "skipped"
    assert failed(check_task(skipped)) == ["every stage completed"]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"speech_ratio": 0.59}, "output_0.wav holds speech"),
        ({"length_ratio": 0.5}, "output_0.wav is as long as the speaker would take"),
        ({"length_ratio": 1.7}, "output_0.wav is as long as the speaker would take"),
        ({"best": False}, "one output is marked best"),
    ],
)
def test_an_output_that_is_no_speech_does_not_hold(changes: dict, complaint: str) -> None:
    assert failed(check_outputs([output()])) == []
    assert failed(check_outputs([output(**changes)])) == [complaint]


def test_no_output_at_all_does_not_hold() -> None:
    assert "the voice spoke" in failed(check_outputs([]))


@pytest.mark.parametrize("damage", ["size", "digest", "none"])
def test_a_file_must_arrive_as_it_was_announced(tmp_path: Path, damage: str) -> None:
    models = [{"kind": kind, "filename": f"{kind}.bin", "size_bytes": 3} for kind in ("gpt", "sovits")]
    content = b"ab" if damage == "size" else b"abc"
    digest = hashlib.sha256(b"xyz" if damage == "digest" else content).hexdigest()
    file = Download(tmp_path / "gpt.bin", len(content), hashlib.sha256(content).hexdigest(), digest)
    complaints = failed(check_downloads([file], made(outputs=[], models=models)))
    assert complaints == ([] if damage == "none" else ["gpt.bin arrived whole"])


def test_silence_and_damage_do_not_play(tmp_path: Path) -> None:
    assert check_audible(write_wav(tmp_path / "speech.wav", 0.3)).ok
    assert not check_audible(write_wav(tmp_path / "silence.wav", 0.0005)).ok
    (tmp_path / "text.wav").write_text("no sound")
    assert not check_audible(tmp_path / "text.wav").ok


def test_a_loss_must_fall_to_nine_tenths() -> None:
    assert failed(check_losses([Loss("mel", 1.0, 0.9), Loss("ce", 1.0, 0.91)])) == ["ce fell"]
    assert failed(check_losses([Loss("mel", 0.0, 0.0), Loss("ce", 1.0, math.nan)])) == ["mel fell", "ce fell"]


def test_the_loss_is_read_from_the_last_lease(tmp_path: Path) -> None:
    for lease, last in ((2, 0.9), (10, 0.5)):
        epochs = [
            manifest_pb2.EpochLosses(epoch=1, losses={"mel": 1.0}),
            manifest_pb2.EpochLosses(epoch=4, losses={"mel": last}),
        ]
        folder = tmp_path / "tasks" / "t1" / "sovits_train" / str(lease)
        folder.mkdir(parents=True)
        (folder / "manifest.pb").write_bytes(manifest_pb2.TrainManifest(epochs=epochs).SerializeToString())
    assert read_loss(tmp_path, "t1", "sovits_train", "mel") == Loss("sovits_train: mel", 1.0, 0.5)
    with pytest.raises(KeyError):
        read_loss(tmp_path, "t1", "sovits_train", "ce")
    with pytest.raises(FileNotFoundError):
        read_loss(tmp_path, "t1", "gpt_train", "ce")
