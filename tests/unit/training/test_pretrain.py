"""Pretraining of a nano-sized pack on 20 seconds of sound, phase by phase."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from services.training import pretrain
from services.training.corpus import AudioFolder, CacheKey, CorpusCache, CorpusError, read_manifest
from services.training.pretrain_corpus import open_cache
from services.voice.audio import write_wav
from services.voice.checkpoint import build_gpt, build_sovits
from services.voice.pack import load_pack
from tests.unit.training.conftest import NANO


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five clips of 4 s whose tones and noises change, with a manifest that has phonemes already."""
    folder = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(0)
    lines = []
    for index in range(5):
        time = np.arange(4 * 24_000) / 24_000
        sweep = np.sin(2 * np.pi * (120 + 60 * index + 200 * np.sin(3 * time)) * time)
        write_wav(folder / f"k{index}.wav", 0.2 * sweep + 0.02 * rng.standard_normal(len(time)), 24_000)
        phones = [int(p) for p in rng.integers(1, 300, 20)]
        lines.append(json.dumps({"id": f"k{index}", "language": "en", "speaker": "a", "text": "x", "phones": phones}))
    (folder / "manifest.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def run(corpus: Path, out: Path, *options: str) -> None:
    common = ["--corpus", str(corpus), "--manifest", str(corpus / "manifest.jsonl"), "--out", str(out)]
    small = ["--pack-config", str(NANO / "pack.toml"), "--batch", "2", "--crop-s", "0.64", "--device", "cpu"]
    assert pretrain.main([*common, *small, "--threads", "1", *options]) == 0


@pytest.fixture(scope="module")
def prepared(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("prepared")
    run(corpus, out, "--phase", "prepare")
    run(corpus, out, "--phase", "align")
    run(corpus, out, "--phase", "codebook")
    return out


def test_interrupted_preparation_goes_on(corpus: Path, prepared: Path, tmp_path: Path) -> None:
    run(corpus, tmp_path, "--phase", "prepare", "--limit", "2")
    # A crash in the middle of the third clip.
    with open(tmp_path / "cache" / "audio.i16", "ab") as audio, open(tmp_path / "cache" / "clips.jsonl", "a") as index:
        audio.write(b"\1\2\3\4\5")
        index.write('{"id": "k2", "spea')
    run(corpus, tmp_path, "--phase", "prepare")
    for name in ("clips.jsonl", "audio.i16", "features.f16", "pitch.f32"):
        assert (tmp_path / "cache" / name).read_bytes() == (prepared / "cache" / name).read_bytes()


def test_cache_of_another_encoder_is_refused(prepared: Path) -> None:
    with pytest.raises(CorpusError, match="other settings"):
        CorpusCache(prepared / "cache", CacheKey(24_000, "hubert-last", 768))


def test_tokens_are_what_the_model_extracts(corpus: Path, prepared: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    shutil.copytree(prepared, out)
    run(corpus, out, "--phase", "sovits", "--steps", "1")
    run(corpus, out, "--phase", "gpt", "--steps", "1")
    run(corpus, out, "--phase", "export", "--pack", str(tmp_path / "pack"))
    pack = load_pack(tmp_path / "pack")
    cache = open_cache(out, {"content": pack.content, "sample_rate_hz": 24_000, "sovits": pack.sovits})
    tokens = np.load(out / "tokens.npy")
    item = cache.item(1, tokens)
    features = torch.from_numpy(item.features.astype(np.float32)).T[None]
    extracted = build_sovits(pack).extract_tokens(features)[0].numpy()
    # The pack keeps half precision, so a pair of frames between two codes may change sides.
    assert (extracted == item.tokens).mean() > 0.95
    assert build_gpt(pack).config.codebook_size == 64


@pytest.mark.parametrize("phase", ["sovits", "gpt"])
def test_resumed_training_equals_the_uninterrupted_one(
    corpus: Path, prepared: Path, tmp_path: Path, phase: str
) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    shutil.copytree(prepared, whole)
    shutil.copytree(prepared, parts)
    options = ["--phase", phase, "--steps", "6", "--adversarial-from", "2"]
    run(corpus, whole, *options)
    run(corpus, parts, *options, "--stop-at", "3")
    run(corpus, parts, *options, "--resume")
    assert (parts / phase / "curve.jsonl").read_text() == (whole / phase / "curve.jsonl").read_text()
    states = [torch.load(out / phase / "state.pt", weights_only=True)["models"] for out in (whole, parts)]
    for name, model in states[0].items():
        for key, tensor in model.items():
            assert torch.equal(tensor, states[1][name][key]), (name, key)


def test_clips_of_a_rare_language_come_as_often_as_its_share_asks() -> None:
    assert pretrain.balanced(["en", "zh", "en", "en", "en", "en"]) == [0, 1, 1, 1, 1, 1, 2, 3, 4, 5]
    assert pretrain.balanced(["zh", "zh"]) == [0, 1]


def test_a_run_can_go_on_from_a_pack(corpus: Path, prepared: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    shutil.copytree(prepared, first)
    for phase in ("sovits", "gpt"):
        run(corpus, first, "--phase", phase, "--steps", "1")
    run(corpus, first, "--phase", "export", "--pack", str(tmp_path / "pack"))
    shutil.copytree(prepared, second)
    (second / "codebook.safetensors").unlink()
    init = ["--init", str(tmp_path / "pack"), "--sovits-lr", "0", "--gpt-lr", "0", "--steps", "1"]
    for phase in ("codebook", "sovits", "gpt"):
        run(corpus, second, "--phase", phase, *init)
    run(corpus, second, "--phase", "export", "--pack", str(tmp_path / "again"))
    for name in ("sovits.safetensors", "gpt.safetensors"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "pack" / name).read_bytes()
    # The codes went through half precision, so a pair of frames between two of them may change sides.
    assert (np.load(second / "tokens.npy") == np.load(first / "tokens.npy")).mean() > 0.95


def test_second_run_needs_to_be_told_to_resume(corpus: Path, prepared: Path, tmp_path: Path) -> None:
    shutil.copytree(prepared, tmp_path / "run")
    run(corpus, tmp_path / "run", "--phase", "gpt", "--steps", "1")
    with pytest.raises(SystemExit, match="--resume"):
        run(corpus, tmp_path / "run", "--phase", "gpt", "--steps", "2")


def test_manifest_errors_name_the_line(tmp_path: Path) -> None:
    path = tmp_path / "manifest.jsonl"
    path.write_text('{"id": "a", "language": "en", "text": "x"}\n{"id": "b"}\n')
    with pytest.raises(CorpusError, match="line 2"):
        read_manifest(path)
    path.write_text('{"id": "a", "language": "en", "text": "x"}\n')
    with pytest.raises(CorpusError, match="no utterance in zh"):
        read_manifest(path, ["zh"])


def test_missing_audio_is_named(tmp_path: Path) -> None:
    path = tmp_path / "manifest.jsonl"
    path.write_text('{"id": "a", "language": "en", "text": "x"}\n')
    with pytest.raises(CorpusError, match="utterance a"):
        AudioFolder(tmp_path).read(read_manifest(path)[0])


def test_pretraining_needs_none_of_the_services() -> None:
    """It must run on a machine that has torch and a few wheels, and nothing else of ours."""
    source = "import sys, services.training.pretrain; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    names = set(
        subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not names & {
        "grpc",
        "google",
        "pydantic",
        "structlog",
        "nats",
        "obstore",
        "voiceloom",
        "av",
        "g2p_en",
        "transformers",
    }


def test_service_process_loads_no_torch() -> None:
    """Only the training child does; the service itself stays small."""
    source = "import sys, services.training.__main__; print('torch' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True).stdout
    assert answer == "False\n"


@pytest.mark.parametrize(
    ("has", "warned"), [((), True), (("avx512_bf16",), False), (("amx_bf16",), False), (("avx512_f",), True)]
)
def test_amp_without_instructions_for_it_is_warned_of(
    prepared: Path,
    corpus: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    has: tuple[str, ...],
    warned: bool,
) -> None:
    names = ("avx512_bf16", "amx_bf16", "avx512_f")
    processor = {"architecture": "x86_64"} | {name: name in has for name in names}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: processor)
    shutil.copytree(prepared, tmp_path / "run")
    run(corpus, tmp_path / "run", "--phase", "gpt", "--steps", "1", "--amp")
    assert ("no bfloat16 instructions" in capsys.readouterr().out) is warned
