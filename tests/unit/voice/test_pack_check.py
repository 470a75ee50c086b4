"""`voiceloom packs verify`: sound packs, damaged packs, folders that are none."""

import shutil
from pathlib import Path

import pytest

from services.voice.pack_check import main

NANO = Path(__file__).parents[3] / "packs" / "nano"


def test_a_sound_pack_is_described(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(NANO)]) == 0
    assert "nano" in capsys.readouterr().out


def test_a_flipped_byte_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(NANO, tmp_path / "pack")
    weights = tmp_path / "pack" / "gpt.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert main([str(NANO), str(tmp_path / "pack")]) == 1
    assert "'gpt.safetensors' of the voice pack is damaged" in capsys.readouterr().err


def test_a_folder_without_a_pack_is_said_to_be_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 1
    assert "pack.toml cannot be read" in capsys.readouterr().err
