"""SoVITS: padding changes nothing, waveforms have exactly the promised length, the codebook moves only when told to."""

import dataclasses

import pytest
import torch

from services.voice.decoders import IstftDecoder
from services.voice.losses import kl_loss
from services.voice.sovits import Draws, SovitsConfig, slice_segments
from tests.unit.voice.models import HOP, LED, SOVITS, sovits, sovits_batch


def test_a_padded_row_equals_the_same_row_alone() -> None:
    model = sovits()
    lengths, phone_lengths = [20, 12], [5, 9]
    noise, position = torch.randn(2, SOVITS.inter_channels, 20), torch.tensor([0.3, 0.7])
    batch = sovits_batch(lengths, phone_lengths)
    together = model(**batch, draws=Draws(noise, position))
    for row, length in enumerate(lengths):
        one = slice(row, row + 1)
        alone = model(
            batch["features"][one, :, :length],
            batch["spec"][one, :, :length],
            batch["spec_lengths"][one],
            batch["phones"][one, : phone_lengths[row]],
            batch["phone_lengths"][one],
            draws=Draws(noise[one, :, :length], position[one]),
        )
        for name in ("z", "z_p", "m_p", "logs_p", "m_q", "logs_q"):
            torch.testing.assert_close(getattr(together.latents, name)[one, :, :length], getattr(alone.latents, name))
            assert getattr(together.latents, name)[one, :, length:].abs().sum() == 0
        torch.testing.assert_close(together.wav[one], alone.wav)
        assert together.ids_slice[row] == alone.ids_slice[0]


def test_kl_is_the_mean_over_valid_frames() -> None:
    tensors = [torch.randn(2, 4, 10) for _ in range(4)]
    mask = torch.ones(2, 1, 10)
    mask[1, :, 6:] = 0
    rows = [kl_loss(*(t[i : i + 1, :, :n] for t in tensors), torch.ones(1, 1, n)) * n for i, n in ((0, 10), (1, 6))]
    torch.testing.assert_close(kl_loss(*tensors, mask), (rows[0] + rows[1]) / 16)


@pytest.mark.parametrize("upsample", [1, 2, 4])
@pytest.mark.parametrize("n_fft", [960, 1024])
@pytest.mark.parametrize("frames", [1, 2, 33])
def test_istft_decoder_gives_exactly_hop_samples_per_frame(frames: int, n_fft: int, upsample: int) -> None:
    decoder = IstftDecoder(8, 16, 12, 2, 2, n_fft, HOP, upsample)
    wav = decoder(torch.randn(2, 8, frames), torch.randn(2, 16, 1))
    assert wav.shape == (2, 1, frames * HOP)
    assert torch.isfinite(wav).all()


def test_overlap_add_inverts_the_short_time_fourier_transform() -> None:
    decoder = IstftDecoder(8, 16, 12, 2, 2, 960, HOP, 2)
    wav = torch.randn(1, 40 * decoder.hop)
    edge = (decoder.n_fft - decoder.hop) // 2
    frames = torch.nn.functional.pad(wav, (edge, edge)).unfold(1, decoder.n_fft, decoder.hop) * decoder.window
    torch.testing.assert_close(decoder._overlap_add(frames), wav)


@pytest.mark.parametrize(("speed", "frames"), [(1.0, 14), (1.3, 11), (0.8, 18)])
def test_decode_length_follows_the_speed(speed: float, frames: int) -> None:
    references = [torch.rand(1, SOVITS.spec_channels, 20), torch.rand(1, SOVITS.spec_channels, 9)]
    wav = sovits().decode(torch.randint(0, 32, (1, 7)), torch.tensor([[1, 2, 3]]), references, speed=speed)
    assert wav.shape == (1, 1, frames * HOP)
    assert wav.abs().max() <= 1.0


def test_decode_is_fixed_by_its_generator() -> None:
    model, reference = sovits(), [torch.rand(1, SOVITS.spec_channels, 20)]
    tokens, phones = torch.randint(0, 32, (1, 7)), torch.tensor([[1, 2, 3]])
    first, second, third = (
        model.decode(tokens, phones, reference, generator=torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(first, second)
    assert not torch.equal(first, third)


def test_tokens_come_at_half_the_frame_rate() -> None:
    assert sovits().extract_tokens(torch.randn(2, SOVITS.ssl_channels, 11)).shape == (2, 5)


def test_a_frozen_codebook_neither_moves_nor_costs() -> None:
    model = sovits().train()
    before = {key: value.clone() for key, value in model.quantizer.state_dict().items()}
    out = model(**sovits_batch([20, 12], [5, 9]))
    (out.wav.square().mean() + out.latents.m_p.square().mean()).backward()
    assert float(out.commit_loss) == 0.0
    assert model.ssl_proj.weight.grad is None
    assert all(torch.equal(before[key], value) for key, value in model.quantizer.state_dict().items())


def test_a_learning_codebook_follows_its_tokens_and_ignores_padding() -> None:
    config = dataclasses.replace(SOVITS, learn_codebook=True)
    batch = sovits_batch([20, 12], [5, 9])
    moved = []
    for filling in (0.0, 50.0):
        model = sovits(config).train()
        batch["features"][1, :, 12:] = filling
        torch.manual_seed(0)
        out = model(**batch)
        (out.commit_loss + out.latents.m_p.square().mean()).backward()
        assert out.commit_loss.item() > 0.0
        assert model.ssl_proj.weight.grad.abs().sum() > 0
        moved.append(model.quantizer.codebook.embed.clone())
    assert not torch.equal(moved[0], sovits(config).quantizer.codebook.embed)
    torch.testing.assert_close(moved[0], moved[1])


def test_set_codebook_decides_the_tokens() -> None:
    model = sovits()
    weight, codes = torch.zeros(8, 16, 2), torch.zeros(32, 8)
    weight[0, 0, 0] = 1.0
    codes[:, 0] = torch.arange(32)
    model.set_codebook(weight, torch.zeros(8), codes, torch.ones(32))
    features = torch.zeros(1, 16, 6)
    features[0, 0] = torch.tensor([3.1, 0, 30.8, 0, 7.0, 0])
    assert model.extract_tokens(features).tolist() == [[3, 31, 7]]
    with pytest.raises(ValueError, match="weight is"):
        model.set_codebook(weight[:4], torch.zeros(4), codes)


def test_segments_stay_inside_their_row_and_short_rows_are_padded() -> None:
    model = sovits()
    for seed in range(5):
        out = model(**sovits_batch([20, 4], [5, 9]), generator=torch.Generator().manual_seed(seed))
        assert 0 <= int(out.ids_slice[0]) <= 20 - SOVITS.segment_frames
        assert int(out.ids_slice[1]) == 0
    short = slice_segments(torch.ones(1, 1, 3), torch.tensor([0]), 5)
    assert short.tolist() == [[[1, 1, 1, 0, 0]]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"decoder": "griffin"}, "decoder is 'griffin'"),
        ({"hop": 500}, "upsample_rates"),
        ({"sample_rate_hz": 24000}, "50 frames a second"),
        ({"gin_channels": 256}, "must be equal"),
        ({"ref_bins": 2000}, "ref_bins"),
        ({"colour": 3}, "no setting called colour"),
    ],
)
def test_impossible_sizes_are_refused(changes: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SovitsConfig.from_dict(changes)


def test_the_flow_is_undone_by_its_inverse() -> None:
    flow = sovits().flow
    z, style, mask = (
        torch.randn(2, SOVITS.inter_channels, 9),
        torch.randn(2, SOVITS.gin_channels, 1),
        torch.ones(2, 1, 9),
    )
    there = flow(z, mask, style)
    assert not torch.allclose(there.flip(1), z)
    torch.testing.assert_close(flow.inverse(there, mask, style), z)


def led_batch() -> dict[str, torch.Tensor]:
    """Two rows of 20 and 12 frames with what a led model reads besides."""
    batch = sovits_batch([20, 12], [5, 9])
    spoken = torch.tensor([[0, 0, 1, 1, 2, 3, 3, 3, 4, 4], [0, 1, 2, 4, 6, 8, -1, -1, -1, -1]])
    pitch = torch.full((2, 20), 150.0)
    pitch[:, 7:9] = 0.0
    return batch | {"spoken": spoken, "pitch": pitch}


def test_a_led_model_learns_from_what_it_speaks_with() -> None:
    model = sovits(LED).train()
    out = model(**led_batch(), generator=torch.Generator().manual_seed(1))
    assert out.latents is None
    assert out.wav.shape == (2, 1, LED.segment_frames * HOP)
    assert not any(name.startswith("enc_q") for name in model.state_dict())
    (out.wav.square().mean() + out.octaves.mean()).backward()
    for part in ("enc_p.spoken_proj", "enc_p.proj", "dec.head", "pitch.proj", "flow.flows.0.post", "ref_enc"):
        gradients = [p.grad for name, p in model.named_parameters() if name.startswith(part)]
        assert any(g is not None and g.abs().sum() > 0 for g in gradients), part


def test_a_padded_row_of_a_led_model_equals_the_same_row_alone() -> None:
    model, batch = sovits(LED), led_batch()
    position = torch.tensor([0.3, 0.7])
    together = model(**batch, draws=Draws(torch.empty(0), position))
    for row, (length, phones) in enumerate(((20, 5), (12, 9))):
        one = slice(row, row + 1)
        alone = model(
            batch["features"][one, :, :length],
            batch["spec"][one, :, :length],
            batch["spec_lengths"][one],
            batch["phones"][one, :phones],
            batch["phone_lengths"][one],
            spoken=batch["spoken"][one, : length // 2],
            pitch=batch["pitch"][one, :length],
            draws=Draws(torch.empty(0), position[one]),
        )
        torch.testing.assert_close(together.octaves[one, :length], alone.octaves)


def test_what_is_spoken_changes_the_sound_and_the_pitch() -> None:
    model, references = sovits(LED), [torch.rand(1, SOVITS.spec_channels, 20)]
    tokens, phones = torch.randint(0, 32, (1, 6)), torch.tensor([[11, 12, 13]])

    def wav(*spoken: int) -> torch.Tensor:
        generator = torch.Generator().manual_seed(1)
        return model.decode(tokens, phones, references, spoken=torch.tensor([spoken]), generator=generator)

    assert wav(0, 0, 1, 1, 2, 2).shape == (1, 1, 12 * HOP)
    assert torch.equal(wav(0, 0, 1, 1, 2, 2), wav(0, 0, 1, 1, 2, 2))
    assert not torch.allclose(wav(0, 0, 1, 1, 2, 2), wav(0, 1, 1, 1, 2, 2))
    assert not torch.allclose(wav(0, 0, 1, 1, 2, 2), wav(-1, -1, -1, -1, -1, -1))


@pytest.mark.parametrize("missing", ["spoken", "pitch"])
def test_a_led_model_says_what_it_lacks(missing: str) -> None:
    batch = led_batch()
    del batch[missing]
    with pytest.raises(ValueError, match="needs"):
        sovits(LED)(**batch)
