"""Speaking without a stack: the models of a pack as they are (zero-shot), or SoVITS alone (resynthesis)."""

from __future__ import annotations

import re
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from eval.speakers import Clip, EvalSpeaker
from services.training.corpus import normalize_loudness
from services.voice.audio import resample
from services.voice.checkpoint import build_gpt, build_sovits
from services.voice.content import ContentEncoder, load_content_encoder
from services.voice.gpt import Gpt
from services.voice.pack import CONFIG_FILE, Pack, load_pack
from services.voice.sovits import Sovits, SovitsConfig
from services.voice.synthesis import (
    Prompt,
    Speaker,
    SpeakingOptions,
    join,
    make_prompt,
    match_level,
    speech_level,
    trim_silence,
)
from services.voice.text import phonemize
from services.voice.whisper_files import default_models_dir

# The prompt that a voice speaks from is the natural clip nearest to this length.
PROMPT_S = 5.5


@dataclass(frozen=True)
class Said:
    """One spoken sentence."""

    name: str
    text: str
    wav: np.ndarray  # (N,) float32
    rate_hz: int
    attempts: int = 1
    flaw: str = ""

    @property
    def seconds(self) -> float:
        """Length."""
        return len(self.wav) / self.rate_hz


def open_pack(path: Path) -> Pack:
    """A pack's description; weights that are listed and not there yet are left out, digests are not compared.

    Packs are measured while they are being trained. Raises PackError.
    """
    config = path / CONFIG_FILE
    text = config.read_text(encoding="utf-8") if config.is_file() else ""
    listed = tomllib.loads(text).get("files", {})
    if all((path / name).is_file() for name in listed):
        return load_pack(path, verify=False)
    there = "".join(f'"{name}" = "{digest}"\n' for name, digest in listed.items() if (path / name).is_file())
    with tempfile.TemporaryDirectory(prefix="voiceloom-eval-") as folder:
        for name in listed:
            if (path / name).is_file():
                (Path(folder) / name).symlink_to((path / name).resolve())
        body = re.sub(r"(?ms)^\[files\]\n.*\Z", "", text)
        (Path(folder) / CONFIG_FILE).write_text(f"{body}\n[files]\n{there}", encoding="utf-8")
        partial = load_pack(Path(folder), verify=False)
    return Pack(**{**vars(partial), "path": path})


class Voice:
    """A pack's models on the CPU, each loaded when first needed."""

    def __init__(self, pack: Path, sovits: Path | None = None) -> None:
        """`sovits` names other SoVITS weights: a folder of a pack, a .safetensors, or a training's state.pt."""
        if sovits is not None and sovits.is_dir():
            pack_of_sovits = open_pack(sovits)
            self._sovits = build_sovits(pack_of_sovits)
            self.pack = open_pack(pack) if (pack / CONFIG_FILE).is_file() else pack_of_sovits
        else:
            self.pack = open_pack(pack)
            self._sovits = _sovits_from(sovits, self.pack) if sovits else build_sovits(self.pack)
        self._encoder: ContentEncoder | None = None

    @cached_property
    def _gpt(self) -> Gpt:
        return build_gpt(self.pack)

    @property
    def encoder(self) -> ContentEncoder:
        """What turns speech into the features of the tokens."""
        if self._encoder is None:
            self._encoder = load_content_encoder(self.pack.content, default_models_dir(), "cpu", self.pack.path)
        return self._encoder

    @property
    def rate_hz(self) -> int:
        """Rate of what is spoken."""
        return self._sovits.config.sample_rate_hz

    def prompt(self, clip: Clip, language: str) -> Prompt:
        """A natural clip as the models take it."""
        wav, rate_hz = clip.sound
        wav = normalize_loudness(wav, rate_hz)  # as `audio_slice` does it
        return make_prompt(self._sovits, self.encoder, wav, rate_hz, phonemize(clip.text, language).ids)

    def zero_shot(self, speaker: EvalSpeaker, sentences: Sequence[str], pace: float, seed: int = 0) -> Iterator[Said]:
        """Both models, never fine-tuned, speak from a prompt of the speaker (see `prompt_of`)."""
        voice = Speaker(self._gpt, self._sovits, self.prompt(prompt_of(speaker), speaker.language), pace)
        options = SpeakingOptions(**asdict(self.pack.sampling), seed=seed)
        for number, text in enumerate(sentences):
            spoken = list(voice.sentences(text, speaker.language, options))
            wav = join([part.wav for part in spoken], self.rate_hz)
            flaws = sorted({part.flaw for part in spoken if part.flaw})
            attempts = max((part.attempts for part in spoken), default=0)
            yield Said(f"{number:02d}", text, wav, self.rate_hz, attempts, ",".join(flaws))

    @torch.inference_mode()
    def resynthesis(self, speaker: EvalSpeaker, clips: Sequence[Clip], seed: int = 0) -> Iterator[Said]:
        """SoVITS alone: the true tokens and words of natural clips, with the style of another clip of the speaker."""
        for number, clip in enumerate(clips):
            others = [other for other in speaker.references if other is not clip]
            style = self.prompt(others[number % len(others)], speaker.language)
            tokens = self._true_tokens(clip)
            phones = torch.tensor([phonemize(clip.text, speaker.language).ids])
            generator = torch.Generator().manual_seed(seed + number)
            wav = self._sovits.decode(
                tokens,
                phones,
                [style.spec],
                spoken=self._gpt.read_along(phones, None, tokens)[None] if self._sovits.config.aligned else None,
                noise_scale=self.pack.sampling.noise_scale,
                generator=generator,
            )
            trimmed = trim_silence(wav[0, 0].float().numpy(), self.rate_hz)
            level = speech_level(clip.at(self.rate_hz))
            yield Said(clip.name, clip.text, match_level(trimmed, level), self.rate_hz)

    def _true_tokens(self, clip: Clip) -> torch.Tensor:
        wav, own_hz = clip.sound
        at_16k = resample(normalize_loudness(wav, own_hz), own_hz, self.encoder.sample_rate_hz).astype(np.float32)
        features = self.encoder.encode(torch.from_numpy(at_16k))
        return self._sovits.extract_tokens(features.T.unsqueeze(0))


def prompt_of(speaker: EvalSpeaker) -> Clip:
    """The reference that serves as prompt; it must not be among those that the voice is compared with."""
    return min(speaker.references, key=lambda clip: abs(len(clip.sound[0]) / clip.sound[1] - PROMPT_S))


def _sovits_from(file: Path, pack: Pack) -> Sovits:
    """Weights of the pack's sizes from a file."""
    if file.suffix == ".safetensors":
        state = load_file(file)
    else:
        state = torch.load(file, map_location="cpu", weights_only=True)["models"]["sovits"]
    model = Sovits(SovitsConfig.from_dict(pack.sovits))
    # Weights lie on disk as float16 or float32, counters as integers.
    model.load_state_dict(
        {name: value.float() if value.is_floating_point() else value for name, value in state.items()}
    )
    return model.eval()
