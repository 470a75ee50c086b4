"""Finds free TCP ports on loopback for a stack's own traffic, and tells whether one is taken."""

import os
import socket

# Below the range from which the kernel takes ports for outgoing connections (32768 and up on Linux), so that a port
# found free here cannot be lost to a client's connection before its service binds it.
FIRST, LAST = 20000, 32000
BLOCK = 16


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on the port now; raises PermissionError for ports that need privileges."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            raise
        except OSError:
            return False
        return True


def free_ports(count: int, seed: int | None = None, besides: int = 0) -> list[int]:
    """`count` free ports other than `besides`; stacks that start together begin their search in different places."""
    span = LAST - FIRST
    start = (os.getpid() if seed is None else seed) * BLOCK % span
    found: list[int] = []
    for offset in range(span):
        port = FIRST + (start + offset) % span
        if port != besides and is_free(port):
            found.append(port)
            if len(found) == count:
                return found
    raise OSError(f"fewer than {count} free ports between {FIRST} and {LAST}")
