"""Transcribe over real gRPC, with the real model."""

from collections.abc import AsyncIterator
from pathlib import Path

import grpc.aio
import numpy as np
import pytest

from services.asr.__main__ import load_recogniser
from services.asr.recogniser import LazyRecogniser
from services.asr.servicer import AsrServicer
from services.asr.settings import AsrSettings
from services.runtime.artifacts import ArtifactStore
from services.runtime.errors import VoiceloomError
from services.runtime.grpc_errors import from_rpc_error
from services.runtime.grpc_server import GrpcServer, open_channel
from tests import audio_fixtures as audio
from voiceloom.asr.v1 import asr_pb2, asr_pb2_grpc
from voiceloom.asr.v1.asr_pb2 import TranscribeRequest, TranscribeResponse

RECOGNISER = LazyRecogniser(lambda: load_recogniser(AsrSettings(threads=1, asr_beam_size=1)))


class Client:
    """The service's artifact store and a stub."""

    def __init__(self, store: ArtifactStore, stub: asr_pb2_grpc.AsrServiceStub) -> None:
        self.store, self.stub = store, stub

    async def transcribe(self, request: TranscribeRequest) -> TranscribeResponse:
        return await self.stub.Transcribe(request)

    async def refusal(self, request: TranscribeRequest) -> VoiceloomError:
        with pytest.raises(grpc.RpcError) as caught:
            await self.stub.Transcribe(request)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        return from_rpc_error(caught.value)


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    settings = AsrSettings(artifacts_url=str(tmp_path / "artifacts"), max_transcribe_s=20.0)
    store = ArtifactStore(settings.artifacts_url)

    def register(server: grpc.aio.Server) -> list[str]:
        asr_pb2_grpc.add_AsrServiceServicer_to_server(AsrServicer(settings, RECOGNISER, store), server)
        return [asr_pb2.DESCRIPTOR.services_by_name["AsrService"].full_name]

    server = await GrpcServer.start("127.0.0.1", 0, register, reflect=False)
    async with open_channel(f"127.0.0.1:{server.port}") as channel:
        yield Client(store, asr_pb2_grpc.AsrServiceStub(channel))
    await server.stop(1.0)


def pcm(samples: np.ndarray) -> bytes:
    return (samples * 32767).astype("<i2").tobytes()


async def test_samples_are_recognised_with_words_when_asked(client: Client) -> None:
    data = pcm(audio.speech(4.0, 16_000))
    answer = await client.transcribe(TranscribeRequest(pcm_16khz=data, word_times=True))
    assert "remake of an old film" in answer.text
    assert answer.language == "en"
    assert answer.language_probability > 0.8
    assert answer.confidence > 0.7
    assert " ".join(word.text for word in answer.words) == answer.text
    bare = await client.transcribe(TranscribeRequest(pcm_16khz=data, language="en"))
    assert (bare.text, bare.language_probability, len(bare.words)) == (answer.text, 1.0, 0)


async def test_stored_recording_of_any_rate_is_recognised(client: Client) -> None:
    ref = client.store.put_bytes("files/f1/recording", audio.encode(audio.speech(4.0, 48_000), 48_000, "opus"))
    answer = await client.transcribe(TranscribeRequest(recording=ref, language="en"))
    assert "remake of an old film" in answer.text


async def test_silence_is_an_empty_text_and_no_error(client: Client) -> None:
    answer = await client.transcribe(TranscribeRequest(pcm_16khz=pcm(audio.silence(2.0, 16_000))))
    assert (answer.text, answer.confidence) == ("", 0.0)


@pytest.mark.parametrize(
    ("request_", "code", "params"),
    [
        (TranscribeRequest(), "AUDIO_UNREADABLE", {"reason": "empty"}),
        (TranscribeRequest(pcm_16khz=b"\0\0\0"), "AUDIO_UNREADABLE", {"reason": "damaged"}),
        (TranscribeRequest(pcm_16khz=bytes(2 * 16_000 * 21)), "AUDIO_TOO_LONG", {"limit": "20 s"}),
    ],
)
async def test_bad_requests_are_refused_with_code_and_arguments(
    client: Client, request_: TranscribeRequest, code: str, params: dict[str, str]
) -> None:
    error = await client.refusal(request_)
    assert (error.code, error.params) == (code, params)


async def test_bad_recordings_are_refused_like_uploads(client: Client) -> None:
    text = client.store.put_bytes("files/f1/recording", b"just words\n" * 100)
    assert (await client.refusal(TranscribeRequest(recording=text))).params == {"reason": "not_audio"}
    long = client.store.put_bytes("files/f2/recording", audio.encode(audio.silence(21.0), 24_000, "flac"))
    assert (await client.refusal(TranscribeRequest(recording=long))).code == "AUDIO_TOO_LONG"


async def test_unknown_language_is_refused_with_those_that_are_known(client: Client) -> None:
    error = await client.refusal(TranscribeRequest(pcm_16khz=pcm(audio.silence(1.0, 16_000)), language="xx"))
    assert error.code == "LANGUAGE_UNSUPPORTED"
    assert "en" in error.params["languages"].split(", ")
