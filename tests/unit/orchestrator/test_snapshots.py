"""Snapshots never outlive a commit."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.orchestrator import snapshots
from services.orchestrator.snapshots import Snapshots


class FakeStore:
    """Tells of commits."""

    def on_commit(self, listener: Callable[[dict[str, int]], None]) -> None:
        self.commit = listener


def test_snapshot_is_served_until_its_task_changes() -> None:
    store = FakeStore()
    kept: Snapshots[str] = Snapshots(store)  # type: ignore[arg-type]
    assert kept.get("t") is None
    kept.put("t", "as it was", kept.begin(), 1)
    store.commit({"other": 1})
    assert kept.get("t") == "as it was"
    store.commit({"t": 2})
    assert kept.get("t") is None


def test_what_was_read_before_a_commit_is_not_kept_after_it() -> None:
    store = FakeStore()
    kept: Snapshots[str] = Snapshots(store)  # type: ignore[arg-type]
    mark = kept.begin()
    store.commit({"t": 2})
    kept.put("t", "outdated", mark, 1)
    assert kept.get("t") is None


def test_snapshots_age_and_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: Snapshots[int] = Snapshots(FakeStore())  # type: ignore[arg-type]
    monkeypatch.setattr(snapshots, "MAX_SNAPSHOTS", 2)
    for number in range(3):
        kept.put(str(number), number, kept.begin(), 1)
    assert [kept.get(str(number)) for number in range(3)] == [None, 1, 2]
    monkeypatch.setattr(snapshots, "MAX_AGE_S", 0.0)
    assert kept.get("2") is None


def test_event_of_another_replica_makes_a_snapshot_old_and_ones_own_does_not() -> None:
    kept: Snapshots[str] = Snapshots(FakeStore())  # type: ignore[arg-type]
    kept.put("t", "as it was", kept.begin(), 7)
    kept.hear("t", 7)
    kept.hear("other", 9)
    assert kept.get("t") == "as it was"
    mark = kept.begin()
    kept.hear("t", 8)
    assert kept.get("t") is None
    kept.put("t", "read before the event was heard of", mark, 7)
    assert kept.get("t") is None


def test_what_is_known_up_to_an_event_is_served_for_that_event_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    store = FakeStore()
    kept: Snapshots[str] = Snapshots(store)  # type: ignore[arg-type]
    mark = kept.begin()
    store.commit({"other": 1})
    kept.put("t", "up to 7", mark, 7)
    monkeypatch.setattr(snapshots, "MAX_AGE_S", 0.0)
    assert kept.get("t") is None
    assert (kept.at("t", 7), kept.at("t", 8), kept.at("unknown", 0)) == ("up to 7", None, None)
    store.commit({"t": 8})
    assert kept.at("t", 7) is None
