"""The figures as a table for people (Markdown) and as JSON for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from eval.judging import Figures, Panel, Sentence
from eval.metrics import LONGEST, SHARE_WANTED, SHORTEST
from eval.texts import unit

SCALES = {"ovrl": "DNSMOS OVRL", "sig": "DNSMOS SIG", "p808": "DNSMOS P.808"}


def write_report(out: Path, facts: Mapping[str, Any], panel: Panel, rows: Sequence[Figures]) -> str:
    """Write the tables and, as JSON, all figures to a folder; the tables are returned too."""
    out.mkdir(parents=True, exist_ok=True)
    parts = [table(rows, [one.name for one in panel.listeners], [one.name for one in panel.ears])]
    parts += [matrix_table(name, matrix) for name, matrix in facts["matrices"].items()]
    parts += [part for part in (stages_table(rows), worst_sentences(rows)) if part]
    text = "\n".join(parts)
    (out / "report.md").write_text(text, encoding="utf-8")
    write_json(out / "report.json", facts, rows)
    return text


def table(rows: Sequence[Figures], listeners: Sequence[str], ears: Sequence[str]) -> str:
    """One row per voice and kind, natural ones first as they come."""
    head = ["voice", "what", "sentences"]
    head += [f"errors, {name}" for name in listeners] + [f"likeness, {name}" for name in ears]
    head += [*SCALES.values(), "length (median)", f"within {SHORTEST:g}-{LONGEST:g}", "task, s"]
    body = [_row(row, listeners, ears) for row in rows]
    return markdown(head, body)


def _row(row: Figures, listeners: Sequence[str], ears: Sequence[str]) -> list[str]:
    lengths = row.lengths
    return [
        row.voice,
        row.kind,
        str(len(row.sentences)),
        *(_percent(row.error_rate(name), unit(row.language)) for name in listeners),
        *(_number(row.similarity.get(name), 3) for name in ears),
        *(_number(row.naturalness(scale), 2) for scale in SCALES),
        _number(lengths.median if lengths else None, 2),
        "-" if lengths is None else f"{lengths.share:.0%}" + ("" if lengths.share >= SHARE_WANTED else " (!)"),
        _number(row.task.get("seconds"), 0),
    ]


def matrix_table(name: str, matrix: Mapping[str, Mapping[str, float]]) -> str:
    """Every voice (rows) against every speaker's natural recordings (columns)."""
    speakers = list(next(iter(matrix.values()), {}))
    body = [
        [voice, *(f"**{row[one]:.3f}**" if one == voice else f"{row[one]:.3f}" for one in speakers)]
        for voice, row in matrix.items()
    ]
    return markdown([name, *speakers], body)


def stages_table(rows: Sequence[Figures]) -> str:
    """Seconds of every stage of every task; "" when there was none."""
    tasks = [row for row in rows if row.task.get("stages")]
    if not tasks:
        return ""
    names = list(tasks[0].task["stages"])
    body = [
        [row.voice, row.task.get("quality", ""), *(_number(row.task["stages"].get(name), 1) for name in names),
         _number(row.task.get("seconds"), 1)]
        for row in tasks
    ]  # fmt: skip
    return markdown(["task, s", "quality", *names, "POST to completed"], body)


def worst_sentences(rows: Sequence[Figures], count: int = 8) -> str:
    """The sentences that the built-in recogniser misheard most."""
    misheard = [
        (sentence.errors[judge].rate, row, sentence, judge)
        for row in rows
        for sentence in row.sentences
        for judge in list(sentence.errors)[:1]
        if sentence.errors[judge].edits
    ]
    misheard.sort(key=lambda entry: -entry[0])
    body = [
        [f"{row.voice} ({row.kind})", sentence.text, sentence.heard[judge] or "(nothing)", f"{rate:.0%}"]
        for rate, row, sentence, judge in misheard[:count]
    ]
    return markdown(["voice", "said", "heard", "errors"], body) if body else ""


def markdown(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in body]
    return "\n".join(lines) + "\n"


def write_json(path: Path, facts: Mapping[str, Any], rows: Sequence[Figures]) -> None:
    """Everything, for programs; read it back with `json`."""
    path.write_text(
        json.dumps({**facts, "voices": [_plain(row) for row in rows]}, ensure_ascii=False, indent=1) + "\n",
        encoding="utf-8",
    )


def _plain(row: Figures) -> dict[str, Any]:
    lengths = row.lengths
    judges = list(row.sentences[0].errors) if row.sentences else []
    return {
        "voice": row.voice,
        "kind": row.kind,
        "language": row.language,
        "unit": unit(row.language),
        "error_rate": {name: _rounded(row.error_rate(name)) for name in judges},
        "similarity": {name: _rounded(value) for name, value in row.similarity.items()},
        "naturalness": {scale: _rounded(row.naturalness(scale)) for scale in SCALES},
        "length": asdict(lengths) if lengths else None,
        "task": row.task,
        "sentences": [_plain_sentence(sentence) for sentence in row.sentences],
    }


def _plain_sentence(sentence: Sentence) -> dict[str, Any]:
    rates = {name: _rounded(errors.rate) for name, errors in sentence.errors.items()}
    return asdict(sentence) | {"error_rate": rates}


def _rounded(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else round(value, 4)


def _percent(value: float | None, name: str) -> str:
    return "-" if value is None else f"{100 * value:.1f} % {name}"


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
