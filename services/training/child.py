"""The process that trains: python -m services.training.child, started by run.py, which writes a job to its input.

It leaves the service's process group and lowers its priority, so that a signal to the service does not reach it and
the rest of the machine stays quick. Later input lines are "stop" and "stored" (the last checkpoint); the end of the
input means that the parent is gone, and then the child ends at once, in whatever step it is. Events leave as JSON lines
on its output. SIGUSR1 writes the stacks of its threads to its error output.
"""

from __future__ import annotations

import faulthandler
import json
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO

import numpy as np
import torch
from safetensors.numpy import load_file

from services.runtime.disk import is_full
from services.training.dataset import Item
from services.training.gpt_train import GptTraining
from services.training.job import Job
from services.training.loop import Emit, Requests, Training, fit
from services.training.sovits_train import SovitsTraining
from services.training.steps import DivergedError
from services.voice.errors import VoiceError
from services.voice.pack import load_pack

NICENESS = 10
TRAININGS: dict[str, type[SovitsTraining] | type[GptTraining]] = {
    "sovits_train": SovitsTraining,
    "gpt_train": GptTraining,
}


class StageInputError(VoiceError):
    """The artifacts of earlier stages do not fit together."""

    code = "ARTIFACT_CORRUPT"


def read_items(folder: Path) -> list[Item]:
    """The clips for which everything is there that the service put into the folder, in the order of their ids."""
    tables = {
        name: load_file(path)
        for name in ("clips", "features", "phones", "tokens")
        if (path := folder / f"{name}.safetensors").exists()
    }
    phones = {key.removesuffix(".phones"): ids for key, ids in tables["phones"].items() if key.endswith(".phones")}
    common = set(phones).intersection(*(table for name, table in tables.items() if name != "phones"))
    nothing: dict[str, np.ndarray] = {}
    return [
        Item(
            id=clip,
            phones=phones[clip],
            audio=tables.get("clips", nothing).get(clip, np.zeros(0, np.int16)),
            features=tables.get("features", nothing).get(clip, np.zeros((0, 0), np.float16)),
            tokens=tables.get("tokens", nothing).get(clip),
            bert=tables["phones"].get(f"{clip}.bert"),
        )
        for clip in sorted(common)
    ]


def build_training(job: Job, device: torch.device) -> Training:
    """The model and data of a job."""
    items = read_items(Path(job.folder))
    if not items:
        raise StageInputError("no clip has all that training needs")
    # The service checked the digests when it started.
    pack = load_pack(Path(job.pack_dir), verify=False)
    if job.plan.lr:
        tune, lr = pack.finetune, job.plan.lr
        tune = replace(tune, sovits_lr=lr) if job.stage == "sovits_train" else replace(tune, gpt_lr=lr)
        pack = replace(pack, finetune=tune)
    return TRAININGS[job.stage](pack, items, job.plan.seed, device)


def main(build: Callable[[Job, torch.device], Training] = build_training) -> int:
    """Train as the job on standard input says; the exit status is 0 whenever the last event says what happened."""
    output = private_output()
    faulthandler.register(signal.SIGUSR1)

    def emit(event: dict[str, object]) -> None:
        output.write(json.dumps(event) + "\n")
        output.flush()

    job = Job.from_json(sys.stdin.readline())
    requests = Requests()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()
    os.nice(NICENESS)
    if job.threads:
        torch.set_num_threads(job.threads)
    try:
        _train(job, build, emit, requests)
    except DivergedError as exc:
        emit({"event": "failed", "code": "TRAINING_DIVERGED", "detail": str(exc)})
    except (MemoryError, torch.OutOfMemoryError) as exc:
        emit({"event": "failed", "code": "OUT_OF_MEMORY", "detail": type(exc).__name__})
    except (OSError, RuntimeError) as exc:
        # Without a device PyTorch has no class of its own for an allocation that failed, nor for a disk that is full.
        if is_full(exc):
            emit({"event": "failed", "code": "DISK_FULL", "detail": str(exc)})
        elif "can't allocate memory" in str(exc):
            emit({"event": "failed", "code": "OUT_OF_MEMORY", "detail": "allocation failed"})
        else:
            raise
    except VoiceError as exc:
        emit({"event": "failed", "code": exc.code, "detail": str(exc)})
    return 0


def _train(job: Job, build: Callable[[Job, torch.device], Training], emit: Emit, requests: Requests) -> None:
    name = ("cuda" if torch.cuda.is_available() else "cpu") if job.device == "auto" else job.device
    training = build(job, torch.device(name))
    resume = Path(job.resume) if job.resume else None
    finished = fit(training, job.plan, Path(job.folder), emit, requests, resume)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    emit({"event": "finished" if finished else "stopped", "peak_rss_bytes": peak})


def private_output() -> IO[str]:
    """Standard output for events alone; what libraries print goes to standard error."""
    private = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return private


def _listen(requests: Requests) -> None:
    for line in sys.stdin:
        match line.strip():
            case "stop":
                requests.stop.set()
            case "stored":
                requests.stored.set()
    # The parent is gone, and nobody waits for what this process would still do.
    os._exit(1)


if __name__ == "__main__":
    # Daemon threads that read standard input would hold up the interpreter's own way out.
    status = main()
    sys.stderr.flush()
    os._exit(status)
