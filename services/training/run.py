"""One training run as the service sees it: starts the child, follows its events, halves its batch, stops it.

The run knows nothing of leases and protos; worker.py turns what it is told here into reports and artifacts.
"""

from __future__ import annotations

import contextlib
import json
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from services.runtime.errors import DiskFullError, StageFailedError, StoppedError
from services.training.job import Job

CHILD = (sys.executable, "-m", "services.training.child")
STOP_GRACE_S = 3.0
# In this time a child that hangs writes down where.
STACKS_S = 1.0
_POLL_S = 0.1


@dataclass
class RunState:
    """What a run is doing now; written by the run alone, read by anybody."""

    total_epochs: int = 0
    total_steps: int = 0
    step: int = 0
    epoch: int = 0
    fraction: float = 0.0
    eta_s: float | None = None
    batch: int = 0
    losses: dict[str, float] = field(default_factory=dict)
    child_pid: int = 0
    running: bool = True


@dataclass(frozen=True)
class Saved:
    """A file that the child wrote, with the epoch and step after which it did."""

    path: Path
    epoch: int
    step: int


@dataclass(frozen=True, kw_only=True)
class Listener:
    """Who hears of what a run produces. Called in the thread of `train`."""

    model: Callable[[Saved], None]
    checkpoint: Callable[[Saved, Sequence[str]], None]
    """With the rows of the curve up to it."""
    rolled_back: Callable[[int], None]
    """The run goes on from this step: what came later is void."""
    progress: Callable[[RunState], None]
    batch_halved: Callable[[int], None]


@dataclass(frozen=True)
class Outcome:
    """How a run ended well."""

    rows: list[str]
    batch: int
    peak_rss_bytes: int


@dataclass(frozen=True)
class Ending:
    """How a run is stopped."""

    keep_work: bool = False
    stacks: bool = False

    @property
    def grace_s(self) -> float:
        """Seconds that the child gets."""
        if self.keep_work:
            return STOP_GRACE_S
        return STACKS_S if self.stacks else 0.0


class ChildOutOfMemoryError(Exception):
    """The child ran out of memory (it said so), or was killed, most likely by the system for that."""

    def __init__(self, detail: str, *, killed: bool) -> None:
        super().__init__(detail)
        self.killed = killed


class TrainingRun:
    """Trains to the end in children, one after another if memory is short."""

    def __init__(
        self, job: Job, state: RunState, listener: Listener, rows: Sequence[str] = (), command: Sequence[str] = CHILD
    ) -> None:
        self._job, self._state, self._listener, self._command = job, state, listener, command
        self._rows = list(rows)
        self._resume = job.resume  # the newest checkpoint
        self._stop = threading.Event()
        self._ending = Ending()

    def stop(self, *, keep_work: bool, stacks: bool = False) -> None:
        """End the run soon, from any thread; `train` raises StoppedError.

        `keep_work`: with a checkpoint first. `stacks`: after the child's threads were written to its error output.
        """
        self._ending = Ending(keep_work=keep_work, stacks=stacks)
        self._stop.set()

    def train(self) -> Outcome:
        """Raises StoppedError, or StageFailedError with TRAINING_DIVERGED, OUT_OF_MEMORY or INTERNAL."""
        job, batch = self._job, self._job.plan.batch
        while True:
            self._state.batch = batch
            try:
                peak = self._one_child(job)
            except ChildOutOfMemoryError as exc:
                if batch == 1:
                    # Who killed it, and whether they will again, nobody knows: that counts as an attempt, no more.
                    raise StageFailedError("OUT_OF_MEMORY", detail=str(exc), retryable=exc.killed) from exc
                batch = max(1, batch // 2)
                job = replace(job, resume=self._resume, plan=replace(job.plan, batch=batch))
                step = self._roll_back()
                self._listener.batch_halved(batch)
                self._listener.rolled_back(step)
            else:
                return Outcome(self._rows, batch, peak)

    def _roll_back(self) -> int:
        """Forget the steps after the last checkpoint; returns its step."""
        kept = int(Path(self._resume).stem.rpartition("_")[2]) if self._resume else 0
        self._rows = [row for row in self._rows if json.loads(row)["step"] <= kept]
        return kept

    def _one_child(self, job: Job) -> int:
        self._resume = job.resume
        started = time.monotonic()
        first_item: int | None = None
        with _Child(job, self._command) as child:
            self._state.child_pid = child.pid
            for event in child.events(self._stop, lambda: self._ending):
                match event["event"]:
                    case "step":
                        first_item = event["item"] - self._state.batch if first_item is None else first_item
                        self._stepped(event, time.monotonic() - started, first_item)
                    case "model":
                        self._listener.model(_saved(event))
                    case "checkpoint":
                        saved = _saved(event)
                        previous, self._resume = self._resume, str(saved.path)
                        self._listener.checkpoint(saved, self._rows)
                        child.tell_stored()
                        if previous:
                            Path(previous).unlink(missing_ok=True)
                    case "failed":
                        if event["code"] == "OUT_OF_MEMORY":
                            raise ChildOutOfMemoryError(event["detail"], killed=False)
                        if event["code"] == "DISK_FULL":
                            raise DiskFullError(detail=event["detail"])
                        raise StageFailedError(event["code"], detail=event["detail"])
                    case "finished":
                        return int(event["peak_rss_bytes"])
                    case "stopped":
                        raise StoppedError(detail="stopped after a checkpoint")
            status = child.wait()
        if self._stop.is_set():
            raise StoppedError(detail="the child was stopped")
        if status == -signal.SIGKILL:
            # Nobody here asked for it: the system kills what takes too much memory.
            raise ChildOutOfMemoryError("the child was killed", killed=True)
        raise StageFailedError("INTERNAL", detail=f"the training child ended with status {status}", retryable=True)

    def _stepped(self, event: dict, took_s: float, first_item: int) -> None:
        state, plan = self._state, self._job.plan
        row = {"step": event["step"], "epoch": event["epoch"], "lr": event["lr"], "losses": event["losses"]}
        self._rows.append(json.dumps(row))
        done = event["item"]
        state.step, state.epoch, state.losses = event["step"], event["epoch"], event["losses"]
        state.fraction = done / plan.total_items
        state.eta_s = took_s / (done - first_item) * (plan.total_items - done)
        state.total_steps = state.step + -(-(plan.total_items - done) // state.batch)
        self._listener.progress(state)


def _saved(event: dict) -> Saved:
    return Saved(Path(event["path"]), int(event.get("epoch", 0)), int(event["step"]))


@dataclass
class ActiveRun:
    """A run that this process works on, or worked on last for its task and stage."""

    lease: int
    state: RunState
    stop: Callable[[], None]


class Runs:
    """The runs of this process, newest per task and stage; asked by the servicer, filled by the stages."""

    _KEPT = 100

    def __init__(self) -> None:
        self._runs: dict[tuple[str, str], ActiveRun] = {}
        self._lock = threading.Lock()

    def add(self, task_id: str, stage: str, run: ActiveRun) -> None:
        """Remember a run; the oldest are forgotten."""
        with self._lock:
            self._runs.pop((task_id, stage), None)
            self._runs[task_id, stage] = run
            while len(self._runs) > self._KEPT:
                del self._runs[next(iter(self._runs))]

    @property
    def active(self) -> bool:
        """Whether one of them is running."""
        with self._lock:
            return any(run.state.running for run in self._runs.values())

    def find(self, task_id: str, stage: str) -> ActiveRun | None:
        """The run of a task's stage, running or ended."""
        with self._lock:
            return self._runs.get((task_id, stage))


class _Child:
    """The process, its events in a queue, and an end that it cannot miss."""

    def __init__(self, job: Job, command: Sequence[str]) -> None:
        # A session of its own: a Ctrl-C on the service's terminal is for the service to handle.
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", start_new_session=True
        )
        self._events: queue.SimpleQueue[dict | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, name="training-events", daemon=True)
        self._reader.start()
        self._write(job.to_json())

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def __enter__(self) -> _Child:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):  # what was still unsent is for nobody
                    pipe.close()

    def wait(self) -> int:
        """Exit status, negative for a signal."""
        return self._process.wait()

    def tell_stored(self) -> None:
        """Say that the checkpoint told last is stored: the next one may be made."""
        self._write("stored")

    def events(self, stop: threading.Event, ending: Callable[[], Ending]) -> Iterator[dict]:
        """Events until the output ends. When `stop` is set the child is asked to end, and killed soon afterwards."""
        deadline = float("inf")
        while True:
            if stop.is_set() and deadline == float("inf"):
                deadline = time.monotonic() + ending().grace_s
                if ending().stacks:
                    self._process.send_signal(signal.SIGUSR1)
                self._write("stop")
            if time.monotonic() >= deadline:
                self._process.kill()
                deadline = time.monotonic() + STOP_GRACE_S
            try:
                event = self._events.get(timeout=_POLL_S)
            except queue.Empty:
                continue
            if event is None:
                return
            yield event

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended; its status says why
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._events.put(json.loads(line))
        self._events.put(None)
