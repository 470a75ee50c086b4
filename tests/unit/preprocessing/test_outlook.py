"""The verdict on a recording: one grade for each thing that limits a voice, the worst counts and is named."""

from dataclasses import replace

import pytest

from gateway import messages
from services.preprocessing.audio_slice import Clip
from services.preprocessing.outlook import LIMITS, UNUSABLE_KEYS, Outlook, judge
from services.preprocessing.report import DataReport
from services.runtime.errors import InvalidInputError

BEST = DataReport(
    total_s=100.0,
    speech_s=90.0,
    usable_s=90.0,
    clipping_ratio=0.0,
    snr_db=40.0,
    loudness_lufs=-20.0,
    sample_rate_hz=48_000,
    channels=1,
)
SHORT = InvalidInputError("AUDIO_TOO_SHORT", seconds="4.0", minimum="10")


def clip(seconds: float, reason: str = "") -> Clip:
    return Clip("c0000", 0.0, seconds, reason, -20.0, 20.0)


@pytest.mark.parametrize(
    ("facts", "outlook", "key"),
    [
        ({}, Outlook.GOOD, "verdict.good"),
        ({"usable_s": 60.0, "snr_db": 20.0}, Outlook.GOOD, "verdict.good"),
        ({"clipping_ratio": 0.001, "sample_rate_hz": 22_050}, Outlook.GOOD, "verdict.good"),
        ({"usable_s": 59.9}, Outlook.FAIR, "verdict.fair_speech"),
        ({"usable_s": 30.0}, Outlook.FAIR, "verdict.fair_speech"),
        ({"usable_s": 29.9}, Outlook.POOR, "verdict.poor_speech"),
        ({"snr_db": 19.9}, Outlook.FAIR, "verdict.fair_noise"),
        ({"snr_db": 14.9}, Outlook.POOR, "verdict.poor_noise"),
        ({"clipping_ratio": 0.002}, Outlook.FAIR, "verdict.fair_clipping"),
        ({"clipping_ratio": 0.0051}, Outlook.POOR, "verdict.poor_clipping"),
        ({"sample_rate_hz": 16_000}, Outlook.FAIR, "verdict.fair_sample_rate"),
        ({"sample_rate_hz": 8_000}, Outlook.POOR, "verdict.poor_sample_rate"),
        ({"usable_s": 40.0, "snr_db": 10.0}, Outlook.POOR, "verdict.poor_noise"),
        ({"usable_s": 20.0, "snr_db": 10.0}, Outlook.POOR, "verdict.poor_speech"),
    ],
)
def test_the_worst_grade_counts_and_what_limits_is_named(facts: dict[str, float], outlook: Outlook, key: str) -> None:
    verdict = judge(replace(BEST, **facts), [clip(90.0)], None)
    assert (verdict.outlook, verdict.key) == (outlook, key)


@pytest.mark.parametrize(
    ("clips", "key"),
    [
        ([clip(4.0)], "verdict.unusable_short"),
        ([], "verdict.unusable_short"),
        ([clip(4.0), clip(1.0, "too_short"), clip(8.0, "noisy")], "verdict.unusable_noisy"),
        ([clip(4.0), clip(5.0, "noisy")], "verdict.unusable_short"),
        ([clip(20.0, "clipped")], "verdict.unusable_clipped"),
        ([clip(20.0, "too_quiet"), clip(3.0, "noisy")], "verdict.unusable_quiet"),
        ([clip(1.5, "too_short")] * 20, "verdict.unusable_short"),
    ],
)
def test_what_took_the_speech_away_is_to_blame_where_there_would_have_been_enough(clips: list[Clip], key: str) -> None:
    verdict = judge(BEST, clips, SHORT)
    assert (verdict.outlook, verdict.key) == (Outlook.UNUSABLE, key)
    assert verdict.args == {"seconds": "4.0", "minimum": "10"}


def test_silence_is_unusable() -> None:
    verdict = judge(BEST, [], InvalidInputError("AUDIO_SILENT"))
    assert (verdict.outlook, verdict.key) == (Outlook.UNUSABLE, "verdict.unusable_silent")


def test_every_verdict_has_a_sentence_and_all_its_arguments() -> None:
    keys = {f"verdict.{grade}_{limit}" for grade in ("fair", "poor") for limit in LIMITS}
    keys |= {"verdict.good", "verdict.unusable_silent", *UNUSABLE_KEYS.values()}
    assert keys == {key for key in messages.catalogue("en") if key.startswith("verdict.")}
    worst = replace(BEST, usable_s=12.0, snr_db=5.0, clipping_ratio=0.2, sample_rate_hz=8000)
    good = {"usable_s": 90.0, "snr_db": 40.0, "clipping_ratio": 0.0, "sample_rate_hz": 48_000}
    for bad in good:
        rest = {name: value for name, value in good.items() if name != bad}
        verdict = judge(replace(worst, **rest), [], None)
        assert "?" not in messages.text("en", verdict.key, verdict.args)
