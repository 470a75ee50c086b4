"""The artifact store in a folder and in a bucket: one behaviour, checked digests, and what happens in outages."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from services.runtime.artifacts import CHUNK_BYTES, ArtifactStore
from services.runtime.errors import NotFoundError, StageFailedError, TooLargeError, UnavailableError
from services.runtime.object_store import BucketAccess
from services.runtime.settings import RuntimeSettings
from tests.support.s3 import Bucket
from tests.support.s3_front import S3Front
from voiceloom.pipeline.v1.pipeline_pb2 import ArtifactRef


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactStore:
    if request.param == "folder":
        return ArtifactStore(str(tmp_path / "artifacts"))
    bucket: Bucket = request.getfixturevalue("bucket")
    return ArtifactStore(bucket.url, bucket.access)


def stored(store: ArtifactStore) -> list[str]:
    """Every key."""
    return sorted(found.uri for prefix in ("files", "tasks") for found in store.listed(prefix))


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
    store.put_bytes(ref.uri, b"dat4")
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
    assert not store.exists("files/f/recording")
    assert stored(store) == []
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_upload_that_breaks_off_leaves_no_parts_in_the_bucket(bucket: Bucket) -> None:
    def uploads() -> str:
        with httpx.Client(trust_env=False) as client:
            return client.get(f"{bucket.endpoint}/{bucket.name}?uploads").text

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b"x" * 100_000
        assert "<Upload>" in await asyncio.to_thread(uploads)
        raise TooLargeError(limit=1)

    with pytest.raises(TooLargeError):
        asyncio.run(ArtifactStore(bucket.url, bucket.access).put_stream("files/f/recording", chunks()))
    assert "<Upload>" not in uploads()


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


def test_stream_of_many_pieces_makes_the_round_trip(store: ArtifactStore) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for number in range(130):
            yield bytes([number]) * 100_001

    ref = asyncio.run(store.put_stream("files/f/recording", chunks()))
    data = b"".join(bytes([number]) * 100_001 for number in range(130))
    assert (ref.size_bytes, store.get_bytes(ref)) == (len(data), data)
    assert b"".join(store.read(ref)) == data


def test_whole_read_of_a_damaged_object_never_comes_to_its_end(store: ArtifactStore) -> None:
    data = bytes(range(256)) * (CHUNK_BYTES // 256 * 3)
    ref = store.put_bytes("tasks/t/asr/1/x.bin", data)
    assert b"".join(store.read(ref)) == b"".join(store.read(ref, 0, len(data))) == data
    store.put_bytes(ref.uri, b"!" + data[1:])
    for length in (0, len(data)):
        got: list[bytes] = []
        with pytest.raises(StageFailedError, match="ARTIFACT_CORRUPT"):
            got.extend(store.read(ref, 0, length))
        assert sum(map(len, got)) == len(data) - CHUNK_BYTES
    # Nobody can tell from a range, unless the size is wrong.
    assert b"".join(store.read(ref, CHUNK_BYTES, 3)) == data[CHUNK_BYTES : CHUNK_BYTES + 3]
    store.put_bytes(ref.uri, data[:-1])
    with pytest.raises(StageFailedError, match="ARTIFACT_CORRUPT"):
        next(store.read(ref, CHUNK_BYTES, 3))


def test_empty_object_is_read_whole(store: ArtifactStore) -> None:
    assert b"".join(store.read(store.put_bytes("tasks/t/asr/1/x", b""))) == b""


def test_listing_tells_keys_sizes_and_times(store: ArtifactStore) -> None:
    before = time.time()
    store.put_bytes("files/a/recording", b"12")
    store.put_bytes("files/ab/recording", b"1")
    (found,) = store.listed("files/a")
    assert (found.uri, found.size_bytes) == ("files/a/recording", 2)
    assert before - 2 < found.modified_at < time.time() + 2
    assert stored(store) == ["files/a/recording", "files/ab/recording"]
    assert list(store.listed("tasks")) == []


def test_more_objects_than_a_listing_holds_are_removed(bucket: Bucket) -> None:
    store = ArtifactStore(bucket.url, bucket.access)
    with httpx.Client(trust_env=False) as client:
        for number in range(1001):
            client.put(f"{bucket.endpoint}/{bucket.name}/voiceloom/tasks/t/{number}", content=b"x").raise_for_status()
    assert len(stored(store)) == 1001
    store.delete_prefix("tasks/t")
    assert stored(store) == []


def test_bucket_that_does_not_exist_is_unavailable_and_not_empty(bucket: Bucket) -> None:
    store = ArtifactStore("s3://nowhere/prefix", bucket.access)
    ref = ArtifactRef(uri="tasks/t/x", sha256="0" * 64, size_bytes=1)
    with pytest.raises(UnavailableError):
        store.get_bytes(ref)


@pytest.mark.parametrize("mode", ["broken", "silent"])
def test_store_that_is_away_is_tried_again_for_a_while_and_then_unavailable(
    bucket_behind_front: Bucket, s3_front: S3Front, mode: str
) -> None:
    access = BucketAccess(**{**vars(bucket_behind_front.access), "timeout_s": 0.5})
    store = ArtifactStore(bucket_behind_front.url, access)
    ref = store.put_bytes("tasks/t/asr/1/x.bin", b"data")
    s3_front.shut(mode)
    for call in (
        lambda: store.get_bytes(ref),
        lambda: store.put_bytes("tasks/t/asr/1/y.bin", b"data"),
        lambda: store.exists(ref.uri),
        lambda: list(store.listed("tasks")),
    ):
        with pytest.raises(UnavailableError):
            call()
    s3_front.open()
    assert store.get_bytes(ref) == b"data"
    assert s3_front.refused["GET"] >= access.retries + 1


def test_short_outage_is_not_noticed(bucket_behind_front: Bucket, s3_front: S3Front) -> None:
    access = BucketAccess(**{**vars(bucket_behind_front.access), "retries": 50, "retry_s": 30.0})
    store = ArtifactStore(bucket_behind_front.url, access)
    s3_front.shut("broken")

    def open_after_a_try() -> None:
        while not s3_front.refused:
            time.sleep(0.01)
        s3_front.open()

    opening = threading.Thread(target=open_after_a_try)
    opening.start()
    ref = store.put_bytes("tasks/t/asr/1/x.bin", b"data")
    opening.join()
    assert store.get_bytes(ref) == b"data"
    assert s3_front.refused["PUT"] >= 1


def test_settings_name_a_bucket_and_hide_its_secret(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in bucket.settings.items():
        monkeypatch.setenv(f"VOICELOOM_{name.upper()}", value)
    settings = RuntimeSettings()
    ref = ArtifactStore.of(settings).put_bytes("files/f/recording", b"data")
    assert ArtifactStore(bucket.url, bucket.access).get_bytes(ref) == b"data"
    assert bucket.secret not in f"{settings!r} {settings.public()}"
