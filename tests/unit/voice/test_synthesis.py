"""Speaking with tiny random models: sentences in order, bounded length, retries, levels and silence."""

import numpy as np
import pytest
import torch
from torch import Tensor

from services.runtime.errors import StoppedError
from services.voice.content import ContentEncoder
from services.voice.gpt import Gpt, GptConfig
from services.voice.sovits import Sovits, SovitsConfig
from services.voice.synthesis import (
    CAP,
    CAP_MARGIN_S,
    FEW_MISTAKES,
    HEARD_ATTEMPTS,
    RETRIES,
    Prompt,
    Speaker,
    SpeakingOptions,
    join,
    make_prompt,
    match_level,
    speech_level,
    trim_silence,
)
from services.voice.text import phonemize

RATE = 16_000


class FlatEncoder(ContentEncoder):
    """Features that are the loudness of every frame."""

    name, channels = "flat", 8

    @property
    def device(self) -> torch.device:
        return torch.device("cpu")

    def _encode(self, wav: Tensor, frames: int) -> Tensor:
        return wav[: frames * 320].reshape(frames, 320).square().mean(1, keepdim=True).expand(-1, 8).clone()


@pytest.fixture(scope="module")
def sovits() -> Sovits:
    torch.manual_seed(0)
    config = SovitsConfig(
        sample_rate_hz=RATE,
        hop=320,
        n_fft=640,
        ssl_channels=8,
        codebook_size=32,
        inter_channels=16,
        hidden_channels=16,
        filter_channels=32,
        n_layers=2,
        gin_channels=16,
        mrte_channels=16,
        ref_bins=64,
        ref_hidden=16,
        posterior_layers=2,
        flow_steps=2,
        flow_layers=1,
        decoder="istft",
        istft_channels=16,
        istft_blocks=1,
        istft_n_fft=640,
        istft_upsample=1,
    )
    return Sovits(config).eval()


@pytest.fixture(scope="module")
def gpt() -> Gpt:
    torch.manual_seed(0)
    return Gpt(GptConfig(codebook_size=32, dim=16, n_heads=2, n_layers=1, bert_dim=0)).eval()


def noise(seconds: float) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, int(seconds * RATE)).astype(np.float32)


@pytest.fixture(scope="module")
def prompt(sovits: Sovits) -> Prompt:
    return make_prompt(sovits, FlatEncoder(), noise(3.0), RATE, phonemize("Hello there.", "en").ids)


def test_a_prompt_has_tokens_of_the_clip_and_a_short_silence(prompt: Prompt, sovits: Sovits) -> None:
    assert prompt.tokens.shape == (1, int(3.3 * 25))
    assert prompt.spec.shape == (1, 321, 150)
    assert prompt.level == pytest.approx(0.1, rel=0.1)


def test_a_reference_without_words_or_shorter_than_a_second_is_refused(sovits: Sovits) -> None:
    with pytest.raises(ValueError, match="reference"):
        make_prompt(sovits, FlatEncoder(), noise(3.0), RATE, [])
    with pytest.raises(ValueError, match="reference"):
        make_prompt(sovits, FlatEncoder(), noise(0.5), RATE, [1, 2])


def test_a_page_is_spoken_sentence_by_sentence_and_never_runs_on(gpt: Gpt, sovits: Sovits, prompt: Prompt) -> None:
    speaker = Speaker(gpt, sovits, prompt, pace=12.0)
    text = "This is the first sentence. 你好你好你好。 Then there comes another one!"
    spoken = list(speaker.sentences(text, "en"))
    assert [sentence.text for sentence in spoken] == ["This is the first sentence.", "Then there comes another one!"]
    for sentence in spoken:
        assert len(sentence.wav) / RATE <= CAP * sentence.expected_s + CAP_MARGIN_S + 0.1
        assert sentence.wav.dtype == np.float32
        assert np.abs(sentence.wav).max(initial=0.0) <= 0.951


def test_the_same_seed_speaks_the_same_and_another_does_not(gpt: Gpt, sovits: Sovits, prompt: Prompt) -> None:
    speaker = Speaker(gpt, sovits, prompt, pace=12.0)
    one, same, other = (
        join([part.wav for part in speaker.sentences("Some words here.", "en", SpeakingOptions(seed=seed))], RATE)
        for seed in (1, 1, 2)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


class Script(Speaker):
    """A speaker whose attempts are given."""

    def __init__(self, base: Speaker, attempts: list[tuple[np.ndarray, bool]]) -> None:
        super().__init__(base.gpt, base.sovits, base.prompt, base.pace)
        self.attempts = attempts
        self.seeds: list[int] = []

    def _speak(self, phonemes: object, options: object, seed: int) -> tuple[np.ndarray, bool]:
        self.seeds.append(seed)
        return self.attempts[len(self.seeds) - 1]

    def _flaw(self, wav: np.ndarray, expected_s: float, endless: bool) -> str:
        return super()._flaw(wav, expected_s, endless).replace("silent", "")  # noise stands for speech


def script(base: Speaker, *lengths: float, endless: tuple[int, ...] = ()) -> Script:
    """Attempts as long as the parts of the expected length."""
    expected_s = base.expected_s(phonemize("These are the words to speak.", "en"))
    return Script(base, [(noise(part * expected_s), n in endless) for n, part in enumerate(lengths)])


def test_a_sentence_that_came_out_wrong_is_spoken_again_with_another_seed(
    gpt: Gpt, sovits: Sovits, prompt: Prompt
) -> None:
    speaker = script(Speaker(gpt, sovits, prompt, pace=4.0), 2.5, 1.1)
    (spoken,) = speaker.sentences("These are the words to speak.", "en")
    assert (spoken.attempts, spoken.flaw) == (2, "")
    assert len(set(speaker.seeds)) == 2


def test_the_least_wrong_attempt_is_kept_when_all_are_wrong(gpt: Gpt, sovits: Sovits, prompt: Prompt) -> None:
    speaker = script(Speaker(gpt, sovits, prompt, pace=4.0), 0.0, 2.2, 5.0, 3.0, 1.0)
    (spoken,) = speaker.sentences("These are the words to speak.", "en")
    assert (spoken.attempts, spoken.flaw) == (1 + RETRIES, "too_long")
    assert len(spoken.wav) / RATE == pytest.approx(2.2 * spoken.expected_s, abs=0.01)


def test_only_short_sentences_get_seconds_on_top_of_their_share(gpt: Gpt, sovits: Sovits, prompt: Prompt) -> None:
    slow = script(Speaker(gpt, sovits, prompt, pace=4.0), 1.58, 1.0)
    (spoken,) = slow.sentences("These are the words to speak.", "en")
    assert spoken.expected_s > 2.0
    assert spoken.attempts == 2
    quick = script(Speaker(gpt, sovits, prompt, pace=16.0), 1.58, 1.0)
    (spoken,) = quick.sentences("These are the words to speak.", "en")
    assert spoken.expected_s < 2.0
    assert spoken.attempts == 1


def test_a_sentence_that_the_gpt_did_not_end_counts_as_wrong(gpt: Gpt, sovits: Sovits, prompt: Prompt) -> None:
    speaker = script(Speaker(gpt, sovits, prompt, pace=4.0), 1.0, 1.0, endless=(0,))
    (spoken,) = speaker.sentences("These are the words to speak.", "en")
    assert spoken.attempts == 2


def test_a_sentence_with_wrong_words_is_spoken_again_and_the_best_one_kept(
    gpt: Gpt, sovits: Sovits, prompt: Prompt
) -> None:
    heard = []

    def listen(wav: np.ndarray, text: str, language: str) -> float:
        heard.append((len(wav), text, language))
        return [0.6, 0.3, 0.5][len(heard) - 1]

    speaker = script(Speaker(gpt, sovits, prompt, pace=4.0), 1.0, 1.1, 1.2, 1.0)
    (spoken,) = speaker.sentences("These are the words to speak.", "en", listen=listen)
    assert (spoken.attempts, spoken.flaw, spoken.mistakes) == (HEARD_ATTEMPTS, "", 0.3)
    assert [row[1:] for row in heard] == [("These are the words to speak.", "en")] * 3
    assert len(spoken.wav) == heard[1][0]


def test_a_sentence_with_few_mistakes_is_good_enough(gpt: Gpt, sovits: Sovits, prompt: Prompt) -> None:
    speaker = script(Speaker(gpt, sovits, prompt, pace=4.0), 2.5, 1.0, 1.0)
    heard = iter([FEW_MISTAKES])
    (spoken,) = speaker.sentences("These are the words to speak.", "en", listen=lambda *_: next(heard))
    assert (spoken.attempts, spoken.mistakes) == (2, FEW_MISTAKES)


def test_noise_without_speech_counts_as_wrong(gpt: Gpt, sovits: Sovits, prompt: Prompt) -> None:
    speaker = Speaker(gpt, sovits, prompt, pace=4.0)
    assert speaker._flaw(noise(2.0), 2.0, False) == "silent"


def test_speaking_stops_between_sentences_when_told_to(gpt: Gpt, sovits: Sovits, prompt: Prompt) -> None:
    def check() -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        next(Speaker(gpt, sovits, prompt, pace=12.0).sentences("Words.", "en", check=check))


def test_silence_is_cut_from_both_ends() -> None:
    wav = np.concatenate([np.zeros(RATE, np.float32), noise(1.0), np.zeros(RATE, np.float32)])
    trimmed = trim_silence(wav, RATE)
    assert len(trimmed) / RATE == pytest.approx(1.12, abs=0.03)
    assert len(trim_silence(np.zeros(RATE, np.float32), RATE)) == 0


def test_level_follows_the_reference_and_peaks_stay_below_full_scale() -> None:
    quiet = noise(1.0) * 0.1
    assert speech_level(match_level(quiet, 0.05)) == pytest.approx(0.05, rel=0.05)
    assert np.abs(match_level(quiet, 0.9)).max() <= 0.951
    assert np.array_equal(match_level(np.zeros(100, np.float32), 0.1), np.zeros(100, np.float32))


def test_sentences_are_joined_with_a_pause() -> None:
    assert len(join([noise(1.0), noise(1.0)], RATE)) == int(2.3 * RATE)
    assert len(join([], RATE)) == 0
