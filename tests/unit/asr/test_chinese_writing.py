"""What Whisper wrote in Chinese, as it is trained on: simplified, with Chinese marks, and marks at pauses."""

import numpy as np
import pytest

from services.asr.chinese_writing import write_chinese
from services.asr.recogniser import SAMPLE_RATE_HZ, Recognition, Samples, Word

STEP_S = 0.25


def heard(text: str, *pieces: str) -> Recognition:
    """A recognition with a word every quarter of a second."""
    words = tuple(Word(piece, i * STEP_S, (i + 1) * STEP_S, 0.9) for i, piece in enumerate(pieces))
    return Recognition(text, words, 0.9, 0.01, -0.2, 0.8)


def sound(seconds: float, *pauses_s: tuple[float, float]) -> Samples:
    """Noise as loud as speech, with near silence between the given seconds."""
    wav = np.random.default_rng(0).normal(0, 0.1, int(seconds * SAMPLE_RATE_HZ))
    for start_s, end_s in pauses_s:
        wav[int(start_s * SAMPLE_RATE_HZ) : int(end_s * SAMPLE_RATE_HZ)] *= 0.001
    return wav.astype(np.float32)


def written(text: str, *pieces: str, pauses_s: tuple[tuple[float, float], ...] = ()) -> tuple[str, list[str]]:
    found = write_chinese(heard(text, *pieces), sound(max(1, len(pieces)) * STEP_S, *pauses_s))
    return found.text, [word.text for word in found.words]


def test_traditional_characters_and_typed_marks_become_simplified_and_printed() -> None:
    text, words = written("後來呢?我們走著,他說:好!", *"後 來 呢? 我 們 走 著, 他 說: 好!".split())
    assert text == "后来呢？我们走着，他说：好！"
    assert words == "后 来 呢？ 我 们 走 着， 他 说： 好！".split()


def test_script_of_a_word_is_decided_by_the_whole_text() -> None:
    assert written("這部名著", "這", "部", "名", "著") == ("这部名著。", ["这", "部", "名", "著。"])


def test_marks_in_numbers_and_latin_words_stay() -> None:
    assert written("版本3.14和1,000个,用v2.0.")[0] == "版本3.14和1,000个，用v2.0。"
    assert written("他用GitHub,我用Node.js。")[0] == "他用GitHub，我用Node.js。"


def test_space_between_characters_is_a_pause_and_one_beside_latin_words_is_kept() -> None:
    assert written("曼川風雨 晚街", "曼川", "風雨", "晚街") == ("曼川风雨，晚街。", ["曼川", "风雨，", "晚街。"])
    assert written("依赖 We got 关于", "依赖", "We", "got", "关于")[0] == "依赖 We got 关于。"
    assert written("曼川風雨 晚街")[0] == "曼川风雨，晚街。"


def test_mark_is_put_where_the_sound_pauses_and_none_is_written() -> None:
    pauses = ((0.45, 0.65), (0.97, 1.17))
    text, words = written("好狗不咬,鸡", "好", "狗", "不", "咬,", "鸡", pauses_s=pauses)
    assert text == "好狗，不咬，鸡。"
    assert words == ["好", "狗，", "不", "咬，", "鸡。"]


@pytest.mark.parametrize("pause_s", [(0.45, 0.53), (0.02, 0.1)])
def test_short_silence_within_a_word_is_no_pause(pause_s: tuple[float, float]) -> None:
    assert written("好狗不咬鸡", *"好狗不咬鸡", pauses_s=(pause_s,))[0] == "好狗不咬鸡。"


def test_what_ends_already_is_not_ended_again() -> None:
    assert written("好吗？", "好", "吗？")[0] == "好吗？"
    assert written("他说“好”", "他", "说", "“好”")[0] == "他说“好”"
    assert written("", pauses_s=())[0] == ""


def test_times_and_scores_stay() -> None:
    before = heard("你好", "你", "好")
    after = write_chinese(before, sound(0.5))
    assert [(word.start_s, word.end_s) for word in after.words] == [(word.start_s, word.end_s) for word in before.words]
    assert (after.confidence, after.mean_log_probability) == (before.confidence, before.mean_log_probability)
