"""Text into speech: sentences -> phonemes -> GPT tokens -> SoVITS waveform, checked, trimmed and joined.

A voice speaks by continuing a prompt: the phonemes and tokens of a reference clip come first, so the GPT goes on in its
manner, and the spectrogram of that clip gives SoVITS the timbre. Sampling can go wrong (a word repeated for ever, or
a sentence dropped), so the length of every sentence is bounded and compared with the speaker's own pace, and a sentence
that fails is spoken again with another seed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from services.voice.audio import resample, spectrogram
from services.voice.content import ContentEncoder
from services.voice.gpt import Gpt
from services.voice.reading import Reading
from services.voice.sovits import Sovits
from services.voice.symbols import PAUSES
from services.voice.text import Phonemes, phonemize, split_sentences
from services.voice.vad import SAMPLE_RATE_HZ as VAD_RATE_HZ
from services.voice.vad import speech_ratio

TOKENS_PER_S = 25
PAUSE_S = 0.3
# Silence behind the reference, so that the GPT hears where its prompt ends.
PROMPT_TAIL_S = 0.3
RETRIES = 3
# Part of the expected length that a sentence may take; seconds on top that sentences expected to be short need.
SHORTEST, LONGEST = 0.65, 1.5
SLACK_S, SLACK_UP_TO_S = 0.5, 2.0
LEAST_SPEECH = 0.5
# The GPT is cut off here, in parts of the expected length plus seconds.
CAP, CAP_MARGIN_S = 2.0, 1.0
MOST_TOKENS = 1500
LOUDEST_PEAK = 0.95
# A sentence in which a recogniser misses more words than this is spoken again, this often at most.
FEW_MISTAKES, HEARD_ATTEMPTS = 0.1, 3

Listen = Callable[[np.ndarray, str, str], float]
"""Hears a waveform (N,) at the speaker's rate, knowing its text and language: the share of the words that are wrong."""


@dataclass(frozen=True, kw_only=True)
class SpeakingOptions:
    """How to speak; the defaults are GPT-SoVITS's. `speed` 2.0 is twice as fast."""

    top_k: int = 15
    top_p: float = 1.0
    temperature: float = 1.0
    repetition_penalty: float = 1.35
    speed: float = 1.0
    noise_scale: float = 0.5
    seed: int = 0


@dataclass(frozen=True)
class Prompt:
    """A reference clip as the models take it."""

    phones: tuple[int, ...]
    tokens: Tensor  # (1, P) int64 at 25 Hz
    spec: Tensor  # (1, F, T) magnitudes
    level: float  # see `speech_level`


@dataclass(frozen=True)
class Spoken:
    """One spoken sentence. `flaw` says what is still wrong with it after all retries: empty, "silent", "too_short",
    "too_long" or "endless"."""

    text: str
    wav: np.ndarray  # (N,) float32 in -1..1
    expected_s: float
    attempts: int
    flaw: str
    mistakes: float = 0.0  # what `Listen` said of it; 0 when nobody listened


def make_prompt(
    sovits: Sovits, encoder: ContentEncoder, wav: np.ndarray, sample_rate_hz: int, phones: Sequence[int]
) -> Prompt:
    """Prepare a reference clip (N,) float32 and the phoneme ids of its words. It fits every fine-tuned pair of a pack.

    Raises ValueError when there are no phonemes or the clip is shorter than a second.
    """
    if not phones or len(wav) < sample_rate_hz:
        raise ValueError("a reference needs words and at least a second of speech")
    device = next(sovits.parameters()).device
    config = sovits.config
    wav = resample(wav, sample_rate_hz, config.sample_rate_hz).astype(np.float32)
    at_16k = resample(wav, config.sample_rate_hz, encoder.sample_rate_hz)
    tail = np.zeros(int(PROMPT_TAIL_S * encoder.sample_rate_hz), np.float32)
    with torch.inference_mode():
        features = encoder.encode(torch.from_numpy(np.concatenate([at_16k, tail]).astype(np.float32)))
        tokens = sovits.extract_tokens(features.T.unsqueeze(0).to(device))
        spec = spectrogram(torch.from_numpy(wav).unsqueeze(0).to(device), config.n_fft, config.hop)
    return Prompt(tuple(phones), tokens, spec, speech_level(wav))


class Speaker:
    """A pair of models with a prompt. Not safe in several threads at once."""

    def __init__(self, gpt: Gpt, sovits: Sovits, prompt: Prompt, pace: float) -> None:
        """`pace` is the speaker's own, in phonemes a second."""
        if pace <= 0:
            raise ValueError(f"a pace of {pace} phonemes a second is impossible")
        self.gpt, self.sovits, self.prompt, self.pace = gpt.eval(), sovits.eval(), prompt, pace

    @property
    def sample_rate_hz(self) -> int:
        """Rate of what is spoken."""
        return self.sovits.config.sample_rate_hz

    def sentences(
        self,
        text: str,
        language: str,
        options: SpeakingOptions = SpeakingOptions(),
        check: Callable[[], None] = lambda: None,
        listen: Listen | None = None,
    ) -> Iterator[Spoken]:
        """Speak sentence by sentence; `check` may raise to stop in between, `listen` may find a sentence misspoken.

        What cannot be pronounced is left out, so there may be nothing at all. Raises LanguageError.
        """
        for index, sentence in enumerate(split_sentences(text, language)):
            check()
            phonemes = phonemize(sentence, language)
            if phonemes:
                hear = None if listen is None else partial(_listen, listen, sentence, language)
                yield self._best_of(sentence, phonemes, options, index, check, hear)

    def expected_s(self, phonemes: Phonemes, speed: float = 1.0) -> float:
        """Seconds that the speaker would take."""
        return len(phonemes.ids) / self.pace / speed

    def _best_of(
        self,
        sentence: str,
        phonemes: Phonemes,
        options: SpeakingOptions,
        index: int,
        check: Callable[[], None],
        hear: Callable[[np.ndarray], float] | None,
    ) -> Spoken:
        expected_s = self.expected_s(phonemes, options.speed)
        best: Spoken | None = None
        for attempt in range(1 + RETRIES):
            check()
            wav, endless = self._speak(phonemes, options, _seed(options.seed, index, attempt))
            flaw = self._flaw(wav, expected_s, endless)
            mistakes = 0.0 if flaw or hear is None else hear(wav)
            spoken = Spoken(sentence, wav, expected_s, attempt + 1, flaw, mistakes)
            if best is None or _distance(spoken, self.sample_rate_hz) < _distance(best, self.sample_rate_hz):
                best = spoken
            if not flaw and (mistakes <= FEW_MISTAKES or attempt + 1 >= HEARD_ATTEMPTS):
                break
        assert best is not None
        return replace(best, attempts=attempt + 1)

    @torch.inference_mode()
    def _speak(self, phonemes: Phonemes, options: SpeakingOptions, seed: int) -> tuple[np.ndarray, bool]:
        """One attempt: the trimmed waveform, and whether the GPT had to be cut off."""
        device = self.prompt.tokens.device
        generator = torch.Generator().manual_seed(seed)
        target = torch.tensor([phonemes.ids], device=device)
        prompt = torch.tensor([self.prompt.phones], device=device)
        cap = min(MOST_TOKENS, math.ceil((CAP * self.expected_s(phonemes) + CAP_MARGIN_S) * TOKENS_PER_S))
        start = len(self.prompt.phones)
        phones = torch.cat([prompt, target], dim=1)
        tokens = self.gpt.generate(
            phones,
            None,
            self.prompt.tokens,
            top_k=options.top_k,
            top_p=options.top_p,
            temperature=options.temperature,
            repetition_penalty=options.repetition_penalty,
            max_tokens=cap,
            generator=generator,
            reading=Reading(start, start + _last_phoneme(phonemes)),
        )
        if tokens.shape[1] == 0:
            return np.zeros(0, np.float32), False
        wav = self.sovits.decode(
            tokens,
            target,
            [self.prompt.spec],
            spoken=self._spoken(phones, tokens) if self.sovits.config.aligned else None,
            noise_scale=options.noise_scale,
            speed=options.speed,
            generator=generator,
        )
        trimmed = trim_silence(wav[0, 0].float().cpu().numpy(), self.sample_rate_hz)
        return match_level(trimmed, self.prompt.level), tokens.shape[1] >= cap

    def _spoken(self, phones: Tensor, tokens: Tensor) -> Tensor:
        """The phoneme of the text that each of the tokens (1, T) speaks, as the GPT reads it: (1, T)."""
        found = self.gpt.read_along(phones, None, torch.cat([self.prompt.tokens, tokens], dim=1))
        found = found[None, self.prompt.tokens.shape[1] :]
        return torch.where(found < 0, found, (found - len(self.prompt.phones)).clamp(min=0))

    def _flaw(self, wav: np.ndarray, expected_s: float, endless: bool) -> str:
        if endless:
            return "endless"
        seconds = len(wav) / self.sample_rate_hz
        slack_s = SLACK_S if expected_s < SLACK_UP_TO_S else 0.0
        if seconds < SHORTEST * expected_s - slack_s or not len(wav):
            return "too_short"
        if seconds > LONGEST * expected_s + slack_s:
            return "too_long"
        at_16k = resample(wav, self.sample_rate_hz, VAD_RATE_HZ).astype(np.float32)
        return "silent" if speech_ratio(at_16k) < LEAST_SPEECH else ""


def _listen(listen: Listen, sentence: str, language: str, wav: np.ndarray) -> float:
    return listen(wav, sentence, language)


def _seed(seed: int, sentence: int, attempt: int) -> int:
    """A seed of its own for every sentence and attempt."""
    return (seed * 1_000_003 + sentence * 101 + attempt) % 2**63


def _distance(spoken: Spoken, sample_rate_hz: int) -> float:
    """How far from usable: flawless before flawed, the former by their mistakes, the latter by their length."""
    if not spoken.flaw:
        return min(spoken.mistakes, 1.0)
    seconds = len(spoken.wav) / sample_rate_hz
    return 1.0 + (abs(math.log(seconds / spoken.expected_s)) if seconds else math.inf)


def _last_phoneme(phonemes: Phonemes) -> int:
    """Index of the last phoneme that is spoken; the pauses behind it need not be."""
    spoken = [index for index, phoneme in enumerate(phonemes.phonemes) if phoneme not in PAUSES]
    return spoken[-1] if spoken else len(phonemes.phonemes) - 1


def join(parts: Sequence[np.ndarray], sample_rate_hz: int, pause_s: float = PAUSE_S) -> np.ndarray:
    """Sentences one after another with a pause between them: (N,) float32."""
    pause = np.zeros(int(pause_s * sample_rate_hz), np.float32)
    pieces: list[np.ndarray] = []
    for part in parts:
        pieces += [pause, part] if pieces else [part]
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


def _frame_levels(wav: np.ndarray, size: int) -> np.ndarray:
    """Root mean square of every whole frame of `size` samples; of all of it when shorter."""
    count = max(1, len(wav) // size)
    frames = wav[: count * size].reshape(count, -1)
    return np.sqrt(np.square(frames, dtype=np.float64).mean(axis=1))


def trim_silence(wav: np.ndarray, sample_rate_hz: int, margin_s: float = 0.06) -> np.ndarray:
    """Cut what is 34 dB quieter than the loudest 20 ms from both ends, keep a margin, and fade the edges."""
    if not len(wav):
        return wav
    size = sample_rate_hz // 50
    levels = _frame_levels(wav, size)
    if levels.max() < 1e-4:
        return wav[:0]
    loud = np.flatnonzero(levels > 0.02 * levels.max())
    margin = int(margin_s * sample_rate_hz)
    start, stop = max(0, int(loud[0]) * size - margin), min(len(wav), (int(loud[-1]) + 1) * size + margin)
    trimmed = wav[start:stop].copy()
    ramp = np.linspace(0.0, 1.0, min(sample_rate_hz // 200, len(trimmed) // 2), dtype=np.float32)
    if len(ramp):
        trimmed[: len(ramp)] *= ramp
        trimmed[-len(ramp) :] *= ramp[::-1]
    return trimmed


def speech_level(wav: np.ndarray) -> float:
    """Root mean square of the frames within 20 dB of the loudest: the level of the speech, without its pauses."""
    if not len(wav):
        return 0.0
    levels = _frame_levels(wav, 512)
    return float(np.sqrt(np.square(levels[levels >= 0.1 * levels.max()]).mean()))


def match_level(wav: np.ndarray, level: float) -> np.ndarray:
    """Bring speech to a level, at most 20 dB up or down, with no sample beyond 0.95."""
    own = speech_level(wav)
    if own <= 0 or level <= 0:
        return wav
    gain = min(max(level / own, 0.1), 10.0)
    peak = float(np.abs(wav).max())
    return (wav * min(gain, LOUDEST_PEAK / peak)).astype(np.float32)
