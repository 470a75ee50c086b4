"""Weights files: voices in the layout of GPT-SoVITS (.pth, .ckpt), and training states that resume exactly.

A voice file is `{weight: float16 tensors, config: plain values, info: text}`; a `.pth` holds a SoVITS without
`enc_q`, a `.ckpt` a GPT whose keys begin with `model.`. Files of the gpt-sovits families load in the official tools
and theirs load here. Small packs write the same layout with their own family name, and every loader refuses a family
that it was not asked for.

Reading never runs code from a file: only tensors, plain values and the official `utils.HParams` record are accepted.
"""

import dataclasses
import io
import os
import pickle
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from services.voice.discriminator import Discriminator, DiscriminatorConfig
from services.voice.errors import CheckpointError, PackError
from services.voice.gpt import Gpt, GptConfig
from services.voice.official import (
    HEADER_FAMILIES,
    HParams,
    gpt_from_official,
    gpt_to_official,
    plain,
    sovits_from_official,
    sovits_to_official,
)
from services.voice.pack import DISCRIMINATOR_FILE, GPT_FILE, OFFICIAL_FAMILIES, SOVITS_FILE, Pack
from services.voice.sovits import Sovits, SovitsConfig

# What a fine-tuned .pth leaves out: nothing but training needs the posterior.
_TRAINING_ONLY = "enc_q."
_GPT_PREFIX = "model."

_Model = TypeVar("_Model", bound=nn.Module)

# For the whole process: PyTorch's context manager for it is not safe between threads. HParams only holds values.
torch.serialization.add_safe_globals([(HParams, "utils.HParams")])


@dataclass(frozen=True)
class VoiceFile:
    """A voice file as it lies on disk."""

    family: str
    kind: str  # "sovits" or "gpt"
    weight: dict[str, Tensor]  # keys as in the file
    config: dict[str, object]
    info: str  # "8epoch_96iteration" or "GPT-e15"


def read_voice_file(path: Path) -> VoiceFile:
    """Reads a `.pth` or `.ckpt` without running anything in it.

    Raises:
        CheckpointError: it is damaged, holds more than weights and plain values, or is not a voice file.
    """
    data, header = _read_zip(path)
    content = _load_safely(data, path)
    if not isinstance(content, Mapping) or not {"weight", "config", "info"} <= set(content):
        raise CheckpointError(f"{path.name} is not a voice file: it lacks weight, config or info")
    weight, config = content["weight"], plain(content["config"])
    if not isinstance(config, dict) or not _is_state(weight):
        raise CheckpointError(f"{path.name} is not a voice file: its weights or its config are something else")
    kind = "gpt" if all(key.startswith(_GPT_PREFIX) for key in weight) else "sovits"
    family = _family(weight, config, header)
    return VoiceFile(family, kind, dict(weight), config, str(content["info"]))


def save_sovits(path: Path, model: Sovits, *, family: str, epoch: int, step: int, name: str = "") -> None:
    """Writes a fine-tuned SoVITS (without enc_q, float16) for `family`, as the official tools do."""
    weight = {k: v for k, v in _halves(model, path).items() if not k.startswith(_TRAINING_ONLY)}
    config = sovits_to_official(model.config, family=family, name=name)
    if family not in OFFICIAL_FAMILIES:
        config["sovits"] = dataclasses.asdict(model.config)
    config["family"] = family
    _write_atomically(path, {"weight": weight, "config": plain(config), "info": f"{epoch}epoch_{step}iteration"})


def load_sovits(path: Path, *, family: str, device: torch.device | str = "cpu") -> Sovits:
    """A SoVITS for speaking: float32, in eval mode, without `enc_q`.

    Raises:
        CheckpointError: unreadable, of another family, or its weights do not fit its config.
    """
    file = _expect(path, family, "sovits")
    try:
        config = (
            sovits_from_official(file.config, n_symbols=len(file.weight["enc_p.text_embedding.weight"]))
            if file.family in OFFICIAL_FAMILIES
            else SovitsConfig.from_dict(_section(file.config, "sovits"))
        )
        model = Sovits(config)
    except (KeyError, TypeError, ValueError) as exc:
        raise CheckpointError(f"{path.name} describes no SoVITS that can be built: {exc}") from exc
    if model.config.posterior:
        del model.enc_q
    _fill(model, {k: v for k, v in file.weight.items() if not k.startswith(_TRAINING_ONLY)}, path.name)
    return model.to(device).eval()


def save_gpt(path: Path, model: Gpt, *, family: str, epoch: int) -> None:
    """Writes a fine-tuned GPT (float16, keys with `model.`) for `family`, as the official tools do."""
    weight = {_GPT_PREFIX + key: tensor for key, tensor in _halves(model, path).items()}
    config = gpt_to_official(model.config)
    if family not in OFFICIAL_FAMILIES:
        config["gpt"] = dataclasses.asdict(model.config)
    config["family"] = family
    _write_atomically(path, {"weight": weight, "config": config, "info": f"GPT-e{epoch}"})


def load_gpt(path: Path, *, family: str, device: torch.device | str = "cpu") -> Gpt:
    """A GPT for speaking: float32, in eval mode. Raises CheckpointError as `load_sovits` does."""
    file = _expect(path, family, "gpt")
    try:
        config = (
            gpt_from_official(file.config)
            if file.family in OFFICIAL_FAMILIES
            else GptConfig.from_dict(_section(file.config, "gpt"))
        )
        model = Gpt(config)
    except (KeyError, TypeError, ValueError) as exc:
        raise CheckpointError(f"{path.name} describes no GPT that can be built: {exc}") from exc
    _fill(model, {key.removeprefix(_GPT_PREFIX): tensor for key, tensor in file.weight.items()}, path.name)
    return model.to(device).eval()


def build_sovits(pack: Pack, device: torch.device | str = "cpu") -> Sovits:
    """The pack's SoVITS with its weights, float32, in eval mode. PackError when weights and sizes do not fit."""
    return _from_pack(Sovits(SovitsConfig.from_dict(pack.sovits)), pack, SOVITS_FILE, device)


def build_gpt(pack: Pack, device: torch.device | str = "cpu") -> Gpt:
    """The pack's GPT with its weights, float32, in eval mode. PackError when weights and sizes do not fit."""
    return _from_pack(Gpt(GptConfig.from_dict(pack.gpt)), pack, GPT_FILE, device)


def build_discriminator(pack: Pack, device: torch.device | str = "cpu") -> Discriminator:
    """The pack's discriminator with its weights, float32, in eval mode. PackError when weights and sizes do not fit."""
    return _from_pack(
        Discriminator(DiscriminatorConfig.from_dict(pack.discriminator)), pack, DISCRIMINATOR_FILE, device
    )


def save_training_state(
    path: Path,
    *,
    models: Mapping[str, nn.Module],
    optimizers: Mapping[str, Optimizer],
    counters: Mapping[str, int | float | str],
    generators: Mapping[str, torch.Generator] | None = None,
) -> None:
    """Writes all that a run needs to go on as if it had never stopped: weights, optimisers, randomness, counters."""
    state: dict[str, object] = {
        "models": {name: model.state_dict() for name, model in models.items()},
        "optimizers": {name: optimizer.state_dict() for name, optimizer in optimizers.items()},
        "counters": dict(counters),
        "generators": {name: generator.get_state() for name, generator in (generators or {}).items()},
        "torch_rng": torch.get_rng_state(),
        "cuda_rng": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }
    _write_atomically(path, state)


def load_training_state(
    path: Path,
    *,
    models: Mapping[str, nn.Module],
    optimizers: Mapping[str, Optimizer],
    generators: Mapping[str, torch.Generator] | None = None,
) -> dict[str, int | float | str]:
    """Restores what `save_training_state` wrote, PyTorch's own generators included; returns the counters.

    Raises:
        CheckpointError: unreadable, or made by other models or optimisers.
    """
    data, _ = _read_zip(path)
    state = _load_safely(data, path)
    try:
        for name, model in models.items():
            model.load_state_dict(state["models"][name])
        for name, optimizer in optimizers.items():
            optimizer.load_state_dict(state["optimizers"][name])
        for name, generator in (generators or {}).items():
            generator.set_state(state["generators"][name])
        torch.set_rng_state(state["torch_rng"])
        if torch.cuda.is_available() and state["cuda_rng"]:
            torch.cuda.set_rng_state_all(state["cuda_rng"])
        return dict(state["counters"])
    except (KeyError, TypeError, ValueError, RuntimeError) as exc:
        raise CheckpointError(f"{path.name} does not belong to this training: {exc}") from exc


def _read_zip(path: Path) -> tuple[bytes, bytes]:
    """The file's bytes as a zip, and its first two bytes, which some official files replace."""
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise CheckpointError(f"{path.name} cannot be read") from exc
    header = data[:2]
    if header in HEADER_FAMILIES:
        data = b"PK" + data[2:]
    if not _is_stored_zip(data):
        raise CheckpointError(f"{path.name} is not a PyTorch file, or is damaged")
    return data, header


def _is_stored_zip(data: bytes) -> bool:
    """PyTorch stores its records uncompressed, so nothing in a file can unfold to more than the file's own size."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return all(entry.compress_type == zipfile.ZIP_STORED for entry in archive.infolist())
    except zipfile.BadZipFile:
        return False


def _load_safely(data: bytes, path: Path) -> dict:
    try:
        return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as exc:
        raise CheckpointError(f"{path.name} holds more than weights and plain values, so it was not opened") from exc
    except (RuntimeError, ValueError, KeyError, EOFError, AttributeError, TypeError, IndexError) as exc:
        raise CheckpointError(f"{path.name} is damaged: {exc}") from exc


def _is_state(weight: object) -> bool:
    return (
        isinstance(weight, Mapping)
        and bool(weight)
        and all(isinstance(key, str) and isinstance(tensor, Tensor) for key, tensor in weight.items())
    )


def _family(weight: Mapping[str, Tensor], config: Mapping[str, object], header: bytes) -> str:
    """Ours say it; official files are told by their first bytes, their config, the rows of their text table."""
    named = config.get("family")
    if isinstance(named, str):
        return named
    if header in HEADER_FAMILIES:
        return HEADER_FAMILIES[header]
    model = config.get("model")
    text = weight.get("enc_p.text_embedding.weight")
    if text is not None:
        if len(text) == 322:
            return "gpt-sovits-v1"
        version = model.get("version") if isinstance(model, dict) else None
        return f"gpt-sovits-{version or 'v2'}"
    rows = model.get("phoneme_vocab_size") if isinstance(model, dict) else None
    return "gpt-sovits-v1" if rows == 512 else "gpt-sovits-v2"


def _expect(path: Path, family: str, kind: str) -> VoiceFile:
    file = read_voice_file(path)
    if file.kind != kind:
        raise CheckpointError(f"{path.name} holds a {file.kind} model, but a {kind} model is needed")
    if file.family != family:
        raise CheckpointError(f"{path.name} was made for the family {file.family!r} and cannot be used with {family!r}")
    return file


def _section(config: Mapping[str, object], name: str) -> dict[str, object]:
    section = config[name]
    if not isinstance(section, dict):
        raise TypeError(f"its section {name!r} is not a table")
    return section


def _fill(model: nn.Module, weight: Mapping[str, Tensor], name: str) -> None:
    try:
        model.load_state_dict({key: tensor.float() for key, tensor in weight.items()})
    except RuntimeError as exc:
        raise CheckpointError(f"the weights in {name} do not fit the model that it describes") from exc


def _from_pack(model: _Model, pack: Pack, name: str, device: torch.device | str) -> _Model:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        weight = load_file(pack.file(name))
        model.load_state_dict({key: tensor.float() for key, tensor in weight.items()})
    except (SafetensorError, RuntimeError) as exc:
        raise PackError(f"{name} of pack {pack.name!r} does not fit the sizes in pack.toml") from exc
    return model.to(device).eval()


def _halves(model: nn.Module, path: Path) -> dict[str, Tensor]:
    halves = {key: tensor.detach().to("cpu", torch.float16) for key, tensor in model.state_dict().items()}
    broken = [key for key, tensor in halves.items() if not torch.isfinite(tensor).all()]
    if broken:
        raise CheckpointError(f"{path.name} was not written: float16 cannot hold the values of {', '.join(broken[:3])}")
    return halves


def _write_atomically(path: Path, content: Mapping[str, object]) -> None:
    """A reader, or a run after a crash, finds the old file or the new one, never half of one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            torch.save(dict(content), file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
