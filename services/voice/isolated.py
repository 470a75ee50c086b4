"""Decodes recordings in a process of their own, so that no recording can take the service with it.

What strangers send goes to FFmpeg, a large body of C. The child (decode_child.py) has limits on time and memory and can
open nothing; it is killed when its reader is closed, and by the kernel when this process dies. What it says is checked
like any other input.
"""

import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from services.voice.decode_frames import (
    ERROR,
    FACTS,
    HEAD,
    HEADER,
    KINDS,
    LONGEST_BYTES,
    PROGRESS,
    READY,
    SAMPLES,
)
from services.voice.decode_limits import DEFAULT_CHILD_LIMITS, DEFAULT_LIMITS, AudioFacts, ChildLimits, DecodeLimits
from services.voice.errors import AudioTooLongError, AudioUnreadableError, DecoderLostError

Samples = NDArray[np.float32]
Check = Callable[[], None]

COMMAND = (sys.executable, "-m", "services.voice.decode_child")
# What the interpreter needs to start; addresses and passwords of the service are none of the child's business.
_PASSED_ON = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TMPDIR")
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
_START_S = 120.0
_POLL_S = 0.1
# Samples are made in bursts; a pipe of this size keeps the child from waiting for its reader.
_PIPE_BYTES = 1 << 20
_LOWEST_RATE_HZ, _HIGHEST_RATE_HZ = 4_000, 768_000
# Signals by which others end a process; a recording has no means to send them.
_SENT_BY_OTHERS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class IsolatedReader:
    """Reads one recording from front to back, once, in a child; a context manager.

    `check` is called several times a second while the child works and may raise to stop at once.
    Raises AudioUnreadableError, AudioTooLongError and DecoderLostError, from the constructor or from blocks().
    """

    def __init__(
        self,
        path: Path,
        limits: DecodeLimits = DEFAULT_LIMITS,
        child: ChildLimits = DEFAULT_CHILD_LIMITS,
        check: Check = lambda: None,
        *,
        samples: bool = True,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self.limits = limits
        self._child, self._check, self._samples = child, check, samples
        self._buffer = bytearray()
        self._counted = 0
        self._patience_s = _START_S
        self._ready = False
        self._facts: AudioFacts | None = None
        self._process = self._start(path, command)
        assert self._process.stdout is not None
        self._output = self._process.stdout.fileno()
        fcntl.fcntl(self._output, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._poll = select.poll()
        self._poll.register(self._output, select.POLLIN)
        try:
            self._expect(READY)
            self._ready, self._patience_s = True, child.wait_s
            head = self._checked_facts({"seconds": 0.0, **self._parsed(self._expect(HEAD))})
        except BaseException:
            self.close()
            raise
        self.sample_rate_hz, self.channels = head.sample_rate_hz, head.channels

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """Process id of the child."""
        return self._process.pid

    @property
    def seconds(self) -> float:
        """Seconds decoded so far."""
        return self._counted / self.sample_rate_hz

    def facts(self) -> AudioFacts:
        """What the recording is; once blocks() is exhausted."""
        assert self._facts is not None
        return self._facts

    def blocks(self) -> Iterator[Samples]:
        """Yield mono float32 blocks at sample_rate_hz; none without `samples`, though all of the recording is decoded.

        Every value is finite and no more than the limit comes, whatever the child says.
        """
        while True:
            kind, body = self._next()
            if kind == SAMPLES:
                yield self._to_samples(body)
            elif kind == PROGRESS:
                self._parsed(body)
            elif kind == FACTS:
                self._facts = self._checked_facts(self._parsed(body))
                return
            else:
                raise self._broken(f"frame {kind!r} in the middle")

    def close(self) -> None:
        """End the child, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _start(self, path: Path, command: Sequence[str]) -> subprocess.Popen[bytes]:
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | _ONE_THREAD
        with path.open("rb") as recording:
            # A session of its own: a Ctrl-C on the service's terminal is for the service to handle.
            return subprocess.Popen(
                [*command, self._job()],
                stdin=recording,
                stdout=subprocess.PIPE,
                bufsize=0,
                env=environment,
                start_new_session=True,
            )

    def _job(self) -> str:
        """The only argument of the child."""
        limits, child = self.limits, self._child
        return json.dumps(
            {
                "parent": os.getpid(),
                "samples": self._samples,
                "max_seconds": limits.max_seconds,
                "max_decoded_bytes": limits.max_decoded_bytes,
                "cpu_s": child.cpu_s,
                "memory_bytes": child.memory_bytes,
            }
        )

    def _to_samples(self, body: bytes) -> Samples:
        if not self._samples or len(body) % 4:
            raise self._broken(f"{len(body)} bytes of samples")
        block = np.frombuffer(body, "<f4")
        self._counted += len(block)
        if self.seconds > self.limits.max_seconds or not np.isfinite(block).all():
            raise self._broken("samples that no decoder gives")
        return block

    def _checked_facts(self, said: dict[str, Any]) -> AudioFacts:
        try:
            facts = AudioFacts(**said)
            sane = (
                0.0 <= facts.seconds <= self.limits.max_seconds
                and _LOWEST_RATE_HZ <= facts.sample_rate_hz <= _HIGHEST_RATE_HZ
                and 0 < facts.channels <= 1024
                and len(facts.container) + len(facts.codec) <= 200
            )
        except (TypeError, ValueError) as exc:
            raise self._broken("facts that are none") from exc
        if not sane:
            raise self._broken(f"{facts}")
        return facts

    def _parsed(self, body: bytes) -> dict[str, Any]:
        try:
            values = json.loads(body)
        except ValueError as exc:
            raise self._broken("no JSON") from exc
        if not isinstance(values, dict):
            raise self._broken("no JSON object")
        return values

    def _expect(self, kind: bytes) -> bytes:
        found, body = self._next()
        if found != kind:
            raise self._broken(f"frame {found!r} instead of {kind!r}")
        return body

    def _next(self) -> tuple[bytes, bytes]:
        """The next frame; an error frame is raised."""
        self._check()
        while (frame := self._taken()) is None:
            self._read_more()
            self._check()
        kind, body = frame
        if kind == ERROR:
            said = self._parsed(body)
            if said.get("too_long"):
                raise AudioTooLongError(self.limits.max_seconds, detail=str(said.get("detail")))
            raise AudioUnreadableError(str(said.get("reason")), detail=str(said.get("detail")))
        return frame

    def _taken(self) -> tuple[bytes, bytes] | None:
        if len(self._buffer) < HEADER.size:
            return None
        kind, length = HEADER.unpack_from(self._buffer)
        if kind not in KINDS or length > LONGEST_BYTES:
            raise self._broken("no frame")
        end = HEADER.size + length
        if len(self._buffer) < end:
            return None
        body = bytes(memoryview(self._buffer)[HEADER.size : end])
        del self._buffer[:end]
        return kind, body

    def _read_more(self) -> None:
        """Wait for the child. Only such waits are counted against it, not what its reader does in between."""
        began = time.monotonic()
        if self._poll.poll(_POLL_S * 1000):
            data = os.read(self._output, _PIPE_BYTES)
            if not data:
                raise self._ended()
            self._buffer += data
        # A process that was itself suspended meanwhile has not waited.
        self._patience_s -= min(time.monotonic() - began, 2 * _POLL_S)
        if self._patience_s <= 0:
            if not self._ready:
                raise DecoderLostError("the decoding process did not start in time")
            raise AudioUnreadableError("takes_too_long", detail=f"not decoded in {self._child.wait_s:g} s")

    def _ended(self) -> Exception:
        status = self._process.wait()
        if not self._ready or -status in _SENT_BY_OTHERS:
            return DecoderLostError(f"the decoding process ended with status {status}")
        if -status == signal.SIGXCPU:
            return AudioUnreadableError("takes_too_long", detail=f"more than {self._child.cpu_s:g} s of processor time")
        return self._broken(f"ended with status {status}")

    def _broken(self, detail: str) -> AudioUnreadableError:
        return AudioUnreadableError("breaks_decoder", detail=detail)


def probe_isolated(
    path: Path,
    limits: DecodeLimits = DEFAULT_LIMITS,
    child: ChildLimits = DEFAULT_CHILD_LIMITS,
    check: Check = lambda: None,
) -> AudioFacts:
    """Decode the whole recording, keep nothing of it, and say what it is. Raises as IsolatedReader does."""
    with IsolatedReader(path, limits, child, check, samples=False) as reader:
        for _ in reader.blocks():
            raise AssertionError("samples that nobody asked for")
        return reader.facts()


def decode_isolated(
    path: Path, limits: DecodeLimits = DEFAULT_LIMITS, child: ChildLimits = DEFAULT_CHILD_LIMITS
) -> tuple[Samples, int]:
    """Decode a short recording at once: mono samples (N,) and their rate in Hz. Raises as IsolatedReader does."""
    with IsolatedReader(path, limits, child) as reader:
        blocks = list(reader.blocks())
        return (np.concatenate(blocks) if blocks else np.zeros(0, np.float32)), reader.sample_rate_hz
