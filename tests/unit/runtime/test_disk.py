"""Full disks are known as such, however they are told."""

from __future__ import annotations

import errno
import resource
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from services.runtime.artifacts import ArtifactStore
from services.runtime.disk import check_room, is_full
from services.runtime.errors import DiskFullError, UnavailableError

LIMIT = 1 << 20


@pytest.fixture
def small_files() -> Iterator[None]:
    """Writes beyond a size fail, as on a disk that is full, for root and for everybody else."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_device_without_room_is_a_full_disk() -> None:
    with pytest.raises(OSError, match="No space") as caught, open("/dev/full", "wb", buffering=0) as full:
        full.write(b"x")
    assert is_full(caught.value)


def test_database_without_room_is_a_full_disk(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "full.db")
    connection.execute("PRAGMA max_page_count = 4")
    connection.execute("CREATE TABLE rows (data BLOB)")
    with pytest.raises(sqlite3.OperationalError) as caught:
        connection.execute("INSERT INTO rows VALUES (zeroblob(100000))")
    connection.close()
    assert is_full(caught.value)


def test_cause_counts_and_other_errors_do_not() -> None:
    wrapped = RuntimeError("cannot save")
    wrapped.__cause__ = OSError(errno.ENOSPC, "no room")
    assert is_full(wrapped)
    assert not is_full(OSError(errno.EACCES, "not allowed"))
    assert not is_full(RuntimeError("the disk is fine"))


def test_room_is_what_is_left_after_what_is_needed(tmp_path: Path) -> None:
    check_room(tmp_path, 0, keep_free_bytes=0)
    with pytest.raises(DiskFullError):
        check_room(tmp_path, 0, keep_free_bytes=1 << 60)
    with pytest.raises(DiskFullError):
        check_room(tmp_path, 1 << 60, keep_free_bytes=0)


def test_full_disk_is_an_error_that_passes() -> None:
    error = DiskFullError()
    assert isinstance(error, UnavailableError)
    assert (error.code, error.retryable) == ("DISK_FULL", True)


def left(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_artifact_that_does_not_fit_leaves_nothing(tmp_path: Path, small_files: None) -> None:
    store = ArtifactStore(str(tmp_path / "store"))
    with pytest.raises(DiskFullError):
        store.put_bytes("tasks/t/work.bin", bytes(2 * LIMIT))
    assert left(tmp_path) == []
    store.put_bytes("tasks/t/work.bin", bytes(1000))
    assert [path.name for path in left(tmp_path)] == ["work.bin"]


def test_artifact_from_a_file_that_does_not_fit_leaves_nothing(tmp_path: Path) -> None:
    store = ArtifactStore(str(tmp_path / "store"))
    (tmp_path / "big").write_bytes(bytes(2 * LIMIT))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, hard))
    try:
        with pytest.raises(DiskFullError):
            store.put_file("tasks/t/work.bin", tmp_path / "big")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.name for path in left(tmp_path)] == ["big"]


async def test_upload_that_does_not_fit_leaves_nothing(tmp_path: Path, small_files: None) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield bytes(100_000)

    store = ArtifactStore(str(tmp_path / "store"))
    with pytest.raises(DiskFullError):
        await store.put_stream("files/f/recording", chunks())
    assert left(tmp_path) == []
