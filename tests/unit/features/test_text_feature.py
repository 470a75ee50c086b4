"""text_feature keeps a row for every clip and says why a clip was dropped."""

import pytest

from services.features.text_feature import ClipText, text_feature
from services.runtime.errors import InvalidInputError

SPOKEN = "The quick brown fox jumps over the lazy dog."


def test_every_clip_has_a_row_and_the_bad_ones_a_reason() -> None:
    clips = [
        ClipText("c0000", SPOKEN, 3.0),
        ClipText("c0001", "你好", 3.0),
        ClipText("c0002", SPOKEN, 30.0),
        ClipText("c0003", SPOKEN, 0.5),
        ClipText("c0004", SPOKEN, 0.0),
    ]
    seen: list[tuple[int, int]] = []
    rows = text_feature(clips, "en", progress=lambda done, total: seen.append((done, total)))
    assert [row.clip_id for row in rows] == [clip.clip_id for clip in clips]
    assert [row.drop_reason for row in rows] == ["", "no_phonemes", "pace", "pace", "pace"]
    assert [row.kept for row in rows] == [True, False, False, False, False]
    assert rows[0].phonemes.ids
    assert seen == [(done, 5) for done in range(1, 6)]


@pytest.mark.parametrize("clips", [[], [ClipText("c0000", "...", 3.0)]])
def test_nothing_left_ends_the_stage_with_a_code(clips: list[ClipText]) -> None:
    with pytest.raises(InvalidInputError) as error:
        text_feature(clips, "en")
    assert error.value.code == "TEXT_EMPTY"
    assert not error.value.retryable


def test_progress_may_stop_the_work() -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        text_feature([ClipText("c0000", SPOKEN, 3.0)], "en", progress=stop)
