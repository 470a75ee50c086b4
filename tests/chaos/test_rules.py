"""The rules of a chaos run notice what they are there for: a run without violations says something."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.orchestrator import lifecycle
from services.orchestrator.models import EventRow, File, Stage, Task
from services.orchestrator.servicer.convert import to_event
from tests.chaos.check_artifacts import Folder
from tests.chaos.check_events import check_files, check_followers, check_history, check_tasks, check_told
from tests.chaos.followers import Follower
from tests.chaos.load import Accepted
from tests.chaos.report import Report, Violations
from tests.chaos.state import Rows
from tests.chaos.wishes import Wish
from voiceloom.pipeline.v1.manifest_pb2 import TextFeatureManifest

STAGES = ("audio_slice", "asr", "text_feature", "hubert_feature", "semantic_token", "sovits_train", "gpt_train")


def told(state: str, key: str, stage: str = "", progress: float = 0.0) -> dict[str, Any]:
    return {"kind": "progressed", "state": state, "key": key, "stage": stage, "progress": progress}


def history() -> list[dict[str, Any]]:
    """A task that runs, is cancelled, goes on and completes."""
    first = [told("queued", "task.queued"), told("running", "stage.done", "audio_slice", 0.1), {"kind": "cancelled"}]
    rest = [told("running", "stage.done", stage, 0.1 * (n + 2)) for n, stage in enumerate(STAGES[1:])]
    return [*first, told("queued", "task.resumed", progress=0.1), *rest, {"kind": "completed"}]


def rows_of(events: list[dict[str, Any]], *, state: str = "completed") -> Rows:
    task = lifecycle.new_task(
        task_id="t1",
        owner="local",
        exp_name="voice",
        file_ids=["f1"],
        ref_audio_id="",
        language="en",
        options=b"",
        inference=False,
        callback_url="",
        now=1.0,
    )
    task.state, task.last_seq = state, len(events)
    for stage in task.stages:
        if stage.name in STAGES:
            stage.state, stage.manifest = "completed", {"uri": f"tasks/t1/{stage.name}/1/manifest.pb"}
    numbered = [
        EventRow(task_id="t1", seq=seq, owner="local", time=1.0, data=data, published_at=2.0)
        for seq, data in enumerate(events, 1)
    ]
    return Rows({"t1": task}, {"t1": numbered}, {})


def accepted() -> Accepted:
    return Accepted(Wish(1, "voice", "local", 1, False, "nothing", "asr"), "t1")


def rules(rows: Rows, task: Accepted | None = None) -> list[str]:
    """The rules that are broken."""
    violations = Violations()
    check_tasks([task or accepted()], rows, violations)
    for row in rows.tasks.values():
        check_history(row, rows.events[row.id], violations)
    return [rule for rule, _ in violations.found]


def test_a_good_history_breaks_no_rule() -> None:
    assert rules(rows_of(history())) == []


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda events: events[:-1], "terminal"),
        (lambda events: [*events, {"kind": "completed"}], "terminal"),
        (lambda events: [*events[:3], *events[4:]], "terminal"),
        (lambda events: [*events[:5], events[4], *events[5:]], "committed"),
        (lambda events: [*events[:4], *events[5:]], "committed"),
        (lambda events: [*events[:5], told("running", "x", progress=0.0), *events[5:]], "progress"),
    ],
    ids=["no end", "two ends", "a life from nowhere", "done twice", "never done", "progress falls"],
)
def test_a_history_that_cannot_be_is_noticed(
    change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]], rule: str
) -> None:
    assert rule in rules(rows_of(change(history())))


def test_a_hole_in_the_store_is_noticed() -> None:
    rows = rows_of(history())
    del rows.events["t1"][4]
    assert "history" in rules(rows)


def test_an_event_that_was_never_published_is_noticed() -> None:
    rows = rows_of(history())
    rows.events["t1"][2].published_at = None
    assert rules(rows) == ["history"]


@pytest.mark.parametrize(("state", "rule"), [("running", "ended"), ("failed", "failed"), ("cancelled", "cancelled")])
def test_a_task_that_did_not_end_well_is_noticed(state: str, rule: str) -> None:
    assert rule in rules(rows_of(history(), state=state))


def test_a_lost_task_and_one_made_twice_are_noticed() -> None:
    rows = rows_of(history())
    task = accepted()
    task.task_id = "other"
    assert rules(rows, task) == ["accepted", "once"]


def test_a_lost_recording_and_one_stored_twice_are_noticed() -> None:
    rows = rows_of(history())
    rows.files["f1"] = File(id="f1")
    for known, rule in (({"f1"}, []), ({"f1", "f2"}, ["accepted"]), (set[str](), ["once"])):
        violations = Violations()
        check_files(known, rows, violations)
        assert [found for found, _ in violations.found] == rule


def test_a_completed_task_with_an_unfinished_stage_is_noticed() -> None:
    rows = rows_of(history())
    stage: Stage = lifecycle.stage_of(rows.tasks["t1"], "asr")
    stage.manifest = None
    assert "completed" in rules(rows)


@pytest.mark.parametrize(
    ("ids", "fine"),
    [([1, 2, 3, 4], True), ([1, 2, 4], False), ([1, 2, 2, 3, 4], False), ([1, 3, 2, 4], False), ([1, 2, 3], False)],
)
def test_what_a_follower_missed_saw_twice_or_late_is_noticed(ids: list[int], fine: bool) -> None:
    rows = rows_of(history()[:4])
    task = accepted()
    follower = Follower("t1", from_start=True, label="f")
    for seq in ids:
        follower.see(seq, "progress", snapshot=False)
    task.followers.append(follower)
    violations = Violations()
    check_followers([task], rows, violations)
    assert (len(violations) == 0) is fine


def test_a_newcomer_begins_where_its_snapshot_stands() -> None:
    rows = rows_of(history()[:4])
    task = accepted()
    follower = Follower("t1", from_start=False, label="f")
    follower.see(2, "progress", snapshot=True)
    for seq in (3, 4):
        follower.see(seq, "progress", snapshot=False)
    task.followers.append(follower)
    violations = Violations()
    check_followers([task], rows, violations)
    assert not violations.found


@pytest.mark.parametrize("order", [[0, 1, 2], [0, 1], [0, 1, 1, 2], [1, 0, 2]])
def test_a_stream_that_is_not_the_stores_history_is_noticed(order: list[int]) -> None:
    rows = rows_of(history()[:3])
    events = [to_event(event) for event in rows.events["t1"]]
    violations = Violations()
    check_told({"t1": [events[place] for place in order]}, rows, violations)
    assert (len(violations) == 0) is (order == [0, 1, 2])


@pytest.fixture
def stored(tmp_path: Path) -> tuple[Path, Rows]:
    """A folder with a manifest and what it names, and the rows that know it."""

    def put(uri: str, data: bytes) -> dict[str, Any]:
        path = tmp_path / uri
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return {"uri": uri, "sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)}

    rows = rows_of(history())
    task: Task = rows.tasks["t1"]
    for stage in task.stages:
        stage.manifest = None
    manifest = TextFeatureManifest()
    features = put("tasks/t1/text_feature/1/features.safetensors", b"features")
    manifest.features_ref.uri = features["uri"]
    manifest.features_ref.sha256 = features["sha256"]
    manifest.features_ref.size_bytes = features["size_bytes"]
    ref = put("tasks/t1/text_feature/1/manifest.pb", manifest.SerializeToString())
    lifecycle.stage_of(task, "text_feature").manifest = ref
    return tmp_path, rows


def broken(folder: Path, rows: Rows) -> list[str]:
    violations = Violations()
    found = Folder(folder, violations)
    found.check_store(rows)
    found.check_nothing_else()
    return [rule for rule, _ in violations.found]


def test_artifacts_that_are_missing_damaged_or_too_many_are_noticed(stored: tuple[Path, Rows]) -> None:
    folder, rows = stored
    features = folder / "tasks/t1/text_feature/1/features.safetensors"
    assert broken(folder, rows) == []
    features.write_bytes(b"featureS")
    assert broken(folder, rows) == ["artifacts"]
    features.unlink()
    assert broken(folder, rows) == ["artifacts"]
    features.write_bytes(b"features")
    features.with_name("checkpoint_4.zip").write_bytes(b"left")
    assert broken(folder, rows) == ["leftovers"]


def test_the_report_says_what_was_broken_and_what_is_wrong() -> None:
    report = Report(seed=3, faults=2)
    report.injected["kill", "asr"] += 2
    report.violations.add("ended", "voice is running")
    text = report.text()
    assert "seed 3, 2 faults" in text
    assert "asr 2" in text
    assert "violations: 1\n  ended: voice is running" in text
