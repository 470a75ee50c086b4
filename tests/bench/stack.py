"""A stack of its own for measuring, and what its processes use."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Self

import psutil

from tests.stack import ROOT, Stack, start_stack

MIB = 1024 * 1024
MINI = ROOT / "packs" / "mini"


@contextmanager
def running_stack(data: Path, *, pack: Path = MINI, **settings: object) -> Iterator[Stack]:
    """Start a stack on a free port, and stop it at the end. `settings` by their names."""
    environment = {f"VOICELOOM_{name.upper()}": str(value) for name, value in settings.items()}
    stack = start_stack(data, pack=pack, environment=environment)
    try:
        yield stack
    finally:
        stack.stop()


@contextmanager
def suspended(stack: Stack, program: str) -> Iterator[None]:
    """Stop a program in its tracks: nobody works on what it should, and it takes nothing from who is measured."""
    process = psutil.Process(stack.pid_of(program))
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def loads_torch(pid: int) -> bool:
    """Whether a process has torch's libraries mapped."""
    return any("libtorch" in region.path for region in psutil.Process(pid).memory_maps())


@dataclass
class MemoryWatch:
    """Samples the proportional memory (PSS: shared pages counted once) of a process tree until stopped."""

    stack: Stack
    peak_bytes: int = 0
    resident_peak_bytes: dict[str, int] = field(default_factory=dict)
    _stop: Event = field(default_factory=Event)

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        root = psutil.Process(self.stack.pid)
        while not self._stop.wait(1.0):
            total = 0
            for process in [root, *root.children(recursive=True)]:
                try:
                    total += process.memory_full_info().pss
                except psutil.Error:  # gone meanwhile
                    continue
            self.peak_bytes = max(self.peak_bytes, total)
            for name in ("gateway", "orchestrator"):
                try:
                    resident = psutil.Process(self.stack.pid_of(name)).memory_info().rss
                except (psutil.Error, TypeError):
                    continue
                self.resident_peak_bytes[name] = max(self.resident_peak_bytes.get(name, 0), resident)
