"""Layers shared by the parts of SoVITS: weight-normalised and gated convolutions, attention with relative positions.

Everything is channels-first, (B, C, T), with masks (B, 1, T) of 1.0 (valid) and 0.0 (padding). Parameter names are
those of published GPT-SoVITS checkpoints. Sources: VITS (arXiv 2106.06103), relative positions (arXiv 1803.02155),
WaveNet (arXiv 1609.03499).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def length_mask(lengths: Tensor, size: int) -> Tensor:
    """(B, 1, size) float mask of the first `lengths` positions."""
    return (torch.arange(size, device=lengths.device) < lengths[:, None]).float().unsqueeze(1)


def _normalised(weight_v: Tensor, weight_g: Tensor) -> Tensor:
    """Weight normalisation (arXiv 1602.07868) over all but the first dimension.

    PyTorch's own parametrisation calls the same operator, but stores the pair under other names.
    """
    return torch._weight_norm(weight_v, weight_g, 0)


def _split(weight: Tensor) -> tuple[nn.Parameter, nn.Parameter]:
    """A weight as the pair (weight_v, weight_g) under which checkpoints store it."""
    norm = torch.linalg.vector_norm(weight.detach(), dim=tuple(range(1, weight.dim())), keepdim=True)
    return nn.Parameter(weight.detach().clone()), nn.Parameter(norm)


class WeightNormConv1d(nn.Conv1d):
    """`nn.Conv1d` with its weight stored as direction and length."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        *,
        stride: int = 1,
        padding: int = 0,
        dilation: int = 1,
        groups: int = 1,
    ) -> None:
        super().__init__(inputs, outputs, kernel, stride, padding, dilation, groups)
        self.weight_v, self.weight_g = _split(self.weight)
        del self.weight

    def forward(self, x: Tensor) -> Tensor:
        return self._conv_forward(x, _normalised(self.weight_v, self.weight_g), self.bias)


class WeightNormConv2d(nn.Conv2d):
    """`nn.Conv2d` with its weight stored as direction and length."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: tuple[int, int],
        *,
        stride: tuple[int, int] = (1, 1),
        padding: tuple[int, int] = (0, 0),
    ) -> None:
        super().__init__(inputs, outputs, kernel, stride, padding)
        self.weight_v, self.weight_g = _split(self.weight)
        del self.weight

    def forward(self, x: Tensor) -> Tensor:
        return self._conv_forward(x, _normalised(self.weight_v, self.weight_g), self.bias)


class WeightNormConvTranspose1d(nn.Module):
    """A transposed convolution with its weight stored as direction and length per input channel."""

    def __init__(self, inputs: int, outputs: int, kernel: int, *, stride: int, padding: int) -> None:
        super().__init__()
        plain = nn.ConvTranspose1d(inputs, outputs, kernel)
        assert plain.bias is not None
        self.bias = plain.bias
        self.weight_v, self.weight_g = _split(plain.weight)
        self.stride = stride
        self.padding = padding

    def forward(self, x: Tensor) -> Tensor:
        return F.conv_transpose1d(x, _normalised(self.weight_v, self.weight_g), self.bias, self.stride, self.padding)


class ChannelNorm(nn.Module):
    """Layer normalisation over the channels of (B, C, T)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(channels))
        self.beta = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        return F.layer_norm(x.transpose(1, 2), self.gamma.shape, self.gamma, self.beta, 1e-5).transpose(1, 2)


class Attention(nn.Module):
    """Multi-head attention of (B, C, T) to (B, C, S), optionally with learned vectors for offsets up to `window`."""

    def __init__(self, channels: int, n_heads: int, window: int | None = None, p_dropout: float = 0.0) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.window = window
        self.p_dropout = p_dropout
        width = channels // n_heads
        if window is not None:
            self.emb_rel_k = nn.Parameter(torch.randn(1, 2 * window + 1, width) * width**-0.5)
            self.emb_rel_v = nn.Parameter(torch.randn(1, 2 * window + 1, width) * width**-0.5)
        self.conv_q = nn.Conv1d(channels, channels, 1)
        self.conv_k = nn.Conv1d(channels, channels, 1)
        self.conv_v = nn.Conv1d(channels, channels, 1)
        self.conv_o = nn.Conv1d(channels, channels, 1)
        for projection in (self.conv_q, self.conv_k, self.conv_v):
            nn.init.xavier_uniform_(projection.weight)

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(1, (self.n_heads, -1)).transpose(2, 3)  # (B, H, T, C / H)

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
        """mask (B, T, S) or (B, 1, S), 0 where a position may not be seen."""
        q, k, v = self._heads(self.conv_q(x)), self._heads(self.conv_k(memory)), self._heads(self.conv_v(memory))
        q = q * q.shape[-1] ** -0.5
        scores = q @ k.transpose(2, 3)
        if self.window is not None:
            offsets, within = self._offsets(q.shape[2], q.device)
            by_offset = q @ self.emb_rel_k[0].T  # (B, H, T, 2 * window + 1)
            scores = scores + by_offset.gather(3, offsets.expand(*q.shape[:2], -1, -1)) * within
        # Finite, so that a row with nothing to see stays finite too; its output is masked away by the caller.
        scores = scores.masked_fill(mask.unsqueeze(1) == 0, -1e4)
        weights = F.dropout(scores.softmax(-1), self.p_dropout, self.training)
        out = weights @ v
        if self.window is not None:
            out = out + self._band(weights) @ self.emb_rel_v[0]
        return self.conv_o(out.transpose(2, 3).flatten(1, 2))

    def _offsets(self, size: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Row of the offset table for each pair of positions (T, T), and whether the pair is inside the window."""
        assert self.window is not None
        position = torch.arange(size, device=device)
        offset = position[None, :] - position[:, None]
        return (offset.clamp(-self.window, self.window) + self.window), offset.abs() <= self.window

    def _band(self, weights: Tensor) -> Tensor:
        """The diagonals of (B, H, T, T) within the window, as (B, H, T, 2 * window + 1); zeros beyond the ends."""
        assert self.window is not None
        size, span = weights.shape[2], 2 * self.window + 1
        padded = F.pad(weights, (self.window, self.window))
        index = torch.arange(size, device=weights.device)[:, None] + torch.arange(span, device=weights.device)
        return padded.gather(3, index.expand(*weights.shape[:2], -1, -1))


class FeedForward(nn.Module):
    """Two convolutions over time with a ReLU between them."""

    def __init__(self, channels: int, filter_channels: int, kernel: int, p_dropout: float) -> None:
        super().__init__()
        self.conv_1 = nn.Conv1d(channels, filter_channels, kernel, padding=kernel // 2)
        self.conv_2 = nn.Conv1d(filter_channels, channels, kernel, padding=kernel // 2)
        self.p_dropout = p_dropout

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        hidden = F.dropout(F.relu(self.conv_1(x * mask)), self.p_dropout, self.training)
        return self.conv_2(hidden * mask) * mask


class Encoder(nn.Module):
    """Transformer layers with relative positions and convolutional feed-forwards, normalised after each residual."""

    def __init__(
        self,
        channels: int,
        filter_channels: int,
        n_heads: int,
        n_layers: int,
        kernel: int,
        p_dropout: float,
        window: int,
    ) -> None:
        super().__init__()
        self.p_dropout = p_dropout
        self.attn_layers = nn.ModuleList(Attention(channels, n_heads, window, p_dropout) for _ in range(n_layers))
        self.norm_layers_1 = nn.ModuleList(ChannelNorm(channels) for _ in range(n_layers))
        self.ffn_layers = nn.ModuleList(
            FeedForward(channels, filter_channels, kernel, p_dropout) for _ in range(n_layers)
        )
        self.norm_layers_2 = nn.ModuleList(ChannelNorm(channels) for _ in range(n_layers))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = x * mask
        for attend, norm_1, feed, norm_2 in zip(
            self.attn_layers, self.norm_layers_1, self.ffn_layers, self.norm_layers_2, strict=True
        ):
            x = norm_1(x + F.dropout(attend(x, x, mask), self.p_dropout, self.training))
            x = norm_2(x + F.dropout(feed(x, mask), self.p_dropout, self.training))
        return x * mask


class GatedConvs(nn.Module):
    """Non-causal WaveNet: gated convolutions with residual and skip outputs, conditioned on a style (B, G, 1)."""

    def __init__(self, channels: int, kernel: int, n_layers: int, gin_channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.in_layers = nn.ModuleList(
            WeightNormConv1d(channels, 2 * channels, kernel, padding=kernel // 2) for _ in range(n_layers)
        )
        # The last layer has no residual output: nothing would read it.
        self.res_skip_layers = nn.ModuleList(
            WeightNormConv1d(channels, 2 * channels if i < n_layers - 1 else channels, 1) for i in range(n_layers)
        )
        self.cond_layer = WeightNormConv1d(gin_channels, 2 * channels * n_layers, 1)

    def forward(self, x: Tensor, mask: Tensor, style: Tensor) -> Tensor:
        conditions = self.cond_layer(style).chunk(len(self.in_layers), dim=1)
        skips = torch.zeros_like(x)
        for layer, (convolve, project, condition) in enumerate(
            zip(self.in_layers, self.res_skip_layers, conditions, strict=True)
        ):
            filtered, gate = (convolve(x) + condition).chunk(2, dim=1)
            out = project(torch.tanh(filtered) * torch.sigmoid(gate))
            if layer < len(self.in_layers) - 1:
                residual, out = out.chunk(2, dim=1)
                x = (x + residual) * mask
            skips = skips + out
        return skips * mask
