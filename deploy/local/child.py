"""Runs a command that cannot outlive its supervisor: the kernel kills it when the parent dies.

A program of its own rather than a `preexec_fn`, so that nothing of ours runs between fork and exec.
Usage: child.py <pid of the supervisor> <program> [arguments]
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h; survives exec, so it holds for the program too


def main() -> None:
    """Bind to the parent and become the program; returns only when the parent is already gone."""
    parent, program = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
        if os.getppid() != parent:  # it died between fork and prctl: nobody would ever send the signal
            sys.exit(1)
    os.execv(program[0], program)  # noqa: S606 - an argument list, no shell


if __name__ == "__main__":
    main()
