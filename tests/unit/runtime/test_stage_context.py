"""What a stage function can do with its context."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from services.runtime.artifacts import ArtifactStore
from services.runtime.errors import StageFailedError, StoppedError
from services.runtime.stage import StageContext, StopFlag
from voiceloom.orchestrator.v1.orchestrator_pb2 import Lease
from voiceloom.pipeline.v1.manifest_pb2 import AsrManifest
from voiceloom.pipeline.v1.pipeline_pb2 import StageReport


@pytest.fixture
def sent() -> list[StageReport]:
    return []


@pytest.fixture
def context(tmp_path: Path, sent: list[StageReport]) -> StageContext:
    lease = Lease(lease=3, attempt=2, exp_name="声音")
    return StageContext("t", "asr", lease, ArtifactStore(str(tmp_path / "store")), tmp_path, sent.append)


def test_artifacts_go_under_the_lease(context: StageContext) -> None:
    assert context.put_bytes("x.bin", b"1").uri == "tasks/t/asr/3/x.bin"


def test_tensors_make_the_round_trip(context: StageContext) -> None:
    tensors = {"c0000.phones": np.arange(5, dtype=np.int32), "c0001": np.ones((2, 3), np.float16)}
    back = context.read_tensors(context.write_tensors("features.safetensors", tensors))
    assert set(back) == set(tensors)
    for name, tensor in tensors.items():
        assert back[name].dtype == tensor.dtype
        np.testing.assert_array_equal(back[name], tensor)


def test_progress_stays_between_nothing_and_all(context: StageContext, sent: list[StageReport]) -> None:
    context.progress(1.2, "asr.transcribing", eta_s=3.0, done=1, total=2)
    context.progress(-1, "asr.loading")
    assert [report.progress.fraction for report in sent] == [1.0, 0.0]
    assert dict(sent[0].progress.message.args) == {"done": "1", "total": "2"}
    assert sent[0].progress.eta_seconds == 3.0
    assert not sent[1].progress.HasField("eta_seconds")


def test_missing_manifest_is_a_failure_not_a_crash(context: StageContext) -> None:
    with pytest.raises(StageFailedError, match="ARTIFACT_CORRUPT"):
        context.manifest("audio_slice", AsrManifest)


def test_earlier_manifest_is_read(context: StageContext) -> None:
    ref = context.put_bytes("manifest.pb", AsrManifest(language="en").SerializeToString())
    context.claim.manifests["asr"].CopyFrom(ref)
    assert context.manifest("asr", AsrManifest).language == "en"


def test_provenance_measures_the_work(context: StageContext) -> None:
    provenance = context.provenance(seed=5)
    assert (provenance.lease, provenance.seed) == (3, 5)
    assert provenance.peak_rss_bytes > 1 << 20
    assert provenance.code_version
    assert context.provenance(peak_rss_bytes=7).peak_rss_bytes == 7


def test_stop_wakes_a_waiting_thread_and_keeps_its_first_reason() -> None:
    stop = StopFlag()
    stop.raise_if_set()
    woken: list[bool] = []
    thread = threading.Thread(target=lambda: woken.append(stop.wait(10)))
    thread.start()
    stop.set("cancelled")
    stop.set("draining")
    thread.join(5)
    assert woken == [True]
    assert stop.reason == "cancelled"
    with pytest.raises(StoppedError):
        stop.raise_if_set()
