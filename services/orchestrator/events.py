"""What can happen to a task, as plain values; kept as JSON, turned into protobuf where it leaves the process."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

PROGRESSED, LOGGED, COMPLETED, FAILED, CANCELLED = "progressed", "logged", "completed", "failed", "cancelled"


@dataclass(frozen=True)
class Text:
    """A sentence for people, as key and arguments."""

    key: str
    args: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ref:
    """A stored object."""

    uri: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Fault:
    """Why a stage or a task ended badly."""

    code: str
    args: dict[str, str] = field(default_factory=dict)
    stage: str = ""
    retryable: bool = False


@dataclass(frozen=True)
class Event:
    """One fact about a task; which fields mean something depends on ``kind``."""

    kind: str
    state: str = ""
    stage: str = ""
    progress: float = 0.0
    stage_progress: float = 0.0
    key: str = ""
    args: dict[str, str] = field(default_factory=dict)
    level: str = ""
    code: str = ""
    eta_s: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Everything that is not a default."""
        return {f.name: value for f in fields(self) if (value := getattr(self, f.name)) not in ("", 0.0, {}, None)}


def to_json(value: Ref | Text | Fault) -> dict[str, Any]:
    """For a JSON column."""
    return asdict(value)
