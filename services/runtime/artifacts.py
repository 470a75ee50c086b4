"""The artifact store: bytes by key, over obstore, checked against their sha256 when they are read back."""

from __future__ import annotations

import contextlib
import hashlib
import re
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import BaseError
from obstore.exceptions import NotFoundError as ObjectNotFoundError

from services.runtime.disk import is_full
from services.runtime.errors import DiskFullError, NotFoundError, StageFailedError, UnavailableError
from services.runtime.object_store import BucketAccess, open_object_store
from services.runtime.settings import RuntimeSettings
from voiceloom.pipeline.v1.pipeline_pb2 import ArtifactRef

CHUNK_BYTES = 1 << 20
# As many as S3 takes in one request.
DELETED_AT_ONCE = 1000
_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


@dataclass(frozen=True)
class Stored:
    """An object as a listing shows it; ``modified_at`` in seconds since 1970."""

    uri: str
    size_bytes: int
    modified_at: float


class ArtifactStore:
    """Objects named by keys such as ``tasks/<id>/asr/3/manifest.pb``. Methods block and are safe in threads.

    Writes are atomic: an object is there whole or not at all. Keys are made by the program, never by people.
    Raises UnavailableError (UNAVAILABLE) when the store cannot be reached, DiskFullError when there is no room, and
    ValueError for a malformed key.
    """

    def __init__(self, url: str, access: BucketAccess | None = None) -> None:
        """``url`` is a folder (made when missing) or ``s3://bucket/prefix``; ``access`` says how to get in there."""
        # ``folder`` is where the objects are, unless they are in a bucket.
        self._store, self.folder = open_object_store(url, access or BucketAccess())

    @classmethod
    def of(cls, settings: RuntimeSettings) -> ArtifactStore:
        """The store that the settings name."""
        access = BucketAccess(
            endpoint=settings.artifacts_endpoint,
            region=settings.artifacts_region,
            key_id=settings.artifacts_key_id,
            secret=settings.artifacts_secret.get_secret_value(),
            connect_timeout_s=settings.artifacts_connect_timeout_s,
            timeout_s=settings.artifacts_timeout_s,
            retries=settings.artifacts_retries,
            retry_s=settings.artifacts_retry_s,
        )
        return cls(settings.artifacts_url, access)

    def put_bytes(self, uri: str, data: bytes) -> ArtifactRef:
        """Store ``data`` under ``uri``."""
        with _storage_errors():
            obstore.put(self._store, _checked(uri), data)
        return ArtifactRef(uri=uri, sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))

    def put_file(self, uri: str, path: Path) -> ArtifactRef:
        """Store the file at ``path`` under ``uri``, without holding it in memory."""
        digest, size = hashlib.sha256(), 0

        def chunks() -> Iterator[bytes]:
            nonlocal size
            with path.open("rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    digest.update(chunk)
                    size += len(chunk)
                    yield chunk

        with _storage_errors():
            obstore.put(self._store, _checked(uri), chunks())
        return ArtifactRef(uri=uri, sha256=digest.hexdigest(), size_bytes=size)

    async def put_stream(self, uri: str, chunks: AsyncIterator[bytes]) -> ArtifactRef:
        """Store what ``chunks`` yields. An error raised while iterating leaves no object and is passed on as it is."""
        digest, size = hashlib.sha256(), 0
        failure: BaseException | None = None

        async def counted() -> AsyncIterator[bytes]:
            nonlocal size, failure
            try:
                async for chunk in chunks:
                    digest.update(chunk)
                    size += len(chunk)
                    yield chunk
            except BaseException as exc:
                failure = exc
                raise

        try:
            with _storage_errors():
                await obstore.put_async(self._store, _checked(uri), counted(), use_multipart=True)
        except Exception as exc:
            if failure is not None:
                raise failure from exc
            raise
        return ArtifactRef(uri=uri, sha256=digest.hexdigest(), size_bytes=size)

    def get_bytes(self, ref: ArtifactRef) -> bytes:
        """Read a whole object. Raises StageFailedError (ARTIFACT_CORRUPT) when it is missing or not what was stored."""
        try:
            with _storage_errors():
                data = bytes(obstore.get(self._store, _checked(ref.uri)).bytes())
        except NotFoundError as exc:
            raise StageFailedError("ARTIFACT_CORRUPT", detail=f"{ref.uri} is missing") from exc
        _check_digest(ref, hashlib.sha256(data).hexdigest())
        return data

    def get_file(self, ref: ArtifactRef, path: Path) -> Path:
        """Copy an object to ``path`` in pieces and return it. Raises as get_bytes does."""
        digest = hashlib.sha256()
        try:
            with path.open("wb") as file:
                for chunk in self.stream(ref.uri):
                    digest.update(chunk)
                    file.write(chunk)
        except NotFoundError as exc:
            raise StageFailedError("ARTIFACT_CORRUPT", detail=f"{ref.uri} is missing") from exc
        _check_digest(ref, digest.hexdigest())
        return path

    def stream(self, uri: str, offset: int = 0, length: int = 0) -> Iterator[bytes]:
        """Read a range in pieces; a length of 0 means to the end. Raises NotFoundError (ARTIFACT_NOT_FOUND)."""
        size = self._size(uri)
        yield from self._pieces(uri, offset, min(size, offset + length) if length else size)

    def read(self, ref: ArtifactRef, offset: int = 0, length: int = 0) -> Iterator[bytes]:
        """As ``stream``, of an object whose size and digest are known.

        Raises StageFailedError (ARTIFACT_CORRUPT) when it is not what was stored. A damaged object that is read whole
        never comes to its end: the last piece is held back until the digest is known.
        """
        size = self._size(ref.uri)
        if size != ref.size_bytes:
            raise StageFailedError("ARTIFACT_CORRUPT", detail=f"{ref.uri} has {size} bytes, not {ref.size_bytes}")
        end = min(size, offset + length) if length else size
        if (offset, end) != (0, size):
            yield from self._pieces(ref.uri, offset, end)
            return
        digest, held = hashlib.sha256(), b""
        for piece in self._pieces(ref.uri, 0, size):
            digest.update(piece)
            if held:
                yield held
            held = piece
        _check_digest(ref, digest.hexdigest())
        yield held

    def _size(self, uri: str) -> int:
        with _storage_errors():
            return int(obstore.head(self._store, _checked(uri))["size"])

    def _pieces(self, uri: str, start: int, end: int) -> Iterator[bytes]:
        for position in range(start, end, CHUNK_BYTES):
            with _storage_errors():
                piece = obstore.get_range(self._store, uri, start=position, end=min(position + CHUNK_BYTES, end))
            yield bytes(piece)

    def exists(self, uri: str) -> bool:
        """Whether there is an object under ``uri``."""
        try:
            self._size(uri)
        except NotFoundError:
            return False
        return True

    def check(self, ref: ArtifactRef) -> None:
        """Read an object to its end, without keeping it. Raises as get_bytes does."""
        digest = hashlib.sha256()
        try:
            for chunk in self.stream(ref.uri):
                digest.update(chunk)
        except NotFoundError as exc:
            raise StageFailedError("ARTIFACT_CORRUPT", detail=f"{ref.uri} is missing") from exc
        _check_digest(ref, digest.hexdigest())

    def delete(self, uri: str) -> None:
        """Remove one object; one that is not there is no error."""
        try:
            with _storage_errors():
                obstore.delete(self._store, _checked(uri))
        except NotFoundError:
            return

    def delete_prefix(self, prefix: str) -> None:
        """Remove every object below ``prefix`` (a whole number of path parts), also while somebody else does so."""
        prefix = _checked(prefix.rstrip("/")) + "/"
        with _storage_errors():
            entries = obstore.list(self._store, prefix=prefix).collect()
        for start in range(0, len(entries), DELETED_AT_ONCE):
            paths = [entry["path"] for entry in entries[start : start + DELETED_AT_ONCE]]
            try:
                with _storage_errors():
                    obstore.delete(self._store, paths)
            except NotFoundError:
                # One was gone already: the others are removed one by one.
                for path in paths:
                    self.delete(path)

    def listed(self, prefix: str) -> Iterator[Stored]:
        """Every object below ``prefix`` (a whole number of path parts)."""
        with _storage_errors():
            for batch in obstore.list(self._store, prefix=_checked(prefix.rstrip("/")) + "/"):
                for entry in batch:
                    yield Stored(entry["path"], entry["size"], entry["last_modified"].timestamp())

    def remove_unfinished(self, seconds: float, *, dry_run: bool = False) -> list[int]:
        """Remove what writers that were killed so long ago had begun to write into a folder; answers the sizes."""
        if self.folder is None:
            return []  # a bucket has its own rule for unfinished uploads
        sizes = []
        with _storage_errors():
            for path in self.folder.rglob("*#*"):
                with contextlib.suppress(FileNotFoundError):  # its writer has just finished
                    facts = path.stat()
                    if not path.is_file() or facts.st_mtime >= time.time() - seconds:
                        continue
                    if not dry_run:
                        path.unlink()
                    sizes.append(facts.st_size)
        return sizes


class _storage_errors:
    """Turns obstore's errors into the tree of services.runtime.errors."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: Any) -> None:
        # Without its bucket, a store says of everything that it is not there.
        if isinstance(exc, ObjectNotFoundError | FileNotFoundError) and "NoSuchBucket" not in str(exc):
            raise NotFoundError("ARTIFACT_NOT_FOUND", detail=str(exc)) from exc
        if isinstance(exc, BaseError | OSError) and is_full(exc):
            raise DiskFullError(detail=str(exc)) from exc
        if isinstance(exc, BaseError | OSError):
            raise UnavailableError("UNAVAILABLE", detail=str(exc)) from exc


def is_key(uri: str) -> bool:
    """Whether a text may be the key of an object."""
    return _KEY.fullmatch(uri) is not None


def _checked(uri: str) -> str:
    if not is_key(uri):
        raise ValueError(f"malformed artifact key: {uri!r}")
    return uri


def _check_digest(ref: ArtifactRef, digest: str) -> None:
    if ref.sha256 != digest:
        raise StageFailedError("ARTIFACT_CORRUPT", detail=f"{ref.uri} has sha256 {digest}, not {ref.sha256}")
