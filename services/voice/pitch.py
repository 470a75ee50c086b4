"""Pitch: measured in recordings for training, and predicted from what is said and by whom for speaking.

Measuring is SwiftF0's (arXiv 2508.18440), a small network that runs seventy times faster than the speech lasts.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from services.voice.audio import resample

if TYPE_CHECKING:
    from swift_f0 import SwiftF0

RATE_HZ = 16_000
FRAMES_PER_S = 50
# Voices; what lies outside is a mistake of the measure more often than a voice.
LOWEST_HZ, HIGHEST_HZ = 50.0, 700.0
VOICED_FROM = 0.5
# Where an untrained predictor begins.
MIDDLE_HZ = 170.0


def measure_pitch(wav: np.ndarray, rate_hz: int, frames: int) -> np.ndarray:
    """Pitch of (N,) float32 samples, (frames,) float32 in Hz: 50 frames a second, 0 where there is no voice."""
    at_16k = resample(wav, rate_hz, RATE_HZ).astype(np.float32)
    if not len(at_16k):
        return np.zeros(frames, np.float32)
    found = _detector().detect(at_16k, RATE_HZ, LOWEST_HZ, HIGHEST_HZ)
    times = (np.arange(frames) + 0.5) / FRAMES_PER_S
    nearest = np.abs(found.timestamps[None] - times[:, None]).argmin(1)
    voiced = found.confidence >= VOICED_FROM
    if not voiced.any():
        return np.zeros(frames, np.float32)
    octaves = np.interp(times, found.timestamps[voiced], np.log2(found.pitch_hz[voiced]))
    return np.where(voiced[nearest], 2.0**octaves, 0.0).astype(np.float32)


@lru_cache(maxsize=1)
def _detector() -> SwiftF0:
    from swift_f0 import SwiftF0

    return SwiftF0(threads=1, spin=False)


def fill_gaps(pitch: Tensor) -> Tensor:
    """(B, T) Hz with 0 where there is no voice -> the same, going straight in octaves from voice to voice.

    Before the first voiced frame and behind the last it stays as there; without any it is MIDDLE_HZ.
    """
    frames = torch.arange(pitch.shape[1], device=pitch.device).expand_as(pitch)
    voiced = pitch > 0
    before = torch.where(voiced, frames, -1).cummax(1).values
    last = pitch.shape[1]
    behind = torch.where(voiced, frames, last).flip(1).cummin(1).values.flip(1)
    before, behind = torch.where(before < 0, behind, before), torch.where(behind == last, before, behind)
    known = pitch.clamp(min=1e-3).log2()
    left = known.gather(1, before.clamp(0, last - 1))
    right = known.gather(1, behind.clamp(0, last - 1))
    share = (frames - before) / (behind - before).clamp(min=1)
    filled = (left + (right - left) * share).exp2()
    return torch.where(voiced.any(1, keepdim=True), filled, pitch.new_tensor(MIDDLE_HZ))


class PitchPredictor(nn.Module):
    """Hidden states (B, C, T) of the prior and a style (B, G, 1) -> pitch in octaves, log2 of Hz, (B, T)."""

    def __init__(self, channels: int, gin_channels: int, kernel: int = 5, n_layers: int = 3) -> None:
        super().__init__()
        self.cond = nn.Conv1d(gin_channels, channels, 1)
        self.convs = nn.ModuleList(nn.Conv1d(channels, channels, kernel, padding=kernel // 2) for _ in range(n_layers))
        self.norms = nn.ModuleList(nn.LayerNorm(channels) for _ in range(n_layers))
        self.proj = nn.Conv1d(channels, 1, 1)
        self.level = nn.Linear(gin_channels, 1)
        nn.init.constant_(self.level.bias, float(np.log2(MIDDLE_HZ)))

    def forward(self, hidden: Tensor, mask: Tensor, style: Tensor) -> Tensor:
        x = (hidden + self.cond(style)) * mask
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = (x + F.relu(norm(conv(x).transpose(1, 2)).transpose(1, 2))) * mask
        return self.proj(x).squeeze(1) + self.level(style.squeeze(2))


def pitch_loss(octaves: Tensor, pitch: Tensor, mask: Tensor) -> Tensor:
    """Mean distance in octaves over the frames (B, T) that have a voice; pitch in Hz, 0 where there is none."""
    voiced = (pitch > 0) & (mask.squeeze(1) > 0)
    distance = (octaves.float() - pitch.clamp(min=1e-3).log2()).abs()
    return (distance * voiced).sum() / voiced.sum().clamp(min=1)
