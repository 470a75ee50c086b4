"""A worker of all stages, as a process: ``python -m ... JOURNAL PACE_S`` notes each lease that it works on."""

from __future__ import annotations

import sys
from pathlib import Path

import grpc.aio
from google.protobuf.message import Message as ProtoMessage

from services.runtime.service import run_service
from services.runtime.settings import RuntimeSettings
from services.runtime.stage import StageContext
from tests.contract.orchestrator.harness import MANIFESTS, manifest_of


def main(journal: Path, pace_s: float) -> None:
    """Run until killed."""

    def work(context: StageContext) -> ProtoMessage:
        with journal.open("a") as lines:
            lines.write(f"{context.task_id} {context.stage} {context.lease}\n")
        for step in range(1, 5):
            context.progress(step / 4, "asr.transcribing", done=step, total=4)
            context.stop.wait(pace_s / 4)
            context.stop.raise_if_set()
        return manifest_of(context)

    def nothing(server: grpc.aio.Server) -> list[str]:
        return []

    run_service("worker", RuntimeSettings(), register=nothing, stages=dict.fromkeys(MANIFESTS, work))


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
