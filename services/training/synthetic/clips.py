"""One clip: trimmed, checked, encoded as Opus."""

from __future__ import annotations

import io

import numpy as np

EDGE_S = 0.08  # silence left around the speech
_BLOCK_S = 0.01
_FLOOR = 10 ** (-40 / 20)  # 40 dB below the loudest block counts as silence
_QUIETEST_RMS = 0.01
_SECONDS = (1.0, 20.0)  # what training takes (services.training.corpus.prepare)
# A phoneme takes some 50 to 120 ms at speed 1; twice as slow or fast means that the model stumbled.
_SECONDS_PER_PHONEME = (0.03, 0.2)
BIT_RATE = 32_000


def trim(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """Without the silence at both ends, but for `EDGE_S`."""
    block = int(_BLOCK_S * rate_hz)
    count = len(samples) // block
    if not count:
        return samples
    levels = np.sqrt(np.mean(np.square(samples[: count * block].reshape(count, block)), axis=1))
    loud = np.flatnonzero(levels > levels.max() * _FLOOR)
    if not len(loud):
        return samples
    edge = int(EDGE_S * rate_hz)
    return samples[max(0, loud[0] * block - edge) : (loud[-1] + 1) * block + edge]


def fault(samples: np.ndarray, rate_hz: int, phonemes: int, speed: float) -> str:
    """Why a clip is not fit for training; empty when it is."""
    if not len(samples) or not np.isfinite(samples).all():
        return "not a number"
    seconds = len(samples) / rate_hz
    if not _SECONDS[0] <= seconds <= _SECONDS[1]:
        return "length out of bounds"
    if float(np.sqrt(np.mean(np.square(samples)))) < _QUIETEST_RMS:
        return "silent"
    pace = seconds * speed / max(phonemes, 1)
    if not _SECONDS_PER_PHONEME[0] <= pace <= _SECONDS_PER_PHONEME[1]:
        return "length does not fit the text"
    return ""


def to_opus(samples: np.ndarray, rate_hz: int) -> bytes:
    """Mono Opus in Ogg."""
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=rate_hz, layout="mono")
        stream.bit_rate = BIT_RATE
        pcm = np.clip(np.rint(samples * 32767), -32768, 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(pcm[None], format="s16", layout="mono")
        frame.sample_rate = rate_hz
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return buffer.getvalue()
