"""Starts the features service: python -m services.features"""

import grpc.aio
import torch

from services.features.models import Models
from services.features.servicer import FeaturesServicer
from services.features.settings import FeaturesSettings
from services.features.worker import FeaturesWorker, feature_stages
from services.runtime.recipe import code_version
from services.runtime.service import run_service
from services.voice.pack import load_pack
from voiceloom.features.v1 import features_pb2, features_pb2_grpc


def main() -> None:
    """Serve until told to end."""
    settings = FeaturesSettings()
    if settings.threads:
        torch.set_num_threads(settings.threads)
    pack = load_pack(settings.pack_dir)
    worker = FeaturesWorker(Models(pack, settings.models_dir, settings.device))

    def register(server: grpc.aio.Server) -> list[str]:
        features_pb2_grpc.add_FeaturesServiceServicer_to_server(FeaturesServicer(settings), server)
        return [features_pb2.DESCRIPTOR.services_by_name["FeaturesService"].full_name]

    stages = feature_stages(worker, pack, code_version("services.features", "services.voice"))
    run_service("features", settings, register=register, stages=stages)


if __name__ == "__main__":
    main()
