"""How fast this machine trains with the pack: measured once per process, in a child of some seconds, beside no run."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from services.runtime.errors import UnavailableError
from services.runtime.log import log
from services.runtime.shared import Shared
from services.training.run import Runs
from services.training.settings import TrainingSettings
from services.voice.pack import Pack

CHILD = (sys.executable, "-m", "services.training.speed_child")
# A machine that takes longer for a few steps would train for days.
LONGEST_S = 60.0
_POLL_S = 0.1


@dataclass(frozen=True)
class Speed:
    """Seconds of one epoch of each training, of starting a run, and of a fixed piece of work."""

    sovits_epoch_s: float
    gpt_epoch_s: float
    start_s: float
    work_s: float


class SpeedMeter:
    """Measures when somebody asks for the first time."""

    def __init__(
        self,
        settings: TrainingSettings,
        pack: Pack,
        runs: Runs,
        *,
        command: Sequence[str] = CHILD,
        longest_s: float = LONGEST_S,
    ) -> None:
        self._settings, self._pack, self._runs = settings, pack, runs
        self._command, self._longest_s = command, longest_s
        self._known: dict[tuple[str, int], Speed] = {}
        self._running: Shared[Speed] = Shared()

    async def speed(self) -> Speed:
        """What was measured. Raises UnavailableError while nothing was and a run trains: both would be slowed down."""
        # The processors that a process may use can change while it runs.
        basis = (self._pack.sha256, self._settings.threads or len(os.sched_getaffinity(0)))
        if basis not in self._known:
            self._known[basis] = await self._running.run(repr(basis), self._measure)
        return self._known[basis]

    async def _measure(self) -> Speed:
        self._require_idle()
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
            # A thread that spins while it waits for another looks busy, which would be taken for work.
            env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE"},
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(self._job().encode())
            reading = asyncio.create_task(process.stdout.read())
            while not (await asyncio.wait([reading], timeout=_POLL_S))[0]:
                self._require_idle()
                if time.monotonic() - began > self._longest_s:
                    raise UnavailableError("UNAVAILABLE", detail="measuring takes too long")
            speed = _speed_of(reading.result())
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        log.info("speed_measured", took_s=round(time.monotonic() - began, 1), **vars(speed))
        return speed

    def _require_idle(self) -> None:
        if self._runs.active:
            raise UnavailableError("UNAVAILABLE", detail="a training runs")

    def _job(self) -> str:
        job = {
            "pack_dir": str(self._pack.path),
            "device": self._settings.device,
            "threads": self._settings.threads,
            "started_at": time.time(),
        }
        return json.dumps(job) + "\n"


def _speed_of(answer: bytes) -> Speed:
    """Raises UnavailableError for a child that did not come to its end."""
    try:
        return Speed(**json.loads(answer))
    except (ValueError, TypeError) as exc:
        raise UnavailableError("UNAVAILABLE", detail="the measuring child ended without a result") from exc
