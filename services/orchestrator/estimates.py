"""How long a task will take: from what tasks took on this machine, else from how fast it was measured to be.

Training takes a fixed time per epoch, whatever the recording; slicing, recognition and features take as long as the
recording is long; inference as many models as there are to be heard. Pure functions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from services.voice.presets import PRESETS, SAVE_EVERY_EPOCHS, Epochs, saved_models

BY_LENGTH = ("audio_slice", "asr", "text_feature", "hubert_feature", "semantic_token")

# Where only the speed of training and of the processor is known. Seconds on two cores of an AMD EPYC, which did the
# arithmetic of services/training/speed.py in _REFERENCE_WORK_S: per second of recording, and per saved model.
_REFERENCE_WORK_S = 0.0138
_PER_SECOND_S = 0.2
_PER_MODEL_S = 8.0

# Most tasks take between these shares of the estimate.
SPREAD_OF_HISTORY = (0.75, 1.4)
SPREAD_OF_MEASURE = (0.65, 1.6)


@dataclass(frozen=True)
class Speed:
    """What the training service measured, in seconds."""

    sovits_epoch_s: float
    gpt_epoch_s: float
    start_s: float
    work_s: float


@dataclass(frozen=True)
class Past:
    """A completed task whose stages all did their own work: seconds of each, its recording and its epochs."""

    seconds: Mapping[str, float]
    recording_s: float
    epochs: Epochs


@dataclass(frozen=True)
class Pace:
    """What the parts of a task take, in seconds."""

    sovits_epoch_s: float
    gpt_epoch_s: float
    start_s: float
    per_second_s: float
    per_model_s: float
    from_history: bool

    def task_s(self, epochs: Epochs, recording_s: float) -> float:
        """Seconds of a whole task from its start on."""
        training = epochs.sovits * self.sovits_epoch_s + epochs.gpt * self.gpt_epoch_s + 2 * self.start_s
        return training + recording_s * self.per_second_s + _models(epochs) * self.per_model_s


@dataclass(frozen=True)
class Estimate:
    """Seconds of one preset; most tasks take between the other two."""

    quality: str
    seconds: float
    least_s: float
    most_s: float


def pace_of(past: Sequence[Past]) -> Pace | None:
    """The pace of the middle one of these tasks, part by part; None without any."""
    if not past:
        return None
    return Pace(
        sovits_epoch_s=median(task.seconds["sovits_train"] / task.epochs.sovits for task in past),
        gpt_epoch_s=median(task.seconds["gpt_train"] / task.epochs.gpt for task in past),
        start_s=0.0,  # is in the epochs
        per_second_s=median(sum(task.seconds[name] for name in BY_LENGTH) / task.recording_s for task in past),
        per_model_s=median(task.seconds["inference"] / _models(task.epochs) for task in past),
        from_history=True,
    )


def pace_of_measure(speed: Speed) -> Pace:
    """The pace of a machine that has trained nothing yet."""
    slower = speed.work_s / _REFERENCE_WORK_S
    return Pace(
        speed.sovits_epoch_s,
        speed.gpt_epoch_s,
        speed.start_s,
        _PER_SECOND_S * slower,
        _PER_MODEL_S * slower,
        from_history=False,
    )


def estimates(pace: Pace, recording_s: float) -> list[Estimate]:
    """One for each preset."""
    least, most = SPREAD_OF_HISTORY if pace.from_history else SPREAD_OF_MEASURE
    found = []
    for quality, epochs in PRESETS.items():
        seconds = pace.task_s(epochs, recording_s)
        found.append(Estimate(quality, seconds, least * seconds, most * seconds))
    return found


def _models(epochs: Epochs) -> int:
    return saved_models(epochs.sovits, SAVE_EVERY_EPOCHS["sovits_train"]) + saved_models(
        epochs.gpt, SAVE_EVERY_EPOCHS["gpt_train"]
    )
