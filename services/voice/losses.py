"""Losses of both models, each a function of tensors that returns a scalar.

SoVITS (VITS, arXiv 2106.06103): `45 * mel_loss + kl_loss + feature_loss + generator_loss + commit_loss`, against
`discriminator_loss`.
GPT: `gpt_loss`, cross-entropy over the real positions alone.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

MEL_WEIGHT = 45.0


def kl_loss(z_p: Tensor, logs_q: Tensor, m_p: Tensor, logs_p: Tensor, mask: Tensor) -> Tensor:
    """Divergence of the posterior from the prior (B, C, T), summed over channels, averaged over valid frames."""
    z_p, logs_q, m_p, logs_p = z_p.float(), logs_q.float(), m_p.float(), logs_p.float()
    divergence = logs_p - logs_q - 0.5 + 0.5 * (z_p - m_p).square() * (-2.0 * logs_p).exp()
    return (divergence * mask).sum() / mask.sum()


def feature_loss(real: Sequence[Sequence[Tensor]], fake: Sequence[Sequence[Tensor]]) -> Tensor:
    """Twice the mean distance between feature maps, summed over maps; the real ones get no gradient."""
    distances = [
        (r.detach().float() - f.float()).abs().mean()
        for maps_r, maps_f in zip(real, fake, strict=True)
        for r, f in zip(maps_r, maps_f, strict=True)
    ]
    return 2.0 * torch.stack(distances).sum()


def discriminator_parts(real: Sequence[Tensor], fake: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
    """Least-squares losses (arXiv 1611.04076) of each discriminator on real and on fake scores."""
    return [(1.0 - r.float()).square().mean() for r in real], [f.float().square().mean() for f in fake]


def discriminator_loss(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """What the discriminators minimise: real scores towards 1, fake ones towards 0."""
    on_real, on_fake = discriminator_parts(real, fake)
    return torch.stack(on_real + on_fake).sum()


def generator_parts(fake: Sequence[Tensor]) -> list[Tensor]:
    """The adversarial loss that each discriminator gives the generator."""
    return [(1.0 - f.float()).square().mean() for f in fake]


def generator_loss(fake: Sequence[Tensor]) -> Tensor:
    """What the generator minimises against the discriminators: fake scores towards 1."""
    return torch.stack(generator_parts(fake)).sum()


def mel_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Mean distance of log mels (B, M, T), without its weight MEL_WEIGHT."""
    return F.l1_loss(fake.float(), real.float())


def gpt_loss(logits: Tensor, targets: Tensor, mask: Tensor) -> Tensor:
    """Cross-entropy (nats) summed over the positions where mask (B, T) is true. logits (B, T, V), targets (B, T)."""
    losses = F.cross_entropy(logits.float().transpose(1, 2), targets, reduction="none")
    return (losses * mask).sum()


def top_k_accuracy(logits: Tensor, targets: Tensor, mask: Tensor, k: int = 3) -> Tensor:
    """Share of the positions where mask is true whose target is among the k likeliest."""
    hits = (logits.topk(k, dim=-1).indices == targets.unsqueeze(-1)).any(-1)
    return (hits & mask).sum() / mask.sum()


def preference_loss(
    chosen_logits: Tensor,
    chosen: Tensor,
    chosen_mask: Tensor,
    rejected_logits: Tensor,
    rejected: Tensor,
    rejected_mask: Tensor,
    beta: float = 0.2,
) -> Tensor:
    """Direct preference optimisation without a reference model (arXiv 2305.18290): chosen tokens over rejected ones.

    Logits (B, T, V), tokens (B, T) and masks (B, T); the two sides may differ in T.
    """
    margins = [
        -(F.cross_entropy(logits.float().transpose(1, 2), tokens, reduction="none") * mask).sum(1)
        for logits, tokens, mask in ((chosen_logits, chosen, chosen_mask), (rejected_logits, rejected, rejected_mask))
    ]
    return -F.logsigmoid(beta * (margins[0] - margins[1])).mean()
