"""Today's code goes on with the rows, streams and artifacts of a stack of the previous version that was killed."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.rest import Event, Rest
from tests.kept_data import KeptData
from tests.old_data import SHORT_RECORDINGS
from tests.stack import start_stack
from voiceloom.pipeline.v1.manifest_pb2 import TrainManifest


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> KeptData:
    old = KeptData.unpack(tmp_path_factory.mktemp("old"))
    assert old.read("SELECT version_num FROM alembic_version") == [("0001",)]
    return old


@pytest.fixture(scope="module")
def seen_before(old: KeptData) -> dict[str, list[tuple[Any, ...]]]:
    """Every event of every task before the upgrade."""
    query = "SELECT seq, data FROM events WHERE task_id = ? ORDER BY seq"
    return {name: old.read(query, old.ids[name]) for name in ("completed", "cancelled", "interrupted", "queued")}


@pytest.fixture(scope="module")
def rest(old: KeptData, seen_before: object) -> Iterator[Rest]:
    """Today's code on these data."""
    stack = start_stack(old.data, pack=old.pack, environment=SHORT_RECORDINGS)
    with Rest(stack.base_url) as client:
        yield client
    assert stack.stop() == 0, stack.output


def ids_of(events: list[Event]) -> list[int]:
    return [event.id for event in events if event.id is not None]


def test_what_was_completed_downloads_whole(old: KeptData, rest: Rest) -> None:
    task_id = old.ids["completed"]
    assert rest.task(task_id)["status"] == "completed"
    wanted = old.downloads("completed")
    assert [kind for kind, _, _ in wanted].count("output") == 2
    assert len(wanted) == 6
    for kind, name, ref in wanted:
        answer = rest.http.get(f"/tasks/{task_id}/outputs/{kind}/{name}")
        assert hashlib.sha256(answer.content).hexdigest() == ref.sha256, (kind, name)
    listed = rest.http.get(f"/tasks/{task_id}/outputs").json()
    assert (len(listed["outputs"]), len(listed["models"])) == (2, 3)


def test_what_ended_stays_as_it_was(old: KeptData, rest: Rest, seen_before: dict[str, list[tuple[Any, ...]]]) -> None:
    assert rest.task(old.ids["cancelled"])["status"] == "cancelled"
    for name in ("completed", "cancelled"):
        events = rest.events(old.ids[name])
        assert ids_of(events) == [seq for seq, _ in seen_before[name]]
        assert events[-1].name == name


def test_what_was_interrupted_goes_on_from_its_checkpoint(
    old: KeptData, rest: Rest, seen_before: dict[str, list[tuple[Any, ...]]]
) -> None:
    task_id = old.ids["interrupted"]
    rest.wait_completed(task_id, timeout_s=300)
    trained = TrainManifest.FromString(old.manifest("interrupted", "sovits_train"))
    assert trained.resumed_from_step >= 2, "it was killed after its checkpoint of step 2"
    assert trained.provenance.lease > 1
    before = seen_before["interrupted"]
    after = old.read("SELECT seq, data FROM events WHERE task_id = ? ORDER BY seq", task_id)
    assert after[: len(before)] == before
    assert [seq for seq, _ in after] == list(range(1, len(after) + 1))
    # A client that was cut off by the upgrade goes on behind the last event that it had.
    assert ids_of(rest.events(task_id, after=len(before))) == list(range(len(before) + 1, len(after) + 1))


def test_what_was_queued_is_done_and_an_unused_recording_can_be_used(old: KeptData, rest: Rest) -> None:
    rest.wait_completed(old.ids["queued"], timeout_s=300)
    ids = ids_of(rest.events(old.ids["queued"]))
    assert ids == list(range(1, len(ids) + 1))
    fresh = rest.create("fresh", old.ids["unused"], inference={"target_text": "Yes."})
    rest.wait_completed(fresh, timeout_s=300)
    assert rest.http.get(f"/tasks/{fresh}/outputs").json()["outputs"]
