"""How long a task would take, from what is known of a machine."""

import dataclasses

import pytest

from services.orchestrator.estimate import (
    COSTS,
    HISTORY_RANGE,
    MEASURED_RANGE,
    WORK_S,
    Rates,
    Speed,
    Taken,
    estimates,
    load_of,
    rates_of,
    remaining_s,
    trained_before,
)
from services.orchestrator.pipeline import STAGES

SPEED = Speed({"sovits_train": 20.0, "gpt_train": 8.0}, 4.0, WORK_S)
FAST = load_of(90.0, 4, 8)


def taken(rates: Rates, times: float = 1.0, *stages: str) -> Taken:
    """A fast task that took so many times what the rates say."""
    return Taken(FAST, {stage: times * rates.stage_s(stage, FAST) for stage in stages or STAGES})


def test_measured_speed_scales_every_stage() -> None:
    usual = rates_of([], SPEED)
    slow = rates_of([], Speed({"sovits_train": 40.0, "gpt_train": 16.0}, 8.0, 2 * WORK_S))
    assert slow.task_s(FAST) == pytest.approx(2 * usual.task_s(FAST))
    assert (usual.from_history, usual.range) == (False, MEASURED_RANGE)
    assert usual.stage_s("sovits_train", FAST) == 4.0 + 4 * 20.0


def test_more_speech_costs_the_sound_stages_and_no_training() -> None:
    rates, longer = rates_of([], SPEED), dataclasses.replace(FAST, usable_s=180.0)
    for stage in STAGES:
        difference = rates.stage_s(stage, longer) - rates.stage_s(stage, FAST)
        sound = stage in COSTS and stage != "inference"
        assert difference == pytest.approx(90.0 * COSTS[stage].each_s if sound else 0.0)


def test_history_gives_back_what_tasks_took_and_does_without_a_measurement() -> None:
    truth = rates_of([], Speed({"sovits_train": 31.0, "gpt_train": 11.0}, 4.0, WORK_S))
    history = [taken(truth)]
    assert trained_before(history)
    rates = rates_of(history, None)
    assert rates.from_history
    assert rates.task_s(FAST) == pytest.approx(truth.task_s(FAST))
    standard = load_of(90.0, 8, 15)
    assert rates.task_s(standard) == pytest.approx(truth.task_s(standard), rel=0.02)


def test_one_odd_task_among_several_does_not_decide_but_widens_the_range() -> None:
    truth = rates_of([], SPEED)
    rates = rates_of([taken(truth), taken(truth, 1.02), taken(truth, 3.0)], None)
    assert rates.task_s(FAST) == pytest.approx(1.02 * truth.task_s(FAST), rel=0.01)
    assert rates.range[1] == pytest.approx(3.0 / 1.02, rel=0.02)
    assert rates.range[0] <= 0.9
    assert rates_of([taken(truth)], None).range == HISTORY_RANGE


def test_a_stage_that_no_task_has_run_is_as_much_slower_as_the_others() -> None:
    truth = rates_of([], SPEED)
    history = [taken(truth, 2.0, "asr", "hubert_feature", "sovits_train", "gpt_train")]
    assert rates_of(history, None).stage_s("inference", FAST) == pytest.approx(2 * truth.stage_s("inference", FAST))


def test_tasks_without_trainings_help_but_are_no_history() -> None:
    truth = rates_of([], SPEED)
    history = [taken(truth, 2.0, "asr")]
    assert not trained_before(history)
    rates = rates_of(history, SPEED)
    assert not rates.from_history
    assert rates.stage_s("asr", FAST) == pytest.approx(2 * truth.stage_s("asr", FAST))
    assert rates.stage_s("hubert_feature", FAST) == pytest.approx(truth.stage_s("hubert_feature", FAST))


def test_a_run_shorter_than_a_start_still_has_epochs_that_take_time() -> None:
    """A nano pack trains in less time than its child takes to start."""
    history = [Taken(FAST, {"sovits_train": 3.0, "gpt_train": 3.0})]
    rates = rates_of(history, None)
    assert 0 < rates.epoch_s["sovits_train"] < 1
    assert all(item.seconds > 0 for item in estimates(90.0, rates))


def test_qualities_rise_and_stay_within_their_range() -> None:
    found = estimates(90.0, rates_of([], SPEED))
    assert [item.quality for item in found] == ["fast", "standard", "high"]
    assert found[0].seconds < found[1].seconds < found[2].seconds
    for item in found:
        assert item.least_s < item.seconds < item.most_s
    # Measured on two cores: such a task takes 150 to 210 s.
    assert 150 < found[0].seconds < 250


def test_what_is_done_is_not_waited_for_again() -> None:
    rates = rates_of([], SPEED)
    assert remaining_s(rates, FAST, dict.fromkeys(STAGES, 0.0)) == pytest.approx(rates.task_s(FAST))
    assert remaining_s(rates, FAST, {"gpt_train": 0.5}) == pytest.approx(rates.stage_s("gpt_train", FAST) / 2)
    assert rates.stage_s("inference", load_of(90.0, 4, 8, inference=False)) == 0.0
