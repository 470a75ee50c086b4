"""Says how good a voice is likely to get from a recording, and in one sentence what limits it.

Four things are graded, and the worst grade counts:

=================  ==========  ==========  ===========================================================
what               good        fair        why
=================  ==========  ==========  ===========================================================
usable speech      >= 60 s     >= 30 s     fewer clips repeat more often in an epoch, and are learnt by heart
signal to noise    >= 20 dB    >= 15 dB    the model learns the noise with the voice; clips below 3 dB are dropped
clipped samples    <= 0.1 %    <= 0.5 %    the model learns the distortion; clips above 2 % are dropped
sample rate        >= 22050    >= 16000    above half of it there is nothing to learn; a telephone has 8000 Hz
=================  ==========  ==========  ===========================================================

Anything worse is poor. Unusable is what a task would refuse.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from services.preprocessing.audio_slice import Clip
from services.preprocessing.report import DataReport
from services.runtime.errors import InvalidInputError


class Outlook(IntEnum):
    """From worst to best."""

    UNUSABLE = 1
    POOR = 2
    FAIR = 3
    GOOD = 4


@dataclass(frozen=True)
class OutlookRules:
    """From where on (seconds, dB, Hz) or up to where (clipping) a recording is good, and fair."""

    good_s: float = 60.0
    fair_s: float = 30.0
    good_snr_db: float = 20.0
    fair_snr_db: float = 15.0
    good_clipping: float = 0.001
    fair_clipping: float = 0.005
    good_rate_hz: int = 22_050
    fair_rate_hz: int = 16_000


@dataclass(frozen=True)
class Verdict:
    """The outlook, and the sentence for it as key and arguments."""

    outlook: Outlook
    key: str
    args: dict[str, str] = field(default_factory=dict)


LIMITS = ("speech", "noise", "clipping", "sample_rate")
UNUSABLE_KEYS = {
    "": "verdict.unusable_short",
    "too_short": "verdict.unusable_short",
    "noisy": "verdict.unusable_noisy",
    "clipped": "verdict.unusable_clipped",
    "too_quiet": "verdict.unusable_quiet",
}


def judge(
    report: DataReport, clips: Sequence[Clip], problem: InvalidInputError | None, rules: OutlookRules = OutlookRules()
) -> Verdict:
    """The verdict on a recording; where several things limit it equally, the first of LIMITS is named."""
    if problem is not None:
        return _unusable(clips, problem)
    grades = {
        "speech": _grade(report.usable_s, rules.good_s, rules.fair_s),
        "noise": _grade(report.snr_db, rules.good_snr_db, rules.fair_snr_db),
        "clipping": _grade(-report.clipping_ratio, -rules.good_clipping, -rules.fair_clipping),
        "sample_rate": _grade(report.sample_rate_hz, rules.good_rate_hz, rules.fair_rate_hz),
    }
    outlook = min(grades.values())
    args = {"seconds": f"{report.usable_s:.0f}"}
    if outlook is Outlook.GOOD:
        return Verdict(outlook, "verdict.good", args)
    limit = next(name for name in LIMITS if grades[name] is outlook)
    args |= {
        "noise": {"snr": f"{report.snr_db:.0f}"},
        "clipping": {"ratio": f"{report.clipping_ratio:.1%}"},
        "sample_rate": {"sample_rate_hz": str(report.sample_rate_hz)},
    }.get(limit, {})
    return Verdict(outlook, f"verdict.{outlook.name.lower()}_{limit}", args)


def _grade(value: float, good: float, fair: float) -> Outlook:
    if value >= good:
        return Outlook.GOOD
    return Outlook.FAIR if value >= fair else Outlook.POOR


def _unusable(clips: Sequence[Clip], problem: InvalidInputError) -> Verdict:
    if problem.code == "AUDIO_SILENT":
        return Verdict(Outlook.UNUSABLE, "verdict.unusable_silent")
    seconds = dict.fromkeys(UNUSABLE_KEYS, 0.0)
    for clip in clips:
        seconds[clip.drop_reason] += clip.seconds
    kept_s = seconds.pop("")
    reason = max(seconds, key=lambda name: seconds[name])
    # What was lost is to blame only where there would have been enough with it.
    enough = kept_s + seconds[reason] >= float(problem.params["minimum"])
    return Verdict(Outlook.UNUSABLE, UNUSABLE_KEYS[reason if enough else ""], dict(problem.params))
