"""Which pairs are tried, which is best, and how outputs are scored."""

import numpy as np
import pytest

from services.inference.inference import (
    DEFAULT_TEXTS,
    Candidate,
    Judge,
    Read,
    Scores,
    Weights,
    audition,
    best_candidate,
    count_candidates,
)
from services.voice.script import Passage, passages
from services.voice.speaker import SpeakerEncoder
from services.voice.synthesis import Spoken
from services.voice.text import phonemize, split_sentences

GPTS = [Weights(f"g{epoch}", epoch, epoch * 10) for epoch in (5, 10, 15)]
CHINESE = "你好视界"
SOVITS = [Weights(f"s{epoch}", epoch, epoch * 10) for epoch in (4, 8)]


def candidate(gpt: Weights, sovits: Weights, wer: float, similarity: float) -> Candidate:
    return Candidate(gpt, sovits, np.zeros(1, np.float32), Scores("", wer, similarity, 1.0, 1.0))


def test_last_sovits_speaks_with_every_gpt_then_the_best_gpt_with_every_sovits() -> None:
    errors = {"g5": 0.5, "g10": 0.1, "g15": 0.3}
    tried = audition(
        list(reversed(GPTS)), SOVITS, lambda gpt, sovits: candidate(gpt, sovits, errors[gpt.filename], 0.5)
    )
    pairs = [(one.gpt.filename, one.sovits.filename) for one in tried]
    assert pairs == [("g5", "s8"), ("g10", "s8"), ("g15", "s8"), ("g10", "s4")]
    assert len(pairs) == count_candidates(len(GPTS), len(SOVITS))


def test_word_errors_decide_in_steps_then_similarity_then_the_earlier_epoch() -> None:
    few_errors = candidate(GPTS[0], SOVITS[1], 0.10, 0.5)
    alike = candidate(GPTS[1], SOVITS[1], 0.12, 0.9)  # 0.12 and 0.10 are the same step
    many_errors = candidate(GPTS[2], SOVITS[1], 0.30, 0.99)
    assert best_candidate([few_errors, alike, many_errors]) is alike
    earlier = candidate(GPTS[1], SOVITS[0], 0.12, 0.9)
    assert best_candidate([alike, earlier]) is earlier
    earlier_gpt = candidate(GPTS[0], SOVITS[0], 0.12, 0.9)
    assert best_candidate([earlier, earlier_gpt]) is earlier_gpt


def judge(heard: list[float], answer: str = "hello there world") -> Judge:
    def recognise(wav: np.ndarray, language: str) -> str:
        heard.append(len(wav) / 16_000)
        return CHINESE if language == "zh" else answer

    noise = np.random.default_rng(1).normal(0, 0.1, 32_000).astype(np.float32)
    return Judge(recognise, SpeakerEncoder().eval(), [noise], 24_000)


def read(text: str, sentences: list[Spoken], language: str = "en") -> Read:
    return Read(Passage(text, language), sentences)


def noise(seconds: float) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, int(seconds * 24_000)).astype(np.float32)


def test_a_candidate_is_heard_as_a_whole_and_its_length_compared_with_the_pace() -> None:
    heard: list[float] = []
    sentences = [Spoken("Hello there.", noise(1.0), 1.0, 1, ""), Spoken("Wide world.", noise(1.0), 0.5, 1, "")]
    scores = judge(heard).score([read("Hello there. Wide world.", sentences)])
    assert heard == [pytest.approx(2.3, abs=0.01)]
    assert scores.word_error_rate == 0.25
    assert scores.length_ratio == pytest.approx(2.3 / 1.8, abs=0.01)
    assert -1.0 <= scores.speaker_similarity <= 1.0
    assert 0.0 <= scores.speech_ratio < 0.5, "noise is no speech"


def test_a_page_is_heard_in_pieces_that_fit_the_recogniser() -> None:
    heard: list[float] = []
    sentences = [Spoken("Hello.", noise(10.0), 10.0, 1, "") for _ in range(5)]
    judge(heard, "hello hello").score([read("Hello. Hello. Hello. Hello. Hello.", sentences)])
    assert [round(seconds) for seconds in heard] == [20, 20, 10]


def test_each_passage_is_heard_in_its_own_language_and_all_words_count_alike() -> None:
    heard: list[float] = []
    english = read("Hello there.", [Spoken("Hello there.", noise(1.0), 1.0, 1, "")])
    chinese = read("你好，世界。", [Spoken("你好，世界。", noise(2.0), 2.0, 1, "")], "zh")
    scores = judge(heard, "hello where").score([english, chinese])
    assert heard == [pytest.approx(1.0, abs=0.01), pytest.approx(2.0, abs=0.01)]
    assert scores.heard_text == f"hello where{CHINESE}"
    assert scores.word_error_rate == pytest.approx(2 / 6)
    assert scores.length_ratio == pytest.approx(3.3 / 3.3, abs=0.01)


def test_silence_scores_worst_and_breaks_nothing() -> None:
    heard: list[float] = []
    silent = Spoken("Hello.", np.zeros(0, np.float32), 1.0, 3, "too_short")
    scores = judge(heard).score([read("Hello.", [silent])])
    assert heard == []
    assert (scores.word_error_rate, scores.speaker_similarity, scores.speech_ratio) == (1.0, 0.0, 0.0)


def test_every_language_has_a_default_text_and_the_english_one_is_one_sentence() -> None:
    assert set(DEFAULT_TEXTS) == {"zh", "en", "ja", "ko", "yue"}
    assert split_sentences(DEFAULT_TEXTS["en"], "en") == [DEFAULT_TEXTS["en"]]
    assert len(phonemize(DEFAULT_TEXTS["en"], "en").ids) > 30


def test_the_chinese_default_text_is_one_sentence_that_is_read_in_chinese() -> None:
    assert passages(DEFAULT_TEXTS["zh"], "zh", ("en", "zh")) == [Passage(DEFAULT_TEXTS["zh"], "zh")]
    assert split_sentences(DEFAULT_TEXTS["zh"], "zh") == [DEFAULT_TEXTS["zh"]]
    assert len(phonemize(DEFAULT_TEXTS["zh"], "zh").ids) > 40
