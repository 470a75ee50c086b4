"""Downloads: whole or not at all, under harmless names, and never over something else."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cli.client import ApiError, UnreachableError
from cli.errors import CliError
from cli.transfer import bare, place, save
from tests.unit.cli.fake_gateway import Answer, client, refusal, stored

CONTENT = b"RIFF" * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_download_is_digested_and_leaves_no_half_file(tmp_path: Path) -> None:
    seen: list[int] = []
    into = tmp_path / "new" / "voice.wav"
    file = save(client(lambda _: stored(CONTENT)), "/x", into, size_bytes=len(CONTENT), seen=seen.append)
    assert into.read_bytes() == CONTENT
    assert (file.size_bytes, file.sha256, file.etag, file.written) == (len(CONTENT), DIGEST, DIGEST, True)
    assert seen[-1] == len(CONTENT)
    assert names(into.parent) == ["voice.wav"]


def broken(error: BaseException) -> Answer:
    """An answer that breaks off after a quarter."""

    def body() -> Iterator[bytes]:
        yield CONTENT[:1000]
        raise error

    return lambda _: httpx.Response(200, content=body(), headers={"ETag": f'"{DIGEST}"'})


def test_a_connection_that_breaks_goes_on_where_it_broke(tmp_path: Path) -> None:
    asked: list[httpx.Headers] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers)
        if len(asked) == 1:
            return broken(httpx.ReadError("cut"))(request)
        if len(asked) == 2:
            raise httpx.ConnectError("restarting", request=request)
        return httpx.Response(206, content=CONTENT[1000:], headers={"ETag": f'"{DIGEST}"'})

    file = save(client(answer), "/x", tmp_path / "a.wav")
    assert file.path.read_bytes() == CONTENT
    assert file.sha256 == DIGEST
    assert [(headers.get("Range"), headers.get("If-Range")) for headers in asked] == [
        (None, None),
        ("bytes=1000-", f'"{DIGEST}"'),
        ("bytes=1000-", f'"{DIGEST}"'),
    ]


def test_a_file_that_changed_in_between_is_fetched_from_its_beginning(tmp_path: Path) -> None:
    answers = [broken(httpx.ReadError("cut")), lambda _: stored(b"other")]
    assert save(client(lambda request: answers.pop(0)(request)), "/x", tmp_path / "a.wav").size_bytes == 5
    assert (tmp_path / "a.wav").read_bytes() == b"other"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(143), OSError("disk full")])
def test_whatever_ends_a_download_leaves_nothing_of_it(tmp_path: Path, error: BaseException) -> None:
    (tmp_path / "a.wav").write_bytes(b"before")
    with pytest.raises(type(error)):
        save(client(broken(error)), "/x", tmp_path / "a.wav", force=True)
    assert names(tmp_path) == ["a.wav"]
    assert (tmp_path / "a.wav").read_bytes() == b"before"


def test_a_server_that_stays_away_and_a_refusal_leave_nothing(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError):
        save(client(broken(httpx.ReadError("cut"))), "/x", tmp_path / "a.wav")
    with pytest.raises(ApiError):
        save(client(lambda _: refusal(404, "FILE_NOT_FOUND", "no")), "/x", tmp_path / "a.wav")
    assert names(tmp_path) == []


@pytest.mark.parametrize("damage", ["digest", "length"])
def test_what_does_not_arrive_as_announced_is_not_kept(tmp_path: Path, damage: str) -> None:
    etag = f'"{"ab" * 32}"' if damage == "digest" else f'"{DIGEST}"'
    answer = httpx.Response(200, content=CONTENT, headers={"ETag": etag})
    with pytest.raises(CliError, match=r"a\.wav did not arrive"):
        save(client(lambda _: answer), "/x", tmp_path / "a.wav", size_bytes=None if damage == "digest" else 7)
    assert names(tmp_path) == []


def test_nothing_is_replaced_without_force(tmp_path: Path) -> None:
    into = tmp_path / "a.wav"
    into.write_bytes(b"mine")
    asked: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers.get("If-None-Match"))
        return httpx.Response(304) if asked[-1] == f'"{DIGEST}"' else stored(CONTENT)

    with pytest.raises(CliError, match=r"a\.wav exists already"):
        save(client(answer), "/x", into)
    assert into.read_bytes() == b"mine"
    assert save(client(answer), "/x", into, force=True).written
    again = save(client(answer), "/x", into)
    assert (again.written, again.sha256, again.size_bytes) == (False, DIGEST, len(CONTENT))
    assert asked == [f'"{hashlib.sha256(b"mine").hexdigest()}"', None, f'"{DIGEST}"']
    with pytest.raises(CliError, match="exists already"):  # what is made anew each time is never the same
        save(client(answer), "/x", into, body={"text": "hello"})


def test_a_file_that_appears_meanwhile_is_not_replaced_either(tmp_path: Path) -> None:
    made, into = tmp_path / "made", tmp_path / "into"
    made.write_bytes(b"new")
    into.write_bytes(b"mine")
    with pytest.raises(CliError):
        place(made, into, force=False)
    assert into.read_bytes() == b"mine"
    place(made, into, force=True)
    assert into.read_bytes() == b"new"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("output_0.wav", "output_0.wav"),
        ("inference/1/reference.wav", "reference.wav"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\evil.exe", "evil.exe"),
        ("..", "download"),
        ("a/", "download"),
        ("", "download"),
        (".bashrc", "bashrc"),
        ("a\x00b\x1b[31m\n.wav", "a_b_[31m_.wav"),
        ("声音 1.wav", "声音 1.wav"),
    ],
)
def test_a_name_from_the_server_is_a_bare_name(given: str, name: str) -> None:
    assert bare(given) == name


def test_a_long_name_keeps_its_suffix() -> None:
    name = bare("声" * 300 + ".wav")
    assert len(name.encode()) <= 200
    assert name.endswith("声.wav")
