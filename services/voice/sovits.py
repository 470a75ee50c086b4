"""SoVITS: semantic tokens, phonemes and a reference become a waveform (the second model of GPT-SoVITS).

    content features -> tokens ┐                       ┌ prior (m_p, logs_p) ── KL ── flow(z)
                               ├ enc_p (with phonemes) ┘
    spectrogram -> style ──────┴── enc_q -> z ─ decoder -> waveform

A variational autoencoder: `enc_q` sees the recording and is dropped after training; `enc_p` predicts the same latent
from tokens and text. Architecture and state-dict keys are those of GPT-SoVITS v1 and v2; every size is configurable.
Frames are 50 a second, tokens 25.

Small packs may differ from published checkpoints: `aligned` tells `enc_p` which phoneme every token speaks instead of
leaving that to its attention, the decoder "source_filter" is given the pitch, which is measured for training and
predicted for speaking, and without `posterior` the waveform is learned from the mean of the prior, as it is spoken.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from services.voice.decoders import HifiGan, IstftDecoder, SourceFilterDecoder
from services.voice.flow import Flow
from services.voice.layers import length_mask
from services.voice.losses import kl_loss
from services.voice.pitch import PitchPredictor, fill_gaps
from services.voice.quantizer import Quantizer
from services.voice.sovits_encoders import PosteriorEncoder, Prior, PriorEncoder
from services.voice.style import StyleEncoder

DECODERS = ("hifigan", "istft", "source_filter")


@dataclass(frozen=True, kw_only=True)
class SovitsConfig:
    """Sizes of a SoVITS. The defaults are GPT-SoVITS v2's."""

    n_symbols: int = 732
    sample_rate_hz: int = 32000
    hop: int = 640
    """Samples per frame; sample_rate_hz / hop must be 50, the rate of content features."""
    n_fft: int = 2048
    """Size and window of the spectrogram that `enc_q` and the style encoder read."""
    n_mels: int = 128
    """Bands of the mel loss."""
    ssl_channels: int = 768
    """Channels of the content features."""
    code_channels: int | None = None
    """Channels of a code of the quantiser; as many as the features have when None."""
    codebook_size: int = 1024
    learn_codebook: bool = False
    """Train ssl_proj and let the codes follow by moving averages. False freezes both, as fine-tuning must."""
    inter_channels: int = 192
    hidden_channels: int = 192
    filter_channels: int = 768
    n_heads: int = 2
    n_layers: int = 6
    kernel_size: int = 3
    window_size: int = 4
    p_dropout: float = 0.1
    gin_channels: int = 512
    ref_bins: int = 704
    """How many of the lowest spectrogram bins the style encoder reads."""
    ref_hidden: int = 128
    mrte_channels: int = 512
    mrte_heads: int = 4
    posterior_layers: int = 16
    posterior_kernel: int = 5
    flow_steps: int = 4
    flow_layers: int = 4
    flow_kernel: int = 5
    segment_frames: int = 32
    """Frames that the decoder sees per clip in training; the discriminator hears segment_frames * hop samples."""
    decoder: str = "hifigan"
    upsample_initial_channel: int = 512
    upsample_rates: Sequence[int] = (10, 8, 2, 2, 2)
    upsample_kernel_sizes: Sequence[int] = (16, 16, 8, 2, 2)
    resblock_kernel_sizes: Sequence[int] = (3, 7, 11)
    resblock_dilation_sizes: Sequence[Sequence[int]] = field(default=((1, 3, 5), (1, 3, 5), (1, 3, 5)))
    istft_channels: int = 256
    istft_blocks: int = 6
    istft_expansion: int = 3
    istft_n_fft: int = 960
    istft_upsample: int = 2
    aligned: bool = False
    """The prior is told which phoneme each token speaks."""
    posterior: bool = True
    """Learn a distribution of latents; False makes the prior a plain function without noise."""
    leaky_padding: bool = False
    """Reproduce the published code's handling of padded rows in the style encoder; see StyleEncoder."""

    def __post_init__(self) -> None:
        if self.decoder not in DECODERS:
            raise ValueError(f"decoder is {self.decoder!r}; known: {', '.join(DECODERS)}")
        if self.decoder == "hifigan" and prod(self.upsample_rates) != self.hop:
            raise ValueError(f"upsample_rates multiply to {prod(self.upsample_rates)}, but hop is {self.hop}")
        if self.sample_rate_hz != 50 * self.hop:
            raise ValueError(f"{self.sample_rate_hz} Hz with hop {self.hop} is not 50 frames a second")
        if self.gin_channels != self.mrte_channels:
            raise ValueError("gin_channels and mrte_channels must be equal: the style is added inside the MRTE")
        if self.inter_channels % 2:
            raise ValueError("inter_channels must be even: the flow splits them in halves")
        if self.ref_bins > self.spec_channels:
            raise ValueError(f"ref_bins is {self.ref_bins}, but the spectrogram has {self.spec_channels} bins")

    @property
    def spec_channels(self) -> int:
        return self.n_fft // 2 + 1

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> "SovitsConfig":
        """Builds a config from plain values, such as a pack's table; an unknown name raises ValueError."""
        known = {f.name for f in dataclasses.fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ValueError(f"SoVITS has no setting called {', '.join(unknown)}")
        return cls(**{name: _frozen(value) for name, value in values.items()})  # type: ignore[arg-type]


@dataclass(frozen=True)
class Latents:
    """Posterior and prior of a training step, all (B, inter, T)."""

    z: Tensor
    z_p: Tensor
    m_p: Tensor
    logs_p: Tensor
    m_q: Tensor
    logs_q: Tensor

    def divergence(self, mask: Tensor) -> Tensor:
        """The KL term of the loss, see `kl_loss`."""
        return kl_loss(self.z_p, self.logs_q, self.m_p, self.logs_p, mask)


@dataclass(frozen=True)
class SovitsOutput:
    """What a training step needs. T frames, S = segment_frames; masks are 1.0 where valid."""

    wav: Tensor  # (B, 1, S * hop), decoded from a random segment of z
    ids_slice: Tensor  # (B,) int64, first frame of that segment
    commit_loss: Tensor  # scalar; 0 while the quantiser is frozen
    mask: Tensor  # (B, 1, T)
    latents: Latents | None  # None without a posterior
    octaves: Tensor | None  # (B, T) predicted pitch, log2 of Hz; None without a source


@dataclass(frozen=True)
class Draws:
    """Recorded randomness of a forward pass: noise of the posterior, and positions of the segments in 0..1."""

    noise: Tensor  # (B, inter, T)
    position: Tensor  # (B,)


class Sovits(nn.Module):
    """The whole model; see the module's docstring. `Sovits(SovitsConfig())` is GPT-SoVITS v2."""

    def __init__(self, config: SovitsConfig) -> None:
        super().__init__()
        self.config = config
        code_channels = config.code_channels or config.ssl_channels
        self.enc_p = PriorEncoder(config)
        self.dec = _decoder(config)
        if config.posterior:
            self.enc_q = PosteriorEncoder(config)
        self.flow = Flow(
            config.inter_channels,
            config.hidden_channels,
            config.flow_kernel,
            config.flow_layers,
            config.gin_channels,
            config.flow_steps,
        )
        self.ref_enc = StyleEncoder(
            config.ref_bins, config.ref_hidden, config.gin_channels, leaky_padding=config.leaky_padding
        )
        self.pitch = (
            PitchPredictor(config.hidden_channels, config.gin_channels) if config.decoder == "source_filter" else None
        )
        self.ssl_proj = nn.Conv1d(config.ssl_channels, code_channels, 2, stride=2)
        self.quantizer = Quantizer(config.codebook_size, code_channels)
        if not config.learn_codebook:
            self.ssl_proj.requires_grad_(False)

    def style(self, spec: Tensor, mask: Tensor | None = None) -> Tensor:
        """(B, F, T) magnitudes -> (B, gin, 1)."""
        if mask is None:
            mask = spec.new_ones(spec.shape[0], 1, spec.shape[2])
        return self.ref_enc(spec[:, : self.config.ref_bins], mask)

    def mean_style(self, reference_specs: Sequence[Tensor]) -> Tensor:
        """One style vector (1, gin, 1) for several references (1, F, T): the mean of theirs."""
        if not reference_specs:
            raise ValueError("at least one reference is needed")
        return torch.stack([self.style(spec) for spec in reference_specs]).mean(0)

    @torch.no_grad()
    def extract_tokens(self, features: Tensor) -> Tensor:
        """Content features (B, C, T) at 50 Hz -> tokens (B, T // 2) int64 at 25 Hz."""
        with torch.autocast(features.device.type, enabled=False):
            return self.quantizer.encode(self.ssl_proj(features.float()))

    def set_codebook(self, weight: Tensor, bias: Tensor, codes: Tensor, counts: Tensor | None = None) -> None:
        """Sets what makes tokens of features: ssl_proj's weight (D, C, 2) and bias (D,), codes (K, D), counts (K,)."""
        with torch.no_grad():
            if weight.shape != self.ssl_proj.weight.shape:
                raise ValueError(f"weight is {tuple(weight.shape)}, ssl_proj {tuple(self.ssl_proj.weight.shape)}")
            self.ssl_proj.weight.copy_(weight)
            assert self.ssl_proj.bias is not None
            self.ssl_proj.bias.copy_(bias)
        self.quantizer.set_codes(codes, counts)

    def forward(
        self,
        features: Tensor,
        spec: Tensor,
        spec_lengths: Tensor,
        phones: Tensor,
        phone_lengths: Tensor,
        *,
        spoken: Tensor | None = None,
        pitch: Tensor | None = None,
        generator: torch.Generator | None = None,
        draws: Draws | None = None,
    ) -> SovitsOutput:
        """A training pass. Padding at the right of a row changes nothing in its results (lengths are even, see below).

        Args:
            features: (B, C, T) content features at 50 Hz, zero beyond the lengths.
            spec: (B, F, T) magnitudes of the recording, zero beyond the lengths.
            spec_lengths: (B,) valid frames. Even ones keep tokens whole; the last of an odd one pairs with silence.
            phones: (B, N) symbol ids; phone_lengths: (B,) how many are valid.
            spoken: (B, T // 2) index of the phoneme that each token speaks, -1 where unknown; for aligned models.
            pitch: (B, T) in Hz, 0 where there is no voice; for decoders with a source.
            generator: source of the noise and the segment positions, on the CPU or the model's device.
        """
        frames = spec.shape[2]
        mask = length_mask(spec_lengths, frames)
        phone_mask = length_mask(phone_lengths, phones.shape[1])
        style = self.style(spec, mask)
        quantized, commit_loss = self._quantize(F.pad(features, (0, features.shape[2] % 2)), mask)
        codes = quantized.repeat_interleave(2, dim=2)[:, :, :frames]
        prior = self.enc_p(codes, mask, phones, phone_mask, style, spoken=self._frames_of(spoken, codes))
        latents = None
        if prior.log_deviation is None:
            position = _uniform(spec, generator) if draws is None else draws.position
            z = self.flow.inverse(prior.mean, mask, style)
        else:
            m_q, logs_q = self.enc_q(spec, mask, style)
            noise, position = _draw(m_q, generator) if draws is None else (draws.noise, draws.position)
            z = (m_q + noise * logs_q.exp()) * mask
            latents = Latents(z, self.flow(z, mask, style), prior.mean, prior.log_deviation, m_q, logs_q)
        segment = self.config.segment_frames
        choices = (spec_lengths - segment + 1).clamp(min=1)
        ids_slice = (position * choices).long().clamp(max=choices - 1)
        octaves = None
        if self.pitch is not None:
            if pitch is None:
                raise ValueError("this model needs the pitch of what it learns from")
            octaves = self.pitch(prior.hidden, mask, style)
            pitch = slice_segments(fill_gaps(pitch)[:, None], ids_slice, segment)[:, 0]
        wav = self._sound(slice_segments(z, ids_slice, segment), style, pitch, generator)
        return SovitsOutput(wav, ids_slice, commit_loss, mask, latents, octaves)

    def _frames_of(self, spoken: Tensor | None, codes: Tensor) -> Tensor | None:
        """The phoneme of every frame, (B, T), of that of every token; None for models that are not aligned."""
        if not self.config.aligned:
            return None
        if spoken is None:
            raise ValueError("this model needs to know which phoneme each token speaks")
        return spoken.repeat_interleave(2, dim=1)[:, : codes.shape[2]]

    def _sound(self, z: Tensor, style: Tensor, pitch: Tensor | None, generator: torch.Generator | None) -> Tensor:
        """The waveform (B, 1, T * hop) of latents; pitch (B, T) in Hz where the decoder has a source."""
        if not isinstance(self.dec, SourceFilterDecoder):
            return self.dec(z, style)
        shape = z.shape[0], z.shape[2] * self.config.hop
        device = z.device if generator is None else generator.device
        noise = torch.randn(shape, generator=generator, device=device).to(z.device)
        # Where a row ends before its segment does there is no pitch.
        return self.dec(z, style, None if pitch is None else pitch.clamp(min=1.0), noise)

    def _quantize(self, features: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        if self.config.learn_codebook and self.training:
            even = F.pad(mask, (0, mask.shape[2] % 2))
            return self.quantizer.learn(self.ssl_proj(features), even[:, :, ::2])
        return self.quantizer.lookup(self.extract_tokens(features)), features.new_zeros(())

    @torch.inference_mode()
    def decode(
        self,
        tokens: Tensor,
        phones: Tensor,
        reference_specs: Sequence[Tensor],
        *,
        spoken: Tensor | None = None,
        noise_scale: float = 0.5,
        speed: float = 1.0,
        generator: torch.Generator | None = None,
        noise: Tensor | None = None,
    ) -> Tensor:
        """Speaks tokens (1, T) and phones (1, N) in the voice of references [(1, F, frames)]: (1, 1, samples) in -1..1.

        There are 2 * T * hop samples, or (int(2 * T / speed) + 1) * hop. `noise` (1, inter, frames) replaces the draw;
        `spoken` (1, T) is the index of the phoneme that each token speaks, which aligned models need.
        """
        z, prior, style = self.latents(
            tokens,
            phones,
            reference_specs,
            spoken=spoken,
            noise_scale=noise_scale,
            speed=speed,
            generator=generator,
            noise=noise,
        )
        pitch = None if self.pitch is None else self.pitch(prior.hidden, prior.mask, style).exp2()
        return self._sound(z * prior.mask, style, pitch, generator).clamp(-1.0, 1.0)

    def latents(
        self,
        tokens: Tensor,
        phones: Tensor,
        reference_specs: Sequence[Tensor],
        *,
        spoken: Tensor | None = None,
        noise_scale: float,
        speed: float,
        generator: torch.Generator | None = None,
        noise: Tensor | None = None,
    ) -> tuple[Tensor, Prior, Tensor]:
        """The decoder's inputs for `decode`: z (1, inter, frames), what it was drawn from, and the style."""
        style = self.mean_style(reference_specs)
        codes = self.quantizer.lookup(tokens).repeat_interleave(2, dim=2)
        mask = codes.new_ones(1, 1, codes.shape[2])
        phone_mask = codes.new_ones(1, 1, phones.shape[1])
        prior = self.enc_p(codes, mask, phones, phone_mask, style, speed, self._frames_of(spoken, codes))
        z_p = prior.mean
        if prior.log_deviation is not None:
            if noise is None:
                noise = _draw(z_p, generator)[0] if noise_scale else torch.zeros_like(z_p)
            z_p = z_p + noise * prior.log_deviation.exp() * noise_scale
        return self.flow.inverse(z_p, prior.mask, style), prior, style


def slice_segments(x: Tensor, starts: Tensor, size: int) -> Tensor:
    """(B, C, T), starts (B,) -> (B, C, size); zeros where a row ends before its segment does."""
    if x.shape[2] < size:
        x = F.pad(x, (0, size - x.shape[2]))
    index = starts[:, None] + torch.arange(size, device=x.device)
    return x.gather(2, index[:, None, :].expand(-1, x.shape[1], -1))


def _frozen(value: object) -> object:
    """Lists, as files have them, as tuples."""
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def _decoder(config: SovitsConfig) -> HifiGan | IstftDecoder:
    if config.decoder in ("istft", "source_filter"):
        sizes = (
            config.inter_channels,
            config.gin_channels,
            config.istft_channels,
            config.istft_blocks,
            config.istft_expansion,
            config.istft_n_fft,
            config.hop,
            config.istft_upsample,
        )
        return IstftDecoder(*sizes) if config.decoder == "istft" else SourceFilterDecoder(config.sample_rate_hz, *sizes)
    return HifiGan(
        config.inter_channels,
        config.gin_channels,
        config.upsample_initial_channel,
        config.upsample_rates,
        config.upsample_kernel_sizes,
        config.resblock_kernel_sizes,
        config.resblock_dilation_sizes,
    )


def _draw(like: Tensor, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
    """Noise as of `like` (B, C, T) and a position in 0..1 for every row."""
    # Drawn where the generator lives, so that a CPU generator gives the same run on every device.
    device = like.device if generator is None else generator.device
    noise = torch.randn(like.shape, generator=generator, device=device)
    return noise.to(like.device, like.dtype), _uniform(like, generator)


def _uniform(like: Tensor, generator: torch.Generator | None) -> Tensor:
    device = like.device if generator is None else generator.device
    return torch.rand(like.shape[0], generator=generator, device=device).to(like.device, like.dtype)
