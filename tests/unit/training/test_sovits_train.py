"""Fine-tuning a SoVITS that is told what each token speaks and at which pitch: the child finds out both by itself."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from services.training.dataset import Item
from services.training.sovits_train import SovitsTraining
from services.voice.checkpoint import load_sovits
from services.voice.gpt import Gpt, GptConfig
from services.voice.pack import Pack, load_pack, write_pack
from services.voice.sovits import Sovits, SovitsConfig
from tests.unit.training.conftest import NANO

LED = 'decoder = "source_filter"\naligned = true\nposterior = false'


@pytest.fixture(scope="module")
def led_pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """As nano, with a SoVITS and a GPT of the kind that mini has, hardly born."""
    nano = load_pack(NANO)
    text = (NANO / "pack.toml").read_text().replace('decoder = "istft"', LED)
    text = re.sub(r"(?ms)^\[discriminator\].*?(?=^\[)", "", text).replace(
        "bert_dim = 0", "bert_dim = 0\nguided_layers = [1]"
    )
    torch.manual_seed(0)
    sovits = Sovits(
        SovitsConfig.from_dict({**nano.sovits, "decoder": "source_filter"} | {"aligned": True, "posterior": False})
    )
    gpt = Gpt(dataclasses.replace(GptConfig.from_dict(nano.gpt), guided_layers=(1,)))
    weights = {"sovits.safetensors": sovits.state_dict(), "gpt.safetensors": gpt.state_dict()}
    return write_pack(tmp_path_factory.mktemp("packs") / "led", text, weights)


def clips() -> list[Item]:
    rng = np.random.default_rng(0)
    items = []
    for number in range(4):
        frames = 70 + 10 * number
        time = np.arange(frames * 480) / 24_000
        tone = sum(np.sin(2 * np.pi * k * 180 * time) / k for k in range(1, 8))
        items.append(
            Item(
                id=f"c{number}",
                audio=(3000 * tone).astype(np.int16),
                features=rng.standard_normal((frames, 512)).astype(np.float16),
                phones=rng.integers(1, 300, 12).astype(np.int32),
            )
        )
    return items


def test_a_led_model_is_fine_tuned_and_saved(led_pack: Pack, tmp_path: Path) -> None:
    training = SovitsTraining(led_pack, clips(), 1, torch.device("cpu"))
    losses = [training.step([0, 1, 2, 3], step, 2e-3) for step in range(12)]
    assert {"mel", "pitch", "total"} <= set(losses[0])
    assert "kl" not in losses[0]
    assert losses[-1]["mel"] < losses[0]["mel"]
    assert losses[-1]["pitch"] < losses[0]["pitch"]
    voice = load_sovits(training.save(tmp_path, 1, 12), family=led_pack.family)
    tokens, phones = torch.randint(0, 64, (1, 10)), torch.tensor([[5, 6, 7]])
    spoken = torch.tensor([[0, 0, 0, 1, 1, 1, 1, 2, 2, 2]])
    assert voice.decode(tokens, phones, [torch.rand(1, 513, 60)], spoken=spoken).shape == (1, 1, 20 * 480)


def test_what_a_clip_speaks_and_its_pitch_come_from_the_clip(led_pack: Pack) -> None:
    for item in SovitsTraining(led_pack, clips(), 1, torch.device("cpu"))._items:
        assert item.tokens is not None
        assert item.spoken is not None
        assert item.pitch is not None
        assert len(item.tokens) == len(item.spoken) == len(item.features) // 2
        assert (np.diff(item.spoken) >= 0).all()
        assert 0 <= item.spoken.min() <= item.spoken.max() < len(item.phones)
        np.testing.assert_allclose(item.pitch[10:-10], 180.0, rtol=0.02)
