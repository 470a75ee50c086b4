"""One short recording into words: what a voice activity detector takes for speech, in pieces that Whisper can hear."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from services.asr.asr import AUTO, STANDS_FOR, AsrRules, is_noise, written
from services.asr.recogniser import SAMPLE_RATE_HZ, WRITTEN_WITHOUT_SPACES, Recogniser, Samples, Word
from services.runtime.errors import InvalidInputError
from services.voice.vad import WINDOW, speech_probabilities, speech_segments

# Whisper hears 30 s; longer stretches of speech are cut at the quietest tenth of a second of their last 10 s.
LONGEST_S = 28.0
CUT_WITHIN_S = 10.0
QUIET_S = 0.1
# Longer pauses part two stretches: Whisper misplaces the words around them. Some sound is left at the edges.
PAUSE_S = 1.0
EDGE_S = 0.2


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
        found = written(found, spoken, piece)
        if is_noise(found, rules):
            continue
        offset_s = start / SAMPLE_RATE_HZ
        texts.append(found.text)
        confidences.append(found.confidence)
        words += [replace(w, start_s=w.start_s + offset_s, end_s=w.end_s + offset_s) for w in found.words]
    text = ("" if spoken in WRITTEN_WITHOUT_SPACES else " ").join(texts)
    confidence = float(np.mean(confidences)) if confidences else 0.0
    return Transcription(text, spoken if language == AUTO else language, probability, confidence, tuple(words))


def windows(wav: Samples) -> Iterator[tuple[int, Samples]]:
    """Stretches of speech of at most 28 s, with the sample they start at; nothing where nobody speaks."""
    edge = int(EDGE_S * SAMPLE_RATE_HZ)
    stretches: list[tuple[int, int]] = []
    for begin, end in speech_segments(speech_probabilities([wav])):
        first, last = max(0, begin * WINDOW - edge), min(len(wav), end * WINDOW + edge)
        if stretches and first - stretches[-1][1] < PAUSE_S * SAMPLE_RATE_HZ:
            stretches[-1] = stretches[-1][0], last
        else:
            stretches.append((first, last))
    for first, last in stretches:
        for start, piece in split_at_quiet(wav[first:last]):
            yield first + start, piece


def split_at_quiet(wav: Samples) -> Iterator[tuple[int, Samples]]:
    """Pieces of at most 28 s, cut at the quietest moment of their last 10 s, with the sample they start at."""
    start, longest, quiet = 0, int(LONGEST_S * SAMPLE_RATE_HZ), int(QUIET_S * SAMPLE_RATE_HZ)
    while len(wav) - start > longest:
        first = start + longest - int(CUT_WITHIN_S * SAMPLE_RATE_HZ)
        energy = np.square(wav[first : start + longest]).reshape(-1, quiet).mean(axis=1)
        cut = first + int(energy.argmin()) * quiet + quiet // 2
        yield start, wav[start:cut]
        start = cut
    yield start, wav[start:]
