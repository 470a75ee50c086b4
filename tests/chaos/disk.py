"""A small disk: a tmpfs of the run's own, seen by nobody else, which can be filled and emptied again.

Mounting needs rights. A user namespace gives them to anybody, where the system allows it; in it, root of the outside is
an ordinary user, which PostgreSQL insists on.
"""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path

CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000  # linux/sched.h
MS_NOSUID, MS_NODEV = 2, 4  # linux/mount.h
ORDINARY_USER = 1000
FILLER = "filler"


def enter_namespace() -> bool:
    """Move this process, while it has one thread, into a user and mount namespace of its own; False if one may not."""
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0:
        return False
    inside = user or ORDINARY_USER
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{inside} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group or ORDINARY_USER} {group} 1")
    return True


def mount(folder: Path, size_bytes: int) -> bool:
    """Mount a tmpfs of that size; it vanishes with the last process of the namespace. False where one may not."""
    folder.mkdir(parents=True, exist_ok=True)
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"size={size_bytes},mode=700".encode()
    return bool(libc.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", MS_NOSUID | MS_NODEV, options) == 0)


def fill(folder: Path, *, leave_bytes: int = 0) -> int:
    """Take all space that is left but ``leave_bytes``; how much that was."""
    taken = 0
    with (folder / FILLER).open("ab") as file:
        step = 1 << 24
        while step >= 4096:
            facts = os.statvfs(folder)
            if facts.f_bavail * facts.f_frsize - step < leave_bytes:
                step //= 2
                continue
            try:
                os.posix_fallocate(file.fileno(), taken, step)
            except OSError as exc:
                if exc.errno != errno.ENOSPC:
                    raise
                step //= 2
            else:
                taken += step
    return taken


def empty(folder: Path) -> None:
    """Give back what ``fill`` took."""
    (folder / FILLER).unlink(missing_ok=True)
