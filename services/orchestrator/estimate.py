"""How long a task would take, from what tasks have taken on this machine or from how fast it was measured to be.

Each stage has a cost. The sound stages (audio_slice to semantic_token) cost something to begin with and something for
each second of speech. A training costs a start and its epochs; an epoch draws the same number of clips, however long
the recording is. Inference costs something for each pair of models that it tries. For all but training the costs below
are those of one machine, and `Rates` says by what factor this machine differs. Pure functions; no I/O here.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from services.orchestrator.pipeline import STAGES
from services.voice.presets import PRESETS, SAVE_EVERY_EPOCHS, saved_models

TRAINING = ("sovits_train", "gpt_train")
# A recording that was not sliced yet: so much of it is usually usable speech.
USABLE_SHARE = 0.85
# Most tasks take between these shares of what was estimated.
MEASURED_RANGE = (0.7, 1.6)
HISTORY_RANGE = (0.8, 1.3)
FEW = 3


@dataclass(frozen=True)
class Cost:
    """Seconds: once, and for each second of speech or (inference) each pair of models."""

    once_s: float
    each_s: float


# Seconds of the stages of the task in docs/benchmarks.md (two cores of an AMD EPYC, 89 s of speech, packs/mini), parted
# by judgement into what every recording costs and what each second does. There the fixed piece of arithmetic of the
# training service's measurement takes WORK_S.
WORK_S = 0.145
START_S = 2.5
COSTS: Mapping[str, Cost] = {
    "audio_slice": Cost(0.5, 0.033),
    "asr": Cost(2.0, 0.23),
    "text_feature": Cost(1.5, 0.017),
    "hubert_feature": Cost(1.5, 0.043),
    "semantic_token": Cost(0.1, 0.002),
    "inference": Cost(2.5, 4.0),
}


@dataclass(frozen=True)
class Load:
    """What a task asks for, as far as it decides how long it takes."""

    usable_s: float
    epochs: Mapping[str, int]
    """Of each training stage."""
    pairs: int
    """Pairs of models that inference tries; 0 when it is not asked for."""


@dataclass(frozen=True)
class Speed:
    """What was measured: seconds of an epoch of each training stage, of starting one, and of the fixed work."""

    epoch_s: Mapping[str, float]
    start_s: float
    work_s: float


@dataclass(frozen=True)
class Taken:
    """What a completed task has taken: seconds of those of its stages that can be compared."""

    load: Load
    seconds: Mapping[str, float]


@dataclass(frozen=True)
class Rates:
    """How fast this machine is."""

    factors: Mapping[str, float]
    """Seconds of a stage besides training, as a multiple of COSTS."""
    epoch_s: Mapping[str, float]
    start_s: float
    from_history: bool
    range: tuple[float, float] = field(default=MEASURED_RANGE)

    def stage_s(self, stage: str, load: Load) -> float:
        """Seconds of a stage."""
        if stage in TRAINING:
            return self.start_s + load.epochs[stage] * self.epoch_s[stage]
        return self.factors[stage] * _plain_s(stage, load)

    def task_s(self, load: Load) -> float:
        """Seconds of all stages."""
        return sum(self.stage_s(stage, load) for stage in STAGES)


@dataclass(frozen=True)
class Estimate:
    """Of one quality: seconds, and between which most tasks stay."""

    quality: str
    seconds: float
    least_s: float
    most_s: float
    from_history: bool


def load_of(usable_s: float, sovits_epochs: int, gpt_epochs: int, *, inference: bool = True) -> Load:
    """What so many epochs on so much speech ask for."""
    epochs = {"sovits_train": sovits_epochs, "gpt_train": gpt_epochs}
    models = sum(saved_models(count, SAVE_EVERY_EPOCHS[stage]) for stage, count in epochs.items())
    # The last SoVITS is tried with every GPT, then the best GPT with every other SoVITS.
    return Load(usable_s, epochs, models - 1 if inference else 0)


def trained_before(history: Iterable[Taken]) -> bool:
    """Whether it says how long both trainings take; else the speed must have been measured."""
    return set(TRAINING) <= {stage for taken in history for stage in taken.seconds}


def rates_of(history: Sequence[Taken], speed: Speed | None) -> Rates:
    """What can be said of the machine. ``speed`` may be None when `trained_before`."""
    ratios: dict[str, list[float]] = {}
    for taken in history:
        for stage in COSTS.keys() & taken.seconds.keys():
            ratios.setdefault(stage, []).append(taken.seconds[stage] / _plain_s(stage, taken.load))
    known = {stage: statistics.median(found) for stage, found in ratios.items()}
    if speed is not None:
        usual = speed.work_s / WORK_S
    else:
        usual = statistics.median(known.values()) if known else 1.0
    start_s = speed.start_s if speed is not None else START_S * usual
    epoch_s = dict(speed.epoch_s) if speed is not None else {}
    for stage in TRAINING:
        found = [_epoch_s(taken, stage, start_s) for taken in history if stage in taken.seconds]
        if found:
            epoch_s[stage] = statistics.median(found)
    factors = {stage: known.get(stage, usual) for stage in COSTS}
    if not trained_before(history):
        return Rates(factors, epoch_s, start_s, from_history=False)
    return _with_range(Rates(factors, epoch_s, start_s, from_history=True, range=HISTORY_RANGE), history)


def estimates(usable_s: float, rates: Rates) -> list[Estimate]:
    """One for each quality."""
    found = []
    for quality, epochs in PRESETS.items():
        seconds = rates.task_s(load_of(usable_s, epochs.sovits, epochs.gpt))
        least, most = rates.range
        found.append(Estimate(quality, seconds, seconds * least, seconds * most, rates.from_history))
    return found


def remaining_s(rates: Rates, load: Load, progress: Mapping[str, float]) -> float:
    """Seconds that a task still takes; ``progress`` is the share done of each stage that is not ended."""
    return sum((1.0 - done) * rates.stage_s(stage, load) for stage, done in progress.items())


def _with_range(rates: Rates, history: Sequence[Taken]) -> Rates:
    """As wide as the tasks differ from what would have been estimated, once there are a few."""
    least, most = HISTORY_RANGE
    if len(history) >= FEW:
        ratios = [
            sum(taken.seconds.values()) / sum(rates.stage_s(stage, taken.load) for stage in taken.seconds)
            for taken in history
            if taken.seconds
        ]
        least, most = min(0.9, *ratios), max(1.15, *ratios)
    return Rates(rates.factors, rates.epoch_s, rates.start_s, rates.from_history, (least, most))


def _epoch_s(taken: Taken, stage: str, start_s: float) -> float:
    """Of a run that took hardly longer than a start, some of it was training all the same."""
    seconds = taken.seconds[stage]
    return max(seconds - start_s, 0.2 * seconds) / taken.load.epochs[stage]


def _plain_s(stage: str, load: Load) -> float:
    """On the machine of COSTS."""
    cost = COSTS[stage]
    if stage == "inference":
        return cost.once_s + cost.each_s * load.pairs if load.pairs else 0.0
    return cost.once_s + cost.each_s * load.usable_s
