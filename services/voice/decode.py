"""Turns a recording in any common format into mono float32 blocks and counts its seconds by decoding it to the end.

Everything a stranger uploads passes through here, so only known containers are opened, nothing outside the file is
ever followed (no playlists, no network), and length, memory and decoded bytes are bounded. Services let it run in a
process of its own: isolated.py.
"""

import errno
import io
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import av
import numpy as np
import soxr
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from services.voice.decode_limits import DEFAULT_LIMITS, AudioFacts, DecodeLimits
from services.voice.errors import AudioTooLongError, AudioUnreadableError

Samples = NDArray[np.float32]

# FFmpeg knows some 350 demuxers, among them playlists (hls, concat, dash) that open other files and hosts.
CONTAINERS = "wav,w64,aiff,flac,mp3,ogg,matroska,webm,mov,mp4,m4a,3gp,aac,amr"
# Decoders that FFmpeg may open while it looks at the streams. No video decoder: pictures are never decoded here.
CODECS = (
    "pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_u8,pcm_s8,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,"
    "pcm_alaw,pcm_mulaw,adpcm_ms,adpcm_ima_wav,adpcm_ima_qt,gsm_ms,flac,alac,mp3,mp3float,mp2,mp2float,vorbis,opus,"
    "libopus,aac,aac_latm,amrnb,amrwb,libopencore_amrnb,libopencore_amrwb,speex,ac3,eac3,mp1,mp1float"
)
# Containers whose header states the length of each stream, so that a file cut short is noticed.
STATES_ITS_LENGTH = ("flac", "mov")
# First bytes of the containers above: what starts so and does not open is a damaged recording, not something else.
MAGIC = (b"RIFF", b"RF64", b"FORM", b"fLaC", b"ID3", b"OggS", b"\x1aE\xdf\xa3", b"#!AMR")

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 4_000, 768_000
LARGEST_PACKET_BYTES = 16 * 2**20
# FFmpeg keeps pointers to at most this many planes in the frame itself. For more, PyAV 18 counts planes past the end of
# FFmpeg's array (it expects a null pointer there) and reads memory that is not the frame's.
MOST_PLANES = 8
LOUDEST = 8.0


Source = Path | bytes | BinaryIO


class AudioReader:
    """Reads one recording from front to back, once; a context manager.

    `sample_rate_hz` and `channels` are those of the first decoded frame: headers lie (HE-AAC states half its rate).
    A later change of the rate is resampled, a later change of the channels is mixed down like the rest.

    Raises AudioUnreadableError from the constructor or from blocks(), and AudioTooLongError from blocks().
    """

    def __init__(self, source: Source, limits: DecodeLimits = DEFAULT_LIMITS) -> None:
        self.limits = limits
        # What is opened here is closed at the end or when the recording is refused at once.
        self._opened = ExitStack()
        try:
            file = self._opened.enter_context(_as_file(source))
            self._container = self._opened.enter_context(_open_container(file))
            self._stream = _best_audio_stream(self._container)
            self.container: str = self._container.format.name
            self.codec: str = self._stream.codec_context.codec.canonical_name
            self._good_bytes = self._bad_bytes = self._last_position = self._decoded_bytes = 0
            self._samples = 0
            self._unsupported = ""  # why the last frame that was left out could not be used
            self._frames = self._decode_frames()
            first = self._first_frame()
        except BaseException:
            self._opened.close()
            raise
        self._first: AudioFrame | None = first
        self.sample_rate_hz: int = first.sample_rate
        self.channels: int = first.layout.nb_channels

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._frames.close()
        self._opened.close()

    @property
    def seconds(self) -> float:
        """Seconds decoded so far."""
        return self._samples / self.sample_rate_hz

    def facts(self) -> AudioFacts:
        """What is known by now; whole once blocks() is exhausted."""
        return AudioFacts(self.seconds, self.sample_rate_hz, self.channels, self.container, self.codec)

    def blocks(self, block_s: float = 1.0) -> Iterator[Samples]:
        """Yield mono float32 blocks of at least block_s seconds (the last may be shorter) at sample_rate_hz."""
        pending: list[Samples] = []
        held = 0
        for samples in self._mono():
            pending.append(samples)
            held += len(samples)
            if held >= block_s * self.sample_rate_hz:
                yield np.concatenate(pending)
                pending, held = [], 0
        if held:
            yield np.concatenate(pending)
        self._refuse_if_mostly_damaged()

    def _mono(self) -> Iterator[Samples]:
        """Yield every frame as mono at the first frame's rate, and enforce the limits."""
        rate = self.sample_rate_hz
        resampler: soxr.ResampleStream | None = None
        for frame in self._all_frames():
            if frame.sample_rate != rate:
                if resampler is not None:
                    yield self._counted(resampler.resample_chunk(np.zeros(0, np.float32), last=True))
                rate = frame.sample_rate
                same = rate == self.sample_rate_hz
                resampler = None if same else soxr.ResampleStream(rate, self.sample_rate_hz, 1, dtype="float32")
            samples = _mix_down(frame)
            yield self._counted(samples if resampler is None else resampler.resample_chunk(samples))
        if resampler is not None:
            yield self._counted(resampler.resample_chunk(np.zeros(0, np.float32), last=True))

    def _counted(self, samples: Samples) -> Samples:
        self._samples += len(samples)
        if self.seconds > self.limits.max_seconds:
            raise AudioTooLongError(self.limits.max_seconds)
        return samples

    def _first_frame(self) -> AudioFrame:
        first = next(self._frames, None)
        if first is None:
            reason = "unsupported" if self._unsupported else "damaged"
            detail = self._unsupported or "no frame decodes"
            raise AudioUnreadableError(reason, detail=f"{self.codec} in {self.container}: {detail}")
        return first

    def _all_frames(self) -> Iterator[AudioFrame]:
        if self._first is not None:
            first, self._first = self._first, None
            yield first
        yield from self._frames

    def _decode_frames(self) -> Generator[AudioFrame]:
        """Yield decodable frames; packets that do not decode are skipped and counted."""
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except MemoryError:
                raise
            except (av.FFmpegError, ValueError) as exc:
                self._refuse_if_broken_early(exc)
                return
            if packet is None:
                return
            if packet.size > LARGEST_PACKET_BYTES:
                raise AudioUnreadableError("damaged", detail=f"a packet of {packet.size} bytes")
            self._last_position = max(self._last_position, packet.pos or 0)
            try:
                frames = packet.decode()
            except MemoryError:
                raise
            except (av.FFmpegError, ValueError):
                self._bad_bytes += packet.size
                continue
            self._good_bytes += packet.size
            for frame in frames:
                assert isinstance(frame, AudioFrame)
                if self._is_sound(frame):
                    yield frame

    def _is_sound(self, frame: AudioFrame) -> bool:
        """Whether a frame can be used; damaged headers claim strange rates and layouts for a frame or two."""
        channels = frame.layout.nb_channels
        if frame.samples == 0 or channels == 0:
            return False
        self._decoded_bytes += frame.samples * channels * frame.format.bytes
        if self._decoded_bytes > self.limits.max_decoded_bytes:
            raise AudioTooLongError(self.limits.max_seconds, detail="decoded bytes exceed the limit")
        if not LOWEST_RATE_HZ <= frame.sample_rate <= HIGHEST_RATE_HZ:
            self._unsupported = f"{frame.sample_rate} Hz"
        elif frame.format.is_planar and channels > MOST_PLANES:
            self._unsupported = f"{channels} channels in planes"
        else:
            return True
        return False

    def _refuse_if_broken_early(self, exc: Exception) -> None:
        """A container that breaks in its first half is refused; what decoded before a later break is used."""
        if self._last_position < self._container.size / 2:
            raise AudioUnreadableError("damaged", detail=f"{self.container} breaks early") from exc

    def _refuse_if_mostly_damaged(self) -> None:
        if self._bad_bytes > self._good_bytes:
            raise AudioUnreadableError("damaged", detail="most packets do not decode")
        stream = self._stream
        if stream.duration and stream.time_base and self.container.split(",")[0] in STATES_ITS_LENGTH:
            stated_s = float(stream.duration * stream.time_base)
            if self.seconds < stated_s / 2:
                raise AudioUnreadableError("damaged", detail=f"{self.seconds:.1f} s of the stated {stated_s:.1f} s")


def probe(
    source: Source, limits: DecodeLimits = DEFAULT_LIMITS, check: Callable[[], None] = lambda: None
) -> AudioFacts:
    """Decode the whole recording, keep nothing of it, and say what it is; `check` may raise to stop in between."""
    with AudioReader(source, limits) as reader:
        for _ in reader.blocks():
            check()
        return reader.facts()


def decode(source: Source, limits: DecodeLimits = DEFAULT_LIMITS) -> tuple[Samples, int]:
    """Decode a short recording at once: mono float32 samples (N,) and their rate in Hz."""
    with AudioReader(source, limits) as reader:
        blocks = list(reader.blocks())
        return (np.concatenate(blocks) if blocks else np.zeros(0, np.float32)), reader.sample_rate_hz


class _Nameless:
    """A file without its name: PyAV hands the name to FFmpeg, which has no business with it."""

    def __init__(self, file: BinaryIO) -> None:
        self._seek, self.read, self.tell = file.seek, file.read, file.tell

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go there. FFmpeg asks for impossible places in damaged files, takes -1 for an answer and goes on."""
        try:
            return self._seek(offset, whence)
        except ValueError:
            return -1
        except OSError as exc:
            if exc.errno != errno.EINVAL:
                raise
            return -1


def _as_file(source: Source) -> AbstractContextManager[BinaryIO]:
    if isinstance(source, Path):
        return source.open("rb")
    return io.BytesIO(source) if isinstance(source, bytes) else nullcontext(source)


def _open_container(file: BinaryIO) -> InputContainer:
    head = file.read(12)
    if not head:
        raise AudioUnreadableError("empty")
    file.seek(0)
    # The file is read by us: FFmpeg itself may open nothing, whatever a container refers to.
    options = {"format_whitelist": CONTAINERS, "codec_whitelist": CODECS, "protocol_whitelist": "none"}
    try:
        return av.open(_Nameless(file), mode="r", container_options=options, metadata_errors="replace")
    except MemoryError:
        raise
    except (av.FFmpegError, ValueError) as exc:
        looks_like_sound = head.startswith(MAGIC) or head[4:8] == b"ftyp"
        raise AudioUnreadableError("damaged" if looks_like_sound else "not_audio", detail=type(exc).__name__) from exc


def _best_audio_stream(container: InputContainer) -> AudioStream:
    stream = container.streams.best("audio")
    if not isinstance(stream, AudioStream):
        raise AudioUnreadableError("no_sound", detail=f"{container.format.name} without an audio stream")
    if stream.codec_context is None or stream.codec_context.codec.name not in CODECS.split(","):
        raise AudioUnreadableError("unsupported", detail="a codec that is not on the list")
    return stream


def _mix_down(frame: AudioFrame) -> Samples:
    """Average the channels of a frame: (samples,) float32, nominally -1..1, every value finite."""
    try:
        values = frame.to_ndarray()
    except ValueError as exc:
        raise AudioUnreadableError("unsupported", detail=f"sample format {frame.format.name}") from exc
    if not frame.format.is_planar:
        values = values.reshape(-1, frame.layout.nb_channels).T
    if values.dtype.kind == "f":
        # Float files may hold anything; beyond +-8 (18 dB over full scale) nothing is sound.
        finite = np.nan_to_num(values, nan=0.0, posinf=LOUDEST, neginf=-LOUDEST)
        return np.clip(finite, -LOUDEST, LOUDEST).mean(axis=0, dtype=np.float32)
    full_scale = 2.0 ** (8 * values.dtype.itemsize - 1)
    middle = full_scale if values.dtype.kind == "u" else 0.0
    return ((values.mean(axis=0) - middle) / full_scale).astype(np.float32)
