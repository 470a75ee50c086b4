"""The process that decodes one recording: python -m services.voice.decode_child, started by isolated.py.

A recording can make FFmpeg crash, loop or take all memory; here it takes no more with it than this process. The
recording is the standard input; the only argument is the job. Before its first byte is looked at, limits on memory and
processor time hold and no further file or socket can be opened: there are no descriptors left.
"""

import ctypes
import importlib
import io
import json
import os
import resource
import signal
import sys
import wave
from dataclasses import asdict

from services.voice.decode import AudioReader, Samples, probe
from services.voice.decode_frames import ERROR, FACTS, HEAD, HEADER, LONGEST_BYTES, PROGRESS, READY, SAMPLES
from services.voice.decode_limits import DecodeLimits
from services.voice.errors import AudioTooLongError, AudioUnreadableError

PR_SET_PDEATHSIG = 1  # linux/prctl.h
OUTPUT = 1
# What PyAV imports when a container has such streams; later there is no descriptor left to read a module with.
NEEDED = ("av.subtitles.codeccontext", "av.subtitles.stream", "av.video.codeccontext", "av.video.stream")


def main() -> int:
    """Decode; the exit status is 0 whenever the last frame says how it ended."""
    job = json.loads(sys.argv[1])
    # A parent that went away ends this process with its next word, not with a traceback.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != job["parent"]:  # it died before it could be followed
            return 1
    _warm_up()
    _limit(job["cpu_s"], job["memory_bytes"])
    _send(READY)
    try:
        _decode(DecodeLimits(job["max_seconds"], job["max_decoded_bytes"]), with_samples=job["samples"])
    except AudioUnreadableError as exc:
        _tell(ERROR, reason=exc.reason, detail=str(exc))
    except AudioTooLongError as exc:
        _tell(ERROR, too_long=True, reason="", detail=str(exc))
    except MemoryError as exc:
        _tell(ERROR, reason="needs_memory", detail=type(exc).__name__)
    except Exception as exc:  # noqa: BLE001  whatever a recording can make the libraries raise is the recording's fault
        _tell(ERROR, reason="breaks_decoder", detail=f"{type(exc).__name__}: {exc}"[:500])
    return 0


def _warm_up() -> None:
    """Decode a few samples, so that whatever the libraries load when they are first used is loaded."""
    for module in NEEDED:
        importlib.import_module(module)
    file = io.BytesIO()
    with wave.open(file, "wb") as few:
        few.setnchannels(1)
        few.setsampwidth(2)
        few.setframerate(16_000)
        few.writeframes(bytes(320))
    probe(file.getvalue())


def _limit(cpu_s: float, memory_bytes: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime + cpu_s) + 1
    # SIGXCPU at the first, SIGKILL at the second: the parent can tell the first from a kill by somebody else.
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))


def _decode(limits: DecodeLimits, *, with_samples: bool) -> None:
    with open(0, "rb", closefd=False) as recording, AudioReader(recording, limits) as reader:
        first = asdict(reader.facts())
        del first["seconds"]
        _tell(HEAD, **first)
        for block in reader.blocks():
            if with_samples:
                _send_samples(block)
            else:
                _tell(PROGRESS, seconds=reader.seconds)
        _tell(FACTS, **asdict(reader.facts()))


def _send_samples(block: Samples) -> None:
    data = memoryview(block.astype("<f4", copy=False).tobytes())
    for start in range(0, len(data), LONGEST_BYTES):
        _send(SAMPLES, data[start : start + LONGEST_BYTES])


def _tell(kind: bytes, **facts: object) -> None:
    _send(kind, json.dumps(facts).encode())


def _send(kind: bytes, body: bytes | memoryview = b"") -> None:
    for part in (HEADER.pack(kind, len(body)), body):
        rest = memoryview(part)
        while rest:
            rest = rest[os.write(OUTPUT, rest) :]


if __name__ == "__main__":
    sys.exit(main())
