"""The recordings that the fuzzer starts from: every container and codec that the decoder reads, short, made in code."""

import io
import struct
from functools import cache

import av
import numpy as np

from tests import audio_fixtures as audio

SECONDS = 1.2


def _coded(muxer: str, codec: str, rate_hz: int, layout: str = "mono", sample_format: str = "") -> bytes:
    """A second of noise and tone in a codec that audio_fixtures has no name for."""
    channels = {"mono": 1, "stereo": 2, "5.1": 6}[layout]
    samples = np.repeat((audio.sine(SECONDS, rate_hz) + audio.noise(SECONDS, rate_hz))[None], channels, axis=0)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=muxer) as container:
        extra = {"format": sample_format} if sample_format else {}
        stream = container.add_stream(codec, rate=rate_hz, layout=layout, options={"strict": "experimental"}, **extra)
        for start in range(0, samples.shape[1], 4096):
            part = np.ascontiguousarray(samples[:, start : start + 4096], np.float32)
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=layout)
            frame.rate, frame.pts = rate_hz, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


@cache
def recordings() -> dict[str, bytes]:
    """Good recordings by name."""
    voice = audio.speech(SECONDS, 24_000)
    made = {
        name: audio.encode(voice, 24_000, name, channels=2 if name == "ogg" else 0)
        for name in audio.FORMATS
        if not audio.FORMATS[name].rate_hz
    }
    made |= {name: audio.encode(audio.speech(SECONDS, 48_000), 48_000, name) for name in ("opus", "webm")}
    made |= {
        "live_webm": audio.encode(audio.speech(SECONDS, 48_000), 48_000, "webm", channels=2, live="1"),
        "film": audio.encode(voice, 24_000, "mp4", film=True),
        "silent_film": audio.silent_film(),
        "fragmented": audio.encode(voice, 24_000, "mp4", movflags="frag_keyframe+empty_moov"),
        "cover": audio.with_cover(audio.encode(voice, 24_000, "mp3")),
        "surround": audio.encode(voice, 24_000, "wav24", channels=6),
        "sixteen": audio.sixteen_channels("wav", "pcm_s16le"),
        "sixteen_aac": audio.sixteen_channels("matroska", "aac"),
        "two_rates": audio.encode(voice, 24_000, "mp3") + audio.encode(audio.sine(1.0, 48_000), 48_000, "mp3"),
        "w64": _coded("w64", "pcm_s16le", 16_000),
        "adpcm_ms": _coded("wav", "adpcm_ms", 16_000),
        "adpcm_ima": _coded("wav", "adpcm_ima_wav", 16_000),
        "mulaw": _coded("wav", "pcm_mulaw", 8_000),
        "alac": _coded("ipod", "alac", 24_000),
        "ac3": _coded("mp4", "ac3", 48_000, "5.1"),
        "eac3": _coded("matroska", "eac3", 48_000, "stereo"),
        "mp2": _coded("mp2", "mp2", 48_000, "stereo"),
        "aiff24": _coded("aiff", "pcm_s24be", 24_000, "stereo"),
        "double": _coded("wav", "pcm_f64le", 24_000),
        "amr": b"#!AMR\n" + np.random.default_rng(5).integers(0, 256, 3_200, np.uint8).tobytes(),
        "hostile_wav": wav(),
    }
    return made


def wav(
    rate_hz: int = 16_000,
    channels: int = 1,
    bits: int = 16,
    tag: int = 1,
    *,
    align: int | None = None,
    stated_bytes: int | None = None,
    data: bytes = bytes(32_000),
) -> bytes:
    """A WAV file whose header says exactly this, true or not."""
    block = channels * bits // 8 if align is None else align
    form = struct.pack(
        "<HHIIHH", tag & 0xFFFF, channels & 0xFFFF, rate_hz, rate_hz * block & 0xFFFFFFFF, block & 0xFFFF, bits & 0xFFFF
    )
    size = len(data) if stated_bytes is None else stated_bytes
    chunks = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", size) + data
    return b"RIFF" + struct.pack("<I", min(len(chunks), 0xFFFFFFFF)) + chunks


@cache
def bombs() -> dict[str, bytes]:
    """Small files that unpack to very much."""
    hour = 3600.0
    return {
        "flac_hour": audio.encode(audio.silence(hour, 8_000), 8_000, "flac"),
        "opus_quarter": audio.encode(audio.silence(hour / 4, 48_000), 48_000, "opus"),
        "flac_wide": audio.encode(np.zeros((6, 60 * 96_000), np.float32), 96_000, "flac24"),
    }
