"""Clips with their features, phonemes and tokens, turned into batches.

Everything random here is a pure function of (seed, epoch, position), so a run that is interrupted and resumed sees
exactly the batches that it would have seen otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

FRAMES_PER_S = 50
FRAMES_PER_TOKEN = 2
# A GPT speaks after a prompt: the phonemes and tokens of a reference clip come first. Joined clips teach it that.
JOIN_PROBABILITY = 0.5
JOIN_S = 16.0


@dataclass(frozen=True)
class Item:
    """One clip as training sees it. Arrays may be views of files mapped into memory."""

    id: str
    audio: np.ndarray  # (samples,) int16
    features: np.ndarray  # (frames at 50 Hz, channels) float16 or float32
    phones: np.ndarray  # (symbols,) int32
    tokens: np.ndarray | None = None  # (frames // 2,) int32
    bert: np.ndarray | None = None  # (bert channels, symbols) float16
    spoken: np.ndarray | None = None  # (frames // 2,) int32, index in `phones` of what each token speaks
    pitch: np.ndarray | None = None  # (frames,) float32 in Hz, 0 where there is no voice


@dataclass(frozen=True)
class SovitsBatch:
    """What one SoVITS step reads. T counts frames at 50 Hz, N symbols."""

    audio: Tensor  # (B, T * hop) float32, -1..1
    features: Tensor  # (B, C, T) float32
    lengths: Tensor  # (B,) int64, valid frames
    phones: Tensor  # (B, N) int64
    phone_lengths: Tensor  # (B,) int64
    spoken: Tensor | None = None  # (B, T // 2) int64, index of the symbol that each token speaks; -1 where unknown
    pitch: Tensor | None = None  # (B, T) float32 in Hz, 0 where there is no voice

    def to(self, device: torch.device) -> SovitsBatch:
        """The same batch on another device."""
        return SovitsBatch(
            self.audio.to(device, non_blocking=True),
            self.features.to(device, non_blocking=True),
            self.lengths.to(device, non_blocking=True),
            self.phones.to(device, non_blocking=True),
            self.phone_lengths.to(device, non_blocking=True),
            None if self.spoken is None else self.spoken.to(device, non_blocking=True),
            None if self.pitch is None else self.pitch.to(device, non_blocking=True),
        )


@dataclass(frozen=True)
class GptBatch:
    """What one GPT step reads. T counts tokens, N symbols."""

    phones: Tensor  # (B, N) int64
    phone_lengths: Tensor  # (B,) int64
    tokens: Tensor  # (B, T) int64
    token_lengths: Tensor  # (B,) int64
    bert: Tensor | None = None  # (B, D, N) float32
    spoken: Tensor | None = None  # (B, T) int64, index of the symbol that each token speaks; -1 beyond the lengths

    def to(self, device: torch.device) -> GptBatch:
        """The same batch on another device."""
        return GptBatch(
            self.phones.to(device),
            self.phone_lengths.to(device),
            self.tokens.to(device),
            self.token_lengths.to(device),
            None if self.bert is None else self.bert.to(device),
            None if self.spoken is None else self.spoken.to(device),
        )


def epoch_order(lengths: Sequence[int], count: int, seed: int, epoch: int, bucket: int = 1) -> list[int]:
    """Indices of the `count` items of one epoch: whole permutations one after another, the last one cut.

    Within windows of `bucket` items neighbours are sorted by length, so that a batch holds items of similar length. The
    order does not depend on the batch size, so a batch can be halved in the middle of an epoch.
    """
    rng = np.random.default_rng([seed, epoch])
    order: list[int] = []
    while len(order) < count:
        order.extend(int(i) for i in rng.permutation(len(lengths)))
    order = order[:count]
    if bucket <= 1:
        return order
    windows = [sorted(order[at : at + bucket], key=lambda i: lengths[i]) for at in range(0, count, bucket)]
    return [index for window in windows for index in window]


def crop(item: Item, frames: int, hop: int, rng: np.random.Generator) -> Item:
    """A random stretch of at most `frames` frames, starting at an even one so that tokens stay whole; all symbols."""
    total = min(len(item.features), len(item.audio) // hop) // FRAMES_PER_TOKEN * FRAMES_PER_TOKEN
    length = min(total, frames)
    start = FRAMES_PER_TOKEN * int(rng.integers(0, (total - length) // FRAMES_PER_TOKEN + 1))
    tokens = slice(start // FRAMES_PER_TOKEN, (start + length) // FRAMES_PER_TOKEN)
    return replace(
        item,
        audio=item.audio[start * hop : (start + length) * hop],
        features=item.features[start : start + length],
        tokens=None if item.tokens is None else item.tokens[tokens],
        spoken=None if item.spoken is None else item.spoken[tokens],
        pitch=None if item.pitch is None else item.pitch[start : start + length],
    )


def companions(index: int, others: Sequence[int], frames: Sequence[int], rng: np.random.Generator) -> list[int]:
    """A clip and, half of the time, one or two others of its speaker, together at most JOIN_S seconds."""
    chosen = [index]
    while len(chosen) < 3 and rng.random() < JOIN_PROBABILITY:
        other = int(rng.choice(others))
        if sum(frames[i] for i in (*chosen, other)) > JOIN_S * FRAMES_PER_S:
            break
        chosen.append(other)
    return chosen


def join(items: Sequence[Item]) -> Item:
    """Clips of one speaker one after another, as a GPT sees a prompt and the text that follows it."""
    if len(items) == 1:
        return items[0]
    starts = np.cumsum([0, *(len(item.phones) for item in items)])
    return replace(
        items[0],
        phones=np.concatenate([item.phones for item in items]),
        tokens=np.concatenate([item.tokens for item in items if item.tokens is not None]),
        bert=None if items[0].bert is None else np.concatenate([i.bert for i in items if i.bert is not None], axis=1),
        spoken=None
        if items[0].spoken is None
        else np.concatenate([i.spoken + at for i, at in zip(items, starts, strict=False) if i.spoken is not None]),
    )


def sovits_batch(items: Sequence[Item], hop: int, frames: int, minimum: int = 0) -> SovitsBatch:
    """Stack cropped items, padded with zeros to the longest, at least `minimum` and at most `frames` frames."""
    lengths = [len(item.features) for item in items]
    longest = max(minimum, min(frames, max(lengths)))
    channels = items[0].features.shape[1]
    audio = torch.zeros(len(items), longest * hop)
    features = torch.zeros(len(items), channels, longest)
    for row, (item, length) in enumerate(zip(items, lengths, strict=True)):
        audio[row, : length * hop] = torch.from_numpy(item.audio.astype(np.float32) / 32768.0)
        features[row, :, :length] = torch.from_numpy(item.features.astype(np.float32).T)
    phones, phone_lengths = _pad([item.phones for item in items])
    spoken = pitch = None
    if all(item.spoken is not None for item in items):
        spoken = torch.full((len(items), longest // FRAMES_PER_TOKEN), -1)
        for row, item in enumerate(items):
            spoken[row, : lengths[row] // FRAMES_PER_TOKEN] = torch.from_numpy(np.asarray(item.spoken).astype(np.int64))
    if all(item.pitch is not None for item in items):
        pitch = torch.zeros(len(items), longest)
        for row, item in enumerate(items):
            pitch[row, : lengths[row]] = torch.from_numpy(np.asarray(item.pitch).astype(np.float32))
    return SovitsBatch(audio, features, torch.tensor(lengths), phones, phone_lengths, spoken, pitch)


def gpt_batch(items: Sequence[Item]) -> GptBatch:
    """Stack the symbols and tokens of items, padded at the right with zeros (masked by their lengths)."""
    token_rows = [item.tokens for item in items if item.tokens is not None]
    if len(token_rows) != len(items):
        raise ValueError("an item has no tokens")
    phones, phone_lengths = _pad([item.phones for item in items])
    tokens, token_lengths = _pad(token_rows)
    bert = None
    if any(item.bert is not None for item in items):
        width = next(item.bert.shape[0] for item in items if item.bert is not None)
        bert = torch.zeros(len(items), width, phones.shape[1])
        for row, item in enumerate(items):
            if item.bert is not None:
                bert[row, :, : item.bert.shape[1]] = torch.from_numpy(item.bert.astype(np.float32))
    spoken = None
    if all(item.spoken is not None for item in items):
        spoken = _pad([item.spoken for item in items if item.spoken is not None], value=-1)[0]
    return GptBatch(phones, phone_lengths, tokens, token_lengths, bert, spoken)


def _pad(rows: Sequence[np.ndarray], value: int = 0) -> tuple[Tensor, Tensor]:
    lengths = torch.tensor([len(row) for row in rows])
    padded = torch.full((len(rows), int(lengths.max())), value, dtype=torch.int64)
    for index, row in enumerate(rows):
        padded[index, : len(row)] = torch.from_numpy(np.asarray(row).astype(np.int64))
    return padded, lengths
