"""A corpus on disk that can be used at any moment: whole shards, and a manifest of exactly those.

A shard is a fixed range of clip numbers. While it is made, its clips lie as single files in `.making/<shard>`; when it
is complete it becomes `<shard>.tar` and `<shard>.jsonl`, and `manifest.jsonl` is written anew from all the latter.
Killed at any point, a run loses at most the clip it was making.
"""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from services.training.corpus import write_text
from services.training.synthetic.errors import SyntheticError

CLIPS_PER_SHARD = 100  # some ten minutes of speech


@dataclass(frozen=True)
class Row:
    """One line of the manifest."""

    id: str
    language: str
    speaker: str
    speed: float
    text: str
    seconds: float


class Shard:
    """One shard in the making."""

    def __init__(self, folder: Path, language: str, number: int) -> None:
        self.name = f"{language}-{number:04d}"
        self.folder = folder
        self.numbers = range(number * CLIPS_PER_SHARD, (number + 1) * CLIPS_PER_SHARD)
        self._making = folder / ".making" / self.name

    def missing(self) -> list[int]:
        """Numbers of clips that have been neither made nor given up."""
        return [number for number in self.numbers if not self._note(number).exists()]

    def add(self, number: int, row: Row, audio: bytes) -> None:
        """Keep a clip: the audio first, then the line that names it."""
        self._making.mkdir(parents=True, exist_ok=True)
        (self._making / f"{row.id}.opus").write_bytes(audio)
        write_text(self._note(number), json.dumps(asdict(row), ensure_ascii=False))

    def give_up(self, number: int, why: str) -> None:
        """Remember that a clip turned out unfit, so that nobody makes it again."""
        self._making.mkdir(parents=True, exist_ok=True)
        write_text(self._note(number), json.dumps({"fault": why}))

    def finish(self) -> list[Row]:
        """Turn the clips into a tar file and its lines; what was given up is in neither."""
        assert not self.missing(), self.name
        notes = [json.loads(self._note(number).read_text(encoding="utf-8")) for number in self.numbers]
        rows = [Row(**note) for note in notes if "fault" not in note]
        temporary = self.folder / f"{self.name}.tar.tmp"
        with tarfile.open(temporary, "w") as tar:
            for row in rows:
                data = (self._making / f"{row.id}.opus").read_bytes()
                member = tarfile.TarInfo(f"{row.id}.opus")
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
        temporary.replace(self.folder / f"{self.name}.tar")
        write_text(self.folder / f"{self.name}.jsonl", to_lines(rows))
        shutil.rmtree(self._making)
        return rows

    def _note(self, number: int) -> Path:
        return self._making / f"{number:06d}.json"


class CorpusFolder:
    """The folder of a corpus; refuses to mix what different seeds make."""

    def __init__(self, path: Path, seed: int) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        recipe = path / "recipe.json"
        if not recipe.exists():
            if (path / "manifest.jsonl").exists():
                raise SyntheticError(f"{path} holds another corpus; name an empty folder, OUT=...")
            write_text(recipe, json.dumps({"seed": seed}))
        elif json.loads(recipe.read_text()) != {"seed": seed}:
            raise SyntheticError(f"{path} was made with another seed; name another folder, OUT=...")

    def made(self, language: str) -> dict[int, list[Row]]:
        """Rows of the complete shards of a language, by shard number."""
        rows = {}
        for path in sorted(self.path.glob(f"{language}-*.jsonl")):
            if path.with_suffix(".tar").exists():
                lines = path.read_text(encoding="utf-8").splitlines()
                rows[int(path.stem.rsplit("-", 1)[1])] = [Row(**json.loads(line)) for line in lines]
        return rows

    def write_manifest(self, languages: Iterable[str]) -> None:
        """List every clip of every complete shard."""
        rows = [row for language in languages for shard in self.made(language).values() for row in shard]
        write_text(self.path / "manifest.jsonl", to_lines(rows))


def to_lines(rows: Iterable[Row]) -> str:
    """Rows as lines of JSON."""
    return "".join(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows)
