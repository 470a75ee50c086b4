"""The table of needs, and what follows from it."""

from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator.pipeline import NEEDS, STAGES, WEIGHTS, finished, runnable, whole_progress
from services.runtime.stage import stage_name, stage_value
from voiceloom.pipeline.v1.pipeline_pb2 import Stage


def states(**known: str) -> dict[str, str]:
    return {stage: known.get(stage, "pending") for stage in STAGES}


def test_table_names_the_stages_of_the_protos_in_their_order() -> None:
    assert [stage_name(value) for value in Stage.values() if value] == list(STAGES)
    assert [stage_value(name) for name in STAGES] == list(range(1, 9))
    assert set(WEIGHTS) == set(STAGES)


def test_every_need_comes_before_the_stage_that_has_it() -> None:
    for stage, needs in NEEDS.items():
        assert all(STAGES.index(need) < STAGES.index(stage) for need in needs)


def test_features_of_sound_and_text_run_side_by_side() -> None:
    assert runnable(states()) == ["audio_slice"]
    assert runnable(states(audio_slice="completed")) == ["asr", "hubert_feature"]
    assert runnable(states(audio_slice="completed", asr="running")) == ["hubert_feature"]


def test_training_waits_for_both_of_its_needs() -> None:
    done = {"audio_slice": "completed", "asr": "completed", "text_feature": "completed"}
    assert runnable(states(**done, hubert_feature="running")) == []
    done["hubert_feature"] = "completed"
    assert runnable(states(**done)) == ["semantic_token", "sovits_train"]
    done["semantic_token"] = "completed"
    assert runnable(states(**done)) == ["sovits_train", "gpt_train"]


def test_inference_waits_for_both_trainings() -> None:
    done = dict.fromkeys(STAGES[:6], "completed")
    assert "inference" not in runnable(states(**done))
    assert runnable(states(**done, gpt_train="completed")) == ["inference"]


def test_progress_is_whole_only_when_everything_is_done() -> None:
    none = dict.fromkeys(STAGES, 0.0)
    assert whole_progress(states(), none) == 0.0
    assert whole_progress(dict.fromkeys(STAGES, "completed"), none) == 1.0
    assert finished(dict.fromkeys(STAGES, "completed"))
    assert not finished(states(audio_slice="completed"))


def test_skipped_stage_counts_for_nothing() -> None:
    all_but_inference = {**dict.fromkeys(STAGES, "completed"), "inference": "skipped"}
    assert whole_progress(all_but_inference, dict.fromkeys(STAGES, 0.0)) == 1.0
    assert finished(all_but_inference)


@given(st.lists(st.sampled_from(STAGES), unique=True), st.sampled_from(STAGES), st.floats(0, 1), st.floats(0, 1))
def test_progress_grows_with_every_fraction(done: list[str], stage: str, low: float, high: float) -> None:
    low, high = sorted((low, high))
    now = states(**dict.fromkeys(done, "completed"))
    fractions = dict.fromkeys(STAGES, 0.0)
    before = whole_progress(now, {**fractions, stage: low})
    after = whole_progress(now, {**fractions, stage: high})
    assert 0.0 <= before <= after <= 1.0
