"""The errors that cross a service's edge, as one tree.

::

    VoiceloomError
    ├── InvalidInputError    what was asked for cannot be right         INVALID_ARGUMENT      400
    │   └── TooLargeError    larger or longer than a limit              INVALID_ARGUMENT      413
    ├── NotFoundError        no such thing, or not this owner's         NOT_FOUND             404
    ├── ConflictError        the name or id is taken                    ALREADY_EXISTS        409
    ├── NotReadyError        right, but not in this state               FAILED_PRECONDITION   400
    ├── BusyError            try again later, a limit is reached        RESOURCE_EXHAUSTED    429
    ├── UnavailableError     something this needs is away               UNAVAILABLE           503
    │   └── DiskFullError    there is no room left                      UNAVAILABLE           507
    ├── StageFailedError     a stage cannot go on                       INTERNAL              500
    └── StoppedError         asked to stop; not a failure               CANCELLED             499

Each is raised at its cause with a code for the machine and arguments for the sentence that people read (its key is
``error.<CODE>``); ``detail`` is English, for logs alone, and never leaves the process. grpc_errors maps them once.
"""

from __future__ import annotations

from typing import Any


class VoiceloomError(Exception):
    """Base of the tree. ``params``: arguments of the sentence; ``retryable``: whether another try may succeed."""

    retryable_by_default = False

    def __init__(self, code: str, *, detail: str = "", retryable: bool | None = None, **params: object) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
        self.retryable = self.retryable_by_default if retryable is None else retryable
        self.params: dict[str, str] = {name: str(value) for name, value in params.items()}

    @property
    def key(self) -> str:
        """Key of the sentence for people."""
        return f"error.{self.code}"

    def __str__(self) -> str:
        facts = " ".join(f"{name}={value!r}" for name, value in self.params.items())
        return " ".join(part for part in (self.code, self.detail, facts) if part)

    def __reduce__(self) -> tuple[Any, ...]:
        # A child process may hand its error to its parent.
        return _rebuild, (type(self), self.code, self.detail, self.retryable, self.params)


def _rebuild(
    cls: type[VoiceloomError], code: str, detail: str, retryable: bool, params: dict[str, str]
) -> VoiceloomError:
    return cls(code, detail=detail, retryable=retryable, **params)


class InvalidInputError(VoiceloomError):
    """What was asked for cannot be right; asking again does not help."""


class TooLargeError(InvalidInputError):
    """Larger or longer than a limit."""

    def __init__(
        self, code: str = "PAYLOAD_TOO_LARGE", *, detail: str = "", retryable: bool | None = None, **params: object
    ) -> None:
        super().__init__(code, detail=detail, retryable=retryable, **params)


class NotFoundError(VoiceloomError):
    """There is no such thing, or it belongs to somebody else."""


class ConflictError(VoiceloomError):
    """The name or id is taken."""


class NotReadyError(VoiceloomError):
    """A right request at the wrong time."""


class BusyError(VoiceloomError):
    """A limit on the amount of work is reached."""

    retryable_by_default = True


class UnavailableError(VoiceloomError):
    """Something that this needs is away; it may come back."""

    retryable_by_default = True


class DiskFullError(UnavailableError):
    """There is no room left on a disk; somebody may make some."""

    def __init__(
        self, code: str = "DISK_FULL", *, detail: str = "", retryable: bool | None = None, **params: object
    ) -> None:
        super().__init__(code, detail=detail, retryable=retryable, **params)


class StageFailedError(VoiceloomError):
    """A stage cannot go on: TRAINING_DIVERGED, OUT_OF_MEMORY, ARTIFACT_CORRUPT."""


class StoppedError(VoiceloomError):
    """The work was asked to stop. This is not a failure."""

    def __init__(
        self, code: str = "STOPPED", *, detail: str = "", retryable: bool | None = None, **params: object
    ) -> None:
        super().__init__(code, detail=detail, retryable=retryable, **params)
