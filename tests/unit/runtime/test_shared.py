"""Work that several callers ask for at once."""

import asyncio

import pytest

from services.runtime.shared import Shared


class Work:
    """Counts how often it begins, is cancelled, and ends when it is told to."""

    def __init__(self) -> None:
        self.begun = self.cancelled = 0
        self.may_end = asyncio.Event()

    async def __call__(self) -> int:
        self.begun += 1
        number = self.begun
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return number


async def test_callers_at_once_share_one_result_and_a_later_one_gets_another() -> None:
    work, shared = Work(), Shared[int]()
    callers = [asyncio.create_task(shared.run("a", work)) for _ in range(3)]
    other = asyncio.create_task(shared.run("b", work))
    await asyncio.sleep(0)
    work.may_end.set()
    assert await asyncio.gather(*callers) == [1, 1, 1]
    assert await other == 2
    assert await shared.run("a", work) == 3


async def test_one_caller_may_leave_and_the_last_one_ends_the_work() -> None:
    work, shared = Work(), Shared[int]()
    first, second = (asyncio.create_task(shared.run("a", work)) for _ in range(2))
    await asyncio.sleep(0.01)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert (work.begun, work.cancelled) == (1, 0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    await asyncio.sleep(0)
    assert work.cancelled == 1
    work.may_end.set()
    assert await shared.run("a", work) == 2


async def test_every_caller_gets_the_error_and_the_next_one_tries_again() -> None:
    shared = Shared[int]()
    tries = 0

    async def fail() -> int:
        nonlocal tries
        tries += 1
        await asyncio.sleep(0)
        raise ValueError(tries)

    ends = await asyncio.gather(*(shared.run("a", fail) for _ in range(2)), return_exceptions=True)
    assert [type(end) for end in ends] == [ValueError, ValueError]
    assert tries == 1
    with pytest.raises(ValueError, match="2"):
        await shared.run("a", fail)
