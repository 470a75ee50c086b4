"""One optimisation step of either model, the same in pretraining and fine-tuning: losses, gradients, update.

All randomness of a step (noise, segments, dropout) comes from (seed, step), so the state of a run is its weights, its
optimisers and two numbers, and a resumed run repeats the interrupted one bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from services.training.dataset import GptBatch, SovitsBatch
from services.voice.audio import mel_spectrogram, spectrogram
from services.voice.discriminator import Discriminator
from services.voice.gpt import Gpt
from services.voice.losses import MEL_WEIGHT, discriminator_loss, feature_loss, generator_loss, mel_loss
from services.voice.optim import ScaledAdam
from services.voice.pitch import pitch_loss
from services.voice.sovits import Sovits, slice_segments

Losses = dict[str, float]

# The parts whose learning rate is scaled by `text_lr_ratio`: they know the language already.
TEXT_PARTS = ("enc_p.text_embedding.", "enc_p.encoder_text.", "enc_p.mrte.")
STFT_SIZES = (256, 512, 1024, 2048)


class DivergedError(ArithmeticError):
    """A loss or gradient is not finite. Raised before the optimiser changed anything."""

    def __init__(self, losses: Mapping[str, float]) -> None:
        super().__init__("non-finite: " + ", ".join(name for name, value in losses.items() if not math.isfinite(value)))
        self.losses = dict(losses)


@dataclass(frozen=True, kw_only=True)
class StepSettings:
    """How either model is updated."""

    seed: int
    clip_norm: float = 5.0
    amp: bool = False
    """Run the forward pass in bfloat16 where the device gains by it."""


@dataclass(frozen=True, kw_only=True)
class SovitsSettings(StepSettings):
    """What the SoVITS losses weigh; the defaults are GPT-SoVITS's."""

    text_lr_ratio: float = 1.0
    mel_weight: float = MEL_WEIGHT
    kl_weight: float = 1.0
    stft_weight: float = 0.0
    pitch_weight: float = 10.0
    """Of the distance in octaves, for models that predict the pitch."""
    adversarial_from: int = 0
    """First step with the discriminator, if there is one."""


@dataclass(frozen=True, kw_only=True)
class GptSettings(StepSettings):
    """How the GPT is taught."""

    clip_norm: float = 1.0
    token_noise: float = 0.0
    """Share of the tokens before the next one that are replaced by random ones. A model that cannot trust them reads
    the text, and goes on after a slip of its own."""
    guide_weight: float = 0.0
    """Weight of the loss of the guided heads, where the batch says what each token speaks."""


class SovitsStepper:
    """A SoVITS, its discriminator if it has one, and their optimisers."""

    def __init__(self, model: Sovits, discriminator: Discriminator | None, settings: SovitsSettings) -> None:
        self.model, self.discriminator, self.settings = model.train(), discriminator, settings
        self.models: dict[str, nn.Module] = {"sovits": model}
        self.device = next(model.parameters()).device
        text: list[Tensor] = []
        other: list[Tensor] = []
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                (text if name.startswith(TEXT_PARTS) else other).append(parameter)
        groups = [{"params": other, "ratio": 1.0}, {"params": text, "ratio": settings.text_lr_ratio}]
        self.optimizers: dict[str, torch.optim.Optimizer] = {"sovits": _adamw(groups)}
        if discriminator is not None:
            self.models["discriminator"] = discriminator.train()
            self.optimizers["discriminator"] = _adamw([{"params": list(discriminator.parameters()), "ratio": 1.0}])

    def step(self, batch: SovitsBatch, step: int, lr: float) -> Losses:
        """Update once; raises DivergedError with everything unchanged except the discriminator."""
        settings, config, batch = self.settings, self.model.config, batch.to(self.device)
        generator = _seeded(settings.seed, step)
        spec = spectrogram(batch.audio, config.n_fft, config.hop)
        spec = spec * (torch.arange(spec.shape[2], device=self.device) < batch.lengths[:, None])[:, None]
        with self._autocast():
            out = self.model(
                batch.features,
                spec,
                batch.lengths,
                batch.phones,
                batch.phone_lengths,
                spoken=batch.spoken,
                pitch=batch.pitch,
                generator=generator,
            )
        fake = out.wav.float()
        real = slice_segments(batch.audio[:, None], out.ids_slice * config.hop, fake.shape[2])
        adversarial = self.discriminator is not None and step >= settings.adversarial_from
        losses: dict[str, Tensor] = {}
        if adversarial:
            losses["disc"] = self._step_discriminator(real, fake.detach(), lr)
        mel = [
            mel_spectrogram(wav.squeeze(1), config.sample_rate_hz, config.n_fft, config.hop, config.n_mels)
            for wav in (real, fake)
        ]
        losses["mel"] = mel_loss(mel[0], mel[1])
        total = losses["mel"] * settings.mel_weight
        if out.latents is not None:
            losses["kl"] = out.latents.divergence(out.mask)
            total = total + losses["kl"] * settings.kl_weight
        if settings.stft_weight:
            losses["stft"] = stft_loss(real.squeeze(1), fake.squeeze(1))
            total = total + losses["stft"] * settings.stft_weight
        if out.octaves is not None:
            assert batch.pitch is not None
            losses["pitch"] = pitch_loss(out.octaves, batch.pitch, out.mask)
            total = total + losses["pitch"] * settings.pitch_weight
        if self.model.config.learn_codebook:
            losses["commit"] = out.commit_loss
            total = total + out.commit_loss
        if adversarial:
            losses["gen"], losses["fm"] = self._judge(real, fake)
            total = total + losses["gen"] + losses["fm"]
        losses["total"] = total
        return _update(self.optimizers["sovits"], total, losses, settings, lr)

    def _step_discriminator(self, real: Tensor, fake: Tensor, lr: float) -> Tensor:
        assert self.discriminator is not None
        self.discriminator.requires_grad_(True)
        with self._autocast():
            loss = discriminator_loss(self.discriminator(real)[0], self.discriminator(fake)[0])
        _update(self.optimizers["discriminator"], loss, {"disc": loss}, self.settings, lr)
        return loss

    def _judge(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        assert self.discriminator is not None
        self.discriminator.requires_grad_(False)  # its gradients in this pass would be thrown away
        with self._autocast():
            with torch.no_grad():
                _, real_maps = self.discriminator(real)
            scores, fake_maps = self.discriminator(fake)
            return generator_loss(scores), feature_loss(real_maps, fake_maps)

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.settings.amp)


class GptStepper:
    """A GPT and its optimiser: "adamw", or "scaled_adam" as GPT-SoVITS has it."""

    def __init__(self, model: Gpt, settings: GptSettings, optimizer: str = "adamw") -> None:
        self.model, self.settings = model.train(), settings
        self.models: dict[str, nn.Module] = {"gpt": model}
        self.device = next(model.parameters()).device
        groups = [{"params": list(model.parameters()), "ratio": 1.0}]
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            "gpt": _adamw(groups, betas=(0.9, 0.95)) if optimizer == "adamw" else ScaledAdam(groups)
        }

    def step(self, batch: GptBatch, step: int, lr: float) -> Losses:
        """Update once; raises DivergedError with everything unchanged."""
        settings, batch = self.settings, batch.to(self.device)
        generator = _seeded(settings.seed, step)
        guided = settings.guide_weight > 0 and batch.spoken is not None
        with torch.autocast(self.device.type, torch.bfloat16, enabled=settings.amp):
            out = self.model(
                batch.phones,
                batch.phone_lengths,
                batch.bert,
                batch.tokens,
                batch.token_lengths,
                heard=self._heard(batch.tokens, generator) if settings.token_noise else None,
                spoken=batch.spoken if guided else None,
            )
        losses = {"ce": out.mean_loss, "accuracy": out.accuracy}
        total = out.mean_loss
        if guided:
            losses["guide"] = out.guide_loss
            total = total + out.guide_loss * settings.guide_weight
        return _update(self.optimizers["gpt"], total, losses, settings, lr)

    def _heard(self, tokens: Tensor, generator: torch.Generator) -> Tensor:
        """The tokens (B, T) with some of them replaced."""
        draws = torch.rand(tokens.shape, generator=generator)
        others = torch.randint(self.model.config.codebook_size, tokens.shape, generator=generator)
        return torch.where(draws.to(self.device) < self.settings.token_noise, others.to(self.device), tokens)


def stft_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Mean L1 distance of log magnitudes over several resolutions (arXiv 1910.11480); both (B, N).

    A single resolution leaves the phases between frames open; several are hard to please by noise.
    """
    distances = []
    for size in STFT_SIZES:
        hop = size // 4
        specs = [spectrogram(wav, size, hop).clamp_min(1e-3).log() for wav in (real, fake)]
        distances.append(F.l1_loss(specs[1], specs[0]))
    return torch.stack(distances).mean()


def _adamw(groups: Iterable[dict[str, Any]], betas: tuple[float, float] = (0.8, 0.99)) -> torch.optim.AdamW:
    return torch.optim.AdamW([g for g in groups if g["params"]], lr=0.0, betas=betas, eps=1e-9, weight_decay=0.01)


def _seeded(seed: int, step: int) -> torch.Generator:
    """Seed dropout for this step, and return the generator of its noise."""
    mixed = (seed * 1_000_003 + step) % 2**63
    torch.manual_seed(mixed)
    return torch.Generator().manual_seed(mixed)


def _update(
    optimizer: torch.optim.Optimizer, loss: Tensor, losses: Mapping[str, Tensor], settings: StepSettings, lr: float
) -> Losses:
    """Backward and one step, unless a loss or the gradient is not finite."""
    values = {name: float(value.detach()) for name, value in losses.items()}
    if not all(math.isfinite(value) for value in values.values()):
        raise DivergedError(values)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    norm = float(torch.nn.utils.clip_grad_norm_(parameters, settings.clip_norm))
    if not math.isfinite(norm):
        raise DivergedError(values | {"grad_norm": norm})
    for group in optimizer.param_groups:
        group["lr"] = lr * group["ratio"]
    optimizer.step()
    return values
