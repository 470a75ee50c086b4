"""Vectors of kind `s2`: tokens, decoding, a training pass with recorded draws, losses and gradient norms of SoVITS."""

import re
from functools import lru_cache

import torch
from torch import Tensor

from services.voice.audio import mel_spectrogram, spec_to_mel, spectrogram
from services.voice.discriminator import Discriminator, DiscriminatorConfig
from services.voice.losses import (
    MEL_WEIGHT,
    discriminator_loss,
    discriminator_parts,
    feature_loss,
    generator_loss,
    mel_loss,
)
from services.voice.official import sovits_from_model
from services.voice.parity.report import NotImplementedVectorError, Report, Vector
from services.voice.parity.weights import draw_input, draw_state
from services.voice.sovits import Draws, Sovits, SovitsOutput, slice_segments

_FAMILIES = ("gpt-sovits-v1", "gpt-sovits-v2")
_N_MELS = 128


def check(vector: Vector, report: Report) -> None:
    """Runs one vector."""
    if vector.json["family"] not in _FAMILIES:
        raise NotImplementedVectorError(f"SoVITS of family {vector.json['family']}")
    model = _build(vector)
    report.state_keys(vector, model)
    model.load_state_dict(draw_state(vector.shapes, vector.salt), assign=True)
    features, spec = _features(vector), _spectrograms(vector, model)
    _check_tokens(vector, report, model, features)
    _check_decode(vector, report, model, _references(vector, spec))
    _check_training(vector, report, model, features, spec)


def _build(vector: Vector) -> Sovits:
    constructor = vector.json["constructor"]
    rates = vector.json["config"]["upsample_rates"]
    hop = int(torch.tensor(rates).prod())
    config = sovits_from_model(
        vector.json["config"],
        n_symbols=vector.json["n_symbols"],
        hop=hop,
        sample_rate_hz=50 * hop,
        n_fft=2 * (_number(constructor, "spec_channels") - 1),
        n_mels=_N_MELS,
        segment_frames=_number(constructor, "segment_size"),
        # The recorded batch has a padded row, and was made by code that lets its style encoder see padding.
        leaky_padding=True,
    )
    with torch.device("meta"):
        return Sovits(config).eval()


def _number(text: str, name: str) -> int:
    return int(_parse(rf"\b{name}=(\d+)", text)[0])


def _parse(pattern: str, text: str) -> tuple[str, ...]:
    match = re.search(pattern, text)
    if match is None:
        raise NotImplementedVectorError(f"inputs described as {text!r}")
    return match.groups()


def _features(vector: Vector) -> Tensor:
    """Content features (B, C, T), drawn as `inputs_not_stored.ssl` says."""
    pattern = r"rnd\('([^']+)'\s*%\s*i,\s*\((\d+),\s*spec_lengths\[i\]\)"
    name, channels = _parse(pattern, vector.json["inputs_not_stored"]["ssl"])
    lengths = vector.input("spec_lengths").tolist()
    features = torch.zeros(len(lengths), int(channels), max(lengths))
    for row, length in enumerate(lengths):
        features[row, :, :length] = draw_input(name % row, (int(channels), length), vector.salt)
    return features


def _spectrograms(vector: Vector, model: Sovits) -> Tensor:
    """Magnitudes (B, F, T) of the stored waveforms, each row up to its own length."""
    config, lengths = model.config, vector.input("spec_lengths").tolist()
    spec = torch.zeros(len(lengths), config.spec_channels, max(lengths))
    for row, length in enumerate(lengths):
        wav = vector.input("wav")[row, :, : length * config.hop]
        spec[row, :, :length] = spectrogram(wav, config.n_fft, config.hop)[0]
    return spec


def _references(vector: Vector, spec: Tensor) -> list[Tensor]:
    text = vector.json["inputs_not_stored"]["refer"]
    slices = re.findall(r"spec\[(\d*):(\d+),\s*:,\s*:(\d+)\]", text)
    if not slices:
        raise NotImplementedVectorError(f"references described as {text!r}")
    return [spec[int(first or 0) : int(last), :, : int(frames)] for first, last, frames in slices]


def _check_tokens(vector: Vector, report: Report, model: Sovits, features: Tensor) -> None:
    for row, length in enumerate(vector.input("spec_lengths").tolist()):
        if vector.has(f"extract_latent.codes{row}"):
            tokens = model.extract_tokens(features[row : row + 1, :, :length])
            report.tensor(vector, f"extract_latent.codes{row}", tokens.unsqueeze(1))
    if vector.has("quantized_summary"):
        quantized = model.quantizer.lookup(model.extract_tokens(features)).repeat_interleave(2, dim=2)
        recorded = vector.record("quantized_summary")
        assert isinstance(recorded, dict)
        report.summary(vector, "quantized_summary", quantized, recorded)


def _check_decode(vector: Vector, report: Report, model: Sovits, references: list[Tensor]) -> None:
    for group in vector.groups("decode."):
        case = group.removeprefix("decode.")
        used, speed, noise_scale = references[:1], 1.0, 0.0
        if match := re.fullmatch(r"list(\d+)", case):
            used = references[: int(match[1])]
        elif match := re.fullmatch(r"speed([\d.]+)", case):
            speed = float(match[1])
        elif match := re.fullmatch(r"noise([\d.]+)", case):
            noise_scale = float(match[1])
        elif case != "one":
            continue  # stays unused, and is reported as not implemented
        for name, value in _decode(vector, model, used, speed, noise_scale).items():
            if vector.has(f"{group}.{name}"):
                report.tensor(vector, f"{group}.{name}", value)


def _decode(
    vector: Vector, model: Sovits, references: list[Tensor], speed: float, noise_scale: float
) -> dict[str, Tensor]:
    """Everything that `decode` computes on its way, by the names in the vectors."""
    seen: dict[str, Tensor] = {}
    encoder = model.enc_p

    def catch(name: str) -> torch.utils.hooks.RemovableHandle:
        modules = {"enc_ssl": encoder.encoder_ssl, "enc_text": encoder.encoder_text, "mrte": encoder.mrte}
        return modules[name].register_forward_hook(lambda _module, _inputs, output: seen.update({name: output}))

    hooks = [catch(name) for name in ("enc_ssl", "enc_text", "mrte")]
    with torch.inference_mode():
        noise = vector.input("decode_eps") if noise_scale else None
        tokens, phones = vector.input("decode_codes")[0], vector.input("decode_text")
        z, prior, style = model.latents(tokens, phones, references, noise_scale=noise_scale, speed=speed, noise=noise)
        wav = model.dec(z * prior.mask, style)
    for hook in hooks:
        hook.remove()
    return seen | {"m_p": prior.mean, "logs_p": prior.log_deviation, "flow": z, "ge": style, "wav": wav}


def _check_training(vector: Vector, report: Report, model: Sovits, features: Tensor, spec: Tensor) -> None:
    if not vector.has("train.o"):
        return
    lengths = vector.input("spec_lengths")
    draws = Draws(vector.input("train_eps"), vector.input("train_u"))
    out = model(features, spec, lengths, vector.input("text"), vector.input("text_lengths"), draws=draws)
    report.tensor(vector, "train.o", out.wav)
    report.tensor(vector, "train.z_mask", out.mask)
    report.tensor(vector, "train.commit_loss", out.commit_loss.reshape(1))
    report.tensor(vector, "train.ids_slice", out.ids_slice)
    assert out.latents is not None
    for name in ("z", "z_p", "m_p", "logs_p", "m_q", "logs_q"):
        report.tensor(vector, f"train.{name}", getattr(out.latents, name))
    if vector.has("losses"):
        _check_losses(vector, report, model, spec, out)


def _check_losses(vector: Vector, report: Report, model: Sovits, spec: Tensor, out: SovitsOutput) -> None:
    assert out.latents is not None
    config = model.config
    discriminator = recorded_discriminator(vector.salt).requires_grad_(True)
    discriminator.zero_grad()
    segment = config.segment_frames * config.hop
    real = slice_segments(vector.input("wav"), out.ids_slice * config.hop, segment)
    # The real mel is cut out of the whole clip's; the decoded one is taken from the segment alone.
    mel = spec_to_mel(spec, config.sample_rate_hz, config.n_fft, config.n_mels)
    mel = slice_segments(mel, out.ids_slice, config.segment_frames)
    fake_mel = mel_spectrogram(out.wav[:, 0], config.sample_rate_hz, config.n_fft, config.hop, config.n_mels)

    real_scores, _ = discriminator(real)
    fake_scores, _ = discriminator(out.wav.detach())
    parts_real, parts_fake = discriminator_parts(real_scores, fake_scores)
    loss_d = discriminator_loss(real_scores, fake_scores)
    loss_d.backward()
    report.gradients(vector, "grad_norms_d", discriminator)

    discriminator.requires_grad_(False)  # its gradients in the generator's pass are thrown away
    _, real_maps = discriminator(real)
    fake_scores, fake_maps = discriminator(out.wav)
    losses = {
        "loss_mel_x45": MEL_WEIGHT * mel_loss(mel, fake_mel),
        "loss_kl": out.latents.divergence(out.mask),
        "kl_ssl_commit": out.commit_loss,
        "loss_fm": feature_loss(real_maps, fake_maps),
        "loss_gen": generator_loss(fake_scores),
    }
    total = torch.stack([loss.reshape(()) for loss in losses.values()]).sum()
    total.backward()
    report.gradients(vector, "grad_norms_g", model)
    lists = {"loss_disc_r": parts_real, "loss_disc_g": parts_fake}
    losses |= {"loss_disc": loss_d, "loss_gen_all": total}
    recorded = vector.record("losses")
    assert isinstance(recorded, dict)
    for name, value in recorded.items():
        if name in losses:
            report.number(vector, f"losses.{name}", losses[name].item(), value)
        elif name in lists:
            report.against(vector, f"losses.{name}", torch.stack(lists[name]), torch.tensor(value))
        else:
            report.skip(vector.name, f"losses.{name}")


@lru_cache(maxsize=2)
def recorded_discriminator(salt: int) -> Discriminator:
    """The full-size discriminator that the s2 and mpd vectors were made with."""
    with torch.device("meta"):  # 47 million weights need not be initialised to be replaced
        model = Discriminator(DiscriminatorConfig()).eval()
    shapes = {key: tuple(tensor.shape) for key, tensor in model.state_dict().items()}
    model.load_state_dict(draw_state(shapes, salt), assign=True)
    return model
