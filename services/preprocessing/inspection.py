"""Says what a recording is, or in a typed error why it cannot be used."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from services.runtime.errors import InvalidInputError, TooLargeError, UnavailableError
from services.voice.decode_limits import AudioFacts, ChildLimits, DecodeLimits
from services.voice.errors import AudioTooLongError, AudioUnreadableError, DecoderLostError
from services.voice.isolated import probe_isolated


def inspect_recording(
    path: Path, limits: DecodeLimits, child: ChildLimits, check_stop: Callable[[], None]
) -> AudioFacts:
    """Decode a recording to its end, in a process of its own.

    Raises InvalidInputError (AUDIO_UNREADABLE), TooLargeError (PAYLOAD_TOO_LARGE), UnavailableError where that process
    was lost, and whatever check_stop raises.
    """
    with too_long_is_too_large(), bad_recordings_refused(limits):
        return probe_isolated(path, limits, child, check_stop)


@contextmanager
def too_long_is_too_large() -> Iterator[None]:
    """Turn AUDIO_TOO_LONG into TooLargeError (PAYLOAD_TOO_LARGE): of an upload, that is what it means."""
    try:
        yield
    except InvalidInputError as exc:
        if exc.code != "AUDIO_TOO_LONG":
            raise
        raise TooLargeError(detail=exc.detail, limit=exc.params["limit"]) from exc


@contextmanager
def bad_recordings_refused(limits: DecodeLimits) -> Iterator[None]:
    """Turn what the decoder says into InvalidInputError (AUDIO_UNREADABLE or AUDIO_TOO_LONG) or UnavailableError."""
    try:
        yield
    except AudioUnreadableError as exc:
        raise InvalidInputError("AUDIO_UNREADABLE", detail=str(exc), reason=exc.reason) from exc
    except AudioTooLongError as exc:
        raise InvalidInputError("AUDIO_TOO_LONG", detail=str(exc), limit=spoken_seconds(limits.max_seconds)) from exc
    except DecoderLostError as exc:
        raise UnavailableError("UNAVAILABLE", detail=str(exc)) from exc


def spoken_seconds(seconds: float) -> str:
    """A limit as people write it: "2 h", "90 min", "45 s"."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"
