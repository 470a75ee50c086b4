"""Who is next."""

from services.orchestrator.scheduler import Busy, Limits, Waiting, choose


def waiting(*items: tuple[str, str, float, str]) -> list[Waiting]:
    return [Waiting(task, owner, created, stage) for task, owner, created, stage in items]


def pick(
    items: list[Waiting], slots: int, window: int = 9, per_owner: int = 9, busy: tuple[tuple[str, str], ...] = ()
) -> list[str]:
    return [item.task_id for item in choose(items, Busy(busy), {}, Limits(slots, window, per_owner))]


def test_oldest_task_goes_first() -> None:
    assert pick(waiting(("new", "a", 2, "asr"), ("old", "a", 1, "asr")), slots=1) == ["old"]


def test_earlier_stage_of_one_task_goes_first() -> None:
    items = waiting(("t", "a", 1, "hubert_feature"), ("t", "a", 1, "asr"))
    assert choose(items, Busy(), {}, Limits(1, 1, 1))[0].stage == "asr"


def test_owners_take_turns_however_much_one_of_them_asks() -> None:
    items = waiting(*((f"a{i}", "a", i, "asr") for i in range(5)), ("b0", "b", 9, "asr"), ("c0", "c", 10, "asr"))
    assert pick(items, slots=4) == ["a0", "b0", "c0", "a1"]


def test_turns_are_remembered_from_one_look_to_the_next() -> None:
    served: dict[str, int] = {}
    items = waiting(("a0", "a", 1, "asr"), ("b0", "b", 2, "asr"))
    chosen = [choose(items, Busy(), served, Limits(1, 1, 1))[0].owner for _ in range(4)]
    assert chosen == ["a", "b", "a", "b"]


def test_window_bounds_the_stages_of_one_kind() -> None:
    items = waiting(("t1", "a", 1, "asr"), ("t2", "a", 2, "asr"), ("t3", "a", 3, "gpt_train"))
    assert pick(items, slots=3, window=1) == ["t1", "t3"]
    assert pick(items, slots=3, window=1, busy=(("asr", "b"),)) == ["t3"]


def test_owner_who_has_enough_of_one_kind_running_waits_for_no_other_kind_and_holds_up_nobody() -> None:
    items = waiting(("a1", "a", 1, "asr"), ("a2", "a", 2, "asr"), ("a3", "a", 3, "gpt_train"), ("b1", "b", 4, "asr"))
    assert pick(items, slots=9, per_owner=1) == ["a1", "b1", "a3"]
    assert pick(items, slots=9, per_owner=1, busy=(("asr", "a"),)) == ["a3", "b1"]


def test_no_slot_no_release() -> None:
    assert pick(waiting(("t", "a", 1, "asr")), slots=0) == []
    assert pick(waiting(("t", "a", 1, "asr")), slots=-1) == []
