"""When a lease is believed to be lost."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from services.orchestrator import leases
from services.orchestrator.leases import LeaseWatch
from services.orchestrator.work import Overdue
from services.runtime.errors import UnavailableError

LEASE: Overdue = ("task", "asr", 1)


class FakeWork:
    """One lease that is over; the store may be away."""

    def __init__(self) -> None:
        self.missed = 0
        self.away = False
        self.lost: list[Overdue] = []

    async def overdue(self, now: float) -> list[Overdue]:
        if self.away:
            raise UnavailableError("UNAVAILABLE")
        return [] if self.lost else [LEASE]

    async def lose(self, overdue: list[Overdue], now: float) -> int:
        self.lost += overdue
        return len(overdue)


class Watched:
    """A watch over a lease time of 10 s, a look each second, and a clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.work, self.connected, self.reports = 1000.0, FakeWork(), True, (0, 0)
        monkeypatch.setattr(leases, "time", SimpleNamespace(time=lambda: self.now))
        self._watch = LeaseWatch(
            self.work,  # type: ignore[arg-type]
            ttl_s=10.0,
            every_s=1.0,
            connected=lambda: self.connected,
            reports=self._reports,
        )

    async def _reports(self) -> tuple[int, int]:
        return self.reports

    async def lost_after(self, most_s: int = 60) -> int:
        """Seconds of watching until the lease is taken back."""
        for second in range(most_s):
            if await self._watch.look():
                return second
            self.now += 1
        return most_s

    async def look(self, times: int) -> None:
        for _ in range(times):
            await self._watch.look()
            self.now += 1


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(monkeypatch)


async def test_lease_is_lost_after_a_whole_lease_time_of_watching(watched: Watched) -> None:
    assert await watched.lost_after() == 10
    assert watched.work.lost == [LEASE]


@pytest.mark.parametrize("jump_s", [30.0, -30.0])
async def test_pause_of_the_process_and_a_jump_of_the_clock_begin_the_watch_anew(
    watched: Watched, jump_s: float
) -> None:
    await watched.look(9)
    watched.now += jump_s
    assert await watched.lost_after() == 10


async def test_keep_alive_that_could_not_be_written_begins_the_watch_anew(watched: Watched) -> None:
    await watched.look(9)
    watched.work.missed += 1
    assert await watched.lost_after() == 10


async def test_outage_of_the_store_begins_the_watch_anew(watched: Watched) -> None:
    await watched.look(9)
    watched.work.away = True
    await watched.look(1)
    watched.work.away = False
    assert await watched.lost_after() == 10


async def test_nothing_is_lost_while_the_broker_is_away(watched: Watched) -> None:
    await watched.look(9)
    watched.connected = False
    assert await watched.lost_after(30) == 30
    watched.connected = True
    assert await watched.lost_after() == 10


async def test_lease_is_not_lost_while_a_report_that_was_there_before_waits_to_be_taken(watched: Watched) -> None:
    watched.reports = (7, 3)
    assert await watched.lost_after(30) == 30
    watched.reports = (9, 6)
    assert await watched.lost_after(5) == 5
    watched.reports = (12, 7)
    assert await watched.lost_after() == 0, "what came later tells nothing of it"


async def test_reports_that_the_broker_has_lost_are_not_waited_for(watched: Watched) -> None:
    watched.reports = (70, 3)
    assert await watched.lost_after(30) == 30
    watched.reports = (1, 1)
    assert await watched.lost_after() == 0
