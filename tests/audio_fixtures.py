"""Recordings for tests, good and bad, made in code: speech, silence, noise and music in every container."""

import io
import struct
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import av
import numpy as np
import soxr
from numpy.typing import NDArray

from services.voice.decode import decode

Samples = NDArray[np.float32]

SAMPLES = Path(__file__).parents[1] / "samples"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6300010000050001"
    "0d0a2db40000000049454e44ae426082"
)


@dataclass(frozen=True)
class Format:
    """How FFmpeg is asked for a container."""

    muxer: str
    codec: str
    sample_format: str = ""
    rate_hz: int = 0  # 0: the recording's own
    # Largest difference in seconds between what went in and what comes out: lossy codecs pad.
    slack_s: float = 0.0


FORMATS = {
    "wav": Format("wav", "pcm_s16le"),
    "wav24": Format("wav", "pcm_s24le"),
    "wav_float": Format("wav", "pcm_f32le"),
    "wav_u8": Format("wav", "pcm_u8"),
    "wav_alaw": Format("wav", "pcm_alaw"),
    "flac": Format("flac", "flac"),
    "flac24": Format("flac", "flac", "s32"),
    "mp3": Format("mp3", "libmp3lame", slack_s=0.06),
    "ogg": Format("ogg", "vorbis", slack_s=0.06),
    "ogg_flac": Format("ogg", "flac"),
    "opus": Format("opus", "libopus", rate_hz=48_000, slack_s=0.03),
    "m4a": Format("ipod", "aac", slack_s=0.06),
    "aac": Format("adts", "aac", slack_s=0.10),
    "webm": Format("webm", "libopus", rate_hz=48_000, slack_s=0.03),
    "mka": Format("matroska", "pcm_s16le"),
    "mp4": Format("mp4", "aac", slack_s=0.06),
    "mov": Format("mov", "pcm_s16le"),
    "aiff": Format("aiff", "pcm_s16be"),
}


def encode(
    samples: Samples, rate_hz: int, name: str = "wav", *, channels: int = 0, film: bool = False, **options: str
) -> bytes:
    """Encode mono samples (N,), or channels x N, as one of FORMATS.

    `film` adds moving pictures; further options go to the muxer.
    """
    spec = FORMATS[name]
    planes = np.atleast_2d(samples).astype(np.float32)
    if channels:
        planes = np.repeat(planes, channels, axis=0)
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[len(planes)]
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=spec.muxer, options=options) as container:
        extra = {"format": spec.sample_format} if spec.sample_format else {}
        stream = container.add_stream(
            spec.codec, rate=spec.rate_hz or rate_hz, layout=layout, options={"strict": "experimental"}, **extra
        )
        pictures = container.add_stream("mpeg4", rate=5, width=32, height=32, pix_fmt="yuv420p") if film else None
        if pictures is not None:
            for _ in range(int(5 * planes.shape[1] / rate_hz)):
                picture = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 99, np.uint8))
                container.mux(pictures.encode(picture))
            container.mux(pictures.encode(None))
        for start in range(0, planes.shape[1], rate_hz):
            part = np.ascontiguousarray(planes[:, start : start + rate_hz])
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=layout)
            frame.rate = rate_hz
            frame.pts = start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def silent_film(seconds: float = 2.0) -> bytes:
    """An MP4 with pictures and no sound."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        pictures = container.add_stream("mpeg4", rate=5, width=32, height=32, pix_fmt="yuv420p")
        for _ in range(int(5 * seconds)):
            container.mux(pictures.encode(av.VideoFrame.from_ndarray(np.full((32, 32, 3), 99, np.uint8))))
        container.mux(pictures.encode(None))
    return buffer.getvalue()


def sixteen_channels(muxer: str, codec: str) -> bytes:
    """One second of noise in sixteen channels, as surround microphones record it."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=muxer) as container:
        stream = container.add_stream(codec, rate=48_000, layout="hexadecagonal")
        frame = av.AudioFrame.from_ndarray(noise(16.0, 48_000)[None], format="flt", layout="hexadecagonal")
        frame.rate = 48_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def with_cover(mp3: bytes) -> bytes:
    """The MP3 with a picture in front, as music shops sell it (ID3v2.3, frame APIC)."""
    body = b"\x00image/png\x00\x03\x00" + PNG
    frame = b"APIC" + struct.pack(">I", len(body)) + b"\x00\x00" + body
    size = bytes((len(frame) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + size + frame + mp3


def speech(seconds: float, rate_hz: int = 24_000, *, sample: str = "bella_25s.flac") -> Samples:
    """A synthetic person reading, repeated as often as needed."""
    voice = _voice(sample, rate_hz)
    count = round(seconds * rate_hz)
    return np.tile(voice, -(-count // len(voice)))[:count]


@cache
def _voice(sample: str, rate_hz: int) -> Samples:
    samples, rate = decode(SAMPLES / sample)
    return np.asarray(soxr.resample(samples, rate, rate_hz), np.float32)


def silence(seconds: float, rate_hz: int = 24_000) -> Samples:
    """Digital silence."""
    return np.zeros(round(seconds * rate_hz), np.float32)


def noise(seconds: float, rate_hz: int = 24_000, level: float = 0.1) -> Samples:
    """White noise of a standard deviation."""
    return (level * np.random.default_rng(7).standard_normal(round(seconds * rate_hz))).astype(np.float32)


def sine(seconds: float, rate_hz: int = 24_000, frequency_hz: float = 440.0, level: float = 0.5) -> Samples:
    """One steady tone."""
    return (level * np.sin(2 * np.pi * frequency_hz * np.arange(round(seconds * rate_hz)) / rate_hz)).astype(np.float32)


def music(seconds: float, rate_hz: int = 24_000) -> Samples:
    """A plucked melody over slow chords: no words in it."""
    draw = np.random.default_rng(11)
    out = np.zeros(round(seconds * rate_hz) + 2 * rate_hz)
    for beat in range(int(seconds / 0.25)):
        begin = int(beat * 0.25 * rate_hz)
        _play(out, begin, rate_hz, 220 * 2 ** (draw.choice([0, 2, 4, 5, 7, 9, 11, 12]) / 12), 0.5, decay=4.0)
        if beat % 4 == 0:
            for ratio in (1.0, 1.25, 1.5):
                _play(out, begin, rate_hz, 110 * ratio, 1.0, decay=1.0)
    return (0.1 * out[: round(seconds * rate_hz)]).astype(np.float32)


def _play(
    out: NDArray[np.float64], begin: int, rate_hz: int, frequency_hz: float, seconds: float, decay: float
) -> None:
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    tone = sum(np.sin(2 * np.pi * frequency_hz * k * t) / k for k in range(1, 6))
    out[begin : begin + len(t)] += tone * np.exp(-decay * t) * np.minimum(1.0, 50 * t)
