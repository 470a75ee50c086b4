"""Starts the speech recogniser: python -m services.asr"""

import os

import grpc.aio

from services.asr.recogniser import LazyRecogniser, Recogniser
from services.asr.servicer import AsrServicer
from services.asr.settings import AsrSettings
from services.asr.worker import AsrWorker, asr_recipe
from services.runtime.artifacts import ArtifactStore
from services.runtime.errors import UnavailableError
from services.runtime.recipe import Repeatable, code_version
from services.runtime.service import run_service
from services.voice.errors import VoiceError
from services.voice.pack import load_pack
from services.voice.whisper_files import join_whisper
from voiceloom.asr.v1 import asr_pb2, asr_pb2_grpc


def load_recogniser(settings: AsrSettings) -> Recogniser:
    """The bundled model, joined first where needed, or the one that the settings name.

    Raises:
        UnavailableError: the model's files are not there.
    """
    try:
        folder = settings.asr_model_dir or join_whisper(settings.models_dir)
    except VoiceError as exc:
        raise UnavailableError("UNAVAILABLE", detail=str(exc)) from exc
    threads = settings.threads or os.cpu_count() or 1
    return Recogniser(folder, device=settings.device, threads=threads, beam_size=settings.asr_beam_size)


def main() -> None:
    """Serve until told to end."""
    settings = AsrSettings()
    recogniser = LazyRecogniser(lambda: load_recogniser(settings))

    def register(server: grpc.aio.Server) -> list[str]:
        servicer = AsrServicer(settings, recogniser, ArtifactStore.of(settings))
        asr_pb2_grpc.add_AsrServiceServicer_to_server(servicer, server)
        return [asr_pb2.DESCRIPTOR.services_by_name["AsrService"].full_name]

    pack = load_pack(settings.pack_dir, verify=False)
    recipe = asr_recipe(settings, pack, code_version("services.asr", "services.voice"))
    stages = {"asr": Repeatable(AsrWorker(settings, pack, recogniser), recipe)}
    run_service("asr", settings, register=register, stages=stages)


if __name__ == "__main__":
    main()
