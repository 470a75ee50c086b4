"""Vectors of kind `ar` (logits, losses, tokens and gradients of the GPT) and `optimizer` (ScaledAdam)."""

import re
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from services.voice.gpt import Gpt, GptConfig
from services.voice.losses import gpt_loss, preference_loss, top_k_accuracy
from services.voice.official import gpt_from_official
from services.voice.optim import ScaledAdam
from services.voice.parity.report import NotImplementedVectorError, Report, Vector
from services.voice.parity.weights import draw_state
from services.voice.sampler import Sampling, probabilities

_FAMILIES = ("gpt-sovits-v1", "gpt-sovits-v2")
_PREFIX = "sd.model."

# The vectors name their sampler cases without saying the settings.
_SAMPLER = {
    "a": Sampling(top_k=15, top_p=1.0, temperature=1.0, repetition_penalty=1.35),
    "b": Sampling(top_k=5, top_p=1.0, temperature=0.7, repetition_penalty=1.2),
    "c": Sampling(top_k=None, top_p=0.5, temperature=1.3, repetition_penalty=1.0),
}


def check(vector: Vector, report: Report) -> None:
    """Runs one vector of kind `ar`."""
    model = _build(vector)
    if "manifest" in vector.json:
        report.state_keys(vector, model)
    stored = {key.removeprefix(_PREFIX): tensor for key, tensor in vector.tensors.items() if key.startswith(_PREFIX)}
    model.load_state_dict(stored or _drawn(model, vector.salt))
    _check_batch(vector, report, model)
    _check_rows(vector, report, model)
    _check_preference(vector, report, model)
    _check_generation(vector, report, model)
    for group in vector.groups("sampler."):
        if (case := group.removeprefix("sampler.")) in _SAMPLER:
            weights = probabilities(vector.tensors["sampler.logits"], vector.tensors["sampler.prev"], _SAMPLER[case])
            report.tensor(vector, f"{group}.probs", weights)
    if vector.has("sampler.logits"):
        vector.output("sampler.logits")  # these two are inputs
        vector.output("sampler.prev")


def _build(vector: Vector) -> Gpt:
    if vector.json["family"] not in _FAMILIES:
        raise NotImplementedVectorError(f"GPT of family {vector.json['family']}")
    config = gpt_from_official(vector.json["config"])
    if bert := vector.json.get("manifest", {}).get("bert_proj.weight"):
        config = GptConfig(**{**vars(config), "bert_dim": bert["shape"][1]})
    return Gpt(config).eval()


def _drawn(model: Gpt, salt: int) -> dict[str, Tensor]:
    return draw_state({key: tuple(tensor.shape) for key, tensor in model.state_dict().items()}, salt)


def _official_pass(model: Gpt, vector: Vector, tokens: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Logits and targets of the official training pass, with its defect: phones padded right are masked left.

    Only here, to prove weights and losses on the recorded batch; `Gpt.forward` masks padding properly.
    """
    phones, phone_lengths = vector.input("x"), vector.input("x_lens")
    n_phones, n_tokens = phones.shape[1], tokens.shape[1]
    token_valid = torch.arange(n_tokens) < lengths[:, None]
    targets = F.pad(tokens.masked_fill(~token_valid, model.config.eos), (0, 1), value=model.config.eos)
    seen = torch.cat([torch.arange(n_phones) >= n_phones - phone_lengths[:, None], token_valid], dim=1)
    allowed = torch.ones(n_phones + n_tokens, n_phones + n_tokens, dtype=torch.bool).tril()
    allowed[:n_phones] = torch.arange(n_phones + n_tokens) < n_phones
    x = torch.cat([model.embed_text(phones, vector.input("bert")), model.embed_tokens(targets[:, :-1])], dim=1)
    hidden = model.h(x, (allowed & seen[:, None, :]).unsqueeze(1))
    return model.ar_predict_layer(hidden[:, n_phones - 1 :]), targets


def _check_batch(vector: Vector, report: Report, model: Gpt) -> None:
    if not vector.has("forward_old.logits"):
        return
    note = "official padding defect reproduced"
    logits, targets = _official_pass(model, vector, vector.input("y"), vector.input("y_lens"))
    everything = torch.ones_like(targets, dtype=torch.bool)
    loss = gpt_loss(logits, targets, everything)
    accuracy = top_k_accuracy(logits, targets, targets != model.config.eos)
    report.tensor(vector, "forward_old.logits", logits, note=note)
    report.tensor(vector, "forward_old.targets", targets)
    report.tensor(vector, "forward_old.loss", loss.reshape(1), note=note)
    report.tensor(vector, "forward_old.acc", accuracy.reshape(1))
    model.zero_grad()
    loss.backward()
    report.gradients(vector, "grad_norms_forward_old", model)


def _check_rows(vector: Vector, report: Report, model: Gpt) -> None:
    """Our own pass: the last row alone against the recording, and every row of the batch against itself alone."""
    if not vector.has("forward_old_single.logits"):
        return
    phone_lengths, token_lengths = vector.input("x_lens").tolist(), vector.input("y_lens").tolist()
    together = model(
        vector.input("x"), vector.input("x_lens"), vector.input("bert"), vector.input("y"), vector.input("y_lens")
    )
    steps = vector.tensors["forward_old_single.logits"].shape[1]
    for row, (n_phones, n_tokens) in enumerate(zip(phone_lengths, token_lengths, strict=True)):
        alone = model(
            vector.input("x")[row : row + 1, :n_phones],
            torch.tensor([n_phones]),
            vector.input("bert")[row : row + 1, :, :n_phones],
            vector.input("y")[row : row + 1, :n_tokens],
            torch.tensor([n_tokens]),
        )
        label = f"row {row} of the batch = alone"
        report.against(vector, label, together.logits[row : row + 1, : n_tokens + 1], alone.logits.detach())
        if row == 1 and n_tokens + 1 == steps:
            report.tensor(vector, "forward_old_single.logits", alone.logits)
            report.tensor(vector, "forward_old_single.loss", alone.loss.reshape(1))
            report.tensor(vector, "forward_old_single.acc", alone.accuracy.reshape(1))
            model.zero_grad()
            alone.loss.backward()
            report.gradients(vector, "grad_norms_forward_old_single", model)


def _check_preference(vector: Vector, report: Report, model: Gpt) -> None:
    if not vector.has("forward_dpo.loss"):
        return
    rejected_tokens = vector.output("forward_dpo.reject_y")
    rejected_lengths = vector.output("forward_dpo.reject_y_lens")
    with torch.no_grad():
        chosen, targets = _official_pass(model, vector, vector.input("y"), vector.input("y_lens"))
        rejected, rejected_targets = _official_pass(model, vector, rejected_tokens, rejected_lengths)
    everything = torch.ones_like(targets, dtype=torch.bool)
    everything_rejected = torch.ones_like(rejected_targets, dtype=torch.bool)
    preference = preference_loss(chosen, targets, everything, rejected, rejected_targets, everything_rejected)
    loss = gpt_loss(chosen, targets, everything) + preference
    accuracy = top_k_accuracy(chosen, targets, targets != model.config.eos)
    report.tensor(vector, "forward_dpo.logits_chosen", chosen)
    report.tensor(vector, "forward_dpo.logits_reject", rejected)
    report.tensor(vector, "forward_dpo.loss", loss.reshape(1))
    report.tensor(vector, "forward_dpo.acc", accuracy.reshape(1))


def _check_generation(vector: Vector, report: Report, model: Gpt) -> None:
    for group in vector.groups("infer_"):
        if match := re.fullmatch(r"infer_rp([\d.]+)", group):
            _check_prompted(vector, report, model, group, float(match[1]))
        elif match := re.fullmatch(r"infer_promptfree_rp([\d.]+)", group):
            expected = vector.output(f"{group}.tokens")
            vector.output(f"{group}.idx_returned")  # a constant of the official code, not a result
            tokens = model.generate(
                vector.input("px"),
                vector.input("pb"),
                top_k=1,
                repetition_penalty=float(match[1]),
                max_tokens=expected.shape[1],
            )
            report.against(vector, f"{group}.tokens", tokens, expected)
        elif group == "infer_batch":
            _check_several(vector, report, model)


def _check_prompted(vector: Vector, report: Report, model: Gpt, group: str, penalty: float) -> None:
    """Greedy decoding with a prompt: tokens, number of the last step, and the logits of every step."""
    prompt, steps = vector.input("pp"), len(vector.tensors[f"{group}.step_logits_raw"])
    raw: list[Tensor] = []
    tokens = model.generate(
        vector.input("px"),
        vector.input("pb"),
        prompt,
        top_k=1,
        repetition_penalty=penalty,
        max_tokens=steps,
        on_logits=raw.append,
    )
    report.tensor(vector, f"{group}.tokens", torch.cat([prompt, tokens], dim=1))
    report.tensor(vector, f"{group}.idx", torch.tensor([len(raw) - 1]))
    report.tensor(vector, f"{group}.step_logits_raw", torch.cat(raw))


def _check_several(vector: Vector, report: Report, model: Gpt) -> None:
    """The official batch inference equals one sentence at a time, less the last token of a row that hit its limit."""
    prompt = vector.input("pp")
    counts = []
    for row in range(sum(name.startswith("infer_batch.single_tokens") for name in vector.tensors)):
        single = vector.output(f"infer_batch.single_tokens{row}")
        tokens = model.generate(
            vector.output(f"infer_batch.x{row}")[None],
            vector.output(f"infer_batch.bert{row}")[None],
            prompt,
            top_k=1,
            max_tokens=single.shape[1] - prompt.shape[1],
        )
        ours = torch.cat([prompt, tokens], dim=1)
        batched = vector.output(f"infer_batch.tokens{row}")
        counts.append(len(batched) - prompt.shape[1])
        report.against(vector, f"infer_batch.single_tokens{row}", ours, single)
        report.against(vector, f"infer_batch.tokens{row}", ours[0, : len(batched)], batched)
    report.tensor(vector, "infer_batch.idx", torch.tensor(counts))


def check_optimizer(vector: Vector, report: Report) -> None:
    """Runs one vector of kind `optimizer`: losses and parameters along some steps of ScaledAdam."""
    model = _build(vector)
    model.load_state_dict(_drawn(model, vector.salt))
    phones, tokens, bert = _optimizer_batch(vector)
    optimizer = _optimizer(vector, model)
    losses, rates = [], vector.output("lrs").tolist()
    parameters = dict(model.named_parameters())
    recorded: Mapping[str, list[str]] = {
        f"step{step}": [name for name in vector.tensors if name.startswith(f"step{step}.")]
        for step in range(len(rates))
    }
    for step, rate in enumerate(rates):
        for group in optimizer.param_groups:
            group["lr"] = rate
        lengths = torch.tensor([phones.shape[1]]), torch.tensor([tokens.shape[1]])
        loss = model(phones, lengths[0], bert, tokens, lengths[1]).loss
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        for name in recorded[f"step{step}"]:
            report.tensor(vector, name, parameters[name.split(".", 1)[1]])
    report.tensor(vector, "losses", torch.tensor(losses, dtype=torch.float64))


def _optimizer(vector: Vector, model: Gpt) -> ScaledAdam:
    text = vector.json["optim"]
    pattern = (
        r"ScaledAdam\(lr=([\d.e-]+),betas=\(([\d.]+),([\d.]+)\),"
        r"clipping_scale=([\d.]+),clipping_update_period=(\d+)\)"
    )
    match = re.search(pattern, text)
    if match is None:
        raise NotImplementedVectorError(f"optimiser described as {text!r}")
    lr, beta1, beta2, scale = (float(match[i]) for i in range(1, 5))
    return ScaledAdam(
        model.parameters(), lr, (beta1, beta2), clipping_scale=scale, clipping_update_period=int(match[5])
    )


def _optimizer_batch(vector: Vector) -> tuple[Tensor, Tensor, Tensor]:
    """Phones, tokens and BERT features of one row of another vector, which `batch` names."""
    text = vector.json["batch"]
    match = re.search(r"row (\d+) of (\S+) in\.\* without padding \(x\[:(\d+)\], y\[:(\d+)\]", text)
    if match is None:
        raise NotImplementedVectorError(f"batch described as {text!r}")
    source = vector.path.with_name(f"{match[2]}.json")
    if not source.is_file():
        raise NotImplementedVectorError(f"its batch comes from {match[2]}, which is not in the folder")
    row, n_phones, n_tokens = int(match[1]), int(match[3]), int(match[4])
    other = Vector(source)
    return (
        other.input("x")[row : row + 1, :n_phones],
        other.input("y")[row : row + 1, :n_tokens],
        other.input("bert")[row : row + 1, :, :n_phones],
    )
