"""Folders for temporary files: removed when their work ends, and when their process was killed, by whoever starts next.

Each folder is locked by the process that uses it. The kernel frees the lock with the process, so a folder without one
belongs to nobody.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from services.runtime.log import log

PREFIX = "voiceloom-scratch-"


@contextlib.contextmanager
def scratch_folder(parent: Path | None, name: str) -> Iterator[Path]:
    """A folder for the body alone, below ``parent`` (unset: the system's own). Raises OSError when none can be made."""
    folder, lock = _locked(parent, name)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def sweep_scratch(parent: Path | None) -> None:
    """Remove the folders of processes that are gone."""
    for folder in Path(parent or tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
                log.info("scratch_removed", folder=folder.name)
            finally:
                os.close(lock)


def _locked(parent: Path | None, name: str) -> tuple[Path, int]:
    """A new folder and the descriptor that holds its lock."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{name}-", dir=parent))
        try:
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            continue
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            return folder, lock
        # Somebody swept between the making and the locking.
        os.close(lock)
