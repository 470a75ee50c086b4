"""Takes back the leases of workers that are gone, and never one of a worker that only could not make itself heard."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from services.orchestrator.work import Overdue, Work
from services.runtime.errors import VoiceloomError
from services.runtime.log import log


class LeaseWatch:
    """Believes that a lease is lost only after a whole lease time of watching without a gap.

    This process may just have started, been stopped for a while or slept with the machine; the store or the broker may
    have been away: in all that time nobody may have been there whom a living worker could have told. Each replica
    watches for itself, so that one that starts again keeps no dead lease alive. A worker that has reported its result
    keeps nothing alive any more: what had been reported when its lease was seen to be over is taken first.
    """

    def __init__(
        self,
        work: Work,
        *,
        ttl_s: float,
        every_s: float,
        connected: Callable[[], bool],
        reports: Callable[[], Awaitable[tuple[int, int]]],
    ) -> None:
        """``connected`` says whether the broker, through which results come, is there.

        ``reports`` answers the number of the newest report that it has, and up to which one all were taken.
        """
        self._work, self._ttl_s, self._every_s = work, ttl_s, every_s
        self._connected, self._reports = connected, reports
        # Leases that are over, and the newest report when that was seen first.
        self._doubted: dict[Overdue, int] = {}
        self._gap_s = max(ttl_s / 3, 2 * every_s)
        self._since: float | None = None
        self._looked_at = 0.0
        self._missed = 0

    async def run(self) -> None:
        """Watch for ever."""
        while True:
            await self.look()
            await asyncio.sleep(self._every_s)

    async def look(self) -> int:
        """Take back what is lost for sure; answers how many leases."""
        # Leases end by the clock on the wall. A jump of it, and a sleep of the machine, are gaps like any other.
        now = time.time()
        try:
            steady = self._is_steady(now)
            # Asked also when nothing may be taken back: silence of the store is a gap.
            overdue = await self._work.overdue(now)
            lost = await self._work.lose(await self._without_reports(overdue), now) if steady and overdue else 0
        except VoiceloomError as exc:
            self._since = None
            log.warning("leases_unwatched", error=str(exc))
            return 0
        self._looked_at = now
        return lost

    async def _without_reports(self, overdue: list[Overdue]) -> list[Overdue]:
        """Those of the leases of which no report waits to be taken."""
        newest, taken = await self._reports()
        # A broker that has lost its reports has a lower number, and nothing to wait for.
        self._doubted = {lease: min(newest, self._doubted.get(lease, newest)) for lease in overdue}
        return [lease for lease, reported in self._doubted.items() if reported <= taken]

    def _is_steady(self, now: float) -> bool:
        missed, self._missed = self._missed, self._work.missed
        if not self._connected():
            self._since = None
            return False
        gap = missed != self._missed or not 0 <= now - self._looked_at <= self._gap_s
        if gap or self._since is None:
            self._since = now
        return now - self._since >= self._ttl_s
