"""Speech recognition with Whisper in CTranslate2 (through faster-whisper), batched over short clips.

Whisper always looks at 30 s. A clip of 3 s needs a tenth of that, so clips are first recognised in windows of their own
length and some silence, which takes a fifth of the time; what then looks doubtful is recognised again in a full window.
"""

import string
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import ctranslate2
    from faster_whisper.tokenizer import Tokenizer

SAMPLE_RATE_HZ = 16_000
HOP = 160
FRAMES_PER_S = SAMPLE_RATE_HZ // HOP
FULL_FRAMES = 3000  # Whisper's window, 30 s
# Silence after a clip in a window of its own. Less makes Whisper repeat itself: measured on 90 clips, the word error
# rate is that of full windows from 4 s on (0.17 to 0.93 with 1 s, 0.05 to 0.45 with 2 s).
SILENCE_FRAMES = 400
MAX_TOKENS = 448
# Nobody says more tokens a second, but Whisper does when it falls into a loop. A Chinese character takes 1.4 tokens (in
# 1 % of 784 sentences more than 2.2), and hasty speakers say eight characters a second.
TOKENS_PER_S, CHARACTER_TOKENS_PER_S = 12, 18
WRITTEN_WITHOUT_SPACES = frozenset({"zh", "ja"})

_LATIN = frozenset(string.ascii_letters + string.digits)

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Word:
    """A word with its times in seconds from the beginning of the clip."""

    text: str
    start_s: float
    end_s: float
    probability: float


@dataclass(frozen=True)
class Recognition:
    """What was heard in one clip."""

    text: str
    words: tuple[Word, ...]  # empty when word times were not asked for
    confidence: float  # mean probability of the words, or of the tokens without word times
    # What tells speech from noise that Whisper put words to.
    no_speech_probability: float
    mean_log_probability: float
    compression_ratio: float

    @property
    def doubtful(self) -> bool:
        """Whether a short window may have misled Whisper: text said twice (text this short never compresses well)."""
        return self.compression_ratio > 1.15 or self.mean_log_probability < -0.6 or self.no_speech_probability > 0.5


@dataclass(frozen=True)
class Listening:
    """An encoded batch of clips and the probability of every language in each."""

    clips: tuple[Samples, ...]
    encoded: "ctranslate2.StorageView"
    languages: tuple[dict[str, float], ...]


class Recogniser:
    """One Whisper model; safe to use from several threads."""

    def __init__(self, folder: Path, *, device: str = "auto", threads: int = 0, beam_size: int = 5) -> None:
        """Loads the model, which takes about a second. `threads` 0 leaves the number to the library."""
        import ctranslate2
        from faster_whisper import WhisperModel

        if device == "auto":
            device = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
        compute_type = "int8" if device == "cpu" else "int8_float16"
        self._model = WhisperModel(
            str(folder), device=device, compute_type=compute_type, cpu_threads=threads, local_files_only=True
        )
        self._beam_size = beam_size
        # faster-whisper's tokenizer and CTranslate2's model may be shared; its feature extractor keeps state.
        self._extracting = threading.Lock()

    @property
    def languages(self) -> frozenset[str]:
        """Codes of the languages that this model knows."""
        return frozenset(self._model.supported_languages) & self._vocabulary_languages()

    def listen(self, clips: Sequence[Samples], *, full: bool = False) -> Listening:
        """Encodes clips of at most 30 s at 16 kHz as one batch, and hears which language each is in."""
        longest = max(len(clip) for clip in clips) // HOP
        frames = FULL_FRAMES if full else min(FULL_FRAMES, longest + SILENCE_FRAMES)
        frames += frames % 2
        encoded = self._model.encode(np.stack([self._log_mel(clip, frames) for clip in clips]))
        found = self._model.model.detect_language(encoded)
        languages = tuple({token[2:-2]: float(probability) for token, probability in one} for one in found)
        return Listening(tuple(clips), encoded, languages)

    def recognise(self, heard: Listening, language: str, *, word_times: bool = True) -> list[Recognition]:
        """Writes down what was heard, in a language of `languages`; doubtful clips are listened to again in full."""
        results = self._write_down(heard, language, word_times)
        again = [i for i, result in enumerate(results) if result.doubtful]
        for i in again:
            (results[i],) = self._write_down(self.listen([heard.clips[i]], full=True), language, word_times)
        return results

    def _write_down(self, heard: Listening, language: str, word_times: bool) -> list[Recognition]:
        tokenizer = self._tokenizer(language)
        prompt = self._model.get_prompt(tokenizer, [], without_timestamps=True)
        longest_s = max(len(clip) for clip in heard.clips) / SAMPLE_RATE_HZ
        tokens_per_s = CHARACTER_TOKENS_PER_S if language in WRITTEN_WITHOUT_SPACES else TOKENS_PER_S
        generated = self._model.model.generate(
            heard.encoded,
            [prompt] * len(heard.clips),
            beam_size=self._beam_size,
            max_length=min(MAX_TOKENS, len(prompt) + 16 + int(tokens_per_s * longest_s)),
            suppress_tokens=[-1],
            return_scores=True,
            return_no_speech_prob=True,
        )
        tokens = [[token for token in one.sequences_ids[0] if token < tokenizer.eot] for one in generated]
        words = self._word_times(heard, tokenizer, tokens) if word_times else [()] * len(tokens)
        return [
            _recognition(tokenizer.decode(ids).strip(), clip_words, one.scores[0], len(ids), one.no_speech_prob)
            for ids, clip_words, one in zip(tokens, words, generated, strict=True)
        ]

    def _word_times(self, heard: Listening, tokenizer: "Tokenizer", tokens: list[list[int]]) -> list[tuple[Word, ...]]:
        frames = [len(clip) // HOP for clip in heard.clips]
        timed = self._model.find_alignment(tokenizer, tokens, heard.encoded, frames)
        return [tuple(_join_punctuation(words)) for words in timed] or [()] * len(tokens)

    def _log_mel(self, clip: Samples, frames: int) -> NDArray[np.float32]:
        padded = np.pad(clip[: frames * HOP], (0, max(0, frames * HOP - len(clip))))
        with self._extracting:
            return np.asarray(self._model.feature_extractor(padded, padding=0)[:, :frames], np.float32)

    def _tokenizer(self, language: str) -> "Tokenizer":
        from faster_whisper.tokenizer import Tokenizer

        return Tokenizer(self._model.hf_tokenizer, True, task="transcribe", language=language)

    def _vocabulary_languages(self) -> frozenset[str]:
        vocabulary = self._model.hf_tokenizer.get_vocab(with_added_tokens=True)
        return frozenset(token[2:-2] for token in vocabulary if token.startswith("<|"))


class LazyRecogniser:
    """Loads the recogniser at its first use and keeps it, for the stage and the calls of one process."""

    def __init__(self, load: Callable[[], Recogniser]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._recogniser: Recogniser | None = None

    @property
    def loaded(self) -> bool:
        """Whether the next use is at once."""
        return self._recogniser is not None

    def get(self) -> Recogniser:
        """The recogniser; loads it when this is the first use."""
        with self._lock:
            if self._recogniser is None:
                self._recogniser = self._load()
            return self._recogniser


def _recognition(
    text: str, words: tuple[Word, ...], score: float, tokens: int, no_speech_probability: float
) -> Recognition:
    # CTranslate2 divides by the length without the end token, which was predicted too.
    mean_log_probability = score * tokens / (tokens + 1)
    probabilities = [word.probability for word in words]
    data = text.encode()
    return Recognition(
        text=text,
        words=words,
        confidence=float(np.mean(probabilities)) if probabilities else float(np.exp(mean_log_probability)),
        no_speech_probability=no_speech_probability,
        mean_log_probability=mean_log_probability,
        compression_ratio=len(data) / len(zlib.compress(data)),
    )


def _join_punctuation(timed: list[dict[str, Any]]) -> Iterator[Word]:
    """Attaches punctuation to the word that it belongs to; faster-whisper gives it as words of its own."""
    from faster_whisper.transcribe import merge_punctuations

    merge_punctuations(timed, "\"'“¿([{-", "\"'.。,，!！?？:：”)]}、")
    pieces = [word for word in timed if word["word"].strip()]
    for word, parts in _whole_words(pieces):
        times = float(parts[0]["start"]), float(parts[-1]["end"])
        yield Word(word.strip(), *times, float(np.mean([part["probability"] for part in parts])))


def _whole_words(pieces: list[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Words with their pieces: in scripts without spaces every token is a word, also those that a Latin word is of."""
    parts: list[dict[str, Any]] = []
    for piece in pieces:
        if parts and not (parts[-1]["word"][-1:] in _LATIN and piece["word"][:1] in _LATIN):
            yield "".join(part["word"] for part in parts), parts
            parts = []
        parts.append(piece)
    if parts:
        yield "".join(part["word"] for part in parts), parts
