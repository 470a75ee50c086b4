"""The models agree with the recorded numbers, and the runner says so honestly."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from services.voice.parity.__main__ import check_one, main
from services.voice.parity.report import Report, Vector
from services.voice.parity.weights import draw

VECTORS = Path(__file__).parents[2] / "vectors"
# The full-size SoVITS takes longest and fixes nothing that the small one does not; `make parity` runs it.
FAST = sorted(path.stem for path in VECTORS.glob("*.json") if path.stem != "s2_real_v2")


@pytest.mark.parametrize("name", FAST)
def test_recorded_numbers_are_reproduced(name: str) -> None:
    report = Report()
    check_one(Vector(VECTORS / f"{name}.json"), report)
    assert report.compared > 0
    assert report.exceeded == 0, "\n".join(row for row in report.rows if "EXCEEDED" in row)
    assert report.missing == []


def copy(folder: Path, name: str, **changes: object) -> None:
    values = json.loads((VECTORS / f"{name}.json").read_text()) | changes
    (folder / f"{name}.json").write_text(json.dumps(values))
    if (VECTORS / f"{name}.safetensors").is_file():
        save_file(load_file(VECTORS / f"{name}.safetensors"), folder / f"{name}.safetensors")


def test_a_changed_number_is_an_excess(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    copy(tmp_path, "losses", kl_loss=5.1)
    assert main([str(tmp_path)]) == 1
    assert "EXCEEDED" in capsys.readouterr().out


def test_a_changed_tensor_is_an_excess(tmp_path: Path) -> None:
    copy(tmp_path, "mel")
    tensors = load_file(tmp_path / "mel.safetensors")
    tensors["s2.mel"] = tensors["s2.mel"] + 0.01
    save_file(tensors, tmp_path / "mel.safetensors")
    assert main([str(tmp_path)]) == 1


def test_unknown_kinds_families_and_outputs_are_listed_and_not_passed(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    copy(tmp_path, "mel")
    tensors = load_file(tmp_path / "mel.safetensors") | {"s9.mel": torch.zeros(3)}
    save_file(tensors, tmp_path / "mel.safetensors")
    copy(tmp_path, "mpd_v2", family="gpt-sovits-v9")
    copy(tmp_path, "symbols", kind="emoji")
    assert main([str(tmp_path)]) == 2
    out = capsys.readouterr().out
    assert "mel: output s9.mel" in out
    assert "discriminator of family gpt-sovits-v9" in out
    assert "vectors of kind 'emoji'" in out


def test_a_file_that_cannot_be_run_is_a_failure(tmp_path: Path) -> None:
    copy(tmp_path, "ar_tiny", config={"model": {"n_layer": 2}})
    assert main([str(tmp_path)]) == 1


def test_an_empty_folder_is_a_failure(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 1


def test_another_salt_draws_other_weights() -> None:
    assert (draw("a.weight", (4, 3), 0) != draw("a.weight", (4, 3), 7)).all()
    assert (draw("a.weight", (4, 3), 7) == draw("a.weight", (4, 3), 7)).all()
