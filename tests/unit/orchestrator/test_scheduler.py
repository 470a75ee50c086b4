"""Who is next."""

from collections import Counter

from services.orchestrator.scheduler import Waiting, choose


def waiting(*items: tuple[str, str, float, str]) -> list[Waiting]:
    return [Waiting(task, owner, created, stage) for task, owner, created, stage in items]


def pick(items: list[Waiting], slots: int, window: int = 9, busy: dict[str, int] | None = None) -> list[str]:
    chosen = choose(items, busy_by_stage=Counter(busy or {}), served_at={}, slots=slots, window=window)
    return [item.task_id for item in chosen]


def test_oldest_task_goes_first() -> None:
    assert pick(waiting(("new", "a", 2, "asr"), ("old", "a", 1, "asr")), slots=1) == ["old"]


def test_earlier_stage_of_one_task_goes_first() -> None:
    items = waiting(("t", "a", 1, "hubert_feature"), ("t", "a", 1, "asr"))
    assert choose(items, busy_by_stage=Counter(), served_at={}, slots=1, window=1)[0].stage == "asr"


def test_owners_take_turns_however_much_one_of_them_asks() -> None:
    items = waiting(*((f"a{i}", "a", i, "asr") for i in range(5)), ("b0", "b", 9, "asr"), ("c0", "c", 10, "asr"))
    assert pick(items, slots=4) == ["a0", "b0", "c0", "a1"]


def test_turns_are_remembered_from_one_look_to_the_next() -> None:
    served: dict[str, int] = {}
    items = waiting(("a0", "a", 1, "asr"), ("b0", "b", 2, "asr"))
    chosen = [choose(items, busy_by_stage=Counter(), served_at=served, slots=1, window=1)[0].owner for _ in range(4)]
    assert chosen == ["a", "b", "a", "b"]


def test_window_bounds_the_stages_of_one_kind() -> None:
    items = waiting(("t1", "a", 1, "asr"), ("t2", "a", 2, "asr"), ("t3", "a", 3, "gpt_train"))
    assert pick(items, slots=3, window=1) == ["t1", "t3"]
    assert pick(items, slots=3, window=1, busy={"asr": 1}) == ["t3"]


def test_no_slot_no_release() -> None:
    assert pick(waiting(("t", "a", 1, "asr")), slots=0) == []
    assert pick(waiting(("t", "a", 1, "asr")), slots=-1) == []
