"""Who speaks: a voice of Kokoro or two of one language mixed, and how fast."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

# No clip holds these, alone or mixed: fine-tuning is tested with them, and it must meet a stranger.
HELD_OUT = frozenset({"af_bella", "am_michael", "bf_emma", "bm_george", "zf_xiaoyi", "zm_yunxi"})
# Whispers, and a caricature: neither is how people read to a recorder.
LEFT_OUT = frozenset({"af_nicole", "am_santa"})

VOICES = {
    "en": (
        *"af_alloy af_aoede af_heart af_jessica af_kore af_nova af_river af_sarah af_sky".split(),
        *"am_adam am_echo am_eric am_fenrir am_liam am_onyx am_puck".split(),
        *"bf_alice bf_isabella bf_lily bm_daniel bm_fable bm_lewis".split(),
    ),
    "zh": tuple("zf_xiaobei zf_xiaoni zf_xiaoxiao zm_yunjian zm_yunxia zm_yunyang".split()),
}
MIXED_SHARE = 0.5
SPEEDS = (0.85, 1.2)

_PART = re.compile(r"([a-z]{2}_[a-z]+)(?:\*(0\.\d+))?")


@dataclass(frozen=True)
class Speaker:
    """Voices with their weights, which sum to one; the heaviest first."""

    parts: tuple[tuple[str, float], ...]

    def __str__(self) -> str:
        if len(self.parts) == 1:
            return self.parts[0][0]
        return "+".join(f"{name}*{weight:.2g}" for name, weight in self.parts)

    @property
    def british(self) -> bool:
        """Whether the heaviest voice is British, which decides how English is pronounced."""
        return self.parts[0][0].startswith("b")

    def style(self, load: Callable[[str], np.ndarray]) -> np.ndarray:
        """The mixed style table (510, 256)."""
        tables = np.stack([load(name) for name, _ in self.parts])
        weights = np.array([weight for _, weight in self.parts], np.float32)
        return np.asarray(np.tensordot(weights, tables, axes=1))


def choose_speaker(language: str, rng: random.Random) -> Speaker:
    """A single voice, or two mixed: the timbres between voices are more speakers for nothing."""
    voices = VOICES[language]
    if rng.random() >= MIXED_SHARE:
        return Speaker(((rng.choice(voices), 1.0),))
    first, second = rng.sample(voices, 2)
    weight = rng.randint(50, 70) / 100
    return Speaker(((first, weight), (second, round(1 - weight, 2))))


def choose_speed(rng: random.Random) -> float:
    """Most clips near the voice's own pace, few at the limits."""
    return round(min(max(rng.gauss(1.0, 0.08), SPEEDS[0]), SPEEDS[1]), 2)


def parse_speaker(text: str) -> Speaker:
    """What `str(speaker)` wrote."""
    parts = [_PART.fullmatch(part) for part in text.split("+")]
    if not all(parts):
        raise ValueError(f"not a speaker: {text}")
    return Speaker(tuple((m[1], float(m[2] or 1.0)) for m in parts if m))
