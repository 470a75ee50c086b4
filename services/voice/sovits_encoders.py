"""The two encoders of SoVITS: `enc_p` of tokens and phonemes, `enc_q` of a spectrogram; see sovits.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from services.voice.layers import Attention, Encoder, GatedConvs

if TYPE_CHECKING:
    from services.voice.sovits import SovitsConfig

# Frames; longer stretches of a phoneme count as so long.
LONGEST_PHONEME = 20


@dataclass(frozen=True)
class Prior:
    """What tokens and phonemes say of the latent. All (B, channels, T)."""

    mean: Tensor
    log_deviation: Tensor | None  # None without a posterior
    mask: Tensor
    hidden: Tensor


class StyledCrossAttention(nn.Module):
    """Merges text and style into the content stream (the multi-reference timbre encoder, MRTE)."""

    def __init__(self, hidden: int, channels: int, n_heads: int) -> None:
        super().__init__()
        self.cross_attention = Attention(channels, n_heads)
        self.c_pre = nn.Conv1d(hidden, channels, 1)
        self.text_pre = nn.Conv1d(hidden, channels, 1)
        self.c_post = nn.Conv1d(channels, hidden, 1)

    def forward(self, content: Tensor, mask: Tensor, text: Tensor, text_mask: Tensor, style: Tensor) -> Tensor:
        content = self.c_pre(content * mask)
        text = self.text_pre(text * text_mask)
        merged = self.cross_attention(content * mask, text * text_mask, text_mask) + content + style
        return self.c_post(merged * mask)


class PriorEncoder(nn.Module):
    """Token embeddings and phonemes -> mean and log-deviation of the prior (enc_p)."""

    def __init__(self, config: SovitsConfig) -> None:
        super().__init__()
        hidden = config.hidden_channels

        def encoder(n_layers: int) -> Encoder:
            return Encoder(
                hidden,
                config.filter_channels,
                config.n_heads,
                n_layers,
                config.kernel_size,
                config.p_dropout,
                config.window_size,
            )

        self.ssl_proj = nn.Conv1d(config.code_channels or config.ssl_channels, hidden, 1)
        self.encoder_ssl = encoder(config.n_layers // 2)
        self.encoder_text = encoder(config.n_layers)
        self.text_embedding = nn.Embedding(config.n_symbols, hidden)
        self.mrte = StyledCrossAttention(hidden, config.mrte_channels, config.mrte_heads)
        self.encoder2 = encoder(config.n_layers // 2)
        self.proj = nn.Conv1d(hidden, (2 if config.posterior else 1) * config.inter_channels, 1)
        self.posterior = config.posterior
        if config.aligned:
            self.spoken_proj = nn.Conv1d(hidden + 2, hidden, 1)
            # A model that goes on from one without alignment begins as that.
            for parameter in self.spoken_proj.parameters():
                nn.init.zeros_(parameter)

    def forward(
        self,
        codes: Tensor,
        mask: Tensor,
        phones: Tensor,
        phone_mask: Tensor,
        style: Tensor,
        speed: float = 1.0,
        spoken: Tensor | None = None,
    ) -> Prior:
        """codes (B, D, T), phones (B, N), spoken (B, T) -> frames T' of the prior: T, or int(T / speed) + 1."""
        content = self.encoder_ssl(self.ssl_proj(codes * mask) * mask, mask)
        text = self.encoder_text(self.text_embedding(phones).transpose(1, 2), phone_mask)
        merged = self.mrte(content, mask, text, phone_mask, style)
        if spoken is not None:
            merged = merged + self.spoken_proj(_spoken_text(text, spoken)) * mask
        x = self.encoder2(merged, mask)
        if speed != 1.0:
            frames = int(x.shape[2] / speed) + 1
            x = F.interpolate(x, size=frames, mode="linear")
            mask = F.interpolate(mask, size=frames, mode="nearest")
        projected = self.proj(x) * mask
        mean, log_deviation = projected.chunk(2, dim=1) if self.posterior else (projected, None)
        return Prior(mean, log_deviation, mask, x)


class PosteriorEncoder(nn.Module):
    """Spectrogram -> mean and log-deviation of the posterior (enc_q). The style gets no gradient from here."""

    def __init__(self, config: SovitsConfig) -> None:
        super().__init__()
        hidden = config.hidden_channels
        self.pre = nn.Conv1d(config.spec_channels, hidden, 1)
        self.enc = GatedConvs(hidden, config.posterior_kernel, config.posterior_layers, config.gin_channels)
        self.proj = nn.Conv1d(hidden, 2 * config.inter_channels, 1)

    def forward(self, spec: Tensor, mask: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        x = self.enc(self.pre(spec) * mask, mask, style.detach())
        mean, log_deviation = (self.proj(x) * mask).chunk(2, dim=1)
        return mean, log_deviation


def _spoken_text(text: Tensor, spoken: Tensor) -> Tensor:
    """Text (B, C, N) by frame, (B, C + 2, T): what is spoken, and how far in the phoneme the frame is from both ends.

    Zero where `spoken` (B, T) is -1.
    """
    known = (spoken >= 0)[:, None]
    by_frame = text.gather(2, spoken.clamp(0, text.shape[2] - 1)[:, None].expand(-1, text.shape[1], -1))
    frames = torch.arange(spoken.shape[1], device=spoken.device).expand_as(spoken)
    changes = spoken[:, 1:] != spoken[:, :-1]
    begins = torch.where(F.pad(changes, (1, 0), value=True), frames, 0).cummax(1).values
    ends = torch.where(F.pad(changes, (0, 1), value=True), frames, frames.shape[1]).flip(1).cummin(1).values.flip(1)
    places = torch.stack([frames - begins, ends - frames], 1).clamp(max=LONGEST_PHONEME) / LONGEST_PHONEME
    return torch.cat([by_frame, places.to(text.dtype)], 1) * known
