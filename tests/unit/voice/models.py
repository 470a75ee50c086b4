"""Models small enough for tests, with weights that a seed fixes."""

import dataclasses

import torch
from torch import Tensor

from services.voice.gpt import Gpt, GptConfig
from services.voice.sovits import Sovits, SovitsConfig

HOP = 480
SOVITS = SovitsConfig(
    sample_rate_hz=24000,
    hop=HOP,
    n_fft=1024,
    ssl_channels=16,
    code_channels=8,
    codebook_size=32,
    inter_channels=8,
    hidden_channels=16,
    filter_channels=32,
    n_layers=2,
    gin_channels=16,
    mrte_channels=16,
    ref_bins=200,
    ref_hidden=8,
    posterior_layers=2,
    flow_steps=2,
    flow_layers=2,
    segment_frames=8,
    decoder="istft",
    istft_channels=16,
    istft_blocks=2,
    istft_expansion=2,
)
# As packs/mini has it: told what each token speaks, given the pitch, and without a posterior.
LED = dataclasses.replace(SOVITS, aligned=True, posterior=False, decoder="source_filter")
GPT = GptConfig(codebook_size=40, dim=32, n_heads=4, n_layers=2, bert_dim=6)


def sovits(config: SovitsConfig = SOVITS, seed: int = 1) -> Sovits:
    torch.manual_seed(seed)
    model = Sovits(config).eval()
    with torch.no_grad():  # a fresh flow is the identity and would hide mistakes
        for parameter in model.flow.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
        if config.aligned:  # and so does a fresh alignment
            for parameter in model.enc_p.spoken_proj.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def gpt(config: GptConfig = GPT, seed: int = 1) -> Gpt:
    torch.manual_seed(seed)
    return Gpt(config).eval()


def sovits_batch(lengths: list[int], phone_lengths: list[int], seed: int = 2) -> dict[str, Tensor]:
    """Right-padded inputs of `Sovits.forward`; each row depends on its own number alone."""
    frames, phones = max(lengths), max(phone_lengths)
    batch = {
        "features": torch.zeros(len(lengths), SOVITS.ssl_channels, frames),
        "spec": torch.zeros(len(lengths), SOVITS.spec_channels, frames),
        "spec_lengths": torch.tensor(lengths),
        "phones": torch.zeros(len(lengths), phones, dtype=torch.int64),
        "phone_lengths": torch.tensor(phone_lengths),
    }
    for row, (length, n_phones) in enumerate(zip(lengths, phone_lengths, strict=True)):
        random = torch.Generator().manual_seed(seed + row)
        batch["features"][row, :, :length] = torch.randn(SOVITS.ssl_channels, length, generator=random)
        batch["spec"][row, :, :length] = torch.rand(SOVITS.spec_channels, length, generator=random)
        batch["phones"][row, :n_phones] = torch.randint(1, 700, (n_phones,), generator=random)
    return batch
