"""Who speaks: voices alone and mixed, and never those that evaluation needs to be strangers."""

from __future__ import annotations

import random

import numpy as np
import pytest

from services.training.synthetic.voices import (
    HELD_OUT,
    LEFT_OUT,
    SPEEDS,
    VOICES,
    Speaker,
    choose_speaker,
    choose_speed,
    parse_speaker,
)


def speakers(language: str, count: int = 3000) -> list[Speaker]:
    rng = random.Random(0)
    return [choose_speaker(language, rng) for _ in range(count)]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_held_out_voice_is_in_no_clip_alone_or_mixed(language: str) -> None:
    heard = {name for speaker in speakers(language) for name, _ in speaker.parts}
    assert heard == set(VOICES[language])
    assert not heard & (HELD_OUT | LEFT_OUT)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_voices_alone_and_mixtures_of_two_both_occur(language: str) -> None:
    made = speakers(language)
    assert {len(speaker.parts) for speaker in made} == {1, 2}
    for speaker in made:
        assert sum(weight for _, weight in speaker.parts) == pytest.approx(1)
        assert len({name for name, _ in speaker.parts}) == len(speaker.parts)


def test_a_speaker_is_read_back_as_it_was_written() -> None:
    for speaker in speakers("en", 200):
        assert parse_speaker(str(speaker)) == speaker


def test_what_is_no_speaker_is_refused() -> None:
    with pytest.raises(ValueError, match="not a speaker"):
        parse_speaker("af_sky*2")


def test_the_heavier_voice_decides_the_accent() -> None:
    assert parse_speaker("bf_lily*0.6+af_sky*0.4").british
    assert not parse_speaker("af_sky*0.6+bf_lily*0.4").british


def test_a_mixture_is_the_weighted_mean_of_its_voices() -> None:
    tables = {"af_sky": np.zeros((2, 3), np.float32), "af_kore": np.ones((2, 3), np.float32)}
    style = parse_speaker("af_kore*0.6+af_sky*0.4").style(tables.__getitem__)
    assert style.dtype == np.float32
    assert np.allclose(style, 0.6)


def test_speeds_stay_within_their_bounds() -> None:
    rng = random.Random(0)
    speeds = [choose_speed(rng) for _ in range(2000)]
    assert SPEEDS[0] <= min(speeds) < 0.9 < 1.1 < max(speeds) <= SPEEDS[1]
