"""Points of a loss curve as a run tells them."""

from services.training.curve import INTERVAL_S, Thinned
from services.training.run import RunState


def told(steps: list[int], *, seconds_a_step: float, total: int, again_before: int = -1) -> list[int]:
    """Steps of which a run tells."""
    heard: list[int] = []
    now = [0.0]
    curve = Thinned(lambda state: heard.append(state.step), clock=lambda: now[0])
    for at, step in enumerate(steps):
        if at == again_before:
            curve.start_again()
        curve.stepped(RunState(total_epochs=2, total_steps=total, step=step, epoch=1))
        now[0] += seconds_a_step
    return heard


def test_first_and_last_step_are_told_however_quick_they_are() -> None:
    assert told(list(range(1, 8)), seconds_a_step=0.01, total=7) == [1, 7]


def test_about_one_step_a_second_is_told() -> None:
    assert told(list(range(1, 41)), seconds_a_step=INTERVAL_S / 4, total=1000) == list(range(1, 41, 4))


def test_a_slow_run_tells_every_step() -> None:
    assert told([1, 2, 3], seconds_a_step=5.0, total=1000) == [1, 2, 3]


def test_a_run_that_goes_on_from_an_earlier_step_tells_it_at_once() -> None:
    assert told([1, 2, 3, 2, 3], seconds_a_step=0.01, total=1000, again_before=3) == [1, 2]
