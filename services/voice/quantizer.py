"""The vector quantiser that turns content features into semantic tokens (nearest code by Euclidean distance).

The state-dict layout, `vq.layers.0._codebook.*`, is that of published checkpoints. The codebook is a set of buffers:
frozen in fine-tuning, set once from clusters in pretraining (`set_codes`), or followed by moving averages while
`learning` is on (VQ-VAE with EMA updates, arXiv 1711.00937, appendix A).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_EMA_DECAY = 0.99


class Codebook(nn.Module):
    """K vectors of D dimensions with the statistics that moving-average updates need."""

    inited: Tensor
    cluster_size: Tensor
    embed: Tensor
    embed_avg: Tensor

    def __init__(self, size: int, channels: int) -> None:
        super().__init__()
        codes = torch.randn(size, channels) * channels**-0.5
        self.register_buffer("inited", torch.ones(1))
        self.register_buffer("cluster_size", torch.ones(size))
        self.register_buffer("embed", codes)
        self.register_buffer("embed_avg", codes.clone())

    def nearest(self, x: Tensor) -> Tensor:
        """Code of each row of (N, D): (N,) int64."""
        return (self.embed.square().sum(1) - 2.0 * (x @ self.embed.T)).argmin(1)


class _Layer(nn.Module):
    def __init__(self, size: int, channels: int) -> None:
        super().__init__()
        self._codebook = Codebook(size, channels)


class _Layers(nn.Module):
    def __init__(self, size: int, channels: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList([_Layer(size, channels)])


class Quantizer(nn.Module):
    """One codebook over (B, D, T)."""

    def __init__(self, size: int, channels: int) -> None:
        super().__init__()
        self.vq = _Layers(size, channels)

    @property
    def codebook(self) -> Codebook:
        layer = self.vq.layers[0]
        assert isinstance(layer, _Layer)
        return layer._codebook

    def encode(self, x: Tensor) -> Tensor:
        """(B, D, T) -> (B, T) int64. Always float32: half precision would move tokens."""
        with torch.autocast(x.device.type, enabled=False):
            rows = x.float().transpose(1, 2)
            return self.codebook.nearest(rows.flatten(0, 1)).view(rows.shape[:2])

    def lookup(self, tokens: Tensor) -> Tensor:
        """(B, T) int64 -> (B, D, T)."""
        return F.embedding(tokens, self.codebook.embed).transpose(1, 2)

    def learn(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Straight-through quantisation of (B, D, T) with an update of the codes, and the commitment loss.

        `mask` (B, 1, T) marks the valid positions; padding neither moves codes nor counts in the loss.
        """
        tokens = self.encode(x.detach())
        quantized = self.lookup(tokens)
        valid = mask.squeeze(1) > 0
        self._follow(x.detach().float().transpose(1, 2)[valid], tokens[valid])
        error = (x - quantized).square().mean(1, keepdim=True)
        commit = (error * mask).sum() / mask.sum().clamp(min=1.0)
        return x + (quantized - x).detach(), commit

    @torch.no_grad()
    def _follow(self, rows: Tensor, tokens: Tensor) -> None:
        book = self.codebook
        counts = torch.bincount(tokens, minlength=len(book.embed)).to(rows.dtype)
        sums = torch.zeros_like(book.embed).index_add_(0, tokens, rows)
        book.cluster_size.mul_(_EMA_DECAY).add_(counts, alpha=1 - _EMA_DECAY)
        book.embed_avg.mul_(_EMA_DECAY).add_(sums, alpha=1 - _EMA_DECAY)
        # Laplace smoothing keeps codes that nothing chose from dividing by zero.
        total = book.cluster_size.sum()
        smoothed = (book.cluster_size + 1e-5) / (total + len(book.embed) * 1e-5) * total
        book.embed.copy_(book.embed_avg / smoothed.unsqueeze(1))

    @torch.no_grad()
    def set_codes(self, codes: Tensor, counts: Tensor | None = None) -> None:
        """Replaces the codebook by (K, D) codes; `counts` (K,) says how often each was chosen."""
        book = self.codebook
        if codes.shape != book.embed.shape:
            raise ValueError(f"codes have shape {tuple(codes.shape)}, the codebook {tuple(book.embed.shape)}")
        sizes = torch.ones(len(codes)) if counts is None else counts.float().clamp(min=1.0)
        book.embed.copy_(codes)
        book.cluster_size.copy_(sizes)
        book.embed_avg.copy_(codes * sizes.to(codes.device).unsqueeze(1))
        book.inited.fill_(1.0)
