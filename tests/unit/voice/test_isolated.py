"""Decoding in a process of its own: the same facts and samples, and whatever becomes of the child stays with it."""

import io
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import av
import numpy as np
import psutil
import pytest

from services.voice.decode import decode, probe
from services.voice.decode_limits import DEFAULT_CHILD_LIMITS, ChildLimits, DecodeLimits
from services.voice.errors import AudioTooLongError, AudioUnreadableError, DecoderLostError
from services.voice.isolated import IsolatedReader, decode_isolated, probe_isolated
from tests import audio_fixtures as audio

READY = b"R" + bytes(4)


def file_of(folder: Path, content: bytes) -> Path:
    path = folder / "recording"
    path.write_bytes(content)
    return path


def child_that(*lines: str) -> list[str]:
    """A decoder that says it is ready and then does what these lines of Python say."""
    start = f"import os, signal, struct, sys, time; os.write(1, {READY!r})"
    return [sys.executable, "-c", "\n".join([start, *lines])]


def reason_of(folder: Path, command: list[str], child: ChildLimits = DEFAULT_CHILD_LIMITS) -> str:
    with pytest.raises(AudioUnreadableError) as caught:
        with IsolatedReader(file_of(folder, b"sound"), child=child, command=command) as reader:
            list(reader.blocks())
    return caught.value.reason


@pytest.mark.parametrize("name", sorted(audio.FORMATS))
def test_every_container_decodes_to_the_same_as_in_this_process(tmp_path: Path, name: str) -> None:
    recording = audio.encode(audio.speech(2.5, 48_000), 48_000, name, channels=2)
    path = file_of(tmp_path, recording)
    assert probe_isolated(path) == probe(recording)
    samples, rate = decode_isolated(path)
    expected, expected_rate = decode(recording)
    assert rate == expected_rate
    np.testing.assert_array_equal(samples, expected)


@pytest.mark.parametrize(
    "content",
    [
        audio.encode(audio.sine(2.0), 24_000, "mp4", film=True),
        audio.with_cover(audio.encode(audio.sine(2.0), 24_000, "mp3")),
        audio.encode(audio.sine(2.0, 48_000), 48_000, "mp3") + audio.encode(audio.sine(2.0), 24_000, "mp3"),
    ],
)
def test_films_covers_and_changing_rates_need_no_further_file_either(tmp_path: Path, content: bytes) -> None:
    assert probe_isolated(file_of(tmp_path, content)) == probe(content)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"just words\n" * 100, "not_audio"),
        (audio.silent_film(), "no_sound"),
        (audio.encode(audio.sine(5.0), 24_000, "m4a")[:20_000], "damaged"),
    ],
)
def test_what_is_refused_is_refused_for_the_same_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(AudioUnreadableError) as caught:
        probe_isolated(file_of(tmp_path, content))
    assert caught.value.reason == reason


def test_the_limits_on_length_hold_in_the_child(tmp_path: Path) -> None:
    path = file_of(tmp_path, audio.encode(audio.silence(60.0), 24_000, "flac"))
    assert probe_isolated(path, DecodeLimits(max_seconds=60.0)).seconds == 60.0
    for limits in (DecodeLimits(max_seconds=59.9), DecodeLimits(max_decoded_bytes=1_000_000)):
        with pytest.raises(AudioTooLongError) as caught:
            probe_isolated(path, limits)
        assert caught.value.max_seconds == limits.max_seconds


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL])
def test_a_crash_of_the_decoder_is_the_recordings_fault(tmp_path: Path, number: signal.Signals) -> None:
    assert reason_of(tmp_path, child_that(f"os.kill(os.getpid(), {int(number)})")) == "breaks_decoder"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_decoder_that_somebody_killed_says_nothing_about_the_recording(
    tmp_path: Path, number: signal.Signals
) -> None:
    with pytest.raises(DecoderLostError):
        IsolatedReader(file_of(tmp_path, b"sound"), command=child_that(f"os.kill(os.getpid(), {int(number)})"))


def test_a_decoder_that_cannot_start_says_nothing_about_the_recording(tmp_path: Path) -> None:
    with pytest.raises(DecoderLostError):
        IsolatedReader(file_of(tmp_path, b"sound"), command=[sys.executable, "-c", "raise SystemExit(3)"])


@pytest.mark.parametrize(
    "line",
    [
        "os.write(1, b'a traceback, or anything else' * 100)",
        "os.write(1, struct.pack('<cI', b'S', 2**31))",
        "os.write(1, struct.pack('<cI', b'F', 0))",
        "os.write(1, struct.pack('<cI', b'H', 4) + b'[{}]')",
        "sys.exit(0)",
    ],
)
def test_nonsense_from_the_child_is_not_believed(tmp_path: Path, line: str) -> None:
    assert reason_of(tmp_path, child_that(line)) == "breaks_decoder"


@pytest.mark.parametrize("block", ["struct.pack('<f', float('nan'))", "bytes(4 * 48_001)"])
def test_samples_that_no_decoder_gives_are_not_believed(tmp_path: Path, block: str) -> None:
    head = json.dumps({"sample_rate_hz": 48_000, "channels": 1, "container": "wav", "codec": "pcm_s16le"}).encode()
    command = child_that(
        f"os.write(1, struct.pack('<cI', b'H', {len(head)}) + {head!r})",
        f"sys.stdout.buffer.write(struct.pack('<cI', b'S', len({block})) + {block})",
    )
    path = file_of(tmp_path, b"sound")
    with IsolatedReader(path, DecodeLimits(max_seconds=1.0), command=command) as reader:
        with pytest.raises(AudioUnreadableError, match="no decoder gives"):
            list(reader.blocks())


def test_a_decoder_that_hangs_is_ended(tmp_path: Path) -> None:
    assert reason_of(tmp_path, child_that("time.sleep(600)"), ChildLimits(wait_s=0.5)) == "takes_too_long"


def test_a_recording_that_takes_too_much_processor_time_is_refused(tmp_path: Path) -> None:
    # An hour of nothing in six channels of 96 kHz is work for many seconds and a small file.
    minute = np.zeros((6, 60 * 96_000), np.float32)
    path = file_of(tmp_path, audio.encode(minute, 96_000, "flac24") * 60)
    with pytest.raises(AudioUnreadableError) as caught:
        probe_isolated(path, child=ChildLimits(cpu_s=1.0))
    assert caught.value.reason == "takes_too_long"
    assert "processor" in str(caught.value)


def test_a_recording_that_takes_too_much_memory_is_refused(tmp_path: Path) -> None:
    # One packet of 12 million samples: as float64 it needs 100 MB at once.
    path = file_of(tmp_path, one_big_packet(12_000_000))
    assert probe_isolated(path).seconds == pytest.approx(250.0)
    with pytest.raises(AudioUnreadableError) as caught:
        probe_isolated(path, child=ChildLimits(memory_bytes=96 * 2**20))
    assert caught.value.reason == "needs_memory"


def one_big_packet(size: int) -> bytes:
    """A Matroska file of 8-bit samples whose one block is as large as this."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as container:
        stream = container.add_stream("pcm_u8", rate=48_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.full((1, size), 128, np.uint8), format="u8", layout="mono")
        frame.rate, frame.pts = 48_000, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def test_the_caller_can_stop_at_once_and_the_child_is_gone(tmp_path: Path) -> None:
    class Enough(Exception):
        pass

    stop = threading.Event()

    def check() -> None:
        if stop.is_set():
            raise Enough

    reader = IsolatedReader(file_of(tmp_path, audio.encode(audio.silence(9.0), 24_000)), check=check)
    pid = reader.pid
    stop.set()
    with reader, pytest.raises(Enough):
        list(reader.blocks())
    assert not psutil.pid_exists(pid)


def test_the_child_can_open_neither_files_nor_sockets_nor_read_the_services_environment(tmp_path: Path) -> None:
    spy = textwrap.dedent(
        """
        import json, os, runpy, socket, sys
        import services.voice.decode_child as child

        def look(limits, *, with_samples):
            found = {}
            for name, act in {"file": lambda: open("/etc/hostname"), "socket": socket.socket}.items():
                try:
                    act()
                    found[name] = "opened"
                except OSError as exc:
                    found[name] = type(exc).__name__
            found["secret"] = os.environ.get("VOICELOOM_DATABASE_URL", "hidden")
            child._tell(child.ERROR, reason="damaged", detail=json.dumps(found))

        child._decode = look
        sys.exit(child.main())
        """
    )
    os.environ["VOICELOOM_DATABASE_URL"] = "postgresql://user:password@host/db"
    try:
        with pytest.raises(AudioUnreadableError) as caught:
            IsolatedReader(file_of(tmp_path, b"sound"), command=[sys.executable, "-c", spy])
    finally:
        del os.environ["VOICELOOM_DATABASE_URL"]
    found = json.loads(str(caught.value).partition(": ")[2])
    assert found == {"file": "OSError", "socket": "OSError", "secret": "hidden"}


def test_the_child_dies_with_its_parent(tmp_path: Path) -> None:
    path = file_of(tmp_path, audio.encode(audio.silence(1800.0, 8_000), 8_000, "flac"))
    parent_code = textwrap.dedent(
        f"""
        import sys, time
        from pathlib import Path
        from services.voice.isolated import IsolatedReader
        reader = IsolatedReader(Path({str(path)!r}))
        print(reader.pid, flush=True)
        time.sleep(600)
        """
    )
    with subprocess.Popen([sys.executable, "-c", parent_code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        assert child.is_running()
        parent.kill()
        parent.wait()
    deadline = time.monotonic() + 30
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the child outlived its parent"
        time.sleep(0.05)


def test_a_reader_that_takes_its_time_is_not_counted_against_the_child(tmp_path: Path) -> None:
    command = child_that("time.sleep(600)")
    path = file_of(tmp_path, b"sound")
    calls = 0

    def slow_check() -> None:
        # A service that is suspended, or busy elsewhere, between two looks at its child.
        nonlocal calls
        calls += 1
        time.sleep(0.3)

    began = time.monotonic()
    with pytest.raises(AudioUnreadableError):
        IsolatedReader(path, child=ChildLimits(wait_s=0.5), check=slow_check, command=command)
    assert calls >= 5
    assert time.monotonic() - began > 1.5
