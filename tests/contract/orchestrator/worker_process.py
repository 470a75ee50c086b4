"""A worker in a process of its own, to be killed: ``python -m ... MODE FOLDER`` runs all stages.

MODE "hang": the asr stage saves a checkpoint, says so in FOLDER/working, and goes on for ever. MODE "work": it resumes.
MODE "deaf": as "hang", but it never looks whether it should stop.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import grpc.aio
from google.protobuf.message import Message as ProtoMessage

from services.runtime.service import run_service
from services.runtime.settings import RuntimeSettings
from services.runtime.stage import StageContext
from tests.contract.orchestrator.harness import manifest_of, stages


def main(mode: str, folder: Path) -> None:
    """Run until killed."""

    def asr(context: StageContext) -> ProtoMessage:
        if mode == "work":
            resumed = context.claim.checkpoint
            folder.joinpath("resumed").write_text(f"{resumed.step} {context.artifacts.get_bytes(resumed.ref).decode()}")
            return manifest_of(context)
        context.save_checkpoint(context.put_bytes("state.bin", b"state at 12"), 12)
        context.progress(0.5, "asr.transcribing", done=1, total=2)
        folder.joinpath("working").write_text("")
        while mode == "deaf":
            time.sleep(0.1)
        context.stop.wait(60)
        folder.joinpath("stopped").write_text(context.stop.reason)
        context.stop.raise_if_set()
        raise AssertionError("nobody stopped this")

    def nothing(server: grpc.aio.Server) -> list[str]:
        return []

    run_service("worker", RuntimeSettings(), register=nothing, stages=stages(asr=asr))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
