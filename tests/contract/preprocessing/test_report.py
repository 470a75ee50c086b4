"""Report over real gRPC: what is wrong with a recording is part of the answer, and what is known is not done again."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import grpc.aio
import pytest

from services.preprocessing.servicer import PreprocessingServicer
from services.preprocessing.settings import PreprocessingSettings
from services.runtime.artifacts import ArtifactStore
from services.runtime.grpc_errors import from_rpc_error
from services.runtime.grpc_server import GrpcServer, open_channel
from tests import audio_fixtures as audio
from voiceloom.pipeline.v1 import manifest_pb2
from voiceloom.pipeline.v1.pipeline_pb2 import ArtifactRef
from voiceloom.preprocessing.v1 import preprocessing_pb2_grpc
from voiceloom.preprocessing.v1.preprocessing_pb2 import ReportRequest, ReportResponse

BASIS = "b" * 64


class Reporter:
    """The service and a client of it."""

    def __init__(
        self, folder: Path, store: ArtifactStore, stub: preprocessing_pb2_grpc.PreprocessingServiceStub
    ) -> None:
        self.scratch, self._store, self.stub = folder, store, stub

    def put(self, content: bytes) -> ArtifactRef:
        return self._store.put_bytes("files/f1/recording", content)

    async def report(self, content: bytes, **request: str) -> ReportResponse:
        response: ReportResponse = await self.stub.Report(ReportRequest(recording=self.put(content), **request))
        return response


@pytest.fixture
async def reporter(tmp_path: Path) -> AsyncIterator[Reporter]:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    settings = PreprocessingSettings(artifacts_url=str(tmp_path / "artifacts"), scratch_dir=scratch)
    store = ArtifactStore(settings.artifacts_url)

    def register(server: grpc.aio.Server) -> list[str]:
        servicer = PreprocessingServicer(settings, store, 24_000, BASIS)
        preprocessing_pb2_grpc.add_PreprocessingServiceServicer_to_server(servicer, server)
        return ["voiceloom.preprocessing.v1.PreprocessingService"]

    server = await GrpcServer.start("127.0.0.1", 0, register, reflect=False)
    async with open_channel(f"127.0.0.1:{server.port}") as channel:
        yield Reporter(scratch, store, preprocessing_pb2_grpc.PreprocessingServiceStub(channel))
    await server.stop(1.0)
    assert list(scratch.iterdir()) == [], "a report leaves no copy behind"


async def test_a_recording_is_reported_on(reporter: Reporter) -> None:
    answer = await reporter.report((audio.SAMPLES / "bella_25s.flac").read_bytes())
    report = answer.report
    assert answer.basis == BASIS
    assert report.report.usable_s == pytest.approx(sum(clip.seconds for clip in report.clips if clip.kept))
    assert report.outlook in (manifest_pb2.OUTLOOK_POOR, manifest_pb2.OUTLOOK_FAIR)
    assert report.verdict.key.endswith("_speech")
    assert len(report.peaks) == 2000
    assert max(report.peaks) > 50
    assert not report.HasField("problem")


async def test_a_recording_without_speech_is_an_answer_with_a_problem(reporter: Reporter) -> None:
    report = (await reporter.report(audio.encode(audio.silence(30.0), 24_000, "flac"))).report
    assert report.outlook == manifest_pb2.OUTLOOK_UNUSABLE
    assert (report.problem.code, report.problem.message.key) == ("AUDIO_SILENT", "error.AUDIO_SILENT")
    assert report.report.total_s == pytest.approx(30.0)


async def test_what_cannot_be_decoded_is_an_error(reporter: Reporter) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        await reporter.report(b"just words\n" * 100)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert from_rpc_error(caught.value).params == {"reason": "not_audio"}


async def test_a_report_that_still_holds_is_not_made_again(reporter: Reporter) -> None:
    # These bytes could not be reported on: nobody looks at them.
    known = await reporter.report(b"just words", known_basis=BASIS)
    assert (known.basis, known.HasField("report")) == (BASIS, False)
    outdated = await reporter.report(audio.encode(audio.speech(12.0), 24_000, "flac"), known_basis="a" * 64)
    assert (outdated.basis, outdated.HasField("report")) == (BASIS, True)


async def test_a_caller_who_goes_away_stops_the_work_and_frees_the_turn(reporter: Reporter) -> None:
    ref = reporter.put(audio.encode(audio.speech(1800.0, 8_000), 8_000, "flac"))
    call = reporter.stub.Report(ReportRequest(recording=ref))
    while not any(path.name == "waveform.f32" for path in reporter.scratch.rglob("*")):
        await asyncio.sleep(0.02)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    # One at a time: this one would wait for the other.
    async with asyncio.timeout(60):
        await reporter.report(audio.encode(audio.silence(3.0), 24_000, "flac"))
        while list(reporter.scratch.iterdir()):
            await asyncio.sleep(0.05)
