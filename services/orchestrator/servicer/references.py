"""Which objects a manifest names: everything that has to be kept for as long as the manifest is."""

from __future__ import annotations

from google.protobuf.message import DecodeError, Message

from services.orchestrator.events import Ref
from services.orchestrator.servicer.convert import from_ref
from services.runtime.artifacts import ArtifactStore
from services.runtime.errors import StageFailedError
from services.runtime.recipe import refs_in
from voiceloom.pipeline.v1 import manifest_pb2
from voiceloom.pipeline.v1.pipeline_pb2 import ArtifactRef

MANIFESTS: dict[str, type[Message]] = {
    "audio_slice": manifest_pb2.AudioSliceManifest,
    "asr": manifest_pb2.AsrManifest,
    "text_feature": manifest_pb2.TextFeatureManifest,
    "hubert_feature": manifest_pb2.HubertFeatureManifest,
    "semantic_token": manifest_pb2.SemanticTokenManifest,
    "sovits_train": manifest_pb2.TrainManifest,
    "gpt_train": manifest_pb2.TrainManifest,
    "inference": manifest_pb2.InferenceManifest,
}


class References:
    """Reads manifests, each once: what is stored never changes. Blocks."""

    def __init__(self, artifacts: ArtifactStore) -> None:
        self._artifacts = artifacts
        self._known: dict[tuple[str, str], tuple[Ref, ...]] = {}

    def of(self, stage: str, manifest: Ref) -> tuple[Ref, ...]:
        """Everything that the manifest of a stage names, and the manifest itself.

        Raises StageFailedError (ARTIFACT_CORRUPT) when it is missing or cannot be read, UnavailableError.
        """
        key = (stage, manifest.sha256)
        if key not in self._known:
            data = self._artifacts.get_bytes(ArtifactRef(uri=manifest.uri, sha256=manifest.sha256))
            try:
                message = MANIFESTS[stage].FromString(data)
            except DecodeError as exc:
                raise StageFailedError("ARTIFACT_CORRUPT", detail=f"{manifest.uri} is no manifest") from exc
            self._known[key] = tuple(from_ref(ref) for ref in refs_in(message))
        return (manifest, *self._known[key])
