"""Starts the features service: python -m services.features"""

import grpc.aio
import torch

from services.features.models import Models
from services.features.servicer import FeaturesServicer
from services.features.settings import FeaturesSettings
from services.features.worker import FeaturesWorker
from services.runtime.service import run_service
from services.voice.pack import load_pack
from voiceloom.features.v1 import features_pb2, features_pb2_grpc


def main() -> None:
    """Serve until told to end."""
    settings = FeaturesSettings()
    if settings.threads:
        torch.set_num_threads(settings.threads)
    worker = FeaturesWorker(Models(load_pack(settings.pack_dir), settings.models_dir, settings.device))

    def register(server: grpc.aio.Server) -> list[str]:
        features_pb2_grpc.add_FeaturesServiceServicer_to_server(FeaturesServicer(settings), server)
        return [features_pb2.DESCRIPTOR.services_by_name["FeaturesService"].full_name]

    run_service(
        "features",
        settings,
        register=register,
        stages={
            "text_feature": worker.text_feature,
            "hubert_feature": worker.hubert_feature,
            "semantic_token": worker.semantic_token,
        },
    )


if __name__ == "__main__":
    main()
