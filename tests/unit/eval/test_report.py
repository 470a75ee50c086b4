"""The tables that people read and the JSON that programs read."""

import json
from pathlib import Path

from eval.judging import Figures, Sentence
from eval.report import matrix_table, stages_table, table, worst_sentences, write_json
from eval.texts import Errors


def figures(kind: str = "fine-tuned", ratio: float | None = 1.0, **changes: object) -> Figures:
    sentence = Sentence(
        "00", "Good morning.", 1.2, ratio, {"base": "good evening"}, {"base": Errors(1, 2)}, {"ovrl": 3.25}
    )
    fields = {"voice": "anna", "kind": kind, "language": "en", "sentences": [sentence], "similarity": {"ge2e": 0.81}}
    return Figures(**(fields | changes))  # type: ignore[arg-type]


def test_a_row_says_every_figure_and_a_dash_where_there_is_none() -> None:
    lines = table([figures(task={"seconds": 211.4})], ["base", "tiny"], ["ge2e", "second"]).splitlines()
    cells = [cell.strip() for cell in lines[2].strip("|").split("|")]
    assert cells == [
        "anna", "fine-tuned", "1", "50.0 % WER", "-", "0.810", "-", "3.25", "-", "-", "1.00", "100%", "211",
    ]  # fmt: skip


def test_too_few_sentences_of_the_right_length_are_marked() -> None:
    assert "0% (!)" in table([figures(ratio=2.0)], [], [])


def test_a_language_without_phonemes_has_no_lengths() -> None:
    assert table([figures(ratio=None)], [], []).splitlines()[2].count(" - ") >= 2


def test_the_right_speaker_stands_out_in_the_matrix() -> None:
    shown = matrix_table("likeness", {"anna": {"anna": 0.9, "bert": 0.1}})
    assert "| anna | **0.900** | 0.100 |" in shown


def test_stages_are_shown_only_of_tasks() -> None:
    assert stages_table([figures()]) == ""
    shown = stages_table([figures(task={"seconds": 9.0, "quality": "fast", "stages": {"asr": 2.0}})])
    assert "| anna | fast | 2.0 | 9.0 |" in shown


def test_the_misheard_sentences_are_shown_with_what_was_heard() -> None:
    assert "| Good morning. | good evening | 50% |" in worst_sentences([figures()])


def test_programs_get_everything(tmp_path: Path) -> None:
    write_json(tmp_path / "report.json", {"pack": "mini"}, [figures()])
    (voice,) = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["voices"]
    assert voice["error_rate"] == {"base": 0.5}
    assert voice["length"]["share"] == 1.0
    assert voice["sentences"][0]["heard"] == {"base": "good evening"}
