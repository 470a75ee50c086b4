"""Inspect over real gRPC: facts of good recordings, typed errors for bad ones, and nothing of the machine in either."""

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
from voiceloom.pipeline.v1.pipeline_pb2 import ArtifactRef
from voiceloom.preprocessing.v1 import preprocessing_pb2, preprocessing_pb2_grpc
from voiceloom.preprocessing.v1.preprocessing_pb2 import InspectRequest


class Inspector:
    """The service and a client of it."""

    def __init__(self, store: ArtifactStore, stub: preprocessing_pb2_grpc.PreprocessingServiceStub) -> None:
        self.store, self.stub = store, stub

    def put(self, content: bytes) -> ArtifactRef:
        return self.store.put_bytes("files/f1/recording", content)

    async def inspect(self, content: bytes, max_seconds: float = 0.0) -> preprocessing_pb2.InspectResponse:
        return await self.stub.Inspect(InspectRequest(recording=self.put(content), max_seconds=max_seconds))


@pytest.fixture
async def inspector(tmp_path: Path) -> AsyncIterator[Inspector]:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    settings = PreprocessingSettings(artifacts_url=str(tmp_path / "artifacts"), scratch_dir=scratch)
    store = ArtifactStore(settings.artifacts_url)

    def register(server: grpc.aio.Server) -> list[str]:
        servicer = PreprocessingServicer(settings, store, 24_000, "basis")
        preprocessing_pb2_grpc.add_PreprocessingServiceServicer_to_server(servicer, server)
        return ["voiceloom.preprocessing.v1.PreprocessingService"]

    server = await GrpcServer.start("127.0.0.1", 0, register, reflect=False)
    async with open_channel(f"127.0.0.1:{server.port}") as channel:
        yield Inspector(store, preprocessing_pb2_grpc.PreprocessingServiceStub(channel))
    await server.stop(1.0)
    assert list(scratch.iterdir()) == [], "an inspection leaves no copy behind"


async def test_the_facts_of_a_recording_are_counted(inspector: Inspector) -> None:
    answer = await inspector.inspect(audio.encode(audio.sine(3.0, 48_000), 48_000, "webm", channels=2, live="1"))
    assert answer.seconds == pytest.approx(3.0, abs=0.03)
    assert (answer.sample_rate_hz, answer.channels, answer.codec) == (48_000, 2, "opus")
    assert "webm" in answer.container


@pytest.mark.parametrize(
    ("content", "max_seconds", "code", "params"),
    [
        (b"", 0.0, "AUDIO_UNREADABLE", {"reason": "empty"}),
        (b"just words\n" * 100, 0.0, "AUDIO_UNREADABLE", {"reason": "not_audio"}),
        (audio.silent_film(), 0.0, "AUDIO_UNREADABLE", {"reason": "no_sound"}),
        (audio.encode(audio.sine(3.0), 24_000, "m4a")[:9_000], 0.0, "AUDIO_UNREADABLE", {"reason": "damaged"}),
        (audio.encode(audio.silence(60.1), 24_000, "flac"), 60.0, "PAYLOAD_TOO_LARGE", {"limit": "1 min"}),
    ],
)
async def test_bad_recordings_are_refused_with_code_and_arguments_and_no_more(
    inspector: Inspector, content: bytes, max_seconds: float, code: str, params: dict[str, str]
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        await inspector.inspect(content, max_seconds)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.details() == code
    error = from_rpc_error(caught.value)
    assert (error.code, error.params, error.retryable) == (code, params, False)


async def test_exactly_the_limit_passes(inspector: Inspector) -> None:
    assert (await inspector.inspect(audio.encode(audio.silence(60.0), 24_000, "flac"), 60.0)).seconds == 60.0


async def test_a_caller_who_goes_away_leaves_no_copy_behind(inspector: Inspector) -> None:
    ref = inspector.put(audio.encode(audio.silence(1800.0, 8_000), 8_000, "flac"))
    call = inspector.stub.Inspect(InspectRequest(recording=ref))
    await asyncio.sleep(0.05)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    # The end of the fixture looks; the decoding thread removes the copy at its next block.
    await asyncio.sleep(0.5)


async def test_a_missing_recording_is_the_stores_fault_and_says_nothing_about_it(inspector: Inspector) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        await inspector.stub.Inspect(
            InspectRequest(recording=ArtifactRef(uri="files/none/recording", sha256="0" * 64, size_bytes=1))
        )
    assert from_rpc_error(caught.value).code == "ARTIFACT_CORRUPT"
    assert caught.value.details() == "ARTIFACT_CORRUPT"
