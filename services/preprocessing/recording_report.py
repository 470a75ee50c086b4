"""Says what a task with one recording would find in it, without a task."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from services.preprocessing.audio_slice import Clip, Recording, SliceRules, cut_recordings
from services.preprocessing.inspection import too_long_is_too_large
from services.preprocessing.outlook import Verdict, judge
from services.preprocessing.report import DataReport
from services.preprocessing.waveform import Waveform
from services.runtime.errors import InvalidInputError
from services.voice.decode_limits import ChildLimits, DecodeLimits

# Enough for a picture across a wide screen.
MOST_PEAKS = 2000


@dataclass(frozen=True)
class RecordingReport:
    """Facts, clips, a picture and a verdict."""

    facts: DataReport
    clips: list[Clip]
    peaks: bytes
    verdict: Verdict
    problem: InvalidInputError | None
    """What a task with this recording alone would fail with."""


def report_recording(
    recording: Recording,
    sample_rate_hz: int,
    scratch: Path,
    *,
    rules: SliceRules,
    limits: DecodeLimits,
    child: ChildLimits,
    check_stop: Callable[[], None],
) -> RecordingReport:
    """Slice the recording as the stage audio_slice does, and judge it.

    Raises InvalidInputError (AUDIO_UNREADABLE), TooLargeError (PAYLOAD_TOO_LARGE), UnavailableError where the decoder
    was lost, and whatever check_stop raises.
    """
    peaks = b""

    def look(waveform: Waveform) -> None:
        nonlocal peaks
        peaks = waveform.peaks(MOST_PEAKS)

    with too_long_is_too_large():
        sliced = cut_recordings(
            [recording],
            sample_rate_hz,
            scratch,
            rules=rules,
            limits=limits,
            child=child,
            check_stop=check_stop,
            look=look,
        )
    facts, clips, problem = sliced.report(), sliced.slices.clips, sliced.problem()
    return RecordingReport(facts, clips, peaks, judge(facts, clips, problem), problem)
