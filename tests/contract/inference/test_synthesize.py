"""Synthesize and ListVoices over real gRPC."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import grpc.aio
import numpy as np
import pytest

from services.inference.servicer import InferenceServicer, Listener
from services.inference.settings import InferenceSettings
from services.inference.voices import Models
from services.inference.worker import Recogniser
from services.runtime.errors import VoiceloomError
from services.runtime.grpc_errors import from_rpc_error
from services.runtime.grpc_server import GrpcServer, open_channel
from services.runtime.stage import StopFlag
from tests.contract.inference.harness import FakeAsr, Trained
from voiceloom.inference.v1 import inference_pb2 as pb
from voiceloom.inference.v1 import inference_pb2_grpc
from voiceloom.pipeline.v1.manifest_pb2 import InferenceManifest
from voiceloom.pipeline.v1.pipeline_pb2 import Synthesis

PAGE = "This is the first sentence of the page. Then comes the second one, which is longer."


@dataclass
class Client:
    """Calls of a service with one trained task."""

    stub: inference_pb2_grpc.InferenceServiceStub
    trained: Trained

    async def speak(self, text: str = PAGE, **changes: object) -> list[pb.SynthesizeResponse]:
        fields: dict = {"voice_id": "t1", "text": text, "manifests": self.trained.manifests, "language": "en"}
        return [piece async for piece in self.stub.Synthesize(pb.SynthesizeRequest(**(fields | changes)))]

    async def refusal(self, text: str = PAGE, **changes: object) -> VoiceloomError:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await self.speak(text, **changes)
        return from_rpc_error(error.value)


@pytest.fixture
async def client(settings: InferenceSettings, models: Models, trained: Trained) -> AsyncIterator[Client]:
    def register(server: grpc.aio.Server) -> list[str]:
        servicer = InferenceServicer(settings, trained.artifacts, models)
        inference_pb2_grpc.add_InferenceServiceServicer_to_server(servicer, server)
        return []

    server = await GrpcServer.start("127.0.0.1", 0, register, reflect=False)
    async with open_channel(f"127.0.0.1:{server.port}") as channel:
        yield Client(inference_pb2_grpc.InferenceServiceStub(channel), trained)
    await server.stop(0)


async def test_a_page_comes_sentence_by_sentence_with_pauses_between(client: Client) -> None:
    pieces = await client.speak()
    assert [piece.text for piece in pieces] == [
        "This is the first sentence of the page.",
        "Then comes the second one, which is longer.",
    ]
    first, second = (np.frombuffer(piece.pcm, "<i2") for piece in pieces)
    assert {piece.sample_rate_hz for piece in pieces} == {24_000}
    assert len(first) > 24_000 / 4
    assert not second[: int(0.3 * 24_000)].any()


async def test_the_last_pair_speaks_until_the_stage_has_judged_which_is_best(
    client: Client, finished: tuple[InferenceManifest, Trained]
) -> None:
    await client.speak("Hello there.")
    before = await client.stub.ListVoices(pb.ListVoicesRequest())
    assert [(voice.voice_id, voice.sovits, voice.gpt) for voice in before.voices] == [
        ("t1", "我的声音-1_e8_s80.pth", "我的声音-1-e8.ckpt")
    ]
    judged = InferenceManifest(best_sovits="我的声音-1_e4_s40.pth", best_gpt="我的声音-1-e5.ckpt")
    judged.MergeFrom(InferenceManifest(ref_audio_ref=finished[0].ref_audio_ref, ref_text=finished[0].ref_text))
    judged.pace_phonemes_per_s = finished[0].pace_phonemes_per_s
    manifests = client.trained.manifests
    manifests["inference"] = client.trained.artifacts.put_bytes("tasks/t1/judged.pb", judged.SerializeToString())
    await client.speak("Hello there.")
    after = await client.stub.ListVoices(pb.ListVoicesRequest())
    assert (after.voices[0].sovits, after.voices[0].gpt) == (judged.best_sovits, judged.best_gpt)


async def test_a_page_in_two_languages_is_spoken_sentence_by_sentence(client: Client) -> None:
    sentences = ["This is the first sentence of the page.", "今天天气很好，我们去公园走走。"]
    for language in ("en", ""):
        pieces = await client.speak(" ".join(sentences), language=language)
        assert [piece.text for piece in pieces] == sentences


async def test_only_the_voices_used_last_stay_loaded(client: Client) -> None:
    for voice_id in ("a", "b", "a", "c"):
        await client.speak("Hello there.", voice_id=voice_id)
    answer = await client.stub.ListVoices(pb.ListVoicesRequest())
    assert [voice.voice_id for voice in answer.voices] == ["c", "a"]


async def test_the_pack_is_described(client: Client, models: Models) -> None:
    pack = (await client.stub.ListVoices(pb.ListVoicesRequest())).pack
    assert (pack.name, pack.family, list(pack.languages)) == ("nano", "voiceloom-nano", ["en", "zh"])
    assert pack.sha256 == models.pack.sha256


async def test_bad_requests_are_refused_with_a_code(client: Client) -> None:
    assert (await client.refusal("x" * 10_001)).code == "TEXT_TOO_LONG"
    assert (await client.refusal("……")).code == "TARGET_TEXT_EMPTY"
    assert (await client.refusal("こんにちは")).code == "LANGUAGE_UNSUPPORTED"
    assert (await client.refusal(language="ja")).code == "LANGUAGE_UNSUPPORTED"
    assert (await client.refusal(manifests={})).code == "VOICE_NOT_READY"
    assert (await client.refusal(synthesis=Synthesis(ref_audio_id="f"))).code == "INVALID_REQUEST"


async def test_a_caller_who_goes_away_frees_the_turn(client: Client) -> None:
    call = client.stub.Synthesize(
        pb.SynthesizeRequest(voice_id="t1", text=PAGE * 50, manifests=client.trained.manifests, language="en")
    )
    assert (await call.read()).pcm
    call.cancel()
    assert await client.speak("Hello there.")


def test_mistakes_are_counted_until_the_recogniser_is_away(settings: InferenceSettings, asr: FakeAsr) -> None:
    second = np.zeros(16_000, np.float32)
    with Recogniser(settings, StopFlag(), patience_s=0.0) as recogniser:
        listen = Listener(recogniser, 16_000)
        assert listen(second, asr.text, "en") == 0.0
        assert listen(second, asr.text.replace("lunch", "dinner"), "en") == pytest.approx(1 / 8)
        assert listen(second, "...", "en") == 0.0
        asr.away = 100
        assert listen(second, "Something else.", "en") == 0.0
        assert listen(second, "Something else.", "en") == 0.0
    assert len(asr.calls) == 4  # whoever is away is not asked again
    assert {call.language for call in asr.calls} == {"en"}
