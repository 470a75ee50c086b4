"""The words that the command line offers are those of the REST contract."""

import inspect
from typing import get_args

from cli import options, results, train
from cli.texts import catalogue
from gateway import schemas
from gateway.expert import ExpertOptions
from tests.unit.cli.fake_gateway import STAGES


def test_choices_are_those_that_the_gateway_takes() -> None:
    assert set(get_args(options.Quality)) == set(get_args(schemas.Quality))
    assert set(get_args(options.SpokenLanguage)) == set(get_args(schemas.AskedLanguage))
    assert set(get_args(options.Status)) == set(get_args(schemas.TaskStatus))
    assert list(get_args(options.StageName)) == list(get_args(schemas.StageName)) == STAGES


def test_everything_that_speech_takes_can_be_said() -> None:
    offered = set(inspect.signature(results.say).parameters) - {"context", "task", "words", "output", "force"}
    assert offered | {"text"} == set(schemas.SpeakRequest.model_fields)


def test_everything_that_experts_choose_can_be_chosen() -> None:
    offered = {name for name in inspect.signature(train.train).parameters if name.startswith("expert_")}
    assert offered == {f"expert_{name}" for name in ExpertOptions.model_fields}


def test_there_is_a_word_for_every_state() -> None:
    for family, words in (("status", schemas.TaskStatus), ("stage_status", schemas.StageStatusName)):
        assert {f"{family}.{word}" for word in get_args(words)} <= set(catalogue("zh"))
