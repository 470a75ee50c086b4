"""Uploaded recordings: stored with their limits counted on the way, inspected, listed, read, deleted."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.orchestrator.events import Ref, to_json
from services.orchestrator.lifecycle import UNFINISHED
from services.orchestrator.models import File, Task
from services.orchestrator.store import Store
from services.runtime.artifacts import ArtifactStore
from services.runtime.errors import InvalidInputError, NotFoundError, NotReadyError, TooLargeError, VoiceloomError
from services.runtime.log import log

MAX_FILENAME_CHARS = 255


@dataclass(frozen=True)
class Facts:
    """What decoding a recording to its end told."""

    seconds: float
    sample_rate_hz: int
    channels: int


class Inspector(Protocol):
    """Decodes recordings."""

    async def inspect(self, ref: Ref, max_seconds: float) -> Facts:
        """Raises InvalidInputError (AUDIO_UNREADABLE), TooLargeError, UnavailableError."""


@dataclass
class Upload:
    """A recording on its way in; its transcript may be filled in while the bytes are read."""

    owner: str
    filename: str
    transcript: str = ""


class Files:
    """Recordings of all owners; every method is about one owner's files and knows no others."""

    def __init__(
        self,
        store: Store,
        artifacts: ArtifactStore,
        inspector: Inspector,
        *,
        max_bytes: int,
        max_seconds: float,
        max_transcript_chars: int,
    ) -> None:
        self._store, self._artifacts, self._inspector = store, artifacts, inspector
        self._max_bytes, self._max_seconds = max_bytes, max_seconds
        self._max_transcript_chars = max_transcript_chars

    async def write(self, upload: Upload, chunks: AsyncIterator[bytes]) -> File:
        """Store an upload and decode it to its end; what is refused leaves nothing behind.

        Raises TooLargeError (PAYLOAD_TOO_LARGE), InvalidInputError (AUDIO_UNREADABLE), UnavailableError.
        """
        file_id = uuid.uuid4().hex
        uri = f"files/{file_id}/recording"
        try:
            stored = await self._artifacts.put_stream(uri, self._counted(chunks))
            ref = Ref(stored.uri, stored.sha256, stored.size_bytes)
            self._check_transcript(upload.transcript)
            facts = await self._inspector.inspect(ref, self._max_seconds)
            file = File(
                id=file_id,
                owner=upload.owner,
                filename=upload.filename.replace("\0", "")[:MAX_FILENAME_CHARS],
                ref=to_json(ref),
                seconds=facts.seconds,
                sample_rate_hz=facts.sample_rate_hz,
                channels=facts.channels,
                transcript=upload.transcript.replace("\0", ""),
                created_at=time.time(),
            )
            async with self._store.writing() as session:
                session.add(file)
        except BaseException:
            # Also when the client went away in the middle.
            with contextlib.suppress(VoiceloomError):
                await asyncio.shield(asyncio.to_thread(self._artifacts.delete, uri))
            raise
        log.info("file_stored", file_id=file_id, size_bytes=ref.size_bytes, seconds=facts.seconds)
        return file

    async def _counted(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in chunks:
            size += len(chunk)
            if size > self._max_bytes:
                raise TooLargeError(limit=human_bytes(self._max_bytes))
            yield chunk

    def _check_transcript(self, transcript: str) -> None:
        if len(transcript) > self._max_transcript_chars:
            raise InvalidInputError("INVALID_REQUEST", problem="transcript")

    async def get(self, owner: str, file_id: str) -> File:
        """One file. Raises NotFoundError (FILE_NOT_FOUND)."""
        async with self._store.reading() as session:
            return await _find(session, owner, file_id)

    async def page(self, owner: str, *, limit: int, offset: int) -> tuple[list[File], int]:
        """Files, newest first, and how many there are in all."""
        async with self._store.reading() as session:
            total = await session.scalar(select(func.count()).select_from(File).where(File.owner == owner))
            query = select(File).where(File.owner == owner).order_by(File.created_at.desc(), File.id.desc())
            files = list(await session.scalars(query.limit(limit).offset(offset)))
        return files, total or 0

    async def delete(self, owner: str, file_id: str) -> None:
        """Remove a file. Raises NotReadyError (FILE_IN_USE) while an unfinished task uses it, NotFoundError."""
        async with self._store.writing() as session:
            await _find(session, owner, file_id, lock=True)
            tasks = await session.execute(
                select(Task.file_ids, Task.ref_audio_id).where(Task.owner == owner, Task.state.in_(UNFINISHED))
            )
            if any(file_id in (*row.file_ids, row.ref_audio_id) for row in tasks):
                raise NotReadyError("FILE_IN_USE")
            await session.execute(delete(File).where(File.id == file_id))
        await asyncio.to_thread(self._artifacts.delete, f"files/{file_id}/recording")
        log.info("file_deleted", file_id=file_id)


def human_bytes(count: int) -> str:
    """A size as people write it: "500 MB"."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count % factor == 0 and count >= factor:
            return f"{count // factor} {unit}"
    return f"{count} bytes"


async def _find(session: AsyncSession, owner: str, file_id: str, *, lock: bool = False) -> File:
    query = select(File).where(File.id == file_id, File.owner == owner)
    file: File | None = await session.scalar(query.with_for_update() if lock else query)
    if file is None:
        raise NotFoundError("FILE_NOT_FOUND", file_id=file_id)
    return file
