"""How much of a recording is decoded, what that may cost, and what is known afterwards; imports no decoder."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DecodeLimits:
    """How much of a recording is decoded before it is refused; exactly the limit passes."""

    max_seconds: float = 2 * 3600.0
    # Sample values of all channels as the codec delivers them: bounds the work that a small file can cause.
    max_decoded_bytes: int = 16 * 2**30


@dataclass(frozen=True)
class ChildLimits:
    """What a process that decodes one recording may use up. Two hours in any common format need a fraction of each."""

    # Seconds that its parent waits for it, all waits together.
    wait_s: float = 480.0
    # Seconds of one processor: what a file costs, however busy the machine is.
    cpu_s: float = 240.0
    # Private memory beyond which an allocation fails (RLIMIT_DATA), the interpreter's own 50 MB included.
    memory_bytes: int = 384 * 2**20


DEFAULT_LIMITS = DecodeLimits()
DEFAULT_CHILD_LIMITS = ChildLimits()


@dataclass(frozen=True)
class AudioFacts:
    """What a recording is, counted by decoding it to its end."""

    seconds: float
    sample_rate_hz: int
    channels: int
    container: str
    codec: str
