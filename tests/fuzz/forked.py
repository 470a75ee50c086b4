"""Decodes in a fork of the fuzzer instead of a fresh interpreter: the child's own code, twenty times as often."""

import io
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from services.voice import decode_child
from services.voice.isolated import IsolatedReader


class Fork:
    """What IsolatedReader needs of a process."""

    def __init__(self, pid: int, output: int) -> None:
        self.pid = pid
        self.stdout: IO[bytes] = io.FileIO(output)  # type: ignore[assignment]
        self._status: int | None = None

    def kill(self) -> None:
        """End it, unless that has been seen already."""
        if self._status is None:
            os.kill(self.pid, 9)

    def wait(self) -> int:
        """Exit status, negative for a signal."""
        if self._status is None:
            self._status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._status


class ForkedReader(IsolatedReader):
    """Reads a recording in a fork."""

    def _start(self, path: Path, command: Sequence[str]) -> subprocess.Popen[bytes]:
        reading, writing = os.pipe()
        job = self._job()
        pid = os.fork()
        if pid == 0:
            os.setsid()
            os.dup2(os.open(path, os.O_RDONLY), 0)
            os.dup2(writing, 1)
            # Everything else is the fuzzer's; a fresh process would not have it either.
            os.closerange(3, 256)
            sys.argv[1:] = [job]
            os._exit(decode_child.main())
        os.close(writing)
        return Fork(pid, reading)  # type: ignore[return-value]
