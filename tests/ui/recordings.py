"""Files that people drop: a synthetic person reading, and what is no use for a voice."""

from collections.abc import Callable
from pathlib import Path

from tests.audio_fixtures import PNG, encode, silence, speech
from tests.stack import ROOT

RATE_HZ = 24_000


def reading(folder: Path, seconds: float = 25.0, name: str = "reading.wav") -> Path:
    """A synthetic person reading; every length has a content of its own, so nothing is taken over from another task."""
    path = folder / name
    path.write_bytes(encode(speech(seconds, RATE_HZ), RATE_HZ))
    return path


def _not_sound(folder: Path) -> Path:
    path = folder / "holiday.png"
    path.write_bytes(PNG)
    return path


def _empty(folder: Path) -> Path:
    path = folder / "empty.wav"
    path.write_bytes(b"")
    return path


def _cut(folder: Path) -> Path:
    """The first bytes of a recording: a header that promises, and nothing after it."""
    path = folder / "cut.flac"
    path.write_bytes((ROOT / "samples" / "bella_25s.flac").read_bytes()[:2000])
    return path


def _silent(folder: Path) -> Path:
    path = folder / "silence.wav"
    path.write_bytes(encode(silence(20.0, RATE_HZ), RATE_HZ))
    return path


def _short(folder: Path) -> Path:
    return reading(folder, 4.0, "short.wav")


# Refused by the upload itself, and judged unusable by the report.
REFUSED: dict[str, Callable[[Path], Path]] = {"not_sound": _not_sound, "empty": _empty, "cut": _cut}
UNUSABLE: dict[str, Callable[[Path], Path]] = {"silent": _silent, "short": _short}
