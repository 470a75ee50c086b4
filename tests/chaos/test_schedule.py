"""The schedule follows from the seed alone, and even a short one meets every kind of fault."""

from itertools import islice

import pytest

from tests.chaos.schedule import HAND, LINKS, ON_LINKS, PAUSE, PROGRAMS, SWALLOW, WAYS, schedule
from tests.chaos.wishes import HAND as DEEDS
from tests.chaos.wishes import wishes


def test_the_same_seed_breaks_the_same_things_in_the_same_order() -> None:
    assert schedule(7, 200) == schedule(7, 200)
    assert schedule(7, 200) != schedule(8, 200)


def test_a_longer_schedule_begins_as_the_shorter_one() -> None:
    assert schedule(3, 200)[:15] == schedule(3, 15)


@pytest.mark.parametrize("seed", range(20))
def test_every_kind_comes_once_before_any_card_comes_again(seed: int) -> None:
    kinds = [fault.kind for fault in schedule(seed, 2 * len(HAND))]
    assert sorted(kinds[: len(HAND)]) == sorted(HAND)
    assert sorted(kinds[len(HAND) :]) == sorted(HAND)


@pytest.mark.parametrize("seed", range(5))
def test_every_program_and_every_link_has_its_turn(seed: int) -> None:
    faults = schedule(seed, 600)
    assert {fault.target for fault in faults if fault.kind == "kill"} == set(PROGRAMS)
    assert {fault.target for fault in faults if fault.kind in ON_LINKS} == set(LINKS)
    # A target names at least one link.
    for target in LINKS:
        client, server = target.split("->")
        assert any(client in ("*", way[0]) and server in ("*", way[1]) for way in WAYS)


def test_pauses_keep_within_their_bounds_and_some_outlast_a_lease() -> None:
    lasting = [fault.seconds for fault in schedule(1, 400) if fault.kind in (PAUSE, SWALLOW)]
    assert all(1 <= seconds <= 25 for seconds in lasting)
    assert any(seconds > 15 for seconds in lasting)
    assert any(seconds < 5 for seconds in lasting)


def test_clients_want_the_same_with_the_same_seed() -> None:
    assert list(islice(wishes(5), 40)) == list(islice(wishes(5), 40))
    assert list(islice(wishes(5), 40)) != list(islice(wishes(6), 40))


@pytest.mark.parametrize("seed", range(5))
def test_clients_do_everything_that_can_be_done_to_a_task(seed: int) -> None:
    wanted = list(islice(wishes(seed), len(DEEDS)))
    assert sorted(wish.deed for wish in wanted) == sorted(DEEDS)
    assert {wish.over_rest for wish in wanted} == {True, False}
    assert len({(wish.owner, wish.piece) for wish in wanted}) < len(wanted), "some ask for the same again"
