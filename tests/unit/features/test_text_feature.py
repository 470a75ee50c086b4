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


def test_chinese_clips_have_two_phonemes_a_character_and_english_words_their_own() -> None:
    clips = [ClipText("c0000", "今天天气很好。", 1.6), ClipText("c0001", "我用Python写代码，", 2.0)]
    rows = text_feature(clips, "zh")
    assert [row.drop_reason for row in rows] == ["", ""]
    assert [row.phonemes.phonemes[-1] for row in rows] == [".", "a3"]
    assert len(rows[0].phonemes.ids) == 13
    assert "TH" in rows[1].phonemes.phonemes
    assert sum(rows[1].phonemes.word2ph) == len(rows[1].phonemes.ids)


def test_clip_far_off_the_usual_pace_is_dropped_where_there_are_enough_to_compare() -> None:
    usual = [ClipText(f"c{n}", SPOKEN, 2.5 + 0.2 * n) for n in range(5)]
    half = ClipText("half", "The quick brown fox.", 3.0)
    padded = ClipText("padded", f"{SPOKEN} {SPOKEN}", 2.6)
    rows = text_feature([*usual, half, padded], "en")
    assert [row.clip_id for row in rows if row.drop_reason == "pace"] == ["half", "padded"]
    assert all(row.kept for row in text_feature([*usual[:2], half, padded], "en"))


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


def test_what_a_person_says_of_a_clip_decides() -> None:
    clips = [ClipText("c0000", SPOKEN, 3.0, corrected=True), ClipText("c0001", SPOKEN, 3.0, dropped=True)]
    rows = text_feature(clips, "en")
    assert [(row.corrected, row.drop_reason) for row in rows] == [(True, ""), (False, "dropped_by_user")]


def test_a_clip_that_is_left_out_by_hand_is_no_measure_of_the_usual_pace() -> None:
    slow = [ClipText(f"c{n}", "Well.", 3.0, dropped=True) for n in range(20)]
    usual = [ClipText(f"d{n}", SPOKEN, 2.5 + 0.2 * n) for n in range(5)]
    rows = text_feature([*slow, *usual], "en")
    assert [row.clip_id for row in rows if row.kept] == [clip.clip_id for clip in usual]
