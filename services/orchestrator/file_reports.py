"""Reports on uploaded recordings: made by the preprocessing service, kept beside the recording.

A kept report names its basis, the digest of all that decided it. Each time somebody asks, preprocessing says whether
that still holds, which takes no time; after an upgrade or with another pack the report is made anew. It can always be
made again, so no row names it: it goes with its recording's folder, and a backup leaves it out.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from typing import Protocol

from services.orchestrator.events import Ref
from services.orchestrator.files import Files, report_uri
from services.orchestrator.models import File
from services.runtime.artifacts import ArtifactStore
from services.runtime.errors import NotFoundError, VoiceloomError
from services.runtime.log import log
from services.runtime.shared import Shared


@dataclass(frozen=True)
class FileReport:
    """A serialised report, and its basis."""

    basis: str
    data: bytes

    def to_bytes(self) -> bytes:
        """As it is kept: a digest, the basis, and the report."""
        content = self.basis.encode() + b"\n" + self.data
        return hashlib.sha256(content).hexdigest().encode() + b"\n" + content

    @classmethod
    def from_bytes(cls, kept: bytes) -> FileReport | None:
        """The reverse of to_bytes; None for what is damaged."""
        digest, _, content = kept.partition(b"\n")
        if hashlib.sha256(content).hexdigest().encode() != digest:
            return None
        basis, _, data = content.partition(b"\n")
        return cls(basis.decode(), data)


class Reporter(Protocol):
    """Looks at recordings."""

    async def report(self, ref: Ref, seconds: float, known_basis: str) -> FileReport:
        """A report; its data is empty when ``known_basis`` still holds.

        Raises InvalidInputError (AUDIO_UNREADABLE), TooLargeError, UnavailableError.
        """


class FileReports:
    """One report per recording, whoever asks and however often."""

    def __init__(self, files: Files, artifacts: ArtifactStore, reporter: Reporter) -> None:
        self._files, self._artifacts, self._reporter = files, artifacts, reporter
        self._running: Shared[FileReport] = Shared()

    async def get(self, owner: str, file_id: str) -> FileReport:
        """The report on a file of the owner. Raises NotFoundError (FILE_NOT_FOUND), and as Reporter.report does."""
        file = await self._files.get(owner, file_id)
        return await self._running.run(file_id, lambda: self._report(file))

    async def _report(self, file: File) -> FileReport:
        uri = report_uri(file.id)
        kept = await asyncio.to_thread(self._kept, uri)
        made = await self._reporter.report(Ref(**file.ref), file.seconds, kept.basis if kept else "")
        if kept is not None and kept.basis == made.basis and not made.data:
            return kept
        log.info("file_reported", file_id=file.id, again=kept is not None)
        try:
            await asyncio.to_thread(self._artifacts.put_bytes, uri, made.to_bytes())
        except VoiceloomError as exc:
            log.warning("report_not_kept", file_id=file.id, error=str(exc))
        await self._require(file)
        return made

    async def _require(self, file: File) -> None:
        """Leave no report of a file that was deleted meanwhile. Raises NotFoundError (FILE_NOT_FOUND)."""
        try:
            await self._files.get(file.owner, file.id)
        except NotFoundError:
            await asyncio.to_thread(self._artifacts.delete, report_uri(file.id))
            raise

    def _kept(self, uri: str) -> FileReport | None:
        try:
            return FileReport.from_bytes(b"".join(self._artifacts.stream(uri)))
        except NotFoundError:
            return None
