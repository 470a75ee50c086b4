"""A trained task as the inference service finds it, and a recogniser that answers what it is told to."""

from dataclasses import dataclass, field
from pathlib import Path

import grpc
import numpy as np
import torch
from safetensors.numpy import save

from services.inference.worker import inference_recipe
from services.runtime.artifacts import ArtifactStore
from services.runtime.stage import StageContext
from services.voice.audio import resample, to_int16
from services.voice.checkpoint import save_gpt, save_sovits
from services.voice.decode import decode
from services.voice.gpt import Gpt, GptConfig
from services.voice.pack import Pack
from services.voice.sovits import Sovits, SovitsConfig
from voiceloom.asr.v1 import asr_pb2, asr_pb2_grpc
from voiceloom.orchestrator.v1.orchestrator_pb2 import Lease
from voiceloom.pipeline.v1 import manifest_pb2
from voiceloom.pipeline.v1.pipeline_pb2 import ArtifactRef, StageReport, Synthesis, TaskOptions

REPOSITORY = Path(__file__).parents[3]
SPEECH = REPOSITORY / "samples" / "bella_25s.flac"
TEXT = "The quick brown fox jumps over the lazy dog and then runs away into the woods."
CLIPS = {"c0000": (0.0, 4.0), "c0001": (4.0, 9.5), "c0002": (9.5, 15.0)}


@dataclass
class FakeAsr(asr_pb2_grpc.AsrServiceServicer):
    """Answers what it is told to."""

    text: str = "After lunch we walked slowly along the river."
    away: int = 0  # refuses this many calls first
    calls: list[asr_pb2.TranscribeRequest] = field(default_factory=list)
    port: int = 0

    def Transcribe(
        self, request: asr_pb2.TranscribeRequest, context: grpc.ServicerContext
    ) -> asr_pb2.TranscribeResponse:
        self.calls.append(request)
        if len(self.calls) <= self.away:
            context.abort(grpc.StatusCode.UNAVAILABLE, "not yet")
        return asr_pb2.TranscribeResponse(text=self.text, language="en", confidence=0.9)


@dataclass
class Trained:
    """A task whose models are trained."""

    artifacts: ArtifactStore
    scratch: Path
    manifests: dict[str, ArtifactRef]
    reports: list[StageReport] = field(default_factory=list)

    def context(self, synthesis: Synthesis | None = None, reference: ArtifactRef | None = None) -> StageContext:
        """A lease of the inference stage."""
        claim = Lease(
            lease=3,
            attempt=1,
            exp_name="我的声音-1",
            options=TaskOptions(inference=synthesis),
            manifests=self.manifests,
            detected_language="en",
        )
        if reference is not None:
            claim.ref_audio.ref.CopyFrom(reference)
        context = StageContext("t1", "inference", claim, self.artifacts, self.scratch, self.reports.append)
        return inference_recipe("pack", "code").serve(context)

    def told(self) -> list[str]:
        """Keys of what was reported, in order."""
        return [report.progress.message.key or report.log.message.key for report in self.reports]


def train(artifacts: ArtifactStore, pack: Pack, folder: Path) -> Trained:
    """Store what the stages before would have stored. The words of the clips are made up, their sound is real."""
    wav, rate = decode(SPEECH)
    wav = to_int16(resample(wav, rate, pack.sample_rate_hz))
    clips = {
        name: wav[int(start * pack.sample_rate_hz) : int(end * pack.sample_rate_hz)].astype(np.int16)
        for name, (start, end) in CLIPS.items()
    }
    slices = manifest_pb2.AudioSliceManifest(
        clips_ref=artifacts.put_bytes("tasks/t1/audio_slice/1/clips.safetensors", save(clips)),
        sample_rate_hz=pack.sample_rate_hz,
        clips=[
            manifest_pb2.Clip(id=name, start_s=start, seconds=end - start, kept=True, snr_db=30.0)
            for name, (start, end) in CLIPS.items()
        ],
    )
    transcripts = manifest_pb2.AsrManifest(
        language="en",
        transcripts=[
            manifest_pb2.Transcript(clip_id=name, text=TEXT, language="en", confidence=0.9, kept=True) for name in CLIPS
        ],
    )
    phonemes = manifest_pb2.TextFeatureManifest(
        rows=[manifest_pb2.PhonemeRow(clip_id=name, kept=name != "c0002") for name in CLIPS]
    )
    manifests = {
        "audio_slice": slices,
        "asr": transcripts,
        "text_feature": phonemes,
        "sovits_train": _train(artifacts, pack, folder, "sovits", (4, 8)),
        "gpt_train": _train(artifacts, pack, folder, "gpt", (5, 8)),
    }
    refs = {
        stage: artifacts.put_bytes(f"tasks/t1/{stage}/1/manifest.pb", manifest.SerializeToString())
        for stage, manifest in manifests.items()
    }
    scratch = folder / "scratch"
    scratch.mkdir()
    return Trained(artifacts, scratch, refs)


def _train(
    artifacts: ArtifactStore, pack: Pack, folder: Path, kind: str, epochs: tuple[int, ...]
) -> manifest_pb2.TrainManifest:
    """Models with weights of their own for every epoch."""
    manifest = manifest_pb2.TrainManifest()
    for epoch in epochs:
        torch.manual_seed(epoch)
        path = folder / f"{kind}-{epoch}"
        if kind == "sovits":
            filename = f"我的声音-1_e{epoch}_s{epoch * 10}.pth"
            save_sovits(
                path, Sovits(SovitsConfig.from_dict(pack.sovits)), family=pack.family, epoch=epoch, step=epoch * 10
            )
        else:
            filename = f"我的声音-1-e{epoch}.ckpt"
            save_gpt(path, Gpt(GptConfig.from_dict(pack.gpt)), family=pack.family, epoch=epoch)
        ref = artifacts.put_file(f"tasks/t1/{kind}_train/1/{path.name}", path)
        manifest.models.add(filename=filename, ref=ref, epoch=epoch, step=epoch * 10)
    return manifest
