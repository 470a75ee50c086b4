"""What a stage function sees: its claim, its artifacts, and how it tells what happens.

A stage function runs in a thread of the service, off the event loop. It reads earlier manifests, writes artifacts under
its own lease, reports progress, looks at ``ctx.stop`` between pieces of work, and returns its manifest; the runtime
stores the manifest last (that is the commit), reports the result and acknowledges the command.
"""

from __future__ import annotations

import importlib.metadata
import resource
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from google.protobuf.message import Message as ProtoMessage

from services.runtime.artifacts import ArtifactStore
from services.runtime.errors import StageFailedError, StoppedError
from voiceloom.orchestrator.v1.orchestrator_pb2 import Lease
from voiceloom.pipeline.v1.manifest_pb2 import Provenance
from voiceloom.pipeline.v1.pipeline_pb2 import (
    ArtifactRef,
    Message,
    Stage,
    StageCheckpoint,
    StageLog,
    StageMetrics,
    StageProgress,
    StageReport,
)

if TYPE_CHECKING:
    import numpy as np

M = TypeVar("M", bound=ProtoMessage)


class StopFlag:
    """Tells running work to stop: the task was cancelled, the lease was lost, or the process drains."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.reason = ""

    def set(self, reason: str) -> None:
        """Ask the work to stop; the first reason stays."""
        if not self._event.is_set():
            self.reason = reason
            self._event.set()

    def is_set(self) -> bool:
        """Whether the work should stop."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep, but no longer than until the flag is set; answers whether it is."""
        return self._event.wait(seconds)

    def raise_if_set(self) -> None:
        """Raise StoppedError when the work should stop."""
        if self._event.is_set():
            raise StoppedError(detail=self.reason)


@dataclass(frozen=True)
class Basis:
    """What the result of a stage rests on; empty for a stage without a recipe (services/runtime/recipe.py)."""

    cache_key: str = ""
    code: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    """Everything that decided, by name, as the provenance keeps it."""
    reads: frozenset[str] | None = None
    """Stages whose manifests may be read; None: any."""


@dataclass(frozen=True)
class StageContext:
    """One lease of one stage. Every method may be called from any thread of the process."""

    task_id: str
    stage: str  # "audio_slice", ...
    claim: Lease
    artifacts: ArtifactStore
    scratch: Path  # a folder of this lease alone, removed afterwards
    send: Callable[[StageReport], None]  # hands a report to the event loop; never blocks
    stop: StopFlag = field(default_factory=StopFlag)
    alive: Callable[[], None] = lambda: None  # counts a sign of life; every report is one, too
    started: float = field(default_factory=time.monotonic)
    basis: Basis = field(default_factory=Basis)

    @property
    def lease(self) -> int:
        """Number of this lease; artifacts go under it."""
        return self.claim.lease

    @property
    def attempt(self) -> int:
        """1 for the first try of this stage."""
        return self.claim.attempt

    @property
    def exp_name(self) -> str:
        """The name that the user gave; metadata, never part of a path."""
        return self.claim.exp_name

    def progress(self, fraction: float, key: str, *, eta_s: float | None = None, **args: object) -> None:
        """Say how far the stage is (0..1). Call it as often as you like: at most four a second leave the process."""
        update = StageProgress(fraction=min(max(fraction, 0.0), 1.0), message=message(key, **args))
        if eta_s is not None:
            update.eta_seconds = eta_s
        self.send(StageReport(progress=update))

    def metrics(self, point: StageMetrics) -> None:
        """One point of the loss curves. Points are for people who watch: one may be lost while the broker is away."""
        self.send(StageReport(metrics=point))

    def step(self) -> None:
        """Between pieces of work too small to report: show that the stage gets on; raises StoppedError if it must not.

        A stage that shows nothing of itself for ``stall_s`` is taken to hang.
        """
        self.alive()
        self.stop.raise_if_set()

    def log(self, level: str, key: str, **args: object) -> None:
        """One line ("info", "warning", "error") for people who want details."""
        self.send(StageReport(log=StageLog(level=level, message=message(key, **args))))

    def save_checkpoint(self, ref: ArtifactRef, step: int) -> None:
        """Name a stored object from which a later lease can go on. The newest two are kept, older ones are removed."""
        self.send(StageReport(checkpoint=StageCheckpoint(ref=ref, step=step)))

    def manifest(self, stage: str, cls: type[M]) -> M:
        """Manifest of an earlier stage of this task; one that the stage's recipe does not name is refused."""
        if self.basis.reads is not None and stage not in self.basis.reads:
            raise StageFailedError("INTERNAL", detail=f"{self.stage} does not declare that it reads {stage}")
        if stage not in self.claim.manifests:
            raise StageFailedError("ARTIFACT_CORRUPT", detail=f"no manifest of {stage}")
        return cls.FromString(self.artifacts.get_bytes(self.claim.manifests[stage]))

    def read_tensors(self, ref: ArtifactRef) -> dict[str, np.ndarray]:
        """Arrays of a safetensors object."""
        from safetensors.numpy import load

        return load(self.artifacts.get_bytes(ref))

    def write_tensors(self, name: str, tensors: dict[str, np.ndarray]) -> ArtifactRef:
        """Store arrays as one safetensors object under this lease."""
        from safetensors.numpy import save

        return self.put_bytes(name, save(tensors))

    def put_bytes(self, name: str, data: bytes) -> ArtifactRef:
        """Store bytes under this lease."""
        return self.artifacts.put_bytes(self.uri(name), data)

    def put_file(self, name: str, path: Path) -> ArtifactRef:
        """Store a file under this lease."""
        return self.artifacts.put_file(self.uri(name), path)

    def uri(self, name: str) -> str:
        """Key of an object of this lease."""
        return f"tasks/{self.task_id}/{self.stage}/{self.lease}/{name}"

    def provenance(
        self, *, pack_name: str = "", pack_sha256: str = "", seed: int = 0, peak_rss_bytes: int = 0
    ) -> Provenance:
        """How this lease's artifacts came to be; memory is this process's peak unless a child did the work."""
        version = importlib.metadata.version("voiceloom")
        return Provenance(
            seed=seed,
            pack_name=pack_name,
            pack_sha256=pack_sha256,
            code_version=f"{version}+{self.basis.code[:12]}" if self.basis.code else version,
            lease=self.lease,
            seconds=time.monotonic() - self.started,
            peak_rss_bytes=peak_rss_bytes or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            settings=self.basis.facts,
        )


StageFunction = Callable[[StageContext], ProtoMessage]


def message(key: str, **args: object) -> Message:
    """A text for people as key and arguments."""
    return Message(key=key, args={name: str(value) for name, value in args.items()})


def stage_name(stage: Stage) -> str:
    """Turn STAGE_AUDIO_SLICE into "audio_slice", the one word for a stage everywhere outside the protos."""
    return Stage.Name(stage).removeprefix("STAGE_").lower()


def stage_value(name: str) -> Stage:
    """Turn "audio_slice" into STAGE_AUDIO_SLICE."""
    return cast("Stage", Stage.Value(f"STAGE_{name.upper()}"))
