"""Voice packs: what is written is read back, and a damaged or strange pack is refused by a sentence."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from services.voice.errors import PackError
from services.voice.pack import Finetune, Sampling, load_pack, write_pack

NANO = Path(__file__).parents[3] / "packs" / "nano"
CONFIG = """# a comment that stays
name = "tiny"
family = "voiceloom-tiny"
version = "1"
languages = ["en"]
sample_rate_hz = 24000
licence = "MIT"

[content]
encoder = "whisper"

[sovits]
hop = 480

[gpt]
dim = 32

[finetune]
sovits_lr = 0.001
"""


@pytest.fixture
def nano(tmp_path: Path) -> Path:
    return Path(shutil.copytree(NANO, tmp_path / "nano"))


def test_a_written_pack_is_read_back(tmp_path: Path) -> None:
    weights = {"gpt.safetensors": {"a": torch.tensor([1.0, 2.5])}}
    pack = write_pack(tmp_path / "tiny", CONFIG, weights)
    assert (pack.name, pack.family, pack.languages, pack.symbols) == (
        "tiny",
        "voiceloom-tiny",
        ("en",),
        "gpt-sovits-v2",
    )
    assert pack.sovits == {"hop": 480, "sample_rate_hz": 24000}
    assert pack.finetune == Finetune(sovits_lr=0.001)
    assert pack.sampling == Sampling()
    assert pack.file("gpt.safetensors") == tmp_path / "tiny" / "gpt.safetensors"
    assert (tmp_path / "tiny" / "pack.toml").read_text().startswith("# a comment that stays")


def test_impossible_sampling_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="sampling"):
        write_pack(tmp_path, CONFIG + "\n[sampling]\ntemperature = 0\n", {})


def test_writing_again_replaces_the_list_of_files(tmp_path: Path) -> None:
    first = write_pack(
        tmp_path, CONFIG, {"gpt.safetensors": {"a": torch.zeros(1)}, "sovits.safetensors": {"b": torch.zeros(1)}}
    )
    again = write_pack(tmp_path, (tmp_path / "pack.toml").read_text(), {"gpt.safetensors": {"a": torch.ones(1)}})
    assert set(again.files) == {"gpt.safetensors", "sovits.safetensors"}
    assert again.files["gpt.safetensors"] != first.files["gpt.safetensors"]
    assert again.files["sovits.safetensors"] == first.files["sovits.safetensors"]
    assert again.sha256 != first.sha256


def test_values_that_float16_cannot_hold_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="float16 cannot hold, in a"):
        write_pack(tmp_path, CONFIG, {"gpt.safetensors": {"a": torch.tensor([1e6])}})


def test_the_pack_in_the_repository_is_intact() -> None:
    assert load_pack(NANO).name == "nano"


def test_one_changed_byte_is_noticed(nano: Path) -> None:
    data = bytearray((nano / "gpt.safetensors").read_bytes())
    data[-1] ^= 1
    (nano / "gpt.safetensors").write_bytes(data)
    with pytest.raises(PackError, match=r"'gpt.safetensors' of the voice pack is damaged or was changed"):
        load_pack(nano)
    assert load_pack(nano, verify=False).name == "nano"


def test_a_missing_file_or_folder_is_named(nano: Path, tmp_path: Path) -> None:
    (nano / "gpt.safetensors").unlink()
    with pytest.raises(PackError, match=r"lacks its file 'gpt.safetensors'"):
        load_pack(nano)
    with pytest.raises(PackError, match="there is no voice pack at 'nowhere'"):
        load_pack(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["../gpt.safetensors", "/etc/passwd", "a\\\\b", "..", "pack.toml"])
def test_a_pack_cannot_list_files_outside_its_folder(nano: Path, name: str) -> None:
    config = nano / "pack.toml"
    config.write_text(config.read_text() + f'"{name}" = "{"0" * 64}"\n')
    with pytest.raises(PackError, match="not the name of a file beside it"):
        load_pack(nano)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "nano"', "name = 3", "needs 'name' as str"),
        ("sample_rate_hz = 24000", "", "needs 'sample_rate_hz' as int"),
        ("[sovits]", "[sovits", "not valid TOML"),
        ("sovits_lr = 0.002", "sovits_lr = 0", "sovits_lr must be positive"),
        ("sovits_lr = 0.002", "learning = 1", r"\[finetune\] of pack.toml is not valid"),
        ('gpt_optimizer = "adamw"', 'gpt_optimizer = "sgd"', "known: adamw, scaled_adam"),
        ('"gpt.safetensors" = "', '"gpt.safetensors" = "x', "no sha256 for 'gpt.safetensors'"),
    ],
)
def test_a_wrong_description_is_refused(nano: Path, old: str, new: str, message: str) -> None:
    config = nano / "pack.toml"
    assert old in config.read_text()
    config.write_text(config.read_text().replace(old, new, 1))
    with pytest.raises(PackError, match=message):
        load_pack(nano)


def test_reading_a_pack_loads_no_torch() -> None:
    code = f"import sys, pathlib; from services.voice.pack import load_pack; load_pack(pathlib.Path({str(NANO)!r})); "
    code += "assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=NANO.parents[1])
