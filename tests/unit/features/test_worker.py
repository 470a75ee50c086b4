"""The three feature stages, from manifest to manifest, with a tiny pack of random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from services.features.models import Models
from services.features.worker import FeaturesWorker, feature_stages
from services.runtime.artifacts import ArtifactStore
from services.runtime.errors import InvalidInputError, StoppedError
from services.runtime.stage import StageContext
from services.voice.content import ContentEncoder
from services.voice.pack import Finetune, Pack, Sampling
from services.voice.sovits import Sovits, SovitsConfig
from voiceloom.orchestrator.v1.orchestrator_pb2 import Lease
from voiceloom.pipeline.v1 import manifest_pb2
from voiceloom.pipeline.v1.pipeline_pb2 import Correction

RATE = 24_000


class LoudnessEncoder(ContentEncoder):
    """Eight channels that follow the sound's level: enough to tell clips apart."""

    name = "loudness"
    channels = 8

    @property
    def device(self) -> torch.device:
        return torch.device("cpu")

    def _encode(self, wav: Tensor, frames: int) -> Tensor:
        level = wav[: frames * 320].reshape(frames, 320).abs().mean(dim=1, keepdim=True)
        return level.repeat(1, self.channels)


class TinyModels(Models):
    """The real class with models small enough for a unit test."""

    def content_encoder(self) -> ContentEncoder:
        return LoudnessEncoder()

    def sovits(self) -> Sovits:
        torch.manual_seed(0)
        return Sovits(
            SovitsConfig(
                sample_rate_hz=RATE,
                hop=480,
                n_fft=1024,
                ssl_channels=8,
                codebook_size=16,
                inter_channels=4,
                hidden_channels=8,
                filter_channels=8,
                n_layers=1,
                gin_channels=8,
                mrte_channels=8,
                ref_bins=513,
                ref_hidden=8,
                posterior_layers=1,
                flow_layers=1,
                decoder="istft",
                istft_channels=8,
                istft_blocks=1,
            )
        ).eval()


def tiny_pack(path: Path) -> Pack:
    return Pack(
        path=path,
        name="tiny",
        family="voiceloom-tiny",
        version="1",
        languages=("en",),
        sample_rate_hz=RATE,
        symbols="gpt-sovits-v2",
        content={},
        sovits={},
        gpt={},
        discriminator={},
        finetune=Finetune(),
        sampling=Sampling(),
        licence="MIT",
        sha256="0" * 64,
        files={},
    )


@pytest.fixture
def worker(tmp_path: Path) -> FeaturesWorker:
    return FeaturesWorker(TinyModels(tiny_pack(tmp_path), tmp_path, "cpu"))


class Task:
    """Manifests of one task as its stages leave them."""

    def __init__(self, folder: Path) -> None:
        self.artifacts = ArtifactStore(str(folder / "artifacts"))
        self.scratch = folder
        self.claim = Lease(lease=1, attempt=1, exp_name="voice")

    def context(self, stage: str) -> StageContext:
        return StageContext("task", stage, self.claim, self.artifacts, self.scratch, lambda report: None)

    def commit(self, stage: str, manifest: object) -> None:
        self.claim.manifests[stage].CopyFrom(self.context(stage).put_bytes("manifest.pb", manifest.SerializeToString()))

    def slice(self, *seconds: float) -> None:
        """Clips c0000, c0001 ... of noise; the last one was dropped."""
        ctx = self.context("audio_slice")
        noise = np.random.default_rng(0)
        rows = [manifest_pb2.Clip(id=f"c{i:04}", seconds=s, kept=True) for i, s in enumerate(seconds)]
        tensors = {r.id: noise.integers(-9000, 9000, int(r.seconds * RATE)).astype(np.int16) for r in rows}
        rows.append(manifest_pb2.Clip(id="c9999", seconds=1, kept=False, drop_reason="too_short"))
        self.commit(
            "audio_slice",
            manifest_pb2.AudioSliceManifest(
                clips_ref=ctx.write_tensors("clips.safetensors", tensors), sample_rate_hz=RATE, clips=rows
            ),
        )

    def hear(self, *texts: str) -> None:
        rows = [manifest_pb2.Transcript(clip_id=f"c{i:04}", text=t, kept=bool(t)) for i, t in enumerate(texts)]
        self.commit("asr", manifest_pb2.AsrManifest(transcripts=rows, language="en"))


@pytest.fixture
def task(tmp_path: Path) -> Task:
    return Task(tmp_path)


def test_every_kept_clip_has_frames_at_50_hz_and_tokens_at_25_hz(worker: FeaturesWorker, task: Task) -> None:
    task.slice(2.0, 3.5)
    features = worker.hubert_feature(task.context("hubert_feature"))
    task.commit("hubert_feature", features)
    tokens = worker.semantic_token(task.context("semantic_token"))

    assert list(features.clip_ids) == list(tokens.clip_ids) == ["c0000", "c0001"]
    frames = task.context("x").read_tensors(features.features_ref)
    assert {name: array.shape for name, array in frames.items()} == {"c0000": (100, 8), "c0001": (175, 8)}
    assert frames["c0000"].dtype == np.float16
    ids = task.context("x").read_tensors(tokens.tokens_ref)
    assert {name: array.shape for name, array in ids.items()} == {"c0000": (50,), "c0001": (87,)}
    assert all(array.min() >= 0 and array.max() < tokens.vocabulary_size for array in ids.values())
    assert features.provenance.pack_sha256 == "0" * 64


def test_texts_become_phonemes_and_a_row_says_why_a_clip_was_dropped(worker: FeaturesWorker, task: Task) -> None:
    task.slice(2.0, 2.0, 2.0)
    task.hear("Hello, world.", "Hm", "")
    manifest = worker.text_feature(task.context("text_feature"))

    assert [(row.clip_id, row.kept, row.drop_reason) for row in manifest.rows] == [
        ("c0000", True, ""),
        ("c0001", False, "pace"),
    ]
    phones = task.context("x").read_tensors(manifest.features_ref)
    assert list(phones) == ["c0000.phones"]
    assert phones["c0000.phones"].tolist() == [51, 12, 62, 68, 1, 91, 39, 62, 26, 3]


def test_texts_without_a_single_phoneme_are_refused(worker: FeaturesWorker, task: Task) -> None:
    task.slice(2.0)
    task.hear("...")
    with pytest.raises(InvalidInputError) as caught:
        worker.text_feature(task.context("text_feature"))
    assert caught.value.code == "TEXT_EMPTY"


def test_a_stage_stops_between_clips_when_asked_to(worker: FeaturesWorker, task: Task) -> None:
    task.slice(2.0, 2.0)
    ctx = task.context("hubert_feature")
    ctx.stop.set("cancelled")
    with pytest.raises(StoppedError):
        worker.hubert_feature(ctx)


def test_corrections_of_people_win_over_what_was_heard(worker: FeaturesWorker, task: Task) -> None:
    task.slice(2.0, 2.0, 2.0, 2.0)
    task.hear("Good morning to all of you.", "Good night to all of you.", "", "")
    task.claim.corrections.extend(
        [
            Correction(clip_id="c0000", text="Good evening to all of you."),
            Correction(clip_id="c0001", dropped=True),
            Correction(clip_id="c0002", text="Here is what nobody heard."),
        ]
    )
    made = worker.text_feature(task.context("text_feature"))
    assert [(row.clip_id, row.text, row.kept, row.corrected, row.drop_reason) for row in made.rows] == [
        ("c0000", "Good evening to all of you.", True, True, ""),
        ("c0001", "Good night to all of you.", False, False, "dropped_by_user"),
        ("c0002", "Here is what nobody heard.", True, True, ""),
    ]
    assert set(task.context("x").read_tensors(made.features_ref)) == {"c0000.phones", "c0002.phones"}


def test_corrections_are_part_of_the_key_and_their_absence_changes_none(worker: FeaturesWorker, task: Task) -> None:
    task.slice(2.0)
    task.hear("Good morning to all of you.")
    recipe = feature_stages(worker, worker._pack, "code")["text_feature"].recipe
    facts = recipe.basis("text_feature", task.claim, task.artifacts).facts
    assert not any(name.startswith("claim") for name in facts)
    task.claim.corrections.add(clip_id="c0000", text="Good evening.")
    corrected = recipe.basis("text_feature", task.claim, task.artifacts)
    assert corrected.facts["claim.corrections.0.text"] == "Good evening."
