"""Vectors of the kinds `mpd`, `mel`, `losses`, `symbols` and `slicer`."""

import re

import numpy as np
import torch

from services.voice.audio import mel_spectrogram, spec_to_mel, spectrogram
from services.voice.losses import (
    discriminator_loss,
    discriminator_parts,
    feature_loss,
    generator_loss,
    generator_parts,
    kl_loss,
)
from services.voice.mel import mel_filters
from services.voice.parity.report import NotImplementedVectorError, Report, Vector
from services.voice.parity.sovits_check import recorded_discriminator
from services.voice.slicer import SilenceRules, slice_at_silence
from services.voice.symbols import UNKNOWN, symbol_ids, symbols


def check_discriminator(vector: Vector, report: Report) -> None:
    """Scores in full, feature maps by their summaries."""
    if vector.json["family"] != "gpt-sovits-v2":
        raise NotImplementedVectorError(f"discriminator of family {vector.json['family']}")
    model = recorded_discriminator(vector.salt)
    report.state_keys(vector, model)
    summaries = vector.record("fmaps")
    assert isinstance(summaries, dict)
    with torch.inference_mode():
        results = {"r": model(vector.input("y")), "g": model(vector.input("y_hat"))}
    for side, (scores, maps) in results.items():
        for index, score in enumerate(scores):
            report.tensor(vector, f"score_{side}.{index}", score)
        for index, layers in enumerate(maps):
            for layer, values in enumerate(layers):
                name = f"fmap_{side}.{index}.{layer}"
                report.summary(vector, name, values, summaries.pop(name))
    for name in summaries:
        report.skip(vector.name, f"fmaps.{name}")


def check_mel(vector: Vector, report: Report) -> None:
    """Spectrograms and mels with the settings of each version of the models."""
    wav = vector.input("wav")
    spec = spectrogram(wav, 2048, 640)
    basis = torch.from_numpy(mel_filters(32000, 2048, 128))
    results = {
        "s2.spec": spec,
        "s2.spec_to_mel": spec_to_mel(spec, 32000, 2048, 128),
        "s2.mel": mel_spectrogram(wav, 32000, 2048, 640, 128),
        "v4.mel_32k": mel_spectrogram(wav, 32000, 1280, 320, 100),
        "mel_basis_rowsum": basis.sum(1),
        "mel_basis_row64": basis[64],
    }
    if vector.has("in.wav24k"):
        results["v3.mel_24k"] = mel_spectrogram(vector.input("wav24k"), 24000, 1024, 256, 100)
    for name, value in results.items():
        if vector.has(name):
            report.tensor(vector, name, value)


def check_losses(vector: Vector, report: Report) -> None:
    """The loss functions on fixed tensors."""
    get = vector.output
    maps = {side: _feature_maps(vector, side) for side in ("r", "g")}
    real, fake = ([get(name) for name in _numbered(vector, side)] for side in ("dr", "dg"))
    mask = get("z_mask")
    kl = kl_loss(get("z_p"), get("logs_q"), get("m_p"), get("logs_p"), mask)
    report.number(vector, "kl_loss", float(kl), float(vector.json["kl_loss"]))
    feature = feature_loss(maps["r"], maps["g"])
    report.number(vector, "feature_loss", float(feature), float(vector.json["feature_loss"]))
    total, on_real, on_fake = vector.json["discriminator_loss"]
    vector.record("discriminator_loss")
    report.number(vector, "discriminator_loss", float(discriminator_loss(real, fake)), total)
    parts = discriminator_parts(real, fake)
    report.against(vector, "discriminator_loss, real parts", torch.stack(parts[0]), torch.tensor(on_real))
    report.against(vector, "discriminator_loss, fake parts", torch.stack(parts[1]), torch.tensor(on_fake))
    total, each = vector.json["generator_loss"]
    vector.record("generator_loss")
    report.number(vector, "generator_loss", float(generator_loss(fake)), total)
    report.against(vector, "generator_loss, parts", torch.stack(generator_parts(fake)), torch.tensor(each))


def _numbered(vector: Vector, prefix: str) -> list[str]:
    names = [name for name in vector.tensors if re.fullmatch(rf"{prefix}\.\d+", name)]
    return sorted(names, key=lambda name: int(name.split(".")[1]))


def _feature_maps(vector: Vector, side: str) -> list[list[torch.Tensor]]:
    keys = sorted(
        (int(match[1]), int(match[2]))
        for name in vector.tensors
        if (match := re.fullmatch(rf"fmap_{side}\.(\d+)\.(\d+)", name))
    )
    judges = dict.fromkeys(judge for judge, _ in keys)
    return [[vector.output(f"fmap_{side}.{j}.{i}") for j, i in keys if j == judge] for judge in judges]


def check_symbols(vector: Vector, report: Report) -> None:
    """The tables of phonemes, entry by entry."""
    vector.record("model_embedding_sizes")  # sizes of the models' tables, which their own vectors prove
    for version in ("v1", "v2"):
        table = symbols(f"gpt-sovits-{version}")
        summary, unknown = vector.record(version), vector.record("UNK")
        expected = vector.record(f"{version}_symbols")
        assert isinstance(summary, dict)
        assert isinstance(unknown, dict)
        assert isinstance(expected, list)
        report.exact(vector, f"{version}_symbols", table, expected)
        report.exact(vector, f"{version} size", [len(table)], [summary["size"]])
        report.exact(vector, f"UNK.{version}", symbol_ids([UNKNOWN], f"gpt-sovits-{version}"), [unknown[version]])


def check_slicer(vector: Vector, report: Report) -> None:
    """Chunk boundaries on signals of noise bursts and silences that are rebuilt from their recipes."""
    cases, extra = vector.record("cases"), vector.record("extra")
    assert isinstance(cases, list)
    assert isinstance(extra, dict)
    signal, rules = np.zeros(0, dtype=np.float32), SilenceRules()
    for index, case in enumerate(cases):
        signal = _bursts(vector, case)
        report.against(
            vector, f"case {index}: first samples", torch.from_numpy(signal[:8]), torch.tensor(case["first8"])
        )
        rules = _rules(case["params"])
        _check_chunks(vector, report, f"case {index}: chunks", signal, case["sr"], rules, case["chunks"])
    for name, case in extra.items():
        pattern = r"concat\(zeros (\d+) s, last signal \(seed \d+\)\[:(\d+) s\], zeros (\d+) s\), webui"
        match = re.search(pattern, case["recipe"])
        if match is None or not cases:
            report.skip(vector.name, f"extra.{name}")
            continue
        rate = cases[-1]["sr"]
        before, length, after = (int(seconds) * rate for seconds in match.groups())
        padded = np.concatenate([np.zeros(before), signal[:length], np.zeros(after)]).astype(np.float32)
        _check_chunks(vector, report, f"{name}: chunks", padded, rate, SilenceRules(), case["chunks"])


def _rules(params: dict[str, float]) -> SilenceRules:
    return SilenceRules(
        threshold_db=params["threshold"],
        min_length_ms=params["min_length"],
        min_interval_ms=params["min_interval"],
        hop_ms=params["hop_size"],
        max_silence_ms=params["max_sil_kept"],
    )


def _bursts(vector: Vector, case: dict) -> np.ndarray:
    """The test signal: normal noise of seed + 1, bursts at 0.3 of their amplitude, silences at their deviation."""
    match = re.search(r"dur=([\d.]+)", vector.json["signal_code"])
    if match is None:
        raise NotImplementedVectorError("a signal without a duration")
    noise, rate = np.random.RandomState(case["seed"] + 1), case["sr"]
    parts = []
    for burst_s, silence_s, amplitude, deviation in case["recipe_segments"]:
        parts.append(amplitude * noise.standard_normal(round(burst_s * rate)) * 0.3)
        parts.append(deviation * noise.standard_normal(round(silence_s * rate)))
    return np.concatenate(parts)[: int(float(match[1]) * rate)].astype(np.float32)


def _check_chunks(
    vector: Vector, report: Report, label: str, signal: np.ndarray, rate: int, rules: SilenceRules, expected: list
) -> None:
    chunks = slice_at_silence(signal, rate, rules)
    ours = [[chunk.start, chunk.end, min(chunk.end, len(signal)) - chunk.start] for chunk in chunks]
    report.exact(vector, label, ours, expected)
