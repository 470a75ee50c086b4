"""The user's own words fall to the clips in which they are spoken."""

import re

import pytest

from services.asr.alignment import align_transcript
from services.asr.recogniser import Word


def clip(text: str) -> list[Word]:
    """What the recogniser heard in a clip: a word every half second."""
    return [Word(word, i / 2, i / 2 + 0.4, 0.9) for i, word in enumerate(text.split())]


def texts(transcript: str, *heard: str) -> list[str | None]:
    spans = align_transcript(transcript, [clip(text) for text in heard])
    return [None if span is None else span.text for span in spans]


def test_each_clip_gets_its_words_with_case_and_punctuation() -> None:
    transcript = 'He said "stop".\nThe county plans, at last, to build a (new) road.'
    assert texts(transcript, "he said stop", "the county plans at last to build a new road") == [
        'He said "stop".',
        "The county plans, at last, to build a (new) road.",
    ]


def test_misheard_words_do_not_move_the_boundary() -> None:
    transcript = "In order to administer shiatsu. The tenuity of a hair. Beat swords into ploughshares."
    assert texts(
        transcript, "in order to administer Shia Tsui", "The tenuity of hair beats swords into plow shares"
    ) == [
        "In order to administer shiatsu.",
        "The tenuity of a hair. Beat swords into ploughshares.",
    ]


def test_numbers_stand_for_the_words_that_were_heard() -> None:
    assert texts("Built in 1998 by hand. It stands.", "built in nineteen ninety eight by hand", "it stands") == [
        "Built in 1998 by hand.",
        "It stands.",
    ]


def test_text_of_a_dropped_clip_falls_to_no_clip() -> None:
    transcript = "One small step for man. Nobody kept the clip with this sentence in it. One giant leap for mankind."
    assert texts(transcript, "one small step for man", "one giant leap for mankind") == [
        "One small step for man.",
        "One giant leap for mankind.",
    ]


def test_clip_that_is_not_in_the_transcript_gets_nothing() -> None:
    assert texts("The vast extent of the desert.", "by the way is this thing on", "the vast extent of the desert") == [
        None,
        "The vast extent of the desert.",
    ]


def test_word_that_was_not_heard_goes_to_the_clip_whose_sentence_it_ends() -> None:
    assert texts("I came home late. Then I slept well.", "I came home", "then I slept well") == [
        "I came home late.",
        "Then I slept well.",
    ]


def test_chinese_is_aligned_character_by_character() -> None:
    transcript = "今天天气很好，我们去公园。他说：“明天再来！”"
    heard = [
        [Word(char, i / 4, i / 4 + 0.2, 0.9) for i, char in enumerate(text)]
        for text in ("今天天汽很好我们去公园", "他说明天再来")
    ]
    spans = align_transcript(transcript, heard)
    assert [span and span.text for span in spans] == ["今天天气很好，我们去公园。", "他说：“明天再来！”"]


def chinese(text: str) -> list[Word]:
    """What the recogniser heard in a Chinese clip: a character, or a Latin word, every quarter of a second."""
    pieces = re.findall(r"[A-Za-z]+|.", text)
    return [Word(piece, i / 4, i / 4 + 0.2, 0.9) for i, piece in enumerate(pieces)]


def chinese_texts(transcript: str, *heard: str) -> list[str | None]:
    spans = align_transcript(transcript, [chinese(text) for text in heard], "zh")
    return [None if span is None else span.text for span in spans]


def test_traditional_transcript_keeps_its_characters() -> None:
    transcript = "今天天氣很好，我們去公園。\n後來，他說：「明天再來！」"
    assert chinese_texts(transcript, "今天天气很好，我们去公园。", "后来他说明天再来。") == [
        "今天天氣很好，我們去公園。",
        "後來，他說：「明天再來！」",
    ]


def test_other_characters_that_sound_the_same_are_the_same() -> None:
    transcript = "从目录栈中删除条目。好狗不咬鸡，好汉不打妻。"
    heard = ("从幕录战忠善除调木", "号苟不要机好汗步达期")
    assert chinese_texts(transcript, *heard) == ["从目录栈中删除条目。", "好狗不咬鸡，好汉不打妻。"]


def test_digits_are_the_chinese_numbers_that_were_heard() -> None:
    transcript = "电话是13812345678。2026年11月24日，买了2个苹果。"
    heard = ("电话是一三八一二三四五六七八", "二零二六年十一月二十四日，买了两个苹果")
    assert chinese_texts(transcript, *heard) == ["电话是13812345678。", "2026年11月24日，买了2个苹果。"]
    assert chinese_texts("一共三百二十块。谢谢。", "一共320块", "谢谢") == ["一共三百二十块。", "谢谢。"]


def test_latin_words_in_chinese_stay_whole_and_lines_join_without_a_space() -> None:
    transcript = "我用 Python 写代码，\n很快。 GitHub 上有。"
    assert chinese_texts(transcript, "我用Python写代码很快", "Github上有") == [
        "我用 Python 写代码，很快。",
        "GitHub 上有。",
    ]


def test_words_of_several_characters_share_out_their_time() -> None:
    (span,) = align_transcript(
        "這些輸出。", [[Word("这些", 1.0, 1.4, 0.9), Word("输", 1.4, 1.6, 0.8), Word("出。", 1.6, 2.0, 0.7)]], "zh"
    )
    assert span is not None
    assert [(word.text, word.start_s) for word in span.words] == [
        ("這", 1.0),
        ("些", pytest.approx(1.2)),
        ("輸", 1.4),
        ("出。", 1.6),
    ]


def test_chinese_that_is_not_in_the_transcript_matches_nothing() -> None:
    assert chinese_texts("今天天气很好，我们去公园。", "许多软件依赖于本地主机名", "今天天气很好我们去公园") == [
        None,
        "今天天气很好，我们去公园。",
    ]


def test_words_carry_the_times_of_what_was_heard() -> None:
    (span,) = align_transcript("Come, home now.", [clip("come hone now")])
    assert span is not None
    assert [(word.text, word.start_s) for word in span.words] == [("Come,", 0.0), ("home", 0.5), ("now.", 1.0)]
    assert span.match == pytest.approx(1.0)


def test_word_that_was_not_heard_lies_between_its_neighbours() -> None:
    (span,) = align_transcript("We really do like it here.", [clip("we do like it here")])
    assert span is not None
    missed = span.words[1]
    assert (missed.text, missed.probability) == ("really", 0.0)
    assert span.words[0].end_s <= missed.start_s <= missed.end_s <= span.words[2].start_s


@pytest.mark.parametrize("transcript", ["", "...", "Completely different words from another recording altogether."])
def test_useless_transcript_matches_nothing(transcript: str) -> None:
    assert texts(transcript, "the vast extent of the desert", "") == [None, None]


def test_hours_of_speech_align_in_seconds() -> None:
    words = [f"word{i * 7919 % 900}" if i % 3 else "the" for i in range(6000)]
    heard = [" ".join(words[i : i + 20]) for i in range(0, len(words), 20)]
    assert texts(" ".join(words), *heard) == heard
