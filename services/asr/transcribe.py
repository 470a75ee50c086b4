"""One short recording into words: splits at quiet moments what is longer than Whisper's window."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from services.asr.asr import AUTO, STANDS_FOR, AsrRules, is_noise
from services.asr.recogniser import SAMPLE_RATE_HZ, Recogniser, Samples, Word
from services.runtime.errors import InvalidInputError

# Recordings up to this length are heard in one piece; longer ones are cut at the quietest moment of the last 10 s.
WINDOW_S = 28.0
CUT_WITHIN_S = 10.0
QUIET_S = 0.1


@dataclass(frozen=True)
class Transcription:
    """What was said in a recording; the text is empty when nobody spoke."""

    text: str
    language: str
    language_probability: float
    confidence: float
    words: tuple[Word, ...]


def transcribe(
    wav: Samples,
    recogniser: Recogniser,
    *,
    rules: AsrRules,
    language: str = AUTO,
    word_times: bool = False,
) -> Transcription:
    """Waveform (N,) at 16 kHz -> its words, with times from the beginning of the recording.

    Raises:
        InvalidInputError: LANGUAGE_UNSUPPORTED, for a language that the recogniser does not know.
    """
    known = recogniser.languages
    forced = language if language in known else STANDS_FOR.get(language, language)
    if language != AUTO and forced not in known:
        raise InvalidInputError("LANGUAGE_UNSUPPORTED", language=language, languages=", ".join(sorted(known)))
    spoken, probability = ("" if language == AUTO else forced), 1.0
    texts: list[str] = []
    words: list[Word] = []
    confidences: list[float] = []
    for start, piece in windows(wav):
        heard = recogniser.listen([piece])
        if not spoken:
            # The first window decides, as in Whisper itself.
            spoken, probability = max(heard.languages[0].items(), key=lambda item: item[1])
        (found,) = recogniser.recognise(heard, spoken, word_times=word_times)
        if is_noise(found, rules):
            continue
        offset_s = start / SAMPLE_RATE_HZ
        texts.append(found.text)
        confidences.append(found.confidence)
        words += [replace(w, start_s=w.start_s + offset_s, end_s=w.end_s + offset_s) for w in found.words]
    text = ("" if spoken in ("zh", "ja") else " ").join(texts)
    confidence = float(np.mean(confidences)) if confidences else 0.0
    return Transcription(text, spoken if language == AUTO else language, probability, confidence, tuple(words))


def windows(wav: Samples) -> Iterator[tuple[int, Samples]]:
    """Pieces of at most 28 s with the sample they start at."""
    start, longest, quiet = 0, int(WINDOW_S * SAMPLE_RATE_HZ), int(QUIET_S * SAMPLE_RATE_HZ)
    while len(wav) - start > longest:
        first = start + longest - int(CUT_WITHIN_S * SAMPLE_RATE_HZ)
        energy = np.square(wav[first : start + longest]).reshape(-1, quiet).mean(axis=1)
        cut = first + int(energy.argmin()) * quiet + quiet // 2
        yield start, wav[start:cut]
        start = cut
    yield start, wav[start:]
