"""A speaker's artifacts for the nano pack, as the stages before training would have stored them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from google.protobuf.message import Message
from safetensors.numpy import save

from services.runtime.artifacts import ArtifactStore
from services.runtime.stage import StageContext, StopFlag
from services.training.run import Runs
from services.training.settings import TrainingSettings
from services.training.worker import TrainWorker, train_recipe
from services.voice.pack import Pack, load_pack
from voiceloom.orchestrator.v1.orchestrator_pb2 import Lease
from voiceloom.pipeline.v1 import manifest_pb2
from voiceloom.pipeline.v1.pipeline_pb2 import ArtifactRef, Quality, StageCheckpoint, StageReport, TaskOptions

NANO = Path(__file__).resolve().parents[3] / "packs" / "nano"
CLIPS = 5


@pytest.fixture(scope="session")
def pack() -> Pack:
    return load_pack(NANO)


@dataclass
class Desk:
    """A task's store, and what its stages reported."""

    folder: Path
    pack: Pack
    store: ArtifactStore = field(init=False)
    manifests: dict[str, ArtifactRef] = field(default_factory=dict)
    reports: list[StageReport] = field(default_factory=list)
    stop: StopFlag = field(default_factory=StopFlag)
    runs: Runs = field(default_factory=Runs)

    def __post_init__(self) -> None:
        self.store = ArtifactStore(str(self.folder / "store"))

    def put_manifest(self, stage: str, manifest: Message) -> None:
        self.manifests[stage] = self.store.put_bytes(f"tasks/t/{stage}/1/manifest.pb", manifest.SerializeToString())

    def context(self, stage: str, *, lease: int = 1, checkpoint: StageCheckpoint | None = None) -> StageContext:
        claim = Lease(
            lease=lease, attempt=lease, exp_name="Mia's voice", options=TaskOptions(quality=Quality.QUALITY_FAST)
        )
        for name, ref in self.manifests.items():
            claim.manifests[name].CopyFrom(ref)
        if checkpoint is not None:
            claim.checkpoint.CopyFrom(checkpoint)
        scratch = self.folder / f"scratch_{lease}"
        scratch.mkdir()
        context = StageContext("t", stage, claim, self.store, scratch, self.reports.append, self.stop)
        return train_recipe(stage, TrainingSettings(), self.pack, "code").serve(context)

    def worker(self, stage: str, **settings: object) -> TrainWorker:
        return TrainWorker(stage, TrainingSettings(threads=1, device="cpu", **settings), self.pack, self.runs)

    def rows(self, manifest: manifest_pb2.TrainManifest) -> list[dict]:
        return [json.loads(line) for line in self.store.get_bytes(manifest.loss_curve_ref).splitlines()]

    def checkpoints(self) -> list[StageCheckpoint]:
        return [report.checkpoint for report in self.reports if report.HasField("checkpoint")]

    def logged(self) -> list[str]:
        return [report.log.message.key for report in self.reports if report.HasField("log")]


@pytest.fixture
def desk(tmp_path: Path, pack: Pack) -> Desk:
    desk = Desk(tmp_path, pack)
    rng = np.random.default_rng(0)
    clips, features, phones, tokens = {}, {}, {}, {}
    for index in range(CLIPS):
        frames, name = 80 + 10 * index, f"c{index:04d}"
        time = np.arange(frames * 480) / 24_000
        clips[name] = (3000 * np.sin(2 * np.pi * (150 + 40 * index) * time)).astype(np.int16)
        features[name] = rng.standard_normal((frames, 512)).astype(np.float16)
        phones[f"{name}.phones"] = rng.integers(1, 300, 12 + index).astype(np.int32)
        tokens[name] = rng.integers(0, 64, frames // 2).astype(np.int32)

    def ref(name: str, tensors: dict[str, np.ndarray]) -> ArtifactRef:
        return desk.store.put_bytes(f"tasks/t/earlier/1/{name}.safetensors", save(tensors))

    desk.put_manifest(
        "audio_slice", manifest_pb2.AudioSliceManifest(clips_ref=ref("clips", clips), sample_rate_hz=24_000)
    )
    desk.put_manifest("text_feature", manifest_pb2.TextFeatureManifest(features_ref=ref("phones", phones)))
    desk.put_manifest("hubert_feature", manifest_pb2.HubertFeatureManifest(features_ref=ref("features", features)))
    desk.put_manifest("semantic_token", manifest_pb2.SemanticTokenManifest(tokens_ref=ref("tokens", tokens)))
    return desk


@pytest.fixture
def child_script(tmp_path: Path) -> Callable[[str], tuple[str, ...]]:
    """Commands of children that go wrong on purpose: source that runs the real child after a change of its own."""

    def command(source: str) -> tuple[str, ...]:
        path = tmp_path / "child.py"
        path.write_text(source)
        return (sys.executable, str(path))

    return command
