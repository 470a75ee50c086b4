"""Says what a recording is, or in a typed error why it cannot be used."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from services.runtime.errors import InvalidInputError, TooLargeError
from services.voice.decode import AudioFacts, DecodeLimits, probe
from services.voice.errors import AudioTooLongError, AudioUnreadableError


def inspect_recording(path: Path, limits: DecodeLimits, check_stop: Callable[[], None]) -> AudioFacts:
    """Decode a recording to its end.

    Raises InvalidInputError (AUDIO_UNREADABLE), TooLargeError (PAYLOAD_TOO_LARGE), and whatever check_stop raises.
    """
    try:
        with bad_recordings_refused(limits):
            return probe(path, limits, check_stop)
    except InvalidInputError as exc:
        if exc.code != "AUDIO_TOO_LONG":
            raise
        raise TooLargeError(detail=exc.detail, limit=exc.params["limit"]) from exc


@contextmanager
def bad_recordings_refused(limits: DecodeLimits) -> Iterator[None]:
    """Turn what the decoder says about a recording into InvalidInputError: AUDIO_UNREADABLE or AUDIO_TOO_LONG."""
    try:
        yield
    except AudioUnreadableError as exc:
        raise InvalidInputError("AUDIO_UNREADABLE", detail=str(exc), reason=exc.reason) from exc
    except AudioTooLongError as exc:
        raise InvalidInputError("AUDIO_TOO_LONG", detail=str(exc), limit=spoken_seconds(limits.max_seconds)) from exc


def spoken_seconds(seconds: float) -> str:
    """A limit as people write it: "2 h", "90 min", "45 s"."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"
