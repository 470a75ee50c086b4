"""The encoder of Whisper (Radford et al. 2022) in plain PyTorch, and its log-mel front end.

Weights come once from a CTranslate2 file and are kept as safetensors (see `convert_weights`).
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from filelock import FileLock
from safetensors.numpy import save_file
from safetensors.torch import load_file
from torch import Tensor, nn

from services.voice.ctranslate2_file import read_variables
from services.voice.mel import mel_filters
from services.voice.whisper_files import MODEL_SHA256, check_free_space, join_whisper

SAMPLE_RATE_HZ = 16000
N_FFT, HOP, N_MELS = 400, 160, 80
# The first part of the digest names the converted file, so that another model.bin can never be taken for this one.
WEIGHTS_FILE = f"whisper-base-encoder-{MODEL_SHA256[:12]}.safetensors"
HEAD_CHANNELS = 64  # of every Whisper size


@dataclass(frozen=True)
class WhisperEncoderConfig:
    """Sizes of the encoder; the defaults are those of Whisper base."""

    mels: int = N_MELS
    channels: int = 512
    layers: int = 6
    positions: int = 1500  # 30 s at 50 frames a second

    @property
    def heads(self) -> int:
        return self.channels // HEAD_CHANNELS


class WhisperEncoder(nn.Module):
    """Log-mel (B, mels, 2 T) -> features (B, T, channels), T up to `positions`."""

    positions: Tensor

    def __init__(self, config: WhisperEncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.conv1 = nn.Conv1d(config.mels, config.channels, 3, padding=1)
        self.conv2 = nn.Conv1d(config.channels, config.channels, 3, stride=2, padding=1)
        self.register_buffer("positions", torch.zeros(config.positions, config.channels))
        self.layers = nn.ModuleList(EncoderLayer(config.channels, config.heads) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.channels)

    def forward(self, mel: Tensor, layer: int | None = None) -> Tensor:
        """`layer` counts from 1; None is the last.

        After the last layer comes the model's own norm. Features of an earlier layer get a norm without weights, since
        a few channels of Whisper's residual stream are far larger than the rest.
        """
        depth = layer or self.config.layers
        x = F.gelu(self.conv2(F.gelu(self.conv1(mel)))).transpose(1, 2)
        x = x + self.positions[: x.shape[1]]
        for block in self.layers[:depth]:
            x = block(x)
        return self.norm(x) if depth == self.config.layers else F.layer_norm(x, x.shape[-1:])


class EncoderLayer(nn.Module):
    """Self-attention and a feed-forward net, each behind its norm (pre-norm)."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(channels)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.attention_out = nn.Linear(channels, channels)
        self.feed_forward_norm = nn.LayerNorm(channels)
        self.feed_forward_in = nn.Linear(channels, 4 * channels)
        self.feed_forward_out = nn.Linear(4 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        batch, frames, channels = x.shape
        qkv = self.qkv(self.attention_norm(x)).view(batch, frames, 3, self.heads, channels // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).reshape(x.shape)
        x = x + self.attention_out(attended)
        return x + self.feed_forward_out(F.gelu(self.feed_forward_in(self.feed_forward_norm(x))))


class LogMel(nn.Module):
    """Waveform (..., N) at 16 kHz, N a multiple of 160 -> (..., 80, N // 160), scaled as Whisper expects it."""

    filters: Tensor
    window: Tensor

    def __init__(self) -> None:
        super().__init__()
        filters = torch.from_numpy(mel_filters(SAMPLE_RATE_HZ, N_FFT, N_MELS))
        self.register_buffer("filters", filters, persistent=False)
        self.register_buffer("window", torch.hann_window(N_FFT), persistent=False)

    def forward(self, wav: Tensor) -> Tensor:
        spectrum = torch.stft(wav, N_FFT, HOP, window=self.window, center=True, return_complex=True)
        power = spectrum[..., :-1].abs().square()
        log_mel = (self.filters @ power).clamp(min=1e-10).log10()
        # 80 dB below the loudest point of the clip is the floor.
        floor = log_mel.amax(dim=(-2, -1), keepdim=True) - 8.0
        return (torch.maximum(log_mel, floor) + 4.0) / 4.0


def load_whisper_encoder(weights: Path) -> WhisperEncoder:
    """Builds the module from converted weights (float32 or float16); the sizes are read from the tensors."""
    tensors = {name: tensor.float() for name, tensor in load_file(weights).items()}
    channels, mels, _ = tensors["conv1.weight"].shape
    layers = sum(name.endswith(".qkv.weight") for name in tensors)
    encoder = WhisperEncoder(WhisperEncoderConfig(mels, channels, layers, tensors["positions"].shape[0]))
    encoder.load_state_dict(tensors)
    return encoder.eval().requires_grad_(False)


def converted_weights(models_dir: Path | None = None) -> Path:
    """Path of the converted encoder weights in the models folder; joins and converts the first time.

    Raises:
        ModelFilesError: see `join_whisper`.
    """
    source = join_whisper(models_dir) / "model.bin"
    target = source.parent.parent / WEIGHTS_FILE
    if target.is_file():
        return target
    with FileLock(target.with_suffix(".lock")):
        if not target.is_file():
            tensors = convert_weights(source)
            check_free_space(target.parent, sum(tensor.nbytes for tensor in tensors.values()))
            with tempfile.TemporaryDirectory(prefix=".encoder-", dir=target.parent) as folder:
                save_file(tensors, Path(folder) / target.name)
                (Path(folder) / target.name).rename(target)
    return target


_TOP_NAMES = {"conv1": "conv1", "conv2": "conv2", "layer_norm": "norm"}
_LAYER_NAMES = {
    "self_attention/layer_norm": "attention_norm",
    "self_attention/linear_0": "qkv",
    "self_attention/linear_1": "attention_out",
    "ffn/layer_norm": "feed_forward_norm",
    "ffn/linear_0": "feed_forward_in",
    "ffn/linear_1": "feed_forward_out",
}
_LEAVES = {"weight": "weight", "gamma": "weight", "bias": "bias", "beta": "bias"}


def convert_weights(model_bin: Path) -> dict[str, np.ndarray]:
    """Reads the encoder of a CTranslate2 Whisper model as float32 tensors under our module's names.

    Raises:
        ValueError: the file is of another version, or quantised (its int8 weights would need their scales).
    """
    tensors = {}
    for name, value in read_variables(model_bin, "encoder/").items():
        key = _our_name(name.removeprefix("encoder/"))
        if key is None:
            continue
        if value.dtype not in (np.float32, np.float16):
            raise ValueError(f"{name} is stored as {value.dtype}; only float16 and float32 models can be converted")
        tensors[key] = value.astype(np.float32)
    return tensors


def _our_name(name: str) -> str | None:
    """`layer_3/ffn/linear_0/bias` -> `layers.3.feed_forward_in.bias`; None for what is no weight (`num_heads`)."""
    if name == "position_encodings/encodings":
        return "positions"
    stem, _, leaf = name.rpartition("/")
    if leaf not in _LEAVES:
        return None
    layer, _, rest = stem.partition("/")
    if rest:
        return f"layers.{layer.removeprefix('layer_')}.{_LAYER_NAMES[rest]}.{_LEAVES[leaf]}"
    return f"{_TOP_NAMES[stem]}.{_LEAVES[leaf]}"
