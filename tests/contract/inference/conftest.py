"""Fixtures of the inference tests: untrained models of the least size, and a recogniser on a real port."""

import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
import torch

from services.inference.settings import InferenceSettings
from services.inference.voices import Models
from services.inference.worker import InferenceWorker
from services.runtime.artifacts import ArtifactStore
from services.voice.discriminator import Discriminator, DiscriminatorConfig
from services.voice.gpt import Gpt, GptConfig
from services.voice.pack import DISCRIMINATOR_FILE, GPT_FILE, SOVITS_FILE, Pack, write_pack
from services.voice.sovits import Sovits, SovitsConfig
from tests.contract.inference.harness import REPOSITORY, FakeAsr, Trained, train
from voiceloom.asr.v1 import asr_pb2_grpc
from voiceloom.pipeline.v1.manifest_pb2 import InferenceManifest

CONFIG = (REPOSITORY / "packs" / "nano" / "pack.toml").read_text(encoding="utf-8").split("[files]")[0]


@pytest.fixture(scope="session")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """Packs/nano with fresh random weights."""
    torch.manual_seed(0)
    table = tomllib.loads(CONFIG)
    models = {
        SOVITS_FILE: Sovits(SovitsConfig.from_dict(table["sovits"] | {"sample_rate_hz": table["sample_rate_hz"]})),
        GPT_FILE: Gpt(GptConfig.from_dict(table["gpt"])),
        DISCRIMINATOR_FILE: Discriminator(DiscriminatorConfig.from_dict(table["discriminator"])),
    }
    weights = {name: model.state_dict() for name, model in models.items()}
    return write_pack(tmp_path_factory.mktemp("pack"), CONFIG, weights)


@pytest.fixture(scope="session")
def asr_server() -> Iterator[FakeAsr]:
    fake = FakeAsr()
    server = grpc.server(ThreadPoolExecutor(2))
    asr_pb2_grpc.add_AsrServiceServicer_to_server(fake, server)
    fake.port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield fake
    server.stop(None).wait()


@pytest.fixture
def asr(asr_server: FakeAsr) -> FakeAsr:
    """The recogniser, without memory of earlier tests."""
    asr_server.text, asr_server.away = FakeAsr.text, 0
    asr_server.calls.clear()
    return asr_server


@pytest.fixture(scope="session")
def settings(asr_server: FakeAsr, tmp_path_factory: pytest.TempPathFactory) -> InferenceSettings:
    store = tmp_path_factory.mktemp("store")
    return InferenceSettings(
        asr_address=f"127.0.0.1:{asr_server.port}", artifacts_url=str(store), transcribe_patience_s=5, port=0
    )


@pytest.fixture(scope="session")
def models(pack: Pack) -> Models:
    return Models(pack, InferenceSettings().models_dir, "cpu")


@pytest.fixture(scope="session")
def training(pack: Pack, settings: InferenceSettings, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return train(ArtifactStore(settings.artifacts_url), pack, tmp_path_factory.mktemp("training"))


@pytest.fixture
def trained(training: Trained, tmp_path: Path) -> Trained:
    """The task as this test alone sees it."""
    return Trained(training.artifacts, tmp_path, dict(training.manifests))


@pytest.fixture(scope="session")
def finished(
    training: Trained, settings: InferenceSettings, models: Models, tmp_path_factory: pytest.TempPathFactory
) -> tuple[InferenceManifest, Trained]:
    """What one run of the stage left with all defaults, and the task with what people were told."""
    trained = Trained(training.artifacts, tmp_path_factory.mktemp("scratch"), training.manifests)
    return InferenceWorker(settings, models)(trained.context()), trained
