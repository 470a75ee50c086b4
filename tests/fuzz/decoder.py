"""Feeds bad recordings to the upload decoder and checks what must hold: `make fuzz SECONDS=3600 SEED=1`.

Every input goes the way of an upload: the service's own functions and its decoding child. Nothing but facts or a typed
refusal may come out, within the limits on time and memory; no trick may reach a file or a socket. Inputs on which the
child crashed are made small and saved. Exit code 1 when something did not hold.
"""

import argparse
import collections
import contextlib
import json
import resource
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from services.preprocessing.inspection import bad_recordings_refused, inspect_recording
from services.preprocessing.waveform import load_waveform
from services.runtime.errors import InvalidInputError, VoiceloomError
from services.voice.decode_limits import DEFAULT_LIMITS, ChildLimits
from tests.fuzz.forked import ForkedReader
from tests.fuzz.mutations import make_input
from tests.fuzz.recordings import wav

MIB = 2**20
MOST_RESIDENT_BYTES = 500 * 10**6
# A third of the memory that a child may have is never needed here, and less time: what is slow shall be seen.
CHILD = ChildLimits(wait_s=600.0, cpu_s=60.0)
# Beyond the child's own limits: starting it, and a machine that does other things.
SLACK_S = 60.0
SHRINKING_TRIES = 200
# The others are decoded in forks, which start faster.
FRESH_EVERY = 10


@dataclass
class Summary:
    """What a run found."""

    seed: int
    inputs: int = 0
    seconds: float = 0.0
    accepted: int = 0
    refused: int = 0
    refusals: collections.Counter[str] = field(default_factory=collections.Counter)
    kinds: collections.Counter[str] = field(default_factory=collections.Counter)
    child_crashes: int = 0
    longest_s: float = 0.0
    child_rss_bytes: int = 0
    own_rss_bytes: int = 0
    saved: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def text(self) -> str:
        """The summary as JSON."""
        return json.dumps(vars(self), indent=2)


@dataclass(frozen=True)
class Verdict:
    """How one input ended: "" for accepted, else the code and reason; `crash` says how the child died."""

    refusal: str = ""
    crash: str = ""


class Canary:
    """A port on loopback and a good recording: whoever is tricked comes to one of them."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "canary.wav"
        self.file.write_bytes(wav())
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.setblocking(False)

    def target(self, number: int) -> str:
        """What tricks point to: the file or the port, in turn."""
        port = self.socket.getsockname()[1]
        return (str(self.file), f"http://127.0.0.1:{port}/x", f"file://{self.file}", f"tcp://127.0.0.1:{port}")[
            number % 4
        ]

    def called(self) -> bool:
        """Whether somebody connected."""
        try:
            self.socket.accept()[0].close()
        except BlockingIOError:
            return False
        return True


def decode_as_the_service(path: Path, scratch: Path, number: int) -> Verdict:
    """Inspect a file, or decode it as audio_slice does, one in ten in a fresh process and the others in forks.

    Raises only what must never come.
    """
    try:
        if number % FRESH_EVERY:
            with bad_recordings_refused(DEFAULT_LIMITS):
                with ForkedReader(path, DEFAULT_LIMITS, CHILD, samples=number % 2 == 0) as reader:
                    for _ in reader.blocks():
                        pass
                    reader.facts()
        elif number % (2 * FRESH_EVERY):
            with bad_recordings_refused(DEFAULT_LIMITS):
                load_waveform(path, scratch / "wave", 24_000, DEFAULT_LIMITS, CHILD, lambda seconds: None, lambda: None)
        else:
            inspect_recording(path, DEFAULT_LIMITS, CHILD, lambda: None)
    except InvalidInputError as exc:
        reason = exc.params.get("reason", "")
        return Verdict(f"{exc.code}/{reason}".rstrip("/"), exc.detail if reason == "breaks_decoder" else "")
    return Verdict()


def own_peak_bytes() -> int:
    """The most memory that this process held since it began to run this program.

    Not `RUSAGE_SELF`: that remembers across exec, so it would count what the process held that started this one.
    """
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


class Fuzzer:
    """Runs numbered inputs and keeps the summary."""

    def __init__(self, seed: int, folder: Path, saved: Path) -> None:
        self.summary = Summary(seed)
        self._folder, self._saved = folder, saved
        self._canary = Canary(folder)
        self.decode = decode_as_the_service

    def close(self) -> None:
        """Give the canary's port back."""
        self._canary.socket.close()

    def run(self, number: int) -> Verdict | None:
        """Try one input; what must not be goes to the violations."""
        summary = self.summary
        kind, data = make_input(summary.seed, number, self._canary.target(number))
        summary.inputs += 1
        summary.kinds[kind.split("/")[0]] += 1
        began = time.monotonic()
        verdict = self._verdict(number, data)
        took_s = time.monotonic() - began
        summary.longest_s = max(summary.longest_s, took_s)
        summary.child_rss_bytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        summary.own_rss_bytes = own_peak_bytes()
        if took_s > CHILD.wait_s + SLACK_S:
            self._violated(number, data, f"took {took_s:.0f} s")
        if max(summary.child_rss_bytes, summary.own_rss_bytes) > MOST_RESIDENT_BYTES:
            self._violated(number, data, "resident memory")
        if self._canary.called():
            self._violated(number, data, "a socket was opened")
        if verdict is None:
            return None
        if kind == "trick" and not verdict.refusal:
            self._violated(number, data, "a playlist was accepted")
        if verdict.refusal:
            summary.refused += 1
            summary.refusals[verdict.refusal] += 1
        else:
            summary.accepted += 1
        if verdict.crash:
            summary.child_crashes += 1
            self._save(number, self._shrunk(data, verdict), verdict.crash)
        elif verdict.refusal.endswith(("needs_memory", "takes_too_long")):
            self._save(number, data, verdict.refusal)
        return verdict

    def _verdict(self, number: int, data: bytes) -> Verdict | None:
        path = self._folder / "recording"
        path.write_bytes(data)
        try:
            return self.decode(path, self._folder, number)
        except VoiceloomError as exc:
            # UNAVAILABLE: the child was ended by somebody else, or did not start.
            self._violated(number, data, f"{exc}")
        except Exception as exc:
            self._violated(number, data, f"untyped {exc!r}")
        return None

    def _violated(self, number: int, data: bytes, what: str) -> None:
        self.summary.violations.append(f"input {number}: {what}")
        self._save(number, data, what)

    def _save(self, number: int, data: bytes, what: str) -> None:
        self._saved.mkdir(parents=True, exist_ok=True)
        name = f"seed{self.summary.seed}-{number}.bin"
        (self._saved / name).write_bytes(data)
        self.summary.saved.append(f"{name}: {what}")

    def _shrunk(self, data: bytes, verdict: Verdict) -> bytes:
        """A smaller input on which the child ends in the same way: pieces are left out as long as it does."""
        path = self._folder / "shrunk"
        size, tries = len(data) // 2, SHRINKING_TRIES
        while size >= 16 and tries:
            at = 0
            while at < len(data) and tries:
                tries -= 1
                smaller = data[:at] + data[at + size :]
                path.write_bytes(smaller)
                with contextlib.suppress(VoiceloomError):
                    if self.decode(path, self._folder, 1).crash == verdict.crash:
                        data = smaller
                        continue
                at += size
            size //= 2
        return data


@contextlib.contextmanager
def fuzzer(seed: int, saved: Path) -> Iterator[Fuzzer]:
    """A fuzzer with a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="voiceloom-fuzz-") as folder:
        run = Fuzzer(seed, Path(folder), saved)
        try:
            yield run
        finally:
            run.close()


def main() -> int:
    """Run until the time is over; the summary goes to --out all the time, and to the terminal at the end."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to go on")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same inputs")
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--inputs", type=int, default=sys.maxsize, help="at most so many inputs")
    parser.add_argument("--out", type=Path, default=Path(".data/fuzz"), help="folder for the summary and saved inputs")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    arguments.out.mkdir(parents=True, exist_ok=True)
    report = arguments.out / f"seed{arguments.seed}.json"
    began, written = time.monotonic(), 0.0
    with fuzzer(arguments.seed, arguments.out) as run:
        number = arguments.first
        while (passed := time.monotonic() - began) < arguments.seconds and run.summary.inputs < arguments.inputs:
            run.run(number)
            number += 1
            run.summary.seconds = round(time.monotonic() - began, 1)
            if passed - written > 10.0:
                report.write_text(run.summary.text(), encoding="utf-8")
                written = passed
    report.write_text(run.summary.text(), encoding="utf-8")
    print(run.summary.text())
    return 1 if run.summary.violations else 0


if __name__ == "__main__":
    sys.exit(main())
