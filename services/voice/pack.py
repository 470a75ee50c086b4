"""Voice packs: a folder with pack.toml and the weights that every voice starts from.

    packs/mini/
        pack.toml               family, languages, sizes of the models, fine-tuning settings, licence, sha256s
        sovits.safetensors      float16; read as float32
        gpt.safetensors
        discriminator.safetensors

`load_pack` checks every file against its digest, so that a damaged pack is refused by a sentence, not by a strange
voice. Importing this module loads no torch.
"""

import hashlib
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from services.voice.errors import PackError

if TYPE_CHECKING:
    import torch

CONFIG_FILE = "pack.toml"
SOVITS_FILE = "sovits.safetensors"
GPT_FILE = "gpt.safetensors"
DISCRIMINATOR_FILE = "discriminator.safetensors"
WEIGHTS_FILES = (SOVITS_FILE, GPT_FILE, DISCRIMINATOR_FILE)

OFFICIAL_FAMILIES = ("gpt-sovits-v1", "gpt-sovits-v2", "gpt-sovits-v2Pro", "gpt-sovits-v2ProPlus")


@dataclass(frozen=True, kw_only=True)
class Finetune:
    """How a pack's models are fine-tuned. How many epochs is not the pack's choice but that of the quality preset."""

    sovits_lr: float = 1e-4
    sovits_text_lr_ratio: float = 0.4
    """The text parts (text_embedding, encoder_text, mrte) learn at sovits_lr times this."""
    sovits_lr_decay: float = 0.999875
    """Factor per epoch."""
    sovits_stft_weight: float = 0.0
    """Weight of a multi-resolution spectral loss beside the mel loss; decoders without a discriminator need it."""
    sovits_batch: int = 4
    sovits_items_per_epoch: int = 100
    """Clips drawn per epoch, repeated when the recording has fewer."""
    segment_s: float = 6.0
    """Longest stretch of a clip that one SoVITS step reads, in seconds."""
    gpt_lr: float = 0.002
    gpt_optimizer: Literal["adamw", "scaled_adam"] = "scaled_adam"
    gpt_warmup_steps: int = 0
    gpt_batch: int = 4
    gpt_items_per_epoch: int = 100
    gpt_token_noise: float = 0.0
    """Share of past tokens that the GPT sees replaced by random ones."""
    gpt_guide_weight: float = 0.0
    """Weight of the loss of the guided heads, for packs whose GPT has them."""

    def __post_init__(self) -> None:
        positive = "sovits_lr sovits_batch sovits_items_per_epoch segment_s gpt_lr gpt_batch gpt_items_per_epoch"
        for name in positive.split():
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive")
        if not 0 <= self.gpt_token_noise < 1 or self.gpt_guide_weight < 0:
            raise ValueError("gpt_token_noise must be in 0..1 and gpt_guide_weight not negative")
        if self.gpt_optimizer not in ("adamw", "scaled_adam"):
            raise ValueError(f"gpt_optimizer is {self.gpt_optimizer!r}; known: adamw, scaled_adam")


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How a pack's models are sampled unless somebody asks for something else; the defaults are GPT-SoVITS's."""

    top_k: int = 15
    top_p: float = 1.0
    temperature: float = 1.0
    repetition_penalty: float = 1.35
    noise_scale: float = 0.5
    """Of SoVITS: 0 speaks the likeliest latents, 1 draws them as widely as they were in training."""

    def __post_init__(self) -> None:
        if (
            self.top_k < 1
            or not 0 < self.top_p <= 1
            or self.temperature <= 0
            or self.repetition_penalty <= 0
            or not 0 <= self.noise_scale <= 1
        ):
            raise ValueError(f"{self} is out of range")


@dataclass(frozen=True)
class Pack:
    """A verified pack. The tables `sovits`, `gpt` and `discriminator` are keyword arguments of the models' configs."""

    path: Path
    name: str
    family: str
    version: str
    languages: tuple[str, ...]
    sample_rate_hz: int
    symbols: str
    content: dict[str, object]
    sovits: dict[str, object]
    gpt: dict[str, object]
    discriminator: dict[str, object]
    finetune: Finetune
    sampling: Sampling
    licence: str
    sha256: str
    """Digest of pack.toml, which holds those of all other files: it identifies the pack."""
    files: dict[str, str]

    def file(self, name: str) -> Path:
        """Path of one of the pack's files; PackError when the pack does not list it."""
        if name not in self.files:
            raise PackError(f"pack {self.name!r} has no file {name!r}")
        return self.path / name


_T = TypeVar("_T")


def load_pack(path: Path, *, verify: bool = True) -> Pack:
    """Reads a pack's folder and checks its files.

    Args:
        verify: compare every file with its sha256; False only checks that the files exist.

    Raises:
        PackError: with one sentence that says what is wrong.
    """
    config = path / CONFIG_FILE
    try:
        text = config.read_bytes()
        table = tomllib.loads(text.decode("utf-8"))
    except OSError as exc:
        raise PackError(f"there is no voice pack at {path.name!r}: {CONFIG_FILE} cannot be read") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise PackError(f"{CONFIG_FILE} of the pack at {path.name!r} is not valid TOML: {exc}") from exc
    files = _digests(table)
    for name, digest in files.items():
        _check_file(path / name, digest, verify)
    finetune = _section(table, "finetune", Finetune)
    sampling = _section(table, "sampling", Sampling)
    return Pack(
        path=path,
        name=_required(table, "name", str),
        family=_required(table, "family", str),
        version=_required(table, "version", str),
        languages=tuple(_required(table, "languages", list)),
        sample_rate_hz=_required(table, "sample_rate_hz", int),
        symbols=_optional(table, "symbols", str, "gpt-sovits-v2"),
        content=_required(table, "content", dict),
        sovits=_required(table, "sovits", dict) | {"sample_rate_hz": _required(table, "sample_rate_hz", int)},
        gpt=_required(table, "gpt", dict),
        discriminator=_optional(table, "discriminator", dict, {}),
        finetune=finetune,
        sampling=sampling,
        licence=_required(table, "licence", str),
        sha256=hashlib.sha256(text).hexdigest(),
        files=files,
    )


def write_pack(out: Path, config_text: str, weights: Mapping[str, Mapping[str, "torch.Tensor"]]) -> Pack:
    """Writes a pack's folder: float16 weights, and `config_text` with a fresh [files] table at its end.

    Args:
        config_text: a pack.toml; its [files] table, which must be the last one, is replaced.
        weights: state dicts by file name, such as {"sovits.safetensors": model.state_dict()}.

    Files that lie in `out` already and are named by `config_text`'s [files] stay listed when `weights` does not
    replace them.
    """
    import torch
    from safetensors.torch import save_file

    out.mkdir(parents=True, exist_ok=True)
    kept = [name for name in tomllib.loads(config_text).get("files", {}) if (out / name).is_file()]
    for name, state in weights.items():
        halves = {key: tensor.detach().to("cpu", torch.float16).contiguous() for key, tensor in state.items()}
        broken = [key for key, tensor in halves.items() if not torch.isfinite(tensor).all()]
        if broken:
            raise PackError(f"{name} has values that float16 cannot hold, in {', '.join(broken[:3])}")
        save_file(halves, out / name)
    body = re.sub(r"(?ms)^\[files\]\n.*\Z", "", config_text).rstrip("\n")
    listing = "".join(f"{json.dumps(name)} = {json.dumps(_sha256(out / name))}\n" for name in sorted({*kept, *weights}))
    (out / CONFIG_FILE).write_text(f"{body}\n\n[files]\n{listing}", encoding="utf-8")
    return load_pack(out)


def _digests(table: Mapping[str, object]) -> dict[str, str]:
    files = _required(table, "files", dict)
    for name, digest in files.items():
        # A pack may come from anywhere: its list must not lead out of its folder.
        if "/" in name or "\\" in name or name in ("", ".", "..", CONFIG_FILE):
            raise PackError(f"[files] of {CONFIG_FILE} lists {name!r}, which is not the name of a file beside it")
        if not isinstance(digest, str) or not re.fullmatch(r"[0-9a-f]{64}", digest):
            raise PackError(f"[files] of {CONFIG_FILE} has no sha256 for {name!r}")
    return dict(files)


def _check_file(path: Path, digest: str, verify: bool) -> None:
    if not path.is_file():
        raise PackError(f"the voice pack lacks its file {path.name!r}")
    if verify and _sha256(path) != digest:
        raise PackError(f"the file {path.name!r} of the voice pack is damaged or was changed: its sha256 differs")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _section(table: Mapping[str, object], key: str, kind: Callable[..., _T]) -> _T:
    try:
        return kind(**_optional(table, key, dict, {}))
    except (TypeError, ValueError) as exc:
        raise PackError(f"[{key}] of {CONFIG_FILE} is not valid: {exc}") from exc


def _required(table: Mapping[str, object], key: str, kind: type[_T]) -> _T:
    value = table.get(key)
    if not isinstance(value, kind):
        raise PackError(f"{CONFIG_FILE} needs {key!r} as {kind.__name__}")
    return value


def _optional(table: Mapping[str, object], key: str, kind: type[_T], default: _T) -> _T:
    return _required(table, key, kind) if key in table else default
