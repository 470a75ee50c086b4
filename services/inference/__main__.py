"""Starts the inference service: python -m services.inference"""

import grpc.aio
import torch

from services.inference.servicer import InferenceServicer
from services.inference.settings import InferenceSettings
from services.inference.voices import Models
from services.inference.worker import InferenceWorker, inference_recipe
from services.runtime.artifacts import ArtifactStore
from services.runtime.recipe import Repeatable, code_version
from services.runtime.service import run_service
from services.voice.pack import load_pack
from voiceloom.inference.v1 import inference_pb2, inference_pb2_grpc


def main() -> None:
    """Serve until told to end."""
    settings = InferenceSettings()
    if settings.threads:
        torch.set_num_threads(settings.threads)
    pack = load_pack(settings.pack_dir)
    models = Models(pack, settings.models_dir, settings.device)

    def register(server: grpc.aio.Server) -> list[str]:
        servicer = InferenceServicer(settings, ArtifactStore.of(settings), models)
        inference_pb2_grpc.add_InferenceServiceServicer_to_server(servicer, server)
        return [inference_pb2.DESCRIPTOR.services_by_name["InferenceService"].full_name]

    recipe = inference_recipe(pack.sha256, code_version("services.inference", "services.voice"))
    stages = {"inference": Repeatable(InferenceWorker(settings, models), recipe)}
    run_service("inference", settings, register=register, stages=stages)


if __name__ == "__main__":
    main()
