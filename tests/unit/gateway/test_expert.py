"""Bounds of what experts choose, and that the gateway knows what the services use otherwise."""

from typing import Any

import pytest
from pydantic import ValidationError

from gateway.expert import (
    MAX_SAVED_MODELS,
    PADS_S,
    USUAL_MAX_CLIP_S,
    USUAL_MIN_CLIP_S,
    USUAL_SAVE_EVERY_EPOCHS,
    ExpertOptions,
    expert_view,
)
from services.preprocessing.cuts import CutRules
from services.voice.presets import PRESETS, SAVE_EVERY_EPOCHS, saved_models
from voiceloom.pipeline.v1.pipeline_pb2 import Expert, TaskOptions

ALL: dict[str, Any] = {
    "min_clip_seconds": 1.5,
    "max_clip_seconds": 9.0,
    "sovits_epochs": 3,
    "gpt_epochs": 7,
    "sovits_batch_size": 4,
    "gpt_batch_size": 2,
    "sovits_learning_rate": 1e-4,
    "gpt_learning_rate": 2e-4,
    "sovits_save_every_epochs": 1,
    "gpt_save_every_epochs": 2,
}


def test_what_is_usual_is_what_the_services_use() -> None:
    rules = CutRules()
    assert (rules.min_s, rules.max_s) == (USUAL_MIN_CLIP_S, USUAL_MAX_CLIP_S)
    assert rules.max_s - rules.max_speech_s == pytest.approx(PADS_S)
    assert {f"{kind}_train": every for kind, every in USUAL_SAVE_EVERY_EPOCHS.items()} == SAVE_EVERY_EPOCHS
    most = max(max(epochs.sovits, epochs.gpt) for epochs in PRESETS.values())
    assert saved_models(most, 1) <= MAX_SAVED_MODELS, "whatever the preset, every epoch may be saved"


def test_everything_that_was_chosen_arrives_and_is_shown() -> None:
    proto = ExpertOptions(**ALL).to_proto()
    assert proto is not None
    assert len(proto.ListFields()) == len(ALL) == len(Expert.DESCRIPTOR.fields)
    view = expert_view(TaskOptions(expert=proto))
    assert view is not None
    assert view.model_dump() == ALL


def test_nothing_chosen_is_nothing_sent() -> None:
    assert ExpertOptions().to_proto() is None
    assert expert_view(TaskOptions()) is None


@pytest.mark.parametrize(
    ("chosen", "field"),
    [
        ({"min_clip_seconds": 0.5}, "min_clip_seconds"),
        ({"min_clip_seconds": float("nan")}, "min_clip_seconds"),
        ({"min_clip_seconds": 6}, "max_clip_seconds"),
        ({"min_clip_seconds": 3, "max_clip_seconds": 6}, "max_clip_seconds"),
        ({"max_clip_seconds": 21}, "max_clip_seconds"),
        ({"sovits_epochs": 0}, "sovits_epochs"),
        ({"gpt_epochs": 201}, "gpt_epochs"),
        ({"gpt_batch_size": 65}, "gpt_batch_size"),
        ({"gpt_batch_size": 1.5}, "gpt_batch_size"),
        ({"sovits_learning_rate": 0.1}, "sovits_learning_rate"),
        ({"sovits_epochs": 200}, "sovits_save_every_epochs"),
        ({"gpt_epochs": 200, "gpt_save_every_epochs": 6}, "gpt_save_every_epochs"),
        ({"epochs": 3}, "epochs"),
    ],
)
def test_what_is_out_of_bounds_is_refused_at_its_field(chosen: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ExpertOptions(**chosen)
    assert [error["loc"] for error in caught.value.errors()] == [(field,)]


@pytest.mark.parametrize(
    "chosen",
    [
        {"min_clip_seconds": 8, "max_clip_seconds": 20},
        {"max_clip_seconds": 4.25},
        {"sovits_epochs": 200, "sovits_save_every_epochs": 7},
        {"sovits_epochs": 120},
    ],
)
def test_what_just_fits_is_taken(chosen: dict[str, Any]) -> None:
    assert ExpertOptions(**chosen).to_proto() is not None


def test_slicing_takes_every_limit_that_the_gateway_takes() -> None:
    for shortest in (1.0, 2.0, 5.875, 8.0):
        for longest in (4.0, 4.25, 12.0, 20.0):
            try:
                ExpertOptions(min_clip_seconds=shortest, max_clip_seconds=longest)
            except ValidationError:
                with pytest.raises(ValueError, match="halved"):
                    CutRules().within(shortest, longest)
            else:
                rules = CutRules().within(shortest, longest)
                assert rules.min_s <= rules.target_s <= rules.max_s
