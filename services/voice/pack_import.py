"""Takes a voice pack in from a folder or an archive: python -m services.voice.pack_import SOURCE --into FOLDER.

The pack lies in `FOLDER/<name>` afterwards, whole and checked down to models that could be built, or not at all. An
archive may come from anywhere: only the files that its pack.toml names are read, under their bare names.
"""

import argparse
import json
import lzma
import re
import sys
import tarfile
import tempfile
import tomllib
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from services.voice.errors import PackError
from services.voice.pack import CONFIG_FILE, Pack, load_pack
from services.voice.pack_check import build_models, facts_of

# The official weights together have 1 GB; what is larger is no voice pack, or not one that this machine should unpack.
MOST_BYTES = 8_000_000_000
MOST_CONFIG_BYTES = 1_000_000
# What the readers of archives raise; RuntimeError (also its NotImplementedError) when one is encrypted or too new.
DAMAGE = (zipfile.BadZipFile, tarfile.TarError, EOFError, RuntimeError, zlib.error, lzma.LZMAError)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

# Opens one of the files of a source by its bare name; KeyError when there is none.
Open = Callable[[str], IO[bytes]]


def main(argv: list[str] | None = None) -> int:
    """Take a pack in; 1 when it is none, or when another pack has its name already."""
    parser = argparse.ArgumentParser(prog="voiceloom packs import", description="Take a voice pack in.")
    parser.add_argument("source", type=Path, help="a folder with pack.toml, or a .zip or .tar of one")
    parser.add_argument("--into", type=Path, required=True, help="folder of packs")
    parser.add_argument("--force", action="store_true", help="replace a pack of the same name")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    given = parser.parse_args(argv)
    try:
        pack = import_pack(given.source, given.into, force=given.force)
    except (PackError, OSError) as error:
        print(f"{given.source}: {error}", file=sys.stderr)
        return 1
    facts = {"path": str(pack.path), **facts_of(pack)}
    print(json.dumps(facts, ensure_ascii=False) if given.json else f"{pack.path}: {pack.name} {pack.version}, imported")
    return 0


def import_pack(source: Path, into: Path, *, force: bool = False) -> Pack:
    """The pack where it lies now; PackError or OSError leave everything as it was."""
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".import-", dir=into) as folder:
        made = Path(folder) / "pack"
        made.mkdir()
        try:
            with _opened(source) as open_file:
                _copy(open_file, made)
        except DAMAGE as exc:
            raise PackError(f"it cannot be read: {exc}") from exc
        pack = load_pack(made)
        if not NAME.fullmatch(pack.name):
            raise PackError(f"its name {pack.name!r} is not one that a folder may have")
        build_models(pack)
        target = into / pack.name
        if target.exists() and not _same(target, pack) and not force:
            raise PackError(f"there is another pack at {target}; --force replaces it")
        _replace(target, made, Path(folder) / "old")
    return load_pack(target, verify=False)


def _replace(target: Path, made: Path, old: Path) -> None:
    if target.exists():
        target.rename(old)
    try:
        made.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise


def _same(folder: Path, pack: Pack) -> bool:
    try:
        return load_pack(folder).sha256 == pack.sha256
    except PackError:
        return False


def _copy(open_file: Open, to: Path) -> None:
    """The pack's description and every file that it names, and nothing else."""
    left = MOST_BYTES
    with _reading(open_file, CONFIG_FILE) as config:
        text = config.read(MOST_CONFIG_BYTES + 1)
    try:
        names = tomllib.loads(text.decode("utf-8")).get("files", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise PackError(f"its {CONFIG_FILE} is not valid TOML: {exc}") from exc
    if len(text) > MOST_CONFIG_BYTES or not isinstance(names, dict):
        raise PackError(f"its {CONFIG_FILE} describes no voice pack")
    (to / CONFIG_FILE).write_bytes(text)
    for name in names:
        if PurePosixPath(name).name != name or "\\" in name or name in (".", "..", CONFIG_FILE):
            raise PackError(f"[files] of its {CONFIG_FILE} lists {name!r}, which is not the name of a file beside it")
        with _reading(open_file, name) as source, (to / name).open("xb") as target:
            while chunk := source.read(1 << 20):
                left -= len(chunk)
                if left < 0:
                    raise PackError(f"it is larger than {MOST_BYTES / 1e9:.0f} GB")
                target.write(chunk)


@contextmanager
def _reading(open_file: Open, name: str) -> Iterator[IO[bytes]]:
    try:
        with open_file(name) as file:
            yield file
    except (KeyError, FileNotFoundError) as exc:
        raise PackError(f"it lacks its file {name!r}") from exc


@contextmanager
def _opened(source: Path) -> Iterator[Open]:
    """A way to open the files of a folder or an archive, found beside its one pack.toml."""
    if source.is_dir():
        yield lambda name: (source / name).open("rb")
    elif zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as archive:
            folder = _folder_of(archive.namelist())
            yield lambda name: archive.open(folder + name)
    elif source.is_file() and tarfile.is_tarfile(source):
        with tarfile.open(source) as archive:
            folder = _folder_of(archive.getnames())
            yield lambda name: _member(archive, folder + name)
    else:
        raise PackError("it is neither a folder nor a .zip or .tar archive")


def _folder_of(names: list[str]) -> str:
    """What stands before the names of a pack's files in an archive."""
    found = [name for name in names if PurePosixPath(name).name == CONFIG_FILE]
    if len(found) != 1:
        raise PackError(f"it holds {len(found)} files named {CONFIG_FILE}, not one")
    return found[0].removesuffix(CONFIG_FILE)


def _member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    member = archive.getmember(name)
    file = archive.extractfile(member) if member.isreg() else None
    if file is None:
        raise KeyError(name)
    return file


if __name__ == "__main__":
    sys.exit(main())
