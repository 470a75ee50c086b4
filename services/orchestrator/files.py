"""Uploaded recordings: stored with their limits counted on the way, inspected, listed, read, deleted."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from services.orchestrator import idempotency
from services.orchestrator.events import Ref, to_json
from services.orchestrator.idempotency import FILE, checked_key, made_before
from services.orchestrator.lifecycle import UNFINISHED
from services.orchestrator.models import File, Task
from services.orchestrator.store import Store
from services.runtime.artifacts import ArtifactStore
from services.runtime.disk import check_room
from services.runtime.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    NotReadyError,
    TooLargeError,
    VoiceloomError,
)
from services.runtime.log import log

MAX_FILENAME_CHARS = 255
# An upload that did not say how large it is looks at the disk now and then.
ROOM_EVERY_BYTES = 8 << 20


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
    key: str = ""
    announced_bytes: int = 0

    def request(self, sha256: str) -> idempotency.Request:
        """What was asked for with the key, once all bytes are there."""
        asked = json.dumps([sha256, self.filename, self.transcript])
        return idempotency.Request(self.owner, FILE, self.key, hashlib.sha256(asked.encode()).hexdigest())


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
        min_free_bytes: int,
    ) -> None:
        self._min_free_bytes = min_free_bytes
        self._store, self._artifacts, self._inspector = store, artifacts, inspector
        self._max_bytes, self._max_seconds = max_bytes, max_seconds
        self._max_transcript_chars = max_transcript_chars
        self._keeping: set[asyncio.Task[File]] = set()

    async def write(self, upload: Upload, chunks: AsyncIterator[bytes]) -> File:
        """Store an upload and decode it to its end; what is refused leaves nothing behind.

        An upload that comes again with its key is answered with the file that it has made.
        Raises TooLargeError (PAYLOAD_TOO_LARGE), InvalidInputError (AUDIO_UNREADABLE), ConflictError
        (IDEMPOTENCY_KEY_REUSED), UnavailableError, DiskFullError.
        """
        checked_key(upload.key)
        self._check_room(min(upload.announced_bytes, self._max_bytes))
        file_id = uuid.uuid4().hex
        uri = recording_uri(file_id)
        try:
            stored = await self._artifacts.put_stream(uri, self._counted(chunks))
            ref = Ref(stored.uri, stored.sha256, stored.size_bytes)
            self._check_transcript(upload.transcript)
            known = await self._known(upload, ref.sha256)
            row = known or _row(file_id, upload, ref, await self._inspector.inspect(ref, self._max_seconds))
        except BaseException:
            # Also when the client went away in the middle.
            await asyncio.shield(self._discard(uri))
            raise
        # From here on the client may leave: a row that is being written must not lose its bytes.
        keeping = asyncio.create_task(self._keep(row, upload, uri))
        self._keeping.add(keeping)
        keeping.add_done_callback(self._keeping.discard)
        return await asyncio.shield(keeping)

    async def _known(self, upload: Upload, sha256: str) -> File | None:
        """The file that the same upload has made before."""
        if not upload.key:
            return None
        async with self._store.reading() as session:
            made_id = await made_before(session, upload.request(sha256))
            return await session.get(File, made_id) if made_id else None

    async def _keep(self, row: File, upload: Upload, uri: str) -> File:
        """Write the row, unless the same upload has done so before: then that one's, and the bytes go."""
        try:
            file = row if row.ref["uri"] != uri else await self._written(row, upload)
        except ConflictError:
            await self._discard(uri)
            raise
        # After any other error the row may have been written all the same: the sweeper looks later.
        again = file.ref["uri"] != uri
        if again:
            await self._discard(uri)
        log.info("file_stored", file_id=file.id, size_bytes=file.ref["size_bytes"], seconds=file.seconds, again=again)
        return file

    async def _written(self, row: File, upload: Upload) -> File:
        sha256 = str(row.ref["sha256"])
        try:
            async with self._store.writing() as session:
                if upload.key:
                    request = upload.request(sha256)
                    if made_id := await made_before(session, request):
                        known = await session.get(File, made_id)
                        if known is not None:
                            return known
                        await idempotency.forget(session, FILE, made_id)
                    await idempotency.remember(session, request, row.id)
                session.add(row)
        except IntegrityError:
            # Two at once, where the database lets both look before one of them writes: now it can be seen.
            known = await self._known(upload, sha256)
            if known is None:
                raise
            return known
        return row

    async def _discard(self, uri: str) -> None:
        with contextlib.suppress(VoiceloomError):
            await asyncio.to_thread(self._artifacts.delete, uri)

    async def _counted(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        size = checked = 0
        async for chunk in chunks:
            size += len(chunk)
            if size > self._max_bytes:
                raise TooLargeError(limit=human_bytes(self._max_bytes))
            if size - checked >= ROOM_EVERY_BYTES:
                self._check_room(0)
                checked = size
            yield chunk

    def _check_room(self, needed_bytes: int) -> None:
        if self._artifacts.folder is not None:
            check_room(self._artifacts.folder, needed_bytes, keep_free_bytes=self._min_free_bytes)

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
            await idempotency.forget(session, FILE, file_id)
        # The row is gone, and so is the file for its owner; bytes that cannot be removed now go with the other orphans.
        await self._discard(recording_uri(file_id))
        await self._discard(report_uri(file_id))
        log.info("file_deleted", file_id=file_id)


def recording_uri(file_id: str) -> str:
    """Where the bytes of an upload lie."""
    return f"files/{file_id}/recording"


def report_uri(file_id: str) -> str:
    """Where the report on an upload lies, if anybody has asked for it."""
    return f"files/{file_id}/report"


def _row(file_id: str, upload: Upload, ref: Ref, facts: Facts) -> File:
    return File(
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
