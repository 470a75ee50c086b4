"""How long a task will take, from what others took or from what was measured."""

import pytest

from services.orchestrator.estimates import BY_LENGTH, Past, Speed, estimates, pace_of, pace_of_measure
from services.voice.presets import PRESETS, Epochs

FAST = PRESETS["fast"]


def past(*, slower: float = 1.0, recording_s: float = 100.0, epochs: Epochs = FAST, models: int = 3) -> Past:
    """A task: 10 s per epoch of SoVITS, 5 of the GPT, 0.2 per second of recording, 4 per saved model."""
    seconds = {
        **dict.fromkeys(BY_LENGTH, slower * 0.04 * recording_s),
        "sovits_train": slower * 10.0 * epochs.sovits,
        "gpt_train": slower * 5.0 * epochs.gpt,
        "inference": slower * 4.0 * models,
    }
    return Past(seconds, recording_s, epochs)


def test_a_task_like_the_last_one_takes_as_long() -> None:
    task = past()
    pace = pace_of([task])
    assert pace is not None
    fast = next(found for found in estimates(pace, 100.0) if found.quality == "fast")
    assert fast.seconds == pytest.approx(sum(task.seconds.values()))
    assert fast.least_s < fast.seconds < fast.most_s


def test_a_preset_that_was_never_used_is_estimated_from_another() -> None:
    pace = pace_of([past()])
    assert pace is not None
    high = next(found for found in estimates(pace, 200.0) if found.quality == "high")
    # 16 and 30 epochs, 200 s, 4 and 6 models.
    assert high.seconds == pytest.approx(16 * 10 + 30 * 5 + 200 * 0.2 + 10 * 4)


def test_one_task_that_was_slow_changes_little() -> None:
    usual, with_slow = pace_of([past()] * 3), pace_of([past(), past(slower=9.0), past()])
    assert usual == with_slow


def test_a_machine_without_a_past_is_measured() -> None:
    assert pace_of([]) is None
    slow, quick = (pace_of_measure(Speed(10.0, 5.0, 2.0, work_s)) for work_s in (0.0276, 0.0138))
    assert slow.per_second_s == 2 * quick.per_second_s
    fast = estimates(quick, 90.0)[0]
    assert fast.seconds == pytest.approx(4 * 10 + 8 * 5 + 2 * 2 + 90 * quick.per_second_s + 3 * quick.per_model_s)
    narrow, wide = pace_of([past()]), quick
    assert narrow is not None
    assert _spread(estimates(wide, 90.0)[0]) > _spread(estimates(narrow, 90.0)[0])


def _spread(found: object) -> float:
    return (found.most_s - found.least_s) / found.seconds  # type: ignore[attr-defined]


def test_better_takes_longer() -> None:
    seconds = [found.seconds for found in estimates(pace_of_measure(Speed(10.0, 5.0, 2.0, 0.02)), 60.0)]
    assert seconds == sorted(seconds)
