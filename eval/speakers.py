"""The speakers that voices are trained from and compared with.

A speaker is a folder:

    <name>/recording_60s.flac    what a voice is trained from (any recording*.flac)
           reference_0.flac ...  natural sentences that are never trained on
           reference.txt         "reference_0.flac<TAB>what is said in it", a line each;
                                 "other.flac@30.5-33.2<TAB>..." is the part between two times in seconds
           speaker.toml          optional: language = "en", quality = "fast", recording = "../elsewhere.flac"

eval/speakers holds the one of the repository; other folders of speakers are named when the evaluation is started.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from services.voice.audio import resample
from services.voice.decode import decode

ROOT = Path(__file__).resolve().parents[1]
OWN_SPEAKERS = ROOT / "eval" / "speakers"
# What folders that carry no speaker.toml would say in it; paths are seen from the speaker's folder.
KNOWN: dict[str, dict[str, str]] = {
    "allison": {"recording": "../../samples/allison_90s.flac", "quality": "standard"},
}
# A second recording of a voice, trained in its own right and compared with the references of the first.
TWINS = {"bella_90s": ("af_bella", "../../samples/bella_90s.flac")}


class SpeakerError(Exception):
    """A speaker's folder cannot be used; the message is a sentence for people."""


@dataclass(frozen=True)
class Clip:
    """A natural recording, or a part of one, and its words."""

    name: str
    path: Path
    text: str
    start_s: float = 0.0
    end_s: float | None = None

    @cached_property
    def sound(self) -> tuple[np.ndarray, int]:
        """Samples (N,) float32 and their rate in Hz."""
        wav, rate = decode(self.path)
        return wav[int(self.start_s * rate) : None if self.end_s is None else int(self.end_s * rate)], rate

    def at(self, rate_hz: int) -> np.ndarray:
        """Samples at another rate."""
        wav, own_hz = self.sound
        return resample(wav, own_hz, rate_hz).astype(np.float32)


@dataclass(frozen=True)
class EvalSpeaker:
    """One speaker of the evaluation."""

    name: str
    language: str
    recording: Path | None
    references: tuple[Clip, ...]
    quality: str = "fast"


def find_speakers(folders: Sequence[Path], names: Sequence[str] = ()) -> list[EvalSpeaker]:
    """The named speakers, or all, from folders of speakers and eval/speakers. Raises SpeakerError."""
    found: dict[str, EvalSpeaker] = {}
    for folder in (*folders, OWN_SPEAKERS):
        for path in sorted(folder.glob("*/reference.txt")):
            found.setdefault(path.parent.name, read_speaker(path.parent))
        for name, (twin, recording) in TWINS.items():
            path = folder / twin / recording
            if twin in found and path.is_file():
                found.setdefault(name, replace(found[twin], name=name, recording=path.resolve()))
    unknown = sorted(set(names) - set(found))
    if unknown:
        raise SpeakerError(f"no speaker called {', '.join(unknown)}; there are: {', '.join(sorted(found))}")
    return [found[name] for name in (names or sorted(found))]


def read_speaker(folder: Path) -> EvalSpeaker:
    """The speaker of a folder. Raises SpeakerError."""
    facts = folder / "speaker.toml"
    table = tomllib.loads(facts.read_text(encoding="utf-8")) if facts.is_file() else KNOWN.get(folder.name, {})
    lines = (folder / "reference.txt").read_text(encoding="utf-8").splitlines()
    clips = tuple(_clip(folder, line) for line in lines if line.strip())
    if len(clips) < 2:
        raise SpeakerError(f"{folder.name} has fewer than two references to be compared with")
    recordings = [folder / table["recording"]] if "recording" in table else sorted(folder.glob("recording*.flac"))
    return EvalSpeaker(
        name=folder.name,
        # Kokoro's voices begin with their language: zf_ and zm_ are Chinese.
        language=table.get("language", "zh" if folder.name.startswith(("zf_", "zm_")) else "en"),
        recording=next((path.resolve() for path in recordings if path.is_file()), None),
        references=clips,
        quality=table.get("quality", "fast"),
    )


def _clip(folder: Path, line: str) -> Clip:
    """A line of reference.txt."""
    name, _, text = line.partition("\t")
    file, _, span = name.strip().partition("@")
    path = folder / file
    if not text.strip() or not path.is_file():
        raise SpeakerError(f"reference.txt of {folder.name}: {name!r} has no words or is not there")
    if not span:
        return Clip(path.stem, path, text.strip())
    start, _, end = span.partition("-")
    try:
        return Clip(f"{path.stem}_{start}", path, text.strip(), float(start), float(end))
    except ValueError as exc:
        raise SpeakerError(f"reference.txt of {folder.name}: {span!r} is no pair of times") from exc
