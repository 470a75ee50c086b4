"""Says how good a recording is for training: seconds, noise, clipping, silence, loudness, and what to warn about."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.voice.vad import WINDOW_S

Values = NDArray[np.float32]

HIGHEST_SNR_DB = 60.0
LOWEST_SNR_DB = -10.0


@dataclass(frozen=True)
class ReportRules:
    """From where on the report warns."""

    enough_s: float = 60.0
    noisy_snr_db: float = 15.0
    clipped_ratio: float = 0.001
    low_rate_hz: int = 16_000


@dataclass(frozen=True)
class Warning:
    """One warning for people: a message key and its arguments."""

    key: str
    args: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DataReport:
    """Facts about a whole upload; rate and channels are the poorest of its recordings."""

    total_s: float
    speech_s: float
    usable_s: float
    clipping_ratio: float
    snr_db: float
    loudness_lufs: float
    sample_rate_hz: int
    channels: int

    @property
    def silence_ratio(self) -> float:
        """Share of the upload without speech."""
        return max(0.0, 1.0 - self.speech_s / self.total_s) if self.total_s > 0 else 1.0

    def warnings(self, rules: ReportRules = ReportRules()) -> list[Warning]:
        """What a person should know before training on this."""
        found = []
        if self.usable_s < rules.enough_s:
            found.append(Warning("report.too_short", {"seconds": f"{self.usable_s:.0f}"}))
        if self.speech_s > 0 and self.snr_db < rules.noisy_snr_db:
            found.append(Warning("report.noisy", {"snr": f"{self.snr_db:.0f}"}))
        if self.clipping_ratio > rules.clipped_ratio:
            found.append(Warning("report.clipped", {"ratio": f"{self.clipping_ratio:.1%}"}))
        if self.sample_rate_hz < rules.low_rate_hz:
            found.append(Warning("report.low_sample_rate", {"sample_rate_hz": str(self.sample_rate_hz)}))
        return found


class NoiseMeter:
    """Signal-to-noise ratios of one recording, from the level of its speech and of its pauses."""

    def __init__(self, levels_db: Values, segments: list[tuple[int, int]]) -> None:
        self._power = 10.0 ** (levels_db.astype(np.float64) / 10.0)
        self._speech = np.zeros(len(levels_db), bool)
        self._pause = np.ones(len(levels_db), bool)
        for start, end in segments:
            self._speech[start:end] = True
            self._pause[max(0, start - 2) : end + 3] = False  # the edges of words are neither

    @property
    def speech_s(self) -> float:
        """Seconds of speech."""
        return float(self._speech.sum()) * WINDOW_S

    def snr_db(self, start_s: float = 0.0, end_s: float | None = None) -> float:
        """Ratio between two times, -10..60 dB, against the pauses within three seconds around them.

        Where there are hardly any pauses, the quietest twentieth of the recording stands in for them.
        """
        span = slice(round(start_s / WINDOW_S), None if end_s is None else round(end_s / WINDOW_S))
        around = slice(
            max(0, round((start_s - 3.0) / WINDOW_S)), None if end_s is None else round((end_s + 3.0) / WINDOW_S)
        )
        speech = self._power[span][self._speech[span]]
        if len(speech) == 0:
            return LOWEST_SNR_DB
        pauses = self._power[around][self._pause[around]]
        if len(pauses) < 10:
            pauses = self._power[self._pause]
        noise = float(np.median(pauses)) if len(pauses) >= 10 else float(np.percentile(self._power, 5.0))
        ratio = max(float(speech.mean()) - noise, 1e-12) / max(noise, 1e-12)
        return float(np.clip(10.0 * np.log10(ratio), LOWEST_SNR_DB, HIGHEST_SNR_DB))
