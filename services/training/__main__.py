"""Starts the training service: python -m services.training"""

import grpc.aio

from services.runtime.recipe import Repeatable, code_version
from services.runtime.service import run_service
from services.training.run import Runs
from services.training.servicer import TrainingServicer
from services.training.settings import TrainingSettings
from services.training.speed import SpeedMeter
from services.training.worker import TrainWorker, train_recipe
from services.voice.pack import load_pack
from voiceloom.training.v1 import training_pb2, training_pb2_grpc

STAGES = ("sovits_train", "gpt_train")


def main() -> None:
    """Serve until told to end."""
    settings = TrainingSettings()
    pack, runs = load_pack(settings.pack_dir), Runs()

    def register(server: grpc.aio.Server) -> list[str]:
        servicer = TrainingServicer(runs, SpeedMeter(settings, pack, runs))
        training_pb2_grpc.add_TrainingServiceServicer_to_server(servicer, server)
        return [training_pb2.DESCRIPTOR.services_by_name["TrainingService"].full_name]

    code = code_version("services.training", "services.voice")
    stages = {
        stage: Repeatable(TrainWorker(stage, settings, pack, runs), train_recipe(stage, settings, pack, code))
        for stage in STAGES
    }
    run_service("training", settings, register=register, stages=stages)


if __name__ == "__main__":
    main()
