"""Waveform decoders: latents at 50 frames a second become samples.

`HifiGan` is the decoder of published GPT-SoVITS checkpoints (arXiv 2010.05646). `IstftDecoder` is ours for small
packs: it predicts a short-time spectrum with ConvNeXt blocks and inverts it (Vocos, arXiv 2306.00814), about twenty
times cheaper per sample. `SourceFilterDecoder` predicts how such a spectrum is to be shaped from a harmonic sound of
known pitch and from noise (as in DDSP, arXiv 2001.04643), which is easier to learn than a spectrum with its harmonics.
All map (B, inter, T) and a style vector (B, G, 1) to exactly (B, 1, T * hop).
"""

from collections.abc import Sequence
from math import prod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from services.voice.layers import WeightNormConv1d, WeightNormConvTranspose1d

_SLOPE = 0.1


def _quieten(module: nn.Module) -> None:
    """HiFi-GAN's initial weights, N(0, 0.01), for weight-normalised convolutions."""
    if isinstance(module, WeightNormConv1d | WeightNormConvTranspose1d):
        nn.init.normal_(module.weight_v, 0.0, 0.01)
        dims = tuple(range(1, module.weight_v.dim()))
        module.weight_g.data = torch.linalg.vector_norm(module.weight_v.detach(), dim=dims, keepdim=True)


class _ResBlock(nn.Module):
    """Pairs of a dilated and a plain convolution, each with its residual."""

    def __init__(self, channels: int, kernel: int, dilations: Sequence[int]) -> None:
        super().__init__()
        self.convs1 = nn.ModuleList(
            WeightNormConv1d(channels, channels, kernel, padding=d * (kernel - 1) // 2, dilation=d) for d in dilations
        )
        self.convs2 = nn.ModuleList(
            WeightNormConv1d(channels, channels, kernel, padding=(kernel - 1) // 2) for _ in dilations
        )
        self.apply(_quieten)

    def forward(self, x: Tensor) -> Tensor:
        for dilated, plain in zip(self.convs1, self.convs2, strict=True):
            x = x + plain(F.leaky_relu(dilated(F.leaky_relu(x, _SLOPE)), _SLOPE))
        return x


class HifiGan(nn.Module):
    """Transposed convolutions, each followed by the mean of residual blocks with several kernels."""

    def __init__(
        self,
        inter_channels: int,
        gin_channels: int,
        initial_channels: int,
        rates: Sequence[int],
        kernels: Sequence[int],
        block_kernels: Sequence[int],
        block_dilations: Sequence[Sequence[int]],
    ) -> None:
        super().__init__()
        self.upsampling = prod(rates)
        self.blocks_per_stage = len(block_kernels)
        self.conv_pre = nn.Conv1d(inter_channels, initial_channels, 7, padding=3)
        widths = [initial_channels // 2**stage for stage in range(len(rates) + 1)]
        self.ups = nn.ModuleList(
            WeightNormConvTranspose1d(wide, narrow, kernel, stride=rate, padding=(kernel - rate) // 2)
            for wide, narrow, rate, kernel in zip(widths[:-1], widths[1:], rates, kernels, strict=True)
        )
        self.ups.apply(_quieten)
        self.resblocks = nn.ModuleList(
            _ResBlock(width, kernel, dilations)
            for width in widths[1:]
            for kernel, dilations in zip(block_kernels, block_dilations, strict=True)
        )
        self.conv_post = nn.Conv1d(widths[-1], 1, 7, padding=3, bias=False)
        self.cond = nn.Conv1d(gin_channels, initial_channels, 1)

    def forward(self, z: Tensor, style: Tensor) -> Tensor:
        x = self.conv_pre(z) + self.cond(style)
        for stage, up in enumerate(self.ups):
            x = up(F.leaky_relu(x, _SLOPE))
            first = stage * self.blocks_per_stage
            blocks = self.resblocks[first : first + self.blocks_per_stage]
            x = torch.stack([block(x) for block in blocks]).sum(0) / self.blocks_per_stage
        # The published models use PyTorch's default slope here, not the 0.1 of the other layers.
        return torch.tanh(self.conv_post(F.leaky_relu(x)))


class _ConvNext(nn.Module):
    """Depthwise convolution, then a perceptron per frame, whose input the style scales and shifts."""

    def __init__(self, channels: int, expansion: int, gin_channels: int, n_blocks: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(channels, channels, 7, padding=3, groups=channels)
        self.modulation = nn.Linear(gin_channels, 2 * channels)
        self.expand = nn.Linear(channels, expansion * channels)
        self.contract = nn.Linear(expansion * channels, channels)
        self.scale = nn.Parameter(torch.full((channels,), 1.0 / n_blocks))
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)
        _start_small(self.expand)
        _start_small(self.contract)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """x (B, C, T), style (B, G)."""
        hidden = self.depthwise(x).transpose(1, 2)
        gain, shift = self.modulation(style).unsqueeze(1).chunk(2, dim=2)
        hidden = F.layer_norm(hidden, hidden.shape[-1:]) * (1.0 + gain) + shift
        hidden = self.contract(F.gelu(self.expand(hidden)))
        return x + (hidden * self.scale).transpose(1, 2)


def _start_small(linear: nn.Linear) -> None:
    nn.init.trunc_normal_(linear.weight, std=0.02)
    nn.init.zeros_(linear.bias)


class IstftDecoder(nn.Module):
    """Latents, repeated `upsample` times, through ConvNeXt blocks to log-magnitudes and phases, then inverted.

    Args:
        hop: samples per latent frame; the STFT hop is `hop // upsample`.
        n_fft: STFT size, at least two STFT hops so that frames overlap.
    """

    window: Tensor

    def __init__(
        self,
        inter_channels: int,
        gin_channels: int,
        channels: int,
        n_blocks: int,
        expansion: int,
        n_fft: int,
        hop: int,
        upsample: int,
    ) -> None:
        super().__init__()
        if hop % upsample:
            raise ValueError(f"hop {hop} is not a multiple of the decoder's upsampling {upsample}")
        self.n_fft = n_fft
        self.hop = hop // upsample
        self.upsample = upsample
        if n_fft % 2 or n_fft < 2 * self.hop:
            raise ValueError(f"n_fft {n_fft} must be even and at least {2 * self.hop}, two STFT hops")
        self.conv_pre = nn.Conv1d(inter_channels, channels, 7, padding=3)
        self.cond = nn.Conv1d(gin_channels, channels, 1)
        self.norm_pre = nn.LayerNorm(channels)
        self.blocks = nn.ModuleList(_ConvNext(channels, expansion, gin_channels, n_blocks) for _ in range(n_blocks))
        self.norm_post = nn.LayerNorm(channels)
        self.head = nn.Linear(channels, n_fft + 2)
        self.register_buffer("window", torch.hann_window(n_fft), persistent=False)
        _start_small(self.head)

    def forward(self, z: Tensor, style: Tensor) -> Tensor:
        spectrum = self._describe(z, style)
        with torch.autocast(z.device.type, enabled=False):
            log_magnitude, phase = spectrum.float().chunk(2, dim=2)
            return self._invert(torch.polar(_magnitude(log_magnitude), phase))

    def _describe(self, z: Tensor, style: Tensor) -> Tensor:
        """Latents -> what `head` says of every frame of the spectrum: (B, T * upsample, ...)."""
        x = (self.conv_pre(z) + self.cond(style)).repeat_interleave(self.upsample, dim=2)
        x = self.norm_pre(x.transpose(1, 2)).transpose(1, 2)
        for block in self.blocks:
            x = block(x, style.squeeze(2))
        return self.head(self.norm_post(x.transpose(1, 2)))

    def _invert(self, spectrum: Tensor) -> Tensor:
        """(B, T, n_fft // 2 + 1) complex -> (B, 1, T * hop)."""
        return self._overlap_add(torch.fft.irfft(spectrum, n=self.n_fft, dim=2)).unsqueeze(1)

    def _overlap_add(self, frames: Tensor) -> Tensor:
        """(B, T, n_fft) -> (B, T * hop): windowed sum over the sum of squared windows, the ends cut evenly."""
        count = frames.shape[1]
        total = self._fold(frames * self.window)
        envelope = self._fold(self.window.square().expand(1, count, -1))
        start = (self.n_fft - self.hop) // 2
        stop = start + count * self.hop
        return total[:, start:stop] / envelope[:, start:stop].clamp(min=1e-8)

    def _fold(self, frames: Tensor) -> Tensor:
        """Adds (B, T, n_fft) frames at every hop, as shifted sums of hop-long pieces."""
        pieces = -(-self.n_fft // self.hop)
        frames = F.pad(frames, (0, pieces * self.hop - self.n_fft)).unflatten(2, (pieces, self.hop))
        rows = [F.pad(frames[:, :, i], (0, 0, i, pieces - 1 - i)) for i in range(pieces)]
        return torch.stack(rows).sum(0).flatten(1)


class SourceFilterDecoder(IstftDecoder):
    """Shapes the spectra of two sounds, a harmonic one of the given pitch and noise, and inverts their sum.

    `pitch` is needed everywhere, also where there is no voice (see `fill_gaps`): what sounds there is for the shapes
    to say.
    """

    def __init__(self, sample_rate_hz: int, *sizes: int) -> None:
        """`sizes` are those of `IstftDecoder`."""
        super().__init__(*sizes)
        self.sample_rate_hz = sample_rate_hz
        # Magnitude and phase of the harmonic sound, magnitude of the noise.
        self.head = nn.Linear(self.head.in_features, 3 * (self.n_fft // 2 + 1))
        _start_small(self.head)
        with torch.no_grad():
            self.head.bias.fill_(-2.0)
            self.head.bias.chunk(3)[1].zero_()

    def forward(self, z: Tensor, style: Tensor, pitch: Tensor | None = None, noise: Tensor | None = None) -> Tensor:
        """pitch (B, T) in Hz; noise (B, T * hop) of unit variance."""
        if pitch is None or noise is None:
            raise ValueError("this decoder needs a pitch and noise")
        shapes = self._describe(z, style)
        with torch.autocast(z.device.type, enabled=False):
            voice, phase, breath = shapes.float().chunk(3, dim=2)
            tone = harmonics(pitch.float(), self.hop * self.upsample, self.sample_rate_hz)
            voiced = self._analyse(tone) * torch.polar(_magnitude(voice), phase)
            return self._invert(voiced + self._analyse(noise) * _magnitude(breath))

    def _analyse(self, wav: Tensor) -> Tensor:
        """(B, T * hop) -> (B, T, n_fft // 2 + 1) complex; `_invert` undoes it."""
        edge = (self.n_fft - self.hop) // 2
        frames = F.pad(wav, (edge, self.n_fft - self.hop - edge)).unfold(1, self.n_fft, self.hop)
        return torch.fft.rfft(frames * self.window, dim=2)


def harmonics(pitch: Tensor, hop: int, sample_rate_hz: int) -> Tensor:
    """All harmonics of a pitch (B, T) in Hz below half the sample rate, equally strong: (B, T * hop) of unit power."""
    with torch.no_grad():
        per_sample = F.interpolate(pitch.unsqueeze(1), scale_factor=hop, mode="linear").squeeze(1)
        # In double precision: after a minute single precision knows a phase of a thousand cycles to a tenth.
        cycles = (per_sample.double() / sample_rate_hz).cumsum(1) % 1.0
        count = ((sample_rate_hz / 2 / per_sample).ceil() - 1).clamp(min=1).double()
        # The sum of cos(2 pi k x) over k = 1..n, in closed form.
        half = torch.sin(torch.pi * cycles)
        near = half.abs() < 1e-6
        summed = torch.sin((2 * count + 1) * torch.pi * cycles) / torch.where(near, 1.0, 2 * half) - 0.5
        return (torch.where(near, count, summed) * (2 / count).sqrt()).to(pitch.dtype)


def _magnitude(logarithm: Tensor) -> Tensor:
    # 1e2 is far above any magnitude of speech and keeps an early training step from overflowing.
    return logarithm.exp().clamp(max=1e2)
