"""The data folder of the previous version (see old_data.py), unpacked for a test."""

import json
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any

from voiceloom.pipeline.v1.manifest_pb2 import InferenceManifest, TrainManifest
from voiceloom.pipeline.v1.pipeline_pb2 import ArtifactRef

KEPT = Path(__file__).parent / "vectors" / "data_0001.tar.xz"


class KeptData:
    """A data folder; the ids of its tasks and of the recording that no task uses."""

    def __init__(self, data: Path, pack: Path, ids: dict[str, str]) -> None:
        self.data, self.pack, self.ids = data, pack, ids

    @classmethod
    def unpack(cls, folder: Path) -> "KeptData":
        """As the previous version left them."""
        with tarfile.open(KEPT) as archive:
            archive.extractall(folder, filter="data")
        return cls(folder / "data", folder / "pack", json.loads((folder / "facts.json").read_text()))

    def at(self, data: Path) -> "KeptData":
        """The same tasks in another data folder."""
        return KeptData(data, self.pack, self.ids)

    def read(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        """Rows of the task store."""
        with closing(sqlite3.connect(self.data / "voiceloom.db")) as rows:
            return rows.execute(query, values).fetchall()

    def manifest(self, name: str, stage: str) -> bytes:
        """The manifest of a stage that has completed by now."""
        [(ref,)] = self.read("SELECT manifest FROM stages WHERE task_id = ? AND name = ?", self.ids[name], stage)
        return (self.data / "artifacts" / json.loads(ref)["uri"]).read_bytes()

    def downloads(self, name: str) -> list[tuple[str, str, ArtifactRef]]:
        """Kind, name and digest of everything that a completed task hands out."""
        spoken = InferenceManifest.FromString(self.manifest(name, "inference"))
        found = [("output", output.filename, output.ref) for output in spoken.outputs]
        found.append(("ref_audio", "reference.wav", spoken.ref_audio_ref))
        for kind, stage in (("sovits_model", "sovits_train"), ("gpt_model", "gpt_train")):
            models = TrainManifest.FromString(self.manifest(name, stage)).models
            found += [(kind, model.filename, model.ref) for model in models]
        return found
