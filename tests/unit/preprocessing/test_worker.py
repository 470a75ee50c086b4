"""The stage audio_slice against a real artifact store: files in, manifest and clips out."""

from pathlib import Path

import numpy as np
import pytest

from services.preprocessing.settings import PreprocessingSettings
from services.preprocessing.worker import AudioSliceWorker, audio_slice_recipe
from services.runtime.artifacts import ArtifactStore
from services.runtime.errors import InvalidInputError, StoppedError
from services.runtime.stage import StageContext
from services.voice.pack import Finetune, Pack, Sampling
from tests import audio_fixtures as audio
from voiceloom.orchestrator.v1.orchestrator_pb2 import File, Lease
from voiceloom.pipeline.v1.manifest_pb2 import AudioSliceManifest
from voiceloom.pipeline.v1.pipeline_pb2 import StageReport

RATE = 24_000


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return Pack(
        path=tmp_path,
        name="tiny",
        family="voiceloom-nano",
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
        licence="Apache-2.0",
        sha256="ab" * 32,
        files={},
    )


def context(folder: Path, *recordings: bytes) -> tuple[StageContext, list[StageReport]]:
    store = ArtifactStore(str(folder / "artifacts"))
    files = []
    for number, content in enumerate(recordings):
        ref = store.put_bytes(f"files/f{number}/recording", content)
        files.append(File(id=f"f{number}", filename="../../名字 \"'\n.wav", ref=ref, seconds=20.0))
    scratch = folder / "scratch"
    scratch.mkdir()
    sent: list[StageReport] = []
    claim = Lease(lease=3, attempt=1, files=files)
    return StageContext("t1", "audio_slice", claim, store, scratch, sent.append), sent


def run(ctx: StageContext, pack: Pack) -> AudioSliceManifest:
    """The stage, with the part of its claim that it declares."""
    settings = PreprocessingSettings()
    return AudioSliceWorker(settings, pack)(audio_slice_recipe(settings, pack, "code").serve(ctx))


def logged(sent: list[StageReport]) -> list[str]:
    return [report.log.message.key for report in sent if report.WhichOneof("report") == "log"]


def test_the_manifest_names_every_clip_and_the_object_holds_the_kept_ones(tmp_path: Path, pack: Pack) -> None:
    short = np.concatenate([audio.speech(13.0), audio.silence(4.0), audio.speech(0.9), audio.silence(2.0)])
    ctx, sent = context(tmp_path, audio.encode(short, RATE, "flac"))
    manifest = run(ctx, pack)

    assert manifest.sample_rate_hz == RATE
    assert manifest.clips_ref.uri == "tasks/t1/audio_slice/3/clips.safetensors"
    tensors = ctx.read_tensors(manifest.clips_ref)
    assert set(tensors) == {clip.id for clip in manifest.clips if clip.kept}
    assert {clip.drop_reason for clip in manifest.clips} == {"", "too_short"}
    for clip in manifest.clips:
        if clip.kept:
            assert tensors[clip.id].dtype == np.int16
            assert len(tensors[clip.id]) == pytest.approx(clip.seconds * RATE, abs=2)
    assert manifest.report.usable_s == pytest.approx(sum(clip.seconds for clip in manifest.clips if clip.kept))
    assert [warning.key for warning in manifest.report.warnings] == ["report.too_short"]
    assert logged(sent) == ["report.too_short", "clip.dropped"]
    assert manifest.provenance.pack_name == "tiny"
    assert manifest.provenance.lease == 3


def test_bad_input_ends_the_stage_with_a_code_and_no_second_try(tmp_path: Path, pack: Pack) -> None:
    ctx, _ = context(tmp_path, audio.encode(audio.silence(30.0), RATE, "flac"))
    with pytest.raises(InvalidInputError) as caught:
        run(ctx, pack)
    assert caught.value.code == "AUDIO_SILENT"
    assert not caught.value.retryable


def test_the_limit_of_the_settings_is_heeded(tmp_path: Path, pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICELOOM_MAX_RECORDING_S", "12")
    ctx, _ = context(tmp_path, audio.encode(audio.speech(12.1), RATE, "flac"))
    with pytest.raises(InvalidInputError) as caught:
        run(ctx, pack)
    assert (caught.value.code, caught.value.params) == ("AUDIO_TOO_LONG", {"limit": "12 s"})


def test_a_cancelled_task_stops_before_it_decodes(tmp_path: Path, pack: Pack) -> None:
    ctx, sent = context(tmp_path, audio.encode(audio.speech(12.0), RATE, "flac"))
    ctx.stop.set("cancelled")
    with pytest.raises(StoppedError):
        run(ctx, pack)
    assert sent == []
