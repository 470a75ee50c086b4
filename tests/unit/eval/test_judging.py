"""From recordings to figures, with judges whose answers are known."""

from pathlib import Path

import numpy as np
import pytest

from eval.judging import Panel, speech_seconds
from eval.speak import Said
from tests.unit.eval.fakes import RATE, TEXT, FixedListener, PitchEar, speaker, tone


def test_the_natural_figures_are_the_scale(tmp_path: Path) -> None:
    panel = Panel([FixedListener(TEXT)], [PitchEar()], lambda wav: {"ovrl": 4.0})
    figures = panel.natural(speaker(tmp_path, "low", 100))
    assert figures.error_rate("fixed") == 0.0
    assert figures.similarity["pitch"] == pytest.approx(1.0, abs=1e-3)
    assert figures.naturalness("ovrl") == 4.0
    assert figures.lengths is not None
    assert figures.lengths.median == pytest.approx(1.0)


def test_a_voice_is_compared_with_its_speaker_and_with_wrong_ones(tmp_path: Path) -> None:
    low, high = speaker(tmp_path, "low", 100), speaker(tmp_path, "high", 1000)
    panel = Panel([FixedListener(TEXT)], [PitchEar()], None)
    clone = panel.spoken(low, "zero-shot", [Said("00", TEXT, tone(120), RATE), Said("01", TEXT, tone(90), RATE)])
    assert clone.similarity["pitch"] == pytest.approx(1.0, abs=1e-3)
    matrix = panel.matrix(PitchEar(), [clone], [low, high])
    assert matrix["low"]["high"] < 0.2 < 0.9 < matrix["low"]["low"]


def test_misheard_words_are_counted_over_all_sentences(tmp_path: Path) -> None:
    panel = Panel([FixedListener("She opened a letter slowly.")], [], None)
    said = [Said("00", TEXT, tone(100), RATE), Said("01", "She opened a letter slowly.", tone(100), RATE)]
    assert panel.spoken(speaker(tmp_path, "low", 100), "zero-shot", said).error_rate("fixed") == pytest.approx(0.1)


def test_a_judge_is_not_asked_about_a_language_that_it_does_not_know(tmp_path: Path) -> None:
    panel = Panel([FixedListener(TEXT, languages=("zh",))], [], None)
    assert panel.natural(speaker(tmp_path, "low", 100)).error_rate("fixed") is None


def test_silence_has_no_likeness_and_every_word_wrong(tmp_path: Path) -> None:
    panel = Panel([FixedListener(TEXT)], [PitchEar()], lambda wav: {"ovrl": 1.0})
    figures = panel.spoken(
        speaker(tmp_path, "low", 100), "zero-shot", [Said("00", TEXT, np.zeros(0, np.float32), RATE)]
    )
    assert figures.error_rate("fixed") == 1.0
    assert figures.similarity == {}
    assert figures.naturalness("ovrl") is None


def test_silence_at_both_ends_is_not_part_of_the_length() -> None:
    quiet = np.zeros(RATE, np.float32)
    assert speech_seconds(np.concatenate([quiet, tone(100), quiet]), RATE) == pytest.approx(1.12, abs=0.03)


def test_a_sentence_that_takes_twice_as_long_is_out_of_bounds(tmp_path: Path) -> None:
    panel = Panel([], [], None)
    said = [Said("00", TEXT, tone(100, 1.0), RATE), Said("01", TEXT, tone(100, 2.0), RATE)]
    lengths = panel.spoken(speaker(tmp_path, "low", 100), "zero-shot", said).lengths
    assert lengths is not None
    assert (lengths.share, lengths.most) == (0.5, pytest.approx(2.0))
