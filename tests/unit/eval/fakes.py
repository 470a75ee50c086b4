"""Judges that hear what a table says, and speakers whose recordings are tones."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eval.speakers import Clip, EvalSpeaker
from services.voice.audio import write_wav

RATE = 16_000
TEXT = "She opened the letter slowly."


def tone(hz: float, seconds: float = 1.0) -> np.ndarray:
    """A tone (N,) float32."""
    return (0.3 * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)).astype(np.float32)


@dataclass
class FixedListener:
    """Hears the same whatever is played."""

    heard: str
    name: str = "fixed"
    languages: tuple[str, ...] | None = None

    def hear(self, wav: np.ndarray, language: str) -> str:
        return self.heard


class PitchEar:
    """Tells speakers apart by whether most of their energy lies below 300 Hz."""

    name = "pitch"

    def embed(self, wav: np.ndarray) -> np.ndarray:
        if not len(wav) or not wav.any():
            raise ValueError("silence")
        power = np.abs(np.fft.rfft(wav)) ** 2
        low = power[np.fft.rfftfreq(len(wav), 1 / RATE) < 300].sum() / power.sum()
        return np.array([np.sqrt(low), np.sqrt(1 - low)])


def speaker(folder: Path, name: str, hz: float, seconds: Sequence[float] = (1.0, 1.0, 1.0)) -> EvalSpeaker:
    """A speaker whose every reference is a tone."""
    clips = []
    for number, length in enumerate(seconds):
        path = folder / f"{name}_{number}.wav"
        write_wav(path, tone(hz, length), RATE)
        clips.append(Clip(f"reference_{number}", path, TEXT))
    return EvalSpeaker(name, "en", None, tuple(clips))
