"""The style encoder: a reference spectrogram becomes one vector that says how a voice sounds.

Meta-StyleSpeech, arXiv 2106.03153.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class _Linear(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.fc = nn.Linear(inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)


class _Convolution(nn.Module):
    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, kernel, padding=kernel // 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class _GatedResidual(nn.Module):
    """Convolution with a gated linear unit around which the input passes."""

    def __init__(self, channels: int, kernel: int, p_dropout: float) -> None:
        super().__init__()
        self.conv1 = _Convolution(channels, 2 * channels, kernel)
        self.p_dropout = p_dropout

    def forward(self, x: Tensor) -> Tensor:
        return x + F.dropout(F.glu(self.conv1(x), dim=1), self.p_dropout, self.training)


class _SelfAttention(nn.Module):
    """Self-attention over (B, T, C) with a residual. The scale is that of the whole width, not of a head's."""

    def __init__(self, channels: int, n_heads: int, p_dropout: float) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.p_dropout = p_dropout
        self.w_qs = nn.Linear(channels, channels)
        self.w_ks = nn.Linear(channels, channels)
        self.w_vs = nn.Linear(channels, channels)
        self.fc = nn.Linear(channels, channels)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """mask (B, T) bool, True where valid."""
        q, k, v = (
            project(x).unflatten(2, (self.n_heads, -1)).transpose(1, 2) for project in (self.w_qs, self.w_ks, self.w_vs)
        )
        out = F.scaled_dot_product_attention(
            q,
            k,
            v,
            attn_mask=mask[:, None, None, :],
            dropout_p=self.p_dropout if self.training else 0.0,
            scale=x.shape[-1] ** -0.5,
        )
        return F.dropout(self.fc(out.transpose(1, 2).flatten(2)), self.p_dropout, self.training) + x


class StyleEncoder(nn.Module):
    """Magnitudes (B, bins, T) -> style vectors (B, out_channels, 1), averaged over the valid frames.

    Args:
        leaky_padding: let the convolutions see the (non-zero) projection of padding, as the published training code
            does. Only for reproducing its numbers: a padded row then differs slightly from the same row alone.
    """

    def __init__(
        self,
        bins: int,
        hidden: int,
        out_channels: int,
        *,
        n_heads: int = 2,
        p_dropout: float = 0.1,
        leaky_padding: bool = False,
    ) -> None:
        super().__init__()
        self.leaky_padding = leaky_padding
        # Indices 0 and 3 hold the weights; activations and dropout have none.
        self.spectral = nn.Sequential(
            _Linear(bins, hidden),
            nn.Mish(),
            nn.Dropout(p_dropout),
            _Linear(hidden, hidden),
            nn.Mish(),
            nn.Dropout(p_dropout),
        )
        self.temporal = nn.ModuleList(_GatedResidual(hidden, 5, p_dropout) for _ in range(2))
        self.slf_attn = _SelfAttention(hidden, n_heads, p_dropout)
        self.fc = _Linear(hidden, out_channels)

    def forward(self, spec: Tensor, mask: Tensor) -> Tensor:
        """mask (B, 1, T), 1.0 where valid."""
        keep = torch.ones_like(mask) if self.leaky_padding else mask
        x = self.spectral((spec * mask).transpose(1, 2)).transpose(1, 2)
        for layer in self.temporal:
            x = layer(x * keep)
        x = (x * mask).transpose(1, 2)
        x = self.fc(self.slf_attn(x, mask.squeeze(1) > 0)).transpose(1, 2)
        return (x * mask).sum(2, keepdim=True) / mask.sum(2, keepdim=True)
