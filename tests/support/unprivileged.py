"""Runs a command that ends with its parent and, when root starts it, as nobody: PostgreSQL refuses to run as root.

Usage: unprivileged.py <pid of the parent> <program> [arguments]
"""

import ctypes
import os
import signal
import sys

NOBODY = 65534
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    """Become the program; returns only when the parent is already gone."""
    parent, program = int(sys.argv[1]), sys.argv[2:]
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    # After the change of user, which clears it.
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        sys.exit(1)
    os.execv(program[0], program)


if __name__ == "__main__":
    main()
