"""Turns recordings into clips of 2 to 12 seconds at the pack's rate, evened out in loudness, and a data report."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.preprocessing.clip_file import ClipFile
from services.preprocessing.cuts import CutRules, choose_clips
from services.preprocessing.inspection import bad_recordings_refused
from services.preprocessing.loudness import SILENCE_LUFS, fade_edges, measure_lufs, normalize, to_int16
from services.preprocessing.report import LOWEST_SNR_DB, DataReport, NoiseMeter
from services.preprocessing.waveform import Waveform, load_waveform
from services.runtime.errors import InvalidInputError
from services.voice.decode_limits import DEFAULT_CHILD_LIMITS, DEFAULT_LIMITS, AudioFacts, ChildLimits, DecodeLimits
from services.voice.vad import SAMPLE_RATE_HZ as VAD_RATE_HZ
from services.voice.vad import WINDOW, WINDOW_S, SpeechDetector, speech_segments

Values = NDArray[np.float32]

QUIETEST_DB = -100.0


# Told how far the work is (0..1), with a message key and its arguments by name.
Progress = Callable[..., None]


@dataclass(frozen=True)
class SliceRules:
    """What is kept, and how it is evened out."""

    cuts: CutRules = field(default_factory=CutRules)
    target_lufs: float = -23.0
    peak: float = 0.89  # -1 dB below full scale
    quietest_clip_lufs: float = -60.0
    noisiest_clip_snr_db: float = 3.0
    most_clipped_ratio: float = 0.02
    min_usable_s: float = 10.0
    # Without any run of speech this long nobody speaks: noise and music set the detector off for a moment.
    shortest_utterance_s: float = 0.5


@dataclass(frozen=True)
class Recording:
    """A file to slice, and its seconds as counted at upload (for the progress alone)."""

    path: Path
    seconds: float


@dataclass(frozen=True)
class Clip:
    """One row of the ledger. Times count from the beginning of the first recording, through all of them."""

    id: str
    start_s: float
    seconds: float
    drop_reason: str  # "too_short", "too_quiet", "clipped", "noisy"; empty when kept
    loudness_lufs: float  # before it was evened out
    snr_db: float

    @property
    def kept(self) -> bool:
        """Whether the clip goes into training."""
        return not self.drop_reason


@dataclass
class Slices:
    """What was cut from the recordings."""

    # int16 samples (N,) of every kept clip, by its id.
    samples: ClipFile
    clips: list[Clip] = field(default_factory=list)


@dataclass(frozen=True)
class _Measured:
    """What one recording adds to the report."""

    facts: AudioFacts
    speech_s: float
    longest_speech_s: float
    snr_db: float
    clipping_ratio: float


@dataclass
class Sliced:
    """What slicing found in the recordings, good enough or not."""

    slices: Slices
    rules: SliceRules
    measured: list[_Measured] = field(default_factory=list)

    @property
    def usable_s(self) -> float:
        """Seconds of kept clips."""
        return sum(clip.seconds for clip in self.slices.clips if clip.kept)

    def problem(self) -> InvalidInputError | None:
        """Why no voice can be trained on this: AUDIO_SILENT where nobody speaks, AUDIO_TOO_SHORT; None when one can."""
        if max(part.longest_speech_s for part in self.measured) < self.rules.shortest_utterance_s:
            return InvalidInputError("AUDIO_SILENT")
        if self.usable_s < self.rules.min_usable_s:
            minimum = f"{self.rules.min_usable_s:g}"
            return InvalidInputError("AUDIO_TOO_SHORT", seconds=f"{self.usable_s:.1f}", minimum=minimum)
        return None

    def report(self) -> DataReport:
        """The facts; where nothing was kept, loudness is that of the clips that were dropped."""
        total_s = [part.facts.seconds for part in self.measured]
        speech_s = [part.speech_s for part in self.measured]
        clips = [clip for clip in self.slices.clips if clip.kept] or self.slices.clips
        return DataReport(
            total_s=sum(total_s),
            speech_s=sum(speech_s),
            usable_s=self.usable_s,
            clipping_ratio=_mean([part.clipping_ratio for part in self.measured], total_s, 0.0),
            snr_db=_mean([part.snr_db for part in self.measured], speech_s, LOWEST_SNR_DB),
            loudness_lufs=_mean([clip.loudness_lufs for clip in clips], [clip.seconds for clip in clips], SILENCE_LUFS),
            sample_rate_hz=min(part.facts.sample_rate_hz for part in self.measured),
            channels=min(part.facts.channels for part in self.measured),
        )


def _mean(values: list[float], weights: list[float], otherwise: float) -> float:
    return float(np.average(values, weights=weights)) if sum(weights) > 0 else otherwise


def slice_recordings(
    recordings: Sequence[Recording],
    sample_rate_hz: int,
    scratch: Path,
    *,
    rules: SliceRules = SliceRules(),
    limits: DecodeLimits = DEFAULT_LIMITS,
    child: ChildLimits = DEFAULT_CHILD_LIMITS,
    progress: Progress = lambda fraction, key, **args: None,
    check_stop: Callable[[], None] = lambda: None,
) -> tuple[Slices, DataReport]:
    """As cut_recordings, for recordings that a voice is to be trained on.

    Raises InvalidInputError also where that cannot be: AUDIO_SILENT where no speech was found at all; AUDIO_TOO_SHORT
    where less than rules.min_usable_s of it is usable.
    """
    sliced = cut_recordings(
        recordings,
        sample_rate_hz,
        scratch,
        rules=rules,
        limits=limits,
        child=child,
        progress=progress,
        check_stop=check_stop,
    )
    if problem := sliced.problem():
        raise problem
    return sliced.slices, sliced.report()


def cut_recordings(
    recordings: Sequence[Recording],
    sample_rate_hz: int,
    scratch: Path,
    *,
    rules: SliceRules = SliceRules(),
    limits: DecodeLimits = DEFAULT_LIMITS,
    child: ChildLimits = DEFAULT_CHILD_LIMITS,
    progress: Progress = lambda fraction, key, **args: None,
    check_stop: Callable[[], None] = lambda: None,
    look: Callable[[Waveform], None] = lambda waveform: None,
) -> Sliced:
    """Slice recordings in order; clip ids run through all of them. Samples of kept clips lie in a file in `scratch`.

    `look` is shown each decoded recording. Raises InvalidInputError: AUDIO_UNREADABLE, AUDIO_TOO_LONG;
    UnavailableError where the decoder was lost.
    """
    sliced = Sliced(Slices(ClipFile(scratch / "clips.i16")), rules)
    before_s = 0.0
    expected_s = sum(recording.seconds for recording in recordings)
    for recording in recordings:

        def decoded(seconds: float, before_s: float = before_s) -> None:
            check_stop()
            progress(0.5 * min(1.0, (before_s + seconds) / max(expected_s, 1e-3)), "audio_slice.decoding")

        file = scratch / "waveform.f32"
        with bad_recordings_refused(limits):
            room = replace(limits, max_seconds=limits.max_seconds - before_s)
            waveform = load_waveform(recording.path, file, sample_rate_hz, room, child, decoded, check_stop)
        look(waveform)
        sliced.measured.append(_slice_one(waveform, before_s, sliced.slices, rules, progress, check_stop))
        before_s += waveform.facts.seconds
        file.unlink()
    return sliced


def _slice_one(
    waveform: Waveform,
    before_s: float,
    slices: Slices,
    rules: SliceRules,
    progress: Progress,
    check_stop: Callable[[], None],
) -> _Measured:
    levels_db = _levels_db(waveform)
    probabilities = _probabilities(waveform, levels_db, check_stop)
    segments = speech_segments(probabilities)
    noise = NoiseMeter(levels_db[: len(probabilities)], segments)
    cuts = choose_clips(segments, probabilities, levels_db, rules.cuts)
    for done, (start_s, end_s) in enumerate(cuts):
        check_stop()
        progress(0.7 + 0.3 * done / len(cuts), "audio_slice.cutting", done=done, total=len(cuts))
        _add_clip(waveform, start_s, min(end_s, waveform.facts.seconds), before_s, noise, slices, rules)
    longest_s = max((end - start for start, end in segments), default=0) * WINDOW_S
    return _Measured(waveform.facts, noise.speech_s, longest_s, noise.snr_db(), waveform.clipping_ratio())


def _add_clip(
    waveform: Waveform,
    start_s: float,
    end_s: float,
    before_s: float,
    noise: NoiseMeter,
    slices: Slices,
    rules: SliceRules,
) -> None:
    samples = fade_edges(waveform.cut(start_s, end_s), waveform.sample_rate_hz)
    lufs = measure_lufs(samples, waveform.sample_rate_hz)
    snr_db = noise.snr_db(start_s, end_s)
    if end_s - start_s < rules.cuts.min_s:
        reason = "too_short"
    elif lufs < rules.quietest_clip_lufs:
        reason = "too_quiet"
    elif waveform.clipping_ratio(start_s, end_s) > rules.most_clipped_ratio:
        reason = "clipped"
    elif snr_db < rules.noisiest_clip_snr_db:
        reason = "noisy"
    else:
        reason = ""
    clip = Clip(f"c{len(slices.clips):04d}", before_s + start_s, end_s - start_s, reason, lufs, snr_db)
    slices.clips.append(clip)
    if clip.kept:
        slices.samples.add(clip.id, to_int16(normalize(samples, lufs, rules.target_lufs, rules.peak)))


def _levels_db(waveform: Waveform) -> Values:
    """Level (K,) of every 32 ms in dB below full scale."""
    parts: list[Values] = []
    rest = np.zeros(0, np.float32)
    for block in waveform.blocks_at(VAD_RATE_HZ):
        block = np.concatenate([rest, block])
        whole = len(block) - len(block) % WINDOW
        rest = block[whole:]
        parts.append(np.mean(block[:whole].reshape(-1, WINDOW) ** 2, axis=1))
    parts.append(np.mean(np.pad(rest, (0, WINDOW - len(rest))) ** 2, keepdims=True))
    power = np.concatenate(parts)
    return (10.0 * np.log10(np.maximum(power, 10.0 ** (QUIETEST_DB / 10.0)))).astype(np.float32)


def _probabilities(waveform: Waveform, levels_db: Values, check_stop: Callable[[], None]) -> Values:
    """Speech probability (K,) of every 32 ms. Whispered levels are lifted first: below -50 dB Silero hears nothing."""
    lift_db = float(np.clip(-25.0 - np.percentile(levels_db, 99.0), 0.0, 45.0))
    detector = SpeechDetector()
    parts = []
    for block in waveform.blocks_at(VAD_RATE_HZ):
        check_stop()
        parts.append(detector.push(np.clip(block * np.float32(10.0 ** (lift_db / 20.0)), -1.0, 1.0)))
    return np.concatenate([*parts, detector.finish()])
