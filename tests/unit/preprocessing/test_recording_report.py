"""A report on a recording: what a task would find in it, good enough or not."""

from pathlib import Path

import numpy as np
import pytest

from services.preprocessing.audio_slice import Recording, SliceRules, slice_recordings
from services.preprocessing.outlook import Outlook
from services.preprocessing.recording_report import MOST_PEAKS, RecordingReport, report_recording
from services.runtime.errors import InvalidInputError, StoppedError, TooLargeError
from services.voice.decode_limits import DEFAULT_CHILD_LIMITS, DEFAULT_LIMITS, DecodeLimits
from tests import audio_fixtures as audio

RATE = 24_000


def report(folder: Path, content: bytes, *, limits: DecodeLimits = DEFAULT_LIMITS) -> RecordingReport:
    path = folder / "recording"
    path.write_bytes(content)
    return report_recording(
        Recording(path, 30.0),
        RATE,
        folder,
        rules=SliceRules(),
        limits=limits,
        child=DEFAULT_CHILD_LIMITS,
        check_stop=lambda: None,
    )


def test_facts_and_clips_are_those_that_the_stage_finds(tmp_path: Path) -> None:
    content = audio.encode(
        np.concatenate([audio.speech(13.0), audio.silence(4.0), audio.speech(0.9), audio.silence(2.0)]), RATE, "flac"
    )
    found = report(tmp_path, content)
    slices, facts = slice_recordings([Recording(tmp_path / "recording", 30.0)], RATE, tmp_path)
    assert (found.facts, found.clips) == (facts, slices.clips)
    assert {clip.drop_reason for clip in found.clips} == {"", "too_short"}
    assert found.problem is None
    assert (found.verdict.outlook, found.verdict.key) == (Outlook.POOR, "verdict.poor_speech")


def test_peaks_show_the_whole_recording(tmp_path: Path) -> None:
    loud, quiet = audio.sine(4.0, level=1.0), audio.sine(4.0, level=0.25)
    peaks = report(tmp_path, audio.encode(np.concatenate([loud, audio.silence(8.0), quiet]), RATE, "wav")).peaks
    assert len(peaks) == MOST_PEAKS
    picture = np.frombuffer(peaks, np.uint8)
    assert picture[:490].min() >= 254
    assert picture[510:1490].max() == 0
    assert picture[1510:].tolist() == pytest.approx([64] * 490, abs=1)


def test_a_recording_with_few_samples_has_few_peaks(tmp_path: Path) -> None:
    found = report(tmp_path, audio.encode(audio.sine(0.02), RATE, "wav"))
    assert len(found.peaks) == 480
    assert found.problem is not None


@pytest.mark.parametrize(
    ("samples", "code", "params", "key"),
    [
        (audio.silence(30.0), "AUDIO_SILENT", {}, "verdict.unusable_silent"),
        (audio.noise(30.0), "AUDIO_SILENT", {}, "verdict.unusable_silent"),
        (audio.speech(5.0), "AUDIO_TOO_SHORT", {"minimum": "10"}, "verdict.unusable_short"),
    ],
)
def test_what_a_task_would_be_refused_for_is_told_with_the_same_code_and_arguments(
    tmp_path: Path, samples: audio.Samples, code: str, params: dict[str, str], key: str
) -> None:
    found = report(tmp_path, audio.encode(samples, RATE, "flac"))
    with pytest.raises(InvalidInputError) as caught:
        slice_recordings([Recording(tmp_path / "recording", 30.0)], RATE, tmp_path)
    assert found.problem is not None
    assert (found.problem.code, found.problem.params) == (caught.value.code, caught.value.params)
    assert found.problem.code == code
    assert found.problem.params.items() >= params.items()
    assert found.verdict.key == key
    assert all(np.isfinite([found.facts.snr_db, found.facts.loudness_lufs, found.facts.silence_ratio]))


def test_silence_is_not_called_noisy(tmp_path: Path) -> None:
    found = report(tmp_path, audio.encode(audio.silence(30.0), RATE, "flac"))
    assert [warning.key for warning in found.facts.warnings()] == ["report.too_short"]
    assert found.facts.silence_ratio == 1.0


def test_what_cannot_be_read_or_is_too_long_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError) as unreadable:
        report(tmp_path, b"just words\n" * 100)
    assert unreadable.value.code == "AUDIO_UNREADABLE"
    with pytest.raises(TooLargeError) as too_long:
        report(tmp_path, audio.encode(audio.silence(12.1), RATE, "flac"), limits=DecodeLimits(12.0))
    assert too_long.value.params == {"limit": "12 s"}


def test_work_stops_when_nobody_waits_any_more(tmp_path: Path) -> None:
    path = tmp_path / "recording"
    path.write_bytes(audio.encode(audio.speech(30.0), RATE, "flac"))
    checks = 0

    def check() -> None:
        nonlocal checks
        checks += 1
        if checks == 5:
            raise StoppedError

    with pytest.raises(StoppedError):
        report_recording(
            Recording(path, 30.0),
            RATE,
            tmp_path,
            rules=SliceRules(),
            limits=DEFAULT_LIMITS,
            child=DEFAULT_CHILD_LIMITS,
            check_stop=check,
        )
    assert checks == 5
