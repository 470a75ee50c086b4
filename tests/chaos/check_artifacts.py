"""Rules about what was made: everything that a task names is there and whole, and nothing else is."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from google.protobuf.message import Message

from services.orchestrator.models import Task
from services.voice.checkpoint import load_gpt, load_sovits
from services.voice.decode import decode
from services.voice.pack import load_pack
from tests.chaos.clients import Grpc, Rest
from tests.chaos.load import Accepted
from tests.chaos.report import Violations
from tests.chaos.state import Rows
from tests.stack import NANO
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.pipeline.v1 import manifest_pb2 as manifests
from voiceloom.pipeline.v1.pipeline_pb2 import ArtifactRef

MANIFESTS: dict[str, type[Message]] = {
    "audio_slice": manifests.AudioSliceManifest,
    "asr": manifests.AsrManifest,
    "text_feature": manifests.TextFeatureManifest,
    "hubert_feature": manifests.HubertFeatureManifest,
    "semantic_token": manifests.SemanticTokenManifest,
    "sovits_train": manifests.TrainManifest,
    "gpt_train": manifests.TrainManifest,
    "inference": manifests.InferenceManifest,
}
FILE_TYPES = {
    "output": pb.FILE_TYPE_OUTPUT,
    "sovits_model": pb.FILE_TYPE_SOVITS_MODEL,
    "gpt_model": pb.FILE_TYPE_GPT_MODEL,
}


class Folder:
    """The artifact store as it lies on the disk, and what of it is needed."""

    def __init__(self, root: Path, violations: Violations) -> None:
        self._root, self._violations = root, violations
        self.needed: set[str] = set()
        # Of purged tasks, for others.
        self.kept: set[str] = set()

    def check_store(self, rows: Rows) -> None:
        """Everything that the task store refers to, directly or through a manifest, is there and whole."""
        for file in rows.files.values():
            self._check(file.ref, f"file {file.id}")
        self.kept = {folder for task_id in rows.purged for folder in rows.used_folders(task_id)}
        for task in rows.tasks.values():
            for stage in task.stages:
                label = f"{task.exp_name} ({task.id}) {stage.name}"
                for checkpoint in (stage.checkpoint, stage.older_checkpoint):
                    if checkpoint:
                        self._check(checkpoint, f"{label}: checkpoint")
                if stage.manifest and self._check(stage.manifest, f"{label}: manifest"):
                    manifest = MANIFESTS[stage.name]()
                    manifest.ParseFromString((self._root / stage.manifest["uri"]).read_bytes())
                    for ref in references(manifest):
                        self._check({"uri": ref.uri, "sha256": ref.sha256, "size_bytes": ref.size_bytes}, label)

    def _check(self, ref: dict[str, Any], label: str) -> bool:
        path = self._root / ref["uri"]
        self.needed.add(ref["uri"])
        if not path.is_file():
            self._violations.add("artifacts", f"{label}: {ref['uri']} is missing")
            return False
        data = path.read_bytes()
        if len(data) != ref["size_bytes"] or hashlib.sha256(data).hexdigest() != ref["sha256"]:
            self._violations.add("artifacts", f"{label}: {ref['uri']} is not what was stored")
            return False
        return True

    def check_nothing_else(self) -> int:
        """Nothing lies there that nobody refers to; how many objects there are."""
        found = {str(path.relative_to(self._root)) for path in self._root.rglob("*") if path.is_file()}
        for uri in sorted(found - self.needed):
            if "/".join(uri.split("/")[:3]) not in self.kept:
                self._violations.add("leftovers", uri)
        return len(found)


def references(message: Message) -> Iterator[ArtifactRef]:
    """Every reference in a manifest, however deep."""
    if isinstance(message, ArtifactRef):
        if message.uri:
            yield message
        return
    for field, value in message.ListFields():
        kind = field.message_type
        if kind is None or kind.GetOptions().map_entry:
            continue
        for item in value if field.is_repeated else [value]:
            yield from references(item)


class Downloads:
    """What clients get: the same bytes as the workers stored, and they are speech and models."""

    def __init__(self, rest: Rest, grpc_client: Grpc, violations: Violations) -> None:
        self._rest, self._grpc, self._violations = rest, grpc_client, violations
        self._family = load_pack(NANO, verify=False).family
        self._looked_at: set[str] = set()
        self.files = 0

    async def check(self, accepted: Accepted, row: Task) -> None:
        """Download everything that a completed task lists."""
        task_id, owner = accepted.task_id, accepted.wish.owner
        request = pb.ListOutputsRequest(owner=owner, task_id=task_id)
        outputs = await self._grpc.ask(self._grpc.tasks.ListOutputs, request)
        label = f"{row.exp_name} ({task_id})"
        kinds = {manifests.MODEL_KIND_SOVITS: "sovits_model", manifests.MODEL_KIND_GPT: "gpt_model"}
        listed = [(kinds[model.kind], model.filename, model.ref, 0.0) for model in outputs.models]
        listed += [("output", output.filename, output.ref, output.seconds) for output in outputs.inference.outputs]
        if {kind for kind, *_ in listed} < set(kinds.values()):
            self._violations.add("downloads", f"{label} lists no models")
        if accepted.wish.inference and not outputs.inference.outputs:
            self._violations.add("downloads", f"{label} lists no outputs")
        for kind, name, ref, seconds in listed:
            data = await self._download(accepted, kind, name, ref)
            if hashlib.sha256(data).hexdigest() != ref.sha256:
                self._violations.add("downloads", f"{label}: {kind} {name} came as {len(data)} other bytes")
            elif ref.sha256 not in self._looked_at:
                self._looked_at.add(ref.sha256)
                self._look_at(label, kind, name, data, seconds)
            self.files += 1

    async def _download(self, accepted: Accepted, kind: str, name: str, ref: ArtifactRef) -> bytes:
        if accepted.wish.over_rest:
            answer: httpx.Response = await self._rest.ask("GET", f"/tasks/{accepted.task_id}/outputs/{kind}/{name}")
            return answer.content if answer.status_code == 200 else b""
        artifact = pb.TaskArtifact(task_id=accepted.task_id, file_type=FILE_TYPES[kind], name=ref.uri)
        request = pb.ReadFileRequest(owner=accepted.wish.owner, artifact=artifact)
        parts = self._grpc.files.ReadFile(request, timeout=60)
        return b"".join([part.chunk async for part in parts])

    def _look_at(self, label: str, kind: str, name: str, data: bytes, seconds: float) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name.rpartition("/")[2]
            path.write_bytes(data)
            try:
                if kind == "output":
                    samples, rate = decode(path)
                    lasts = len(samples) / rate
                    if abs(lasts - seconds) > 0.05 or not np.abs(samples).max() > 0:
                        self._violations.add("downloads", f"{label}: {name} lasts {lasts} s, not {seconds}")
                elif kind == "sovits_model":
                    load_sovits(path, family=self._family)
                else:
                    load_gpt(path, family=self._family)
            except Exception as exc:
                self._violations.add("downloads", f"{label}: {kind} {name} does not load: {exc!r}")
