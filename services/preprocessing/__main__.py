"""Starts the preprocessing service: python -m services.preprocessing"""

import grpc.aio

from services.preprocessing.servicer import PreprocessingServicer
from services.preprocessing.settings import PreprocessingSettings
from services.preprocessing.worker import AudioSliceWorker, audio_slice_recipe
from services.runtime.artifacts import ArtifactStore
from services.runtime.recipe import Repeatable, code_version
from services.runtime.service import run_service
from services.voice.pack import load_pack
from voiceloom.preprocessing.v1 import preprocessing_pb2, preprocessing_pb2_grpc


def main() -> None:
    """Serve until told to end."""
    settings = PreprocessingSettings()

    def register(server: grpc.aio.Server) -> list[str]:
        servicer = PreprocessingServicer(settings, ArtifactStore.of(settings))
        preprocessing_pb2_grpc.add_PreprocessingServiceServicer_to_server(servicer, server)
        return [preprocessing_pb2.DESCRIPTOR.services_by_name["PreprocessingService"].full_name]

    pack = load_pack(settings.pack_dir, verify=False)
    recipe = audio_slice_recipe(settings, pack, code_version("services.preprocessing", "services.voice"))
    stages = {"audio_slice": Repeatable(AudioSliceWorker(settings, pack), recipe)}
    run_service("preprocessing", settings, register=register, stages=stages)


if __name__ == "__main__":
    main()
