"""The folder of a backup, as it lies on disk.

backup.json              what the others must be; written last, so that a backup is there whole or not at all
rows-<id>.jsonl          the rows of one snapshot of the database
objects-<id>.jsonl       key, sha256 and size of every object
artifacts/<key>          the objects
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from services.orchestrator.events import Ref
from services.orchestrator.places import KeepingError
from services.runtime.artifacts import CHUNK_BYTES, is_key

FORMAT = 1
MANIFEST = "backup.json"


@dataclass(frozen=True)
class Part:
    """One file of a backup."""

    file: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Contents:
    """What backup.json says. ``damaged`` are objects that were needed and could not be read, and why."""

    format: int
    made_at: str
    revision: str
    counts: dict[str, int]
    rows: Part
    objects: Part
    objects_count: int
    objects_bytes: int
    damaged: dict[str, str] = field(default_factory=dict)


class BackupFolder:
    """A folder that becomes, or already is, a backup."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def artifacts(self) -> Path:
        """Where the objects lie."""
        return self.folder / "artifacts"

    def prepare(self) -> None:
        """Make the folder. Raises KeepingError when it holds what is not ours."""
        if self.contents() is None and self.folder.exists() and not all(map(_is_ours, self.folder.iterdir())):
            raise KeepingError(f"{self.folder} has other things in it; name an empty folder or a backup.", 2)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def contents(self) -> Contents | None:
        """What is in it; None when no backup was finished. Raises KeepingError when that cannot be read."""
        path = self.folder / MANIFEST
        try:
            said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if said["format"] > FORMAT:
                raise KeepingError(f"{self.folder} was made by a newer version of Voiceloom; use that one.")
            return Contents(**said | {"rows": Part(**said["rows"]), "objects": Part(**said["objects"])})
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (ValueError, KeyError, TypeError) as exc:
            raise KeepingError(f"{path} is damaged: {exc}") from exc

    def objects(self, contents: Contents) -> list[Ref]:
        """Every object. Raises KeepingError when the list is damaged."""
        self.verify_part(contents.objects)
        with (self.folder / contents.objects.file).open(encoding="utf-8") as lines:
            refs = [Ref(**json.loads(line)) for line in lines]
        if not all(is_key(ref.uri) for ref in refs):
            raise KeepingError(f"{contents.objects.file} is damaged.")
        return refs

    def verify_part(self, part: Part) -> None:
        """Raises KeepingError unless a file is what it was when it was written."""
        if not is_whole(self.folder / part.file, part.sha256, part.size_bytes):
            raise KeepingError(f"{self.folder / part.file} is missing or damaged.")

    def verify_objects(self, refs: list[Ref]) -> None:
        """Raises KeepingError unless every object is what it was when it was stored."""
        bad = [ref.uri for ref in refs if not is_whole(self.artifacts / ref.uri, ref.sha256, ref.size_bytes)]
        if bad:
            raise KeepingError(f"{len(bad)} objects of {self.folder} are missing or damaged: {', '.join(bad[:5])}")

    def write_part(self, name: str, write: Callable[[Path], None]) -> Part:
        """Have a file written, and say what it is."""
        path = self.folder / name
        write(path)
        with path.open("rb+") as file:
            os.fsync(file.fileno())
        return Part(name, sha256_of(path), path.stat().st_size)

    def finish(self, contents: Contents) -> None:
        """Make what was copied the backup; an earlier one is that until here."""
        with fresh(self.folder / MANIFEST) as path:
            path.write_text(json.dumps(asdict(contents), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        kept = {contents.rows.file, contents.objects.file}
        for path in [*self.folder.glob("rows-*.jsonl"), *self.folder.glob("objects-*.jsonl")]:
            if path.name not in kept:
                path.unlink()

    def remove_others(self, needed: set[str]) -> None:
        """Remove objects that only an earlier backup needed."""
        for path in sorted(self.artifacts.rglob("*"), reverse=True):
            if path.is_dir():
                with contextlib.suppress(OSError):  # it is not empty
                    path.rmdir()
            elif path.relative_to(self.artifacts).as_posix() not in needed:
                path.unlink()


def _is_ours(path: Path) -> bool:
    """Whether a file is one that an interrupted backup may have left."""
    return path.name in ("artifacts", "lock") or (
        path.name.startswith(("rows-", "objects-", MANIFEST)) and path.suffix in (".jsonl", ".new")
    )


@contextlib.contextmanager
def fresh(path: Path) -> Iterator[Path]:
    """A path to write to; what was written takes its place, as a whole and on the disk, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_name(path.name + ".new")
    try:
        yield new
        with new.open("rb+") as file:
            os.fsync(file.fileno())
        new.replace(path)
        _sync_folder(path.parent)
    finally:
        new.unlink(missing_ok=True)


def is_whole(path: Path, sha256: str, size_bytes: int) -> bool:
    """Whether a file is there and has that digest."""
    return path.is_file() and path.stat().st_size == size_bytes and sha256_of(path) == sha256


def sha256_of(path: Path) -> str:
    """Digest of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
