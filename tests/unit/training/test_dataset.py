"""Order, crops and padding of training batches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from services.training.dataset import Item, companions, crop, epoch_order, gpt_batch, join, sovits_batch
from services.training.steps import DivergedError, SovitsSettings, SovitsStepper
from services.voice.checkpoint import build_sovits
from services.voice.pack import Pack

HOP = 480


def item(frames: int, phones: int, seed: int = 0) -> Item:
    rng = np.random.default_rng(seed)
    return Item(
        id=f"i{seed}",
        audio=rng.integers(-3000, 3000, frames * HOP).astype(np.int16),
        features=rng.standard_normal((frames, 512)).astype(np.float16),
        phones=rng.integers(1, 300, phones).astype(np.int32),
        tokens=rng.integers(0, 64, frames // 2).astype(np.int32),
    )


def test_epoch_holds_every_clip_as_often_as_any_other() -> None:
    order = epoch_order([5, 1, 3], count=7, seed=1, epoch=2, bucket=1)
    assert sorted(order[:3]) == sorted(order[3:6]) == [0, 1, 2]
    assert order == epoch_order([5, 1, 3], 7, 1, 2) != epoch_order([5, 1, 3], 7, 1, 3)


def test_buckets_put_similar_lengths_side_by_side() -> None:
    lengths = [50, 10, 40, 20, 30, 60]
    order = epoch_order(lengths, 6, seed=0, epoch=1, bucket=6)
    assert [lengths[index] for index in order] == sorted(lengths)


def test_crop_keeps_audio_and_features_together_on_whole_tokens() -> None:
    source = item(101, 9)
    part = crop(source, 20, HOP, np.random.default_rng(3))
    start = next(i for i in range(82) if np.array_equal(source.features[i : i + 20], part.features))
    assert start % 2 == 0
    assert np.array_equal(part.audio, source.audio[start * HOP : (start + 20) * HOP])
    assert len(part.phones) == 9


def test_companions_stay_within_the_longest_joined_clip() -> None:
    frames = [300, 350, 400, 700]
    groups = [companions(0, range(4), frames, np.random.default_rng(seed)) for seed in range(60)]
    assert all(sum(frames[i] for i in group) <= 800 for group in groups)
    assert {len(group) for group in groups} == {1, 2}
    joined = join([item(40, 5, 1), item(60, 7, 2)])
    assert (len(joined.phones), len(joined.tokens)) == (12, 50)


def test_gpt_batch_needs_tokens() -> None:
    with pytest.raises(ValueError, match="no tokens"):
        gpt_batch([item(20, 3), replace(item(20, 3), tokens=None)])


def test_padding_changes_no_row_of_a_batch(pack: Pack) -> None:
    model = build_sovits(pack).eval()
    short, long = item(32, 6, 1), item(64, 11, 2)
    both = sovits_batch([short, long], HOP, 64)
    alone = sovits_batch([short], HOP, 32)
    results = []
    for batch in (both, alone):
        spec = torch.rand(1, 513, 64, generator=torch.Generator().manual_seed(0))[:, :, : batch.features.shape[2]]
        spec = spec.repeat(len(batch.lengths), 1, 1)
        spec = spec * (torch.arange(spec.shape[2]) < batch.lengths[:, None])[:, None]
        with torch.no_grad():
            out = model(
                batch.features,
                spec,
                batch.lengths,
                batch.phones,
                batch.phone_lengths,
                generator=torch.Generator().manual_seed(1),
            )
        results.append(out.latents.m_p[0, :, :32])
    assert torch.allclose(results[0], results[1], atol=1e-5)


def test_loss_that_is_not_finite_leaves_the_weights_alone(pack: Pack) -> None:
    model = build_sovits(pack)
    stepper = SovitsStepper(model, None, SovitsSettings(seed=0))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    batch = sovits_batch([item(32, 6)], HOP, 32)
    batch.audio.fill_(float("inf"))
    with pytest.raises(DivergedError, match="non-finite"):
        stepper.step(batch, 0, 1e-3)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_same_seed_and_step_give_the_same_losses(pack: Pack) -> None:
    batch = sovits_batch([item(48, 8, 1), item(40, 5, 2)], HOP, 48)
    runs = []
    for _ in range(2):
        stepper = SovitsStepper(build_sovits(pack), None, SovitsSettings(seed=3, stft_weight=1.0))
        runs.append([stepper.step(batch, step, 1e-3) for step in range(3)])
    assert runs[0] == runs[1]
