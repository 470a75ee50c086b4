"""The stage asr against a real artifact store: clips in, manifest out."""

from collections.abc import Callable
from pathlib import Path

import pytest

from services.asr.recogniser import LazyRecogniser
from services.asr.settings import AsrSettings
from services.asr.worker import AsrWorker, asr_recipe
from services.runtime.artifacts import ArtifactStore
from services.runtime.errors import StoppedError
from services.runtime.recipe import Repeatable
from services.runtime.stage import StageContext
from services.voice.pack import Finetune, Pack, Sampling
from tests.unit.asr.fake_recogniser import RATE, FakeRecogniser, Said
from voiceloom.orchestrator.v1.orchestrator_pb2 import File, Lease
from voiceloom.pipeline.v1 import manifest_pb2
from voiceloom.pipeline.v1.pipeline_pb2 import StageReport, TaskOptions

Start = Callable[..., "Run"]
SAID = [Said("the county plans a rode"), Said(""), Said("it stands")]


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


class Run:
    """One lease of the stage, after an audio_slice that kept every clip of `said` but dropped one before them."""

    def __init__(self, folder: Path, pack: Pack, *, options: TaskOptions, files: list[File]) -> None:
        self.recogniser = FakeRecogniser(SAID)
        store = ArtifactStore(str(folder / "artifacts"))
        self.sent: list[StageReport] = []
        clips = self.recogniser.clips()
        claim = Lease(lease=3, attempt=1, options=options, files=files)
        self.ctx = StageContext("t1", "asr", claim, store, folder, self.sent.append)
        slices = manifest_pb2.AudioSliceManifest(
            clips_ref=self.ctx.write_tensors("clips.safetensors", {clip.id: clip.samples for clip in clips}),
            sample_rate_hz=RATE,
            clips=[manifest_pb2.Clip(id="x", drop_reason="too_short")]
            + [manifest_pb2.Clip(id=clip.id, seconds=clip.seconds, kept=True) for clip in clips],
        )
        claim.manifests["audio_slice"].CopyFrom(self.ctx.put_bytes("slices.pb", slices.SerializeToString()))
        recipe = asr_recipe(AsrSettings(), pack, "code")
        self.worker = Repeatable(AsrWorker(AsrSettings(), pack, LazyRecogniser(lambda: self.recogniser)), recipe)

    def manifest(self) -> manifest_pb2.AsrManifest:
        return self.worker(self.worker.recipe.serve(self.ctx))


@pytest.fixture
def start(tmp_path: Path, pack: Pack) -> Start:
    def make(language: str = "auto", transcript: str = "", *file_transcripts: str) -> Run:
        options = TaskOptions(language=language, transcript=transcript)
        return Run(tmp_path, pack, options=options, files=[File(transcript=text) for text in file_transcripts])

    return make


def test_manifest_has_a_row_for_every_clip_that_was_kept_before(start: Start) -> None:
    run = start()
    manifest = run.manifest()
    assert [(row.clip_id, row.kept, row.drop_reason) for row in manifest.transcripts] == [
        ("c0000", True, ""),
        ("c0001", False, "no_words"),
        ("c0002", True, ""),
    ]
    first = manifest.transcripts[0]
    assert (first.text, first.language, first.words[1].text) == ("the county plans a rode", "en", "county")
    assert first.confidence == pytest.approx(0.9)
    assert (manifest.language, manifest.aligned) == ("en", False)
    assert manifest.provenance.pack_name == "tiny"


def test_people_are_told_of_dropped_clips_and_of_progress(start: Start) -> None:
    run = start()
    run.manifest()
    logs = [report.log.message for report in run.sent if report.WhichOneof("report") == "log"]
    assert [(log.key, dict(log.args)) for log in logs] == [("clip.dropped", {"clip": "c0001", "reason": "no_words"})]
    keys = [report.progress.message.key for report in run.sent if report.WhichOneof("report") == "progress"]
    assert keys[0] == "asr.loading"
    assert set(keys) == {"asr.loading", "asr.transcribing"}


@pytest.mark.parametrize(
    ("transcript", "file_transcripts", "text"),
    [
        ("The county plans a road. It stands!", ["Something else."], "The county plans a road."),
        ("", ["The county plans a road.", "It stands!"], "The county plans a road."),
        ("", ["The county plans a road.", ""], "the county plans a rode"),
        (" \n", [], "the county plans a rode"),
    ],
    ids=["the task's wins", "of all files", "of some files is none", "blank is none"],
)
def test_transcript_is_the_tasks_or_that_of_all_files(
    start: Start, transcript: str, file_transcripts: list[str], text: str
) -> None:
    manifest = start("auto", transcript, *file_transcripts).manifest()
    assert manifest.transcripts[0].text == text
    assert manifest.aligned == (text != "the county plans a rode")


def test_language_of_the_options_is_used(start: Start) -> None:
    manifest = start("en").manifest()
    assert (manifest.language, manifest.language_probability) == ("en", 1.0)


def test_cancelled_task_stops(start: Start) -> None:
    run = start()
    run.ctx.stop.set("cancelled")
    with pytest.raises(StoppedError):
        run.manifest()
