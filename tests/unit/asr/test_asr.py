"""The asr stage's decisions: language, ledger, and when to give up."""

import pytest

from services.asr.asr import AsrRules, transcribe_clips
from services.runtime.errors import InvalidInputError
from tests.unit.asr.fake_recogniser import FakeRecogniser, Said

NOISE = Said("Thank you.", language="nn", language_probability=0.6, confidence=0.5, no_speech=0.7, log_probability=-1.1)


def reasons(*said: Said, **options: str) -> list[str]:
    recogniser = FakeRecogniser(said)
    rows = transcribe_clips(recogniser.clips(), recogniser, languages=["en"], **options).rows  # type: ignore[arg-type]
    assert [row.clip_id for row in rows] == [f"c{i:04d}" for i in range(len(said))]
    return [row.drop_reason for row in rows]


def error(*said: Said, **options: str) -> InvalidInputError:
    with pytest.raises(InvalidInputError) as caught:
        reasons(*said, **options)
    return caught.value


def test_every_clip_has_a_row_in_time_order_with_its_reason() -> None:
    assert reasons(
        Said("Good morning."),
        Said(""),
        Said("Bonjour", language="fr", language_probability=0.96),
        Said("Uh huh hmm", log_probability=-1.3),
        Said("la la la la", compression=3.0),
        Said("murmur", confidence=0.2),
        NOISE,
        Said("Good night."),
    ) == ["", "no_words", "other_language", "low_confidence", "low_confidence", "low_confidence", "no_words", ""]


def test_quiet_speech_that_whisper_is_sure_of_is_kept() -> None:
    assert reasons(Said("Beat swords into ploughshares.", no_speech=0.55, confidence=0.85)) == [""]


def test_accent_that_is_taken_for_another_language_is_kept() -> None:
    accent = Said("Good morning to you.", language="cy", language_probability=0.7)
    assert reasons(*[Said("Good morning.")] * 4, accent)[-1] in ("", "other_language")
    assert reasons(accent, language="en") == [""]


def test_language_is_that_of_most_seconds() -> None:
    recogniser = FakeRecogniser([Said("Hello there.")] * 4 + [Said("你好", language="zh")])
    found = transcribe_clips(recogniser.clips(), recogniser, languages=["en", "zh"])
    assert (found.language, found.aligned) == ("en", False)
    assert 0.5 < found.language_probability < 1
    assert set(recogniser.written_in) == {"en"}


def test_nothing_is_encoded_twice_when_the_language_is_found_out() -> None:
    recogniser = FakeRecogniser([Said(f"Sentence number {i}.") for i in range(40)])
    transcribe_clips(recogniser.clips(), recogniser, languages=["en"], rules=AsrRules(language_clips=8))
    assert recogniser.listened == 40


def test_foreign_recording_is_refused_with_both_languages_after_a_sample() -> None:
    recogniser = FakeRecogniser([Said("你好吗", language="zh")] * 40)
    with pytest.raises(InvalidInputError) as caught:
        transcribe_clips(recogniser.clips(), recogniser, languages=["en", "ja"], rules=AsrRules(language_clips=8))
    assert caught.value.code == "LANGUAGE_UNSUPPORTED"
    assert caught.value.params == {"language": "zh", "languages": "en, ja"}
    assert recogniser.listened < 20


def test_foreign_recording_is_refused_also_when_the_user_named_our_language() -> None:
    caught = error(*[Said("blah blah", language="zh", language_probability=0.99)] * 3, language="en")
    assert (caught.code, caught.params["language"]) == ("LANGUAGE_UNSUPPORTED", "zh")


def test_recording_in_another_language_than_the_chosen_one_says_so_when_the_pack_speaks_both() -> None:
    recogniser = FakeRecogniser([Said("blah blah", language="zh", language_probability=0.99)] * 3)
    with pytest.raises(InvalidInputError) as caught:
        transcribe_clips(recogniser.clips(), recogniser, languages=["en", "zh"], language="en")
    assert caught.value.code == "LANGUAGE_MISMATCH"
    assert caught.value.params == {"language": "zh", "asked": "en"}


def test_music_and_noise_are_no_speech_whatever_language_whisper_hears_in_them() -> None:
    assert error(*[NOISE] * 5).code == "NO_SPEECH_RECOGNISED"
    assert error(Said(""), Said("...")).code == "NO_SPEECH_RECOGNISED"


def test_no_clips_are_no_speech() -> None:
    assert error().code == "NO_SPEECH_RECOGNISED"


def test_language_named_by_the_user_is_not_looked_for() -> None:
    recogniser = FakeRecogniser([Said("Hello.", language="cy", language_probability=0.6)])
    found = transcribe_clips(recogniser.clips(), recogniser, languages=["en"], language="en")
    assert (found.language, found.language_probability) == ("en", 1.0)


def test_cantonese_is_written_down_as_chinese_and_stays_cantonese() -> None:
    recogniser = FakeRecogniser([Said("你 好", language="zh")])
    found = transcribe_clips(recogniser.clips(), recogniser, languages=["yue"], language="yue")
    assert recogniser.written_in == ["zh"]
    assert (found.language, found.rows[0].language, found.rows[0].kept) == ("yue", "yue", True)


def test_chinese_is_written_down_in_simplified_characters_with_chinese_marks() -> None:
    recogniser = FakeRecogniser([Said("你們好,後來呢?", language="zh"), Said("天氣很好", language="zh")])
    found = transcribe_clips(recogniser.clips(), recogniser, languages=["en", "zh"])
    assert [row.text for row in found.rows] == ["你们好，后来呢？", "天气很好。"]
    assert (found.language, {row.language for row in found.rows}) == ("zh", {"zh"})


def test_chinese_with_english_words_is_kept_and_a_clip_all_in_english_is_not() -> None:
    # As measured: where half of a clip is English, Whisper still gives Chinese a sixth; in English clips 0.001.
    mixed = Said("我用 Python 写代码", language="en", language_probability=0.8, also=("zh", 0.16))
    english = Said("The movers were careful.", language="en", language_probability=0.99, also=("zh", 0.001))
    chinese = [Said("今天天气很好", language="zh")] * 6
    recogniser = FakeRecogniser([*chinese, mixed, english])
    rows = transcribe_clips(recogniser.clips(), recogniser, languages=["zh", "en"]).rows
    assert [row.drop_reason for row in rows] == [*[""] * 7, "other_language"]
    assert [row.language for row in rows[6:]] == ["zh", "en"]


def test_chinese_transcript_is_aligned_by_sound_and_keeps_the_users_characters() -> None:
    recogniser = FakeRecogniser([Said("今 天 天 汽 很 好", language="zh"), Said("我 们 去 功 园", language="zh")])
    transcript = "今天天氣很好，\n我們去公園！"
    found = transcribe_clips(recogniser.clips(), recogniser, languages=["zh"], transcript=transcript)
    assert [(row.text, row.drop_reason) for row in found.rows] == [("今天天氣很好，", ""), ("我們去公園！", "")]


def test_transcript_replaces_what_was_recognised() -> None:
    recogniser = FakeRecogniser(
        [Said("the county plans a rode"), Said("is this on"), Said("it stands", confidence=0.3), NOISE]
    )
    found = transcribe_clips(
        recogniser.clips(), recogniser, languages=["en"], transcript="The county plans a road. It stands!"
    )
    assert found.aligned
    assert [(row.text, row.drop_reason) for row in found.rows] == [
        ("The county plans a road.", ""),
        ("is this on", "not_in_transcript"),
        ("It stands!", ""),
        ("Thank you.", "no_words"),
    ]


def test_transcript_of_another_recording_is_refused() -> None:
    assert error(Said("the county plans a road"), transcript="Something else.").code == "TRANSCRIPT_MISMATCH"


def test_progress_rises_to_the_last_batch_and_names_what_is_done() -> None:
    recogniser = FakeRecogniser([Said(f"Sentence number {i}.") for i in range(30)])
    seen: list[tuple[float, str, int]] = []

    def progress(fraction: float, key: str, /, *, done: int, total: int) -> None:
        assert total == 30
        seen.append((fraction, key, done))

    transcribe_clips(
        recogniser.clips(), recogniser, languages=["en"], transcript="Sentence number 3.", progress=progress
    )
    fractions = [fraction for fraction, _, _ in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] > 0.8
    assert {key for _, key, _ in seen} == {"asr.transcribing", "asr.aligning"}
