"""Brings files from the server onto this disk: whole or not at all, and never over something else."""

import hashlib
import os
import re
import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cli.client import PAUSE_S, TRIES, Client, JsonObject, UnreachableError
from cli.errors import CliError

# File systems take 255 bytes; the name of the file in the making is longer by this much.
LONGEST_NAME_BYTES = 200
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Download:
    """A file that was fetched: where it is, how long, its SHA-256 and what the server's ETag said."""

    path: Path
    size_bytes: int
    sha256: str
    etag: str
    # False when the same bytes lay there already.
    written: bool = True

    @property
    def facts(self) -> JsonObject:
        """For --json."""
        return {
            "path": str(self.path),
            "size_bytes": self.size_bytes,
            "sha256": self.sha256,
            "written": self.written,
        }


def bare(name: str) -> str:
    """The name under which something from the server may lie in a folder: no path, nothing hidden, nothing to obey."""
    last = re.split(r"[/\\]", name)[-1]
    plain = "".join("_" if unicodedata.category(character)[0] == "C" else character for character in last)
    plain = plain.strip().lstrip(".") or "download"
    while len(plain.encode()) > LONGEST_NAME_BYTES:
        stem, dot, suffix = plain.rpartition(".")
        plain = f"{stem[:-1]}{dot}{suffix}" if stem and len(suffix) < 20 else plain[:-1]
    return plain


def save(
    client: Client,
    address: str,
    into: Path,
    *,
    force: bool = False,
    size_bytes: int | None = None,
    body: JsonObject | None = None,
    seen: Callable[[int], None] = lambda size: None,
) -> Download:
    """Fetch an address (POST of `body`, when given) to a path; written beside it first, so that no half file stays.

    A file of the same bytes that lies there already is left alone, any other one only goes with `force`. Raises
    CliError (FILE_EXISTS, DOWNLOAD_BROKEN), ApiError, UnreachableError or OSError; the path is then as it was.
    """
    if into.exists() and not force:
        return _kept(client, address, into, body)
    into.parent.mkdir(parents=True, exist_ok=True)
    partial = into.with_name(f".{into.name}.{secrets.token_hex(4)}.part")
    try:
        with partial.open("xb") as target:
            receiving = _Receiving(client, address, body, target, seen)
            receiving.run()
        receiving.check(into.name, size_bytes)
        place(partial, into, force=force)
    finally:
        partial.unlink(missing_ok=True)
    return Download(into, receiving.size, receiving.sha256, receiving.etag)


def _kept(client: Client, address: str, into: Path, body: JsonObject | None) -> Download:
    """The file that is there, when it is the one that was asked for."""
    if body is None and into.is_file():
        digest = digest_of(into)
        with client.stream(address, {"If-None-Match": f'"{digest}"'}) as response:
            if response.status_code == 304:
                return Download(into, into.stat().st_size, digest, digest, written=False)
    raise CliError("FILE_EXISTS", path=into)


def place(made: Path, into: Path, *, force: bool) -> None:
    """Give a finished file its name; CliError when that has come to belong to another one meanwhile."""
    if force:
        made.replace(into)
        return
    try:
        os.link(made, into)  # unlike a rename, it never replaces anything
    except FileExistsError as exc:
        raise CliError("FILE_EXISTS", path=into) from exc
    except OSError as exc:  # a file system without hard links
        if into.exists():
            raise CliError("FILE_EXISTS", path=into) from exc
        made.replace(into)


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Receiving:
    """One body on its way into a file; a connection that breaks goes on where it broke."""

    def __init__(
        self, client: Client, address: str, body: JsonObject | None, target: BinaryIO, seen: Callable[[int], None]
    ) -> None:
        self._client, self._address, self._body = client, address, body
        self._target, self._seen = target, seen
        self._digest = hashlib.sha256()
        self.size, self.etag = 0, ""

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def run(self) -> None:
        """Receive everything."""
        for tries in range(1, TRIES + 1):
            try:
                self._receive()
                return
            except UnreachableError as error:
                # Speech is made anew for every request, so there is nothing to go on with.
                if tries == TRIES or self._body is not None or (tries == 1 and error.refused):
                    raise
                self._client.pause(PAUSE_S * 2 ** (tries - 1))

    def _receive(self) -> None:
        going_on = self.size > 0 and _SHA256.fullmatch(self.etag) is not None
        headers = {"Range": f"bytes={self.size}-", "If-Range": f'"{self.etag}"'} if going_on else None
        with self._client.stream(self._address, headers, self._body) as response:
            if response.status_code != 206:
                self._begin()
            self.etag = response.headers.get("ETag", "").removeprefix("W/").strip('"')
            for chunk in response.iter_bytes():
                self._target.write(chunk)
                self._digest.update(chunk)
                self.size += len(chunk)
                self._seen(self.size)

    def _begin(self) -> None:
        self._target.seek(0)
        self._target.truncate()
        self._digest, self.size = hashlib.sha256(), 0

    def check(self, name: str, size_bytes: int | None) -> None:
        """Whether what came is as long as announced and has the digest that the server names."""
        if size_bytes is not None and self.size != size_bytes:
            raise CliError("DOWNLOAD_BROKEN", name=name)
        if _SHA256.fullmatch(self.etag) and self.sha256 != self.etag:
            raise CliError("DOWNLOAD_BROKEN", name=name)
