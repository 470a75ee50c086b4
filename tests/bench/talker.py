"""A worker that says much and does nothing: python -m tests.bench.talker LINES. Its tasks end as failed."""

import sys

import grpc.aio
from google.protobuf.message import Message as ProtoMessage

from services.runtime.errors import InvalidInputError
from services.runtime.service import run_service
from services.runtime.settings import RuntimeSettings
from services.runtime.stage import StageContext

# Between two lines: people read what a task says, and tens of tasks say it at once.
PAUSE_S = 0.05


def main(lines: int) -> None:
    """Serve audio_slice until told to end."""

    def talk(context: StageContext) -> ProtoMessage:
        for line in range(lines):
            context.log("info", "audio_slice.cutting", done=line, total=lines)
            context.stop.wait(PAUSE_S)
            context.stop.raise_if_set()
        raise InvalidInputError("AUDIO_SILENT")

    def nothing(server: grpc.aio.Server) -> list[str]:
        return []

    run_service("talker", RuntimeSettings(), register=nothing, stages={"audio_slice": talk})


if __name__ == "__main__":
    main(int(sys.argv[1]))
