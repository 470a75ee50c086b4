"""The artifact store in a folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.runtime.artifacts import CHUNK_BYTES, ArtifactStore
from services.runtime.errors import NotFoundError, StageFailedError, TooLargeError


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(str(tmp_path / "artifacts"))


def test_bytes_come_back_as_they_were(store: ArtifactStore) -> None:
    ref = store.put_bytes("tasks/t/asr/1/x.bin", b"data")
    assert (ref.size_bytes, store.get_bytes(ref)) == (4, b"data")
    assert store.exists(ref.uri)
    assert not store.exists("tasks/t/asr/1/y.bin")


def test_file_larger_than_a_chunk_makes_the_round_trip(store: ArtifactStore, tmp_path: Path) -> None:
    data = bytes(range(256)) * (CHUNK_BYTES // 256 * 2 + 3)
    source = tmp_path / "source"
    source.write_bytes(data)
    ref = store.put_file("files/f/recording", source)
    assert store.get_file(ref, tmp_path / "copy").read_bytes() == data
    assert b"".join(store.stream(ref.uri, CHUNK_BYTES - 1, 2)) == data[CHUNK_BYTES - 1 : CHUNK_BYTES + 1]
    assert b"".join(store.stream(ref.uri, len(data) - 5)) == data[-5:]


def test_changed_or_missing_object_is_corrupt(store: ArtifactStore, tmp_path: Path) -> None:
    ref = store.put_bytes("tasks/t/asr/1/x.bin", b"data")
    (tmp_path / "artifacts" / ref.uri).write_bytes(b"dat4")
    with pytest.raises(StageFailedError, match="ARTIFACT_CORRUPT"):
        store.get_bytes(ref)
    with pytest.raises(StageFailedError, match="ARTIFACT_CORRUPT"):
        store.get_file(ref, tmp_path / "copy")
    store.delete(ref.uri)
    with pytest.raises(StageFailedError, match="ARTIFACT_CORRUPT"):
        store.get_bytes(ref)
    with pytest.raises(NotFoundError):
        list(store.stream(ref.uri))


def test_stream_that_breaks_off_leaves_no_object_and_keeps_its_error(store: ArtifactStore, tmp_path: Path) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b"x" * 100_000
        raise TooLargeError(limit=1)

    with pytest.raises(TooLargeError):
        asyncio.run(store.put_stream("files/f/recording", chunks()))
    assert not [path for path in (tmp_path / "artifacts").rglob("*") if path.is_file()]


def test_prefix_is_removed_without_its_neighbours(store: ArtifactStore) -> None:
    store.put_bytes("tasks/t1/asr/1/x", b"")
    store.put_bytes("tasks/t1/asr/2/x", b"")
    store.put_bytes("tasks/t11/asr/1/x", b"")
    store.delete_prefix("tasks/t1")
    store.delete_prefix("tasks/t1")
    store.delete("tasks/t1/asr/1/x")
    assert not store.exists("tasks/t1/asr/1/x")
    assert store.exists("tasks/t11/asr/1/x")


@pytest.mark.parametrize("key", ["", "/etc/passwd", "../x", "a/../b", "a//b", "a/", "名", "a b", ".hidden"])
def test_malformed_keys_are_refused(store: ArtifactStore, key: str) -> None:
    with pytest.raises(ValueError, match="malformed"):
        store.put_bytes(key, b"")
