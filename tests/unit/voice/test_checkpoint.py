"""Weights files: the official layout both ways, refusals in a sentence, and training that resumes exactly."""

import os
import pickle
import zipfile
from pathlib import Path

import pytest
import torch

from services.voice.checkpoint import (
    build_discriminator,
    build_gpt,
    build_sovits,
    load_gpt,
    load_sovits,
    load_training_state,
    read_voice_file,
    save_gpt,
    save_sovits,
    save_training_state,
)
from services.voice.errors import CheckpointError, PackError
from services.voice.gpt import Gpt, GptConfig
from services.voice.optim import ScaledAdam
from services.voice.pack import load_pack, write_pack
from services.voice.sovits import Sovits, SovitsConfig
from tests.unit.voice.models import GPT, SOVITS, gpt, sovits

VECTORS = Path(__file__).parents[2] / "vectors"
NANO = Path(__file__).parents[3] / "packs" / "nano"
FAMILY = "voiceloom-test"


def test_a_voice_comes_back_as_float16_had_it(tmp_path: Path) -> None:
    model, talker = sovits(), gpt()
    save_sovits(tmp_path / "a.pth", model, family=FAMILY, epoch=8, step=96)
    save_gpt(tmp_path / "a.ckpt", talker, family=FAMILY, epoch=15)
    voice, speech = load_sovits(tmp_path / "a.pth", family=FAMILY), load_gpt(tmp_path / "a.ckpt", family=FAMILY)
    assert voice.config == SOVITS
    assert speech.config == GPT
    for before, after in ((model, voice), (talker, speech)):
        expected = before.state_dict()
        for key, tensor in after.state_dict().items():
            assert tensor.dtype == torch.float32
            assert torch.equal(tensor, expected[key].half().float()), key
    wav = voice.decode(torch.tensor([[1, 2, 3]]), torch.tensor([[4, 5]]), [torch.rand(1, SOVITS.spec_channels, 9)])
    assert wav.shape == (1, 1, 6 * SOVITS.hop)


def test_files_of_official_families_have_the_official_layout(tmp_path: Path) -> None:
    small = SovitsConfig(
        inter_channels=16, filter_channels=48, n_layers=2, upsample_initial_channel=32, ssl_channels=768
    )
    save_sovits(tmp_path / "v.pth", Sovits(small), family="gpt-sovits-v2", epoch=8, step=96, name="demo")
    file = torch.load(tmp_path / "v.pth", weights_only=True)  # no allow-list needed
    assert list(file) == ["weight", "config", "info"]
    assert file["info"] == "8epoch_96iteration"
    assert {tensor.dtype for tensor in file["weight"].values()} == {torch.float16}
    assert not any(key.startswith("enc_q") for key in file["weight"])
    assert file["config"]["model"]["version"] == "v2"
    assert file["config"]["data"]["hop_length"] == 640
    assert load_sovits(tmp_path / "v.pth", family="gpt-sovits-v2").config == small

    talker = Gpt(GptConfig(dim=32, n_heads=4, n_layers=2))
    save_gpt(tmp_path / "v.ckpt", talker, family="gpt-sovits-v2", epoch=15)
    file = torch.load(tmp_path / "v.ckpt", weights_only=True)
    assert file["info"] == "GPT-e15"
    assert all(key.startswith("model.") for key in file["weight"])
    assert file["config"]["model"]["phoneme_vocab_size"] == 732
    assert load_gpt(tmp_path / "v.ckpt", family="gpt-sovits-v2").config == talker.config


@pytest.mark.parametrize(
    ("name", "family", "kind", "info"),
    [
        ("ckpt_sample_s1_v2-e15.ckpt", "gpt-sovits-v2", "gpt", "GPT-e15"),
        ("ckpt_sample_s2_v2_e8_s96.pth", "gpt-sovits-v2", "sovits", "8epoch_96iteration"),
        ("ckpt_sample_s2_v2Pro_e8_s96.pth", "gpt-sovits-v2Pro", "sovits", "8epoch_96iteration"),
    ],
)
def test_official_files_are_read_with_their_family(name: str, family: str, kind: str, info: str) -> None:
    file = read_voice_file(VECTORS / name)
    assert (file.family, file.kind, file.info) == (family, kind, info)
    assert isinstance(file.config["model"], dict)


def test_another_family_is_refused_by_a_sentence(tmp_path: Path) -> None:
    save_sovits(tmp_path / "a.pth", sovits(), family=FAMILY, epoch=1, step=1)
    with pytest.raises(CheckpointError, match="made for the family 'voiceloom-test' and cannot be used with 'gpt-sov"):
        load_sovits(tmp_path / "a.pth", family="gpt-sovits-v2")
    with pytest.raises(CheckpointError, match="v2Pro"):
        load_sovits(VECTORS / "ckpt_sample_s2_v2Pro_e8_s96.pth", family="gpt-sovits-v2")
    with pytest.raises(CheckpointError, match="holds a sovits model, but a gpt model"):
        load_gpt(tmp_path / "a.pth", family=FAMILY)


class Malicious:
    """Pickles as a call of os.mkdir."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def __reduce__(self) -> tuple:
        return os.mkdir, (self.folder,)


def test_code_in_a_file_is_never_run(tmp_path: Path) -> None:
    bad = tmp_path / "bad.pth"
    torch.save({"weight": {"a": torch.zeros(1)}, "config": {}, "info": Malicious(tmp_path / "ran")}, bad)
    with pytest.raises(CheckpointError, match="more than weights and plain values"):
        read_voice_file(bad)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 but damaged", pickle.dumps({"weight": 1})])
def test_what_is_no_pytorch_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.pth").write_bytes(content)
    with pytest.raises(CheckpointError, match="not a PyTorch file, or is damaged"):
        read_voice_file(tmp_path / "x.pth")


def test_truncated_missing_and_compressed_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    save_sovits(path, sovits(), family=FAMILY, epoch=1, step=1)
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as packed:
        for entry in archive.namelist():
            packed.writestr(entry, archive.read(entry))
    path.write_bytes(path.read_bytes()[:-2000])
    for name in ("a.pth", "missing.pth", "bomb.pth"):
        with pytest.raises(CheckpointError):
            read_voice_file(tmp_path / name)


@pytest.mark.parametrize(
    "content",
    [
        {"weight": {}, "config": {}, "info": ""},
        {"weight": {"a": 1}, "config": {}, "info": ""},
        {"weight": {"a": torch.zeros(1)}, "config": 3, "info": ""},
        {"model": {}},
        [1, 2],
    ],
)
def test_pytorch_files_that_are_no_voice_are_refused(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "x.pth")
    with pytest.raises(CheckpointError, match="not a voice file"):
        read_voice_file(tmp_path / "x.pth")


def test_weights_that_do_not_fit_their_config_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="do not fit"):
        load_sovits(VECTORS / "ckpt_sample_s2_v2_e8_s96.pth", family="gpt-sovits-v2")
    torch.save({"weight": {"a": torch.zeros(1)}, "config": {"family": FAMILY}, "info": ""}, tmp_path / "x.pth")
    with pytest.raises(CheckpointError, match="describes no SoVITS"):
        load_sovits(tmp_path / "x.pth", family=FAMILY)


def test_a_diverged_model_is_not_written(tmp_path: Path) -> None:
    model = gpt()
    with torch.no_grad():
        model.ar_predict_layer.weight[0, 0] = float("nan")
    with pytest.raises(CheckpointError, match="not written"):
        save_gpt(tmp_path / "a.ckpt", model, family=FAMILY, epoch=1)
    assert list(tmp_path.iterdir()) == []


def train(model: Gpt, optimizer: torch.optim.Optimizer, noise: torch.Generator, steps: int) -> list[float]:
    """A few steps whose batches and dropout are random."""
    losses = []
    for _ in range(steps):
        phones = torch.randint(1, 700, (2, 6), generator=noise)
        tokens = torch.randint(0, 40, (2, 9), generator=noise)
        loss = model.train()(phones, torch.tensor([6, 4]), None, tokens, torch.tensor([9, 5])).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("kind", [ScaledAdam, torch.optim.AdamW])
def test_training_resumes_exactly(tmp_path: Path, kind: type[torch.optim.Optimizer]) -> None:
    model, noise = gpt(), torch.Generator().manual_seed(3)
    optimizer = kind(model.parameters(), lr=0.01)
    train(model, optimizer, noise, 3)
    save_training_state(
        tmp_path / "state.pt",
        models={"gpt": model},
        optimizers={"gpt": optimizer},
        counters={"step": 3},
        generators={"noise": noise},
    )
    expected = train(model, optimizer, noise, 3)

    other, random = gpt(seed=9), torch.Generator().manual_seed(99)
    other_optimizer = kind(other.parameters(), lr=0.5)
    torch.manual_seed(77)
    counters = load_training_state(
        tmp_path / "state.pt", models={"gpt": other}, optimizers={"gpt": other_optimizer}, generators={"noise": random}
    )
    assert counters == {"step": 3}
    assert train(other, other_optimizer, random, 3) == expected
    assert all(torch.equal(value, other.state_dict()[key]) for key, value in model.state_dict().items())


def test_a_state_of_another_training_is_refused(tmp_path: Path) -> None:
    model = gpt()
    save_training_state(tmp_path / "s.pt", models={"gpt": model}, optimizers={}, counters={})
    with pytest.raises(CheckpointError, match="does not belong"):
        load_training_state(tmp_path / "s.pt", models={"sovits": sovits()}, optimizers={})


def test_a_crash_while_writing_leaves_the_old_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "s.pt"
    save_training_state(path, models={}, optimizers={}, counters={"step": 1})

    def crash(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", crash)
    with pytest.raises(OSError, match="disk full"):
        save_training_state(path, models={}, optimizers={}, counters={"step": 2})
    assert load_training_state(path, models={}, optimizers={}) == {"step": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_models_of_a_pack_are_built_with_its_weights() -> None:
    pack = load_pack(NANO)
    voice, talker, judge = build_sovits(pack), build_gpt(pack), build_discriminator(pack)
    for model in (voice, talker, judge):
        assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
        assert not model.training
    reference = [torch.rand(1, voice.config.spec_channels, 20)]
    assert voice.decode(torch.tensor([[1, 2]]), torch.tensor([[3]]), reference).shape == (1, 1, 4 * voice.config.hop)


def test_a_pack_whose_weights_do_not_fit_is_refused(tmp_path: Path) -> None:
    text = (NANO / "pack.toml").read_text().replace("dim = 32", "dim = 64")
    pack = write_pack(tmp_path, text, {"gpt.safetensors": build_gpt(load_pack(NANO)).state_dict()})
    with pytest.raises(PackError, match=r"gpt.safetensors of pack 'nano' does not fit"):
        build_gpt(pack)
    with pytest.raises(PackError, match=r"has no file 'sovits.safetensors'"):
        build_sovits(pack)
