"""Loads what speaks, and keeps the voices that were used last."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch

from services.runtime.errors import InvalidInputError
from services.voice.checkpoint import load_gpt, load_sovits
from services.voice.content import ContentEncoder, load_content_encoder
from services.voice.gpt import Gpt
from services.voice.pack import Pack
from services.voice.script import Passage, language_of, passages, unspoken_language
from services.voice.sovits import Sovits
from services.voice.speaker import SpeakerEncoder, load_speaker_encoder
from services.voice.synthesis import Prompt, Speaker, make_prompt
from services.voice.text import phonemize, supported


class Models:
    """Models of one pack on one device; encoders are loaded when first used and then kept."""

    def __init__(self, pack: Pack, models_dir: Path, device: str) -> None:
        """`device` is "auto", or what torch calls a device."""
        self.pack = pack
        self._models_dir = models_dir
        self.device = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device)

    @cached_property
    def content_encoder(self) -> ContentEncoder:
        """What turns the reference into tokens."""
        return load_content_encoder(self.pack.content, self._models_dir, self.device, self.pack.path)

    @cached_property
    def speaker_encoder(self) -> SpeakerEncoder:
        """What says how alike two voices are."""
        return load_speaker_encoder(self.device)

    def sovits(self, path: Path) -> Sovits:
        """Raises CheckpointError."""
        return load_sovits(path, family=self.pack.family, device=self.device)

    def gpt(self, path: Path) -> Gpt:
        """Raises CheckpointError."""
        return load_gpt(path, family=self.pack.family, device=self.device)

    def prompt(self, sovits: Sovits, wav: np.ndarray, sample_rate_hz: int, text: str, language: str) -> Prompt:
        """A reference (N,) float32 with its words, in the voice's language or as they are written."""
        phonemes = phonemize(text, language_of(text, language, self.languages))
        return make_prompt(sovits, self.content_encoder, wav, sample_rate_hz, phonemes.ids)

    @property
    def languages(self) -> list[str]:
        """Those that the pack speaks and that have a front end."""
        return [known for known in self.pack.languages if known in supported()]

    def check_language(self, language: str) -> None:
        """Raises InvalidInputError LANGUAGE_UNSUPPORTED unless the pack speaks it and there is a front end."""
        if language not in self.languages:
            raise InvalidInputError("LANGUAGE_UNSUPPORTED", language=language, languages=", ".join(self.languages))

    def passages(self, text: str, language: str) -> list[Passage]:
        """A text to speak, each passage in the language that it is written in, else in the voice's `language`.

        Raises InvalidInputError LANGUAGE_UNSUPPORTED, or TARGET_TEXT_EMPTY when there is nothing to pronounce.
        """
        self.check_language(unspoken_language(text, self.languages) or language)
        found = [part for part in passages(text, language, self.languages) if phonemize(part.text, part.language)]
        if not found:
            raise InvalidInputError("TARGET_TEXT_EMPTY", language=language)
        return found


@dataclass(frozen=True)
class Voice:
    """A loaded voice."""

    voice_id: str
    sovits: str
    gpt: str
    language: str
    speaker: Speaker


class Voices:
    """The voices in memory, at most `limit`; safe in threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._voices: OrderedDict[tuple[str, ...], Voice] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Sequence[str], load: Callable[[], Voice]) -> Voice:
        """The voice under `key` (all that determines it), loaded when it is not here yet."""
        wanted = tuple(key)
        with self._lock:
            voice = self._voices.get(wanted)
            if voice is None:
                voice = self._voices[wanted] = load()
                while len(self._voices) > self._limit:
                    self._voices.popitem(last=False)
            self._voices.move_to_end(wanted)
            return voice

    def loaded(self) -> list[Voice]:
        """Those in memory, the one used last first."""
        with self._lock:
            return list(reversed(self._voices.values()))
