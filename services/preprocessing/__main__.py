"""Starts the preprocessing service: python -m services.preprocessing"""

import grpc.aio

from services.preprocessing.servicer import PreprocessingServicer, report_basis
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

    pack = load_pack(settings.pack_dir, verify=False)
    recipe = audio_slice_recipe(settings, pack, code_version("services.preprocessing", "services.voice"))

    def register(server: grpc.aio.Server) -> list[str]:
        artifacts = ArtifactStore.of(settings)
        servicer = PreprocessingServicer(settings, artifacts, pack.sample_rate_hz, report_basis(recipe))
        preprocessing_pb2_grpc.add_PreprocessingServiceServicer_to_server(servicer, server)
        return [preprocessing_pb2.DESCRIPTOR.services_by_name["PreprocessingService"].full_name]

    stages = {"audio_slice": Repeatable(AudioSliceWorker(settings, pack), recipe)}
    run_service("preprocessing", settings, register=register, stages=stages)


if __name__ == "__main__":
    main()
