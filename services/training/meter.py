"""Has the speed of this machine measured, once per process, and never beside a run."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Mapping, Sequence

from services.runtime.errors import UnavailableError
from services.runtime.log import log
from services.runtime.shared import Shared

COMMAND = (sys.executable, "-m", "services.training.speed")
LONGEST_S = 120.0


class SpeedMeter:
    """Keeps what was measured: neither the machine nor the pack changes while the process lives."""

    def __init__(self, arguments: Sequence[str], busy: Callable[[], bool], command: Sequence[str] = COMMAND) -> None:
        """``busy`` says whether a run would make the measure wrong, and the measure the run longer."""
        self._command, self._busy = (*command, *arguments), busy
        self._known: Mapping[str, float] | None = None
        self._running: Shared[Mapping[str, float]] = Shared()

    async def speed(self) -> Mapping[str, float]:
        """Seconds by name, as services.training.speed prints them. Raises UnavailableError."""
        if self._known is not None:
            return self._known
        if self._busy():
            raise UnavailableError("UNAVAILABLE", detail="a run would be disturbed")
        return await self._running.run("", self._measure)

    async def _measure(self) -> Mapping[str, float]:
        # No shell: an argument list. Errors of the child go to this process's own.
        process = await asyncio.create_subprocess_exec(*self._command, stdout=asyncio.subprocess.PIPE)
        try:
            async with asyncio.timeout(LONGEST_S):
                output, _ = await process.communicate()
        except TimeoutError as exc:
            raise UnavailableError("UNAVAILABLE", detail="the measure took too long") from exc
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            raise UnavailableError("UNAVAILABLE", detail=f"the measure ended with status {process.returncode}")
        self._known = json.loads(output)
        log.info("speed_measured", **self._known)
        return self._known
