"""What is said: everyday templates, found sentences, and nothing that models are judged by."""

from __future__ import annotations

import random
import re

import pytest

from services.training.synthetic.found import examples, plain_chinese
from services.training.synthetic.numbers import SLOTS, chinese, counted
from services.training.synthetic.templates import templates
from services.training.synthetic.texts import LENGTHS, Texts, bare, kept_back

CARDS = {
    "en": [f"The {word} was found in the old harbour." for word in "boat rope lamp chart anchor barrel net".split()],
    "zh": [f"他们在河边找到了一{thing}。" for thing in ("条船", "根绳子", "盏灯", "张地图", "只木桶", "个箱子")],
}


def texts(language: str, seed: int = 1, forbidden: tuple[str, ...] = ()) -> Texts:
    return Texts(language, seed, found=CARDS[language], forbidden=forbidden)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_number_always_stands_for_the_same_text(language: str) -> None:
    first, second = texts(language), texts(language)
    assert [first[n] for n in range(50)] == [second[n] for n in reversed(range(50))][::-1]


def test_another_seed_makes_other_texts() -> None:
    assert [texts("en")[n] for n in range(20)] != [texts("en", seed=2)[n] for n in range(20)]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_texts_are_plain_words_of_sane_length_without_digits(language: str) -> None:
    plain = re.compile(r"[A-Za-z ,;:.!?'\"-]+" if language == "en" else r"[\u4e00-\u9fff，、；：。！？]+")
    made = texts(language)
    for number in range(1500):
        assert plain.fullmatch(made[number]), made[number]
        assert len(made[number]) <= LENGTHS[language][1] * 1.4, made[number]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_texts_hardly_repeat(language: str) -> None:
    made = Texts(language, 1, found=(), forbidden=())
    assert len({made[number] for number in range(1000)}) > 930


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_slot_has_words_or_numbers_and_every_list_is_used(language: str) -> None:
    source = templates(language)
    slots = {slot for sentence in source.sentences for slot in re.findall(r"\{(\w+)\}", sentence)}
    assert slots <= source.words.keys() | source.numbers.keys()
    assert source.words.keys() <= slots
    assert source.numbers.keys() <= slots


def test_a_slot_that_occurs_twice_holds_two_words() -> None:
    for seed in range(50):
        first, second = templates("en").fill("{city}|{city}", random.Random(seed)).split("|")
        assert first != second


def test_a_sentence_of_the_evaluation_is_left_out_whatever_its_punctuation() -> None:
    made = texts("en", forbidden=tuple(card.upper().replace(".", "!") for card in CARDS["en"][1:]))
    said = " ".join(made[number] for number in range(100))
    assert CARDS["en"][0] in said
    assert not any(card in said for card in CARDS["en"][1:])


def test_a_template_that_makes_a_sentence_of_the_evaluation_is_filled_again() -> None:
    plain = [sentence for sentence in templates("zh").sentences if "{" not in sentence]
    made = Texts("zh", 1, found=(), forbidden=plain)
    said = "".join(made[number] for number in range(600))
    assert not any(sentence in said for sentence in plain)


def test_the_repository_keeps_the_texts_of_its_samples_back() -> None:
    assert kept_back()


def test_two_spellings_of_one_sound_are_the_same_bare_text() -> None:
    assert bare("Well, it's HERE!") == bare("well its here")
    assert bare("你好，世界。") == bare("你好 世界")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "零"),
        (10, "十"),
        (19, "十九"),
        (102, "一百零二"),
        (110, "一百一十"),
        (222, "两百二十二"),
        (1002, "一千零二"),
        (2010, "两千零一十"),
        (10_500, "一万零五百"),
        (20_002, "两万零二"),
        (120_000, "十二万"),
    ],
)
def test_chinese_numbers_read_as_they_are_said(number: int, words: str) -> None:
    assert chinese(number) == words


def test_two_before_a_measure_word_is_liang() -> None:
    assert counted(2) == "两"
    assert counted(12) == "十二"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_numbers_come_in_words(language: str) -> None:
    rng = random.Random(0)
    for slot in SLOTS[language].values():
        said = "".join(slot(rng) for _ in range(40))
        assert said
        assert not re.search(r"\d", said)


def test_examples_of_a_gloss_become_sentences() -> None:
    gloss = ' be loud; "the engine roared in the tunnel"; "Who left the door open?"; "too short"; "it cost $5 in 1990"'
    assert list(examples(gloss)) == ["The engine roared in the tunnel.", "Who left the door open?"]


def test_only_sentences_of_simplified_characters_are_taken_from_documentation() -> None:
    page = "选项 -a 不会出现在这里。\n这个句子里面只有汉字，\n   而且被折成了两行。\n這個句子裡面是繁體字。\n太短了。\n"
    assert list(plain_chinese(page)) == ["这个句子里面只有汉字，而且被折成了两行。"]
