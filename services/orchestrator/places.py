"""Where a command that works beside the services, or without them, finds the rows and the artifacts."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from services.orchestrator.settings import OrchestratorSettings

DATABASE, ARTIFACTS = "VOICELOOM_DATABASE_URL", "VOICELOOM_ARTIFACTS_URL"


class KeepingError(Exception):
    """A command refuses, or cannot go on; the message is a sentence for people."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@dataclass(frozen=True)
class Places:
    """A stack's data folder with what lies outside of it."""

    data: Path
    settings: OrchestratorSettings

    @property
    def rows_file(self) -> Path | None:
        """The file of the rows; None when they are in a database server."""
        url = make_url(self.settings.database_url)
        return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None

    @property
    def artifacts_folder(self) -> Path | None:
        """The folder of the artifacts; None when they are in a bucket."""
        return None if "://" in self.settings.artifacts_url else Path(self.settings.artifacts_url)

    def require_rows(self) -> None:
        """Raises KeepingError where no stack has ever run."""
        if self.rows_file is not None and not self.rows_file.is_file():
            raise KeepingError(f"There are no rows in {self.rows_file}; --data names the folder of a stack.", 2)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every stack out of the data folder meanwhile. Raises KeepingError when one uses it."""
        if self.rows_file is None and self.artifacts_folder is None:
            yield  # the folder has no part in it
            return
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        with held(self.data / "lock", f"A Voiceloom uses {self.data}{self._running_at()}. Stop it first."):
            yield

    def _running_at(self) -> str:
        try:
            state = json.loads((self.data / "stack.json").read_text(encoding="utf-8"))
            return f": {state['url']}, process {state['pid']}"
        except (OSError, ValueError, KeyError):
            return ""


@contextlib.contextmanager
def held(path: Path, refusal: str) -> Iterator[None]:
    """Hold a lock. Raises KeepingError with that sentence when another process holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise KeepingError(refusal, 4) from None
        yield
    finally:
        os.close(descriptor)


def places(data: Path) -> Places:
    """The places of the stack with that data folder. Addresses in the environment come first."""
    data = data.expanduser().resolve()
    chosen = {
        "database_url": os.environ.get(DATABASE) or f"sqlite+aiosqlite:///{data / 'voiceloom.db'}",
        "artifacts_url": os.environ.get(ARTIFACTS) or str(data / "artifacts"),
    }
    return Places(data, OrchestratorSettings(**chosen))  # type: ignore[arg-type]
