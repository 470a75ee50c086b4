"""Drawing the next token: repetition penalty, then top-p, temperature and top-k, in GPT-SoVITS's order."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Sampling:
    """How to draw. top_k None or top_p 1.0 switch those cuts off; a repetition_penalty of 1.0 punishes nothing."""

    top_k: int | None = 15
    top_p: float = 1.0
    temperature: float = 1.0
    repetition_penalty: float = 1.35


def penalised(logits: Tensor, previous: Tensor, penalty: float) -> Tensor:
    """Makes the tokens in `previous` (B, P) less likely, by the rule of CTRL (arXiv 1909.05858)."""
    if penalty == 1.0 or not previous.shape[1]:
        return logits
    scores = logits.gather(1, previous)
    return logits.scatter(1, previous, torch.where(scores < 0, scores * penalty, scores / penalty))


def probabilities(logits: Tensor, previous: Tensor, sampling: Sampling) -> Tensor:
    """Probabilities (B, V) of the next token given its logits (B, V) and the tokens so far (B, P), prompt included."""
    return _cut(penalised(logits, previous, sampling.repetition_penalty), sampling)


def _cut(logits: Tensor, sampling: Sampling) -> Tensor:
    if sampling.top_p < 1.0:
        ordered, order = logits.sort(descending=True)
        beyond = ordered.softmax(-1).cumsum(-1) > sampling.top_p
        beyond[:, 0] = False
        logits = logits.masked_fill(torch.zeros_like(beyond).scatter(1, order, beyond), -torch.inf)
    logits = logits / max(sampling.temperature, 1e-5)
    if sampling.top_k is not None:
        lowest = logits.topk(min(sampling.top_k, logits.shape[1])).values[:, -1:]
        logits = logits.masked_fill(logits < lowest, -torch.inf)
    return logits.softmax(-1)


def sample(logits: Tensor, previous: Tensor, sampling: Sampling, generator: torch.Generator | None) -> tuple[int, int]:
    """Draws from logits (1, V): the drawn token and the likeliest one after the repetition penalty."""
    logits = penalised(logits, previous, sampling.repetition_penalty)
    likeliest = int(logits.argmax())
    if sampling.top_k == 1:
        return likeliest, likeliest
    weights = _cut(logits, sampling)
    # argmax(p / exponential noise) is a multinomial draw without a search on the device.
    device = logits.device if generator is None else generator.device
    noise = torch.empty(weights.shape, device=device).exponential_(generator=generator).to(weights.device)
    return int((weights / noise).argmax()), likeliest
