"""Correcting what was recognised, and training again with it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.e2e.rest import Rest, stage_of
from tests.ui.conftest import Voice
from tests.ui.studio import WHOLE_RUN_MS, Studio

SLOWLY = "I say this more slowly."


@pytest.fixture
def copy(rest: Rest, voice: Voice) -> Iterator[Voice]:
    """A voice of its own, trained from the same recording: what was done for the first is taken over."""
    task_id = rest.create("voice-to-correct", voice.file_id)
    rest.wait_completed(task_id, timeout_s=WHOLE_RUN_MS / 1000)
    yield Voice(task_id, "voice-to-correct", voice.file_id)
    rest.http.delete(f"/tasks/{task_id}", params={"purge": "true"})


def test_clips_come_least_certain_first_and_can_be_heard(studio: Studio, rest: Rest, voice: Voice) -> None:
    clips = rest.http.get(f"/tasks/{voice.id}/transcripts").json()["items"]
    studio.open(f"#/tasks/{voice.id}/proofread")
    expect(studio.at("clip")).to_have_count(len(clips))
    ids = "rows => rows.map(row => row.dataset.clip)"
    by_confidence = sorted(clips, key=lambda clip: (clip["confidence"], clip["start"]))
    assert studio.at("clip").evaluate_all(ids) == [clip["clip_id"] for clip in by_confidence]
    studio.at("order").select_option("time")
    studio.poll(lambda: studio.at("clip").evaluate_all(ids) == [clip["clip_id"] for clip in clips], "sorted by time")
    expect(studio.at("text").first).to_have_value(clips[0]["text"])
    studio.at("text").first.press("Control+Enter")
    studio.wait_played()
    studio.at("text").first.press("Alt+ArrowDown")
    expect(studio.at("text").nth(1)).to_be_focused()


def test_corrections_are_kept_and_trained_with(studio: Studio, rest: Rest, copy: Voice) -> None:
    studio.open(f"#/tasks/{copy.id}/proofread")
    row = studio.at("clip").nth(0)
    corrected, dropped = (studio.at("clip").nth(number).get_attribute("data-clip") for number in (0, 1))
    expect(studio.at("retrain")).to_be_disabled()
    row.locator('[data-test="text"]').fill(SLOWLY)
    expect(row.locator('[data-test="corrected"]')).to_be_visible()
    studio.at("clip").nth(1).locator('[data-test="keep"]').uncheck()
    expect(studio.at("changed")).to_have_count(2)

    # Leaving asks first; what was typed is still there.
    studio.page.once("dialog", lambda dialog: dialog.dismiss())
    studio.page.locator('nav a[href="#/tasks"]').click()
    expect(row.locator('[data-test="text"]')).to_have_value(SLOWLY)
    assert studio.page.url.endswith("/proofread")

    studio.at("save").click()
    expect(studio.at("changed")).to_have_count(0)
    expect(studio.at("pending")).to_be_visible()
    saved = {clip["clip_id"]: clip for clip in rest.http.get(f"/tasks/{copy.id}/transcripts").json()["items"]}
    assert (saved[str(corrected)]["text"], saved[str(dropped)]["dropped"]) == (SLOWLY, True)
    heard_at = stage_of(rest.task(copy.id), "asr")["completed_at"]

    studio.at("retrain").click()
    studio.page.wait_for_url(f"**/#/tasks/{copy.id}")
    task = rest.wait_completed(copy.id, timeout_s=WHOLE_RUN_MS / 1000)
    assert stage_of(task, "asr")["completed_at"] == heard_at, "recognised again"
    after = rest.http.get(f"/tasks/{copy.id}/transcripts").json()
    assert not after["pending"]
    assert {clip["clip_id"]: clip["kept"] for clip in after["items"]}[str(dropped)] is False


def test_what_is_emptied_is_as_it_was_recognised(studio: Studio, voice: Voice) -> None:
    studio.open(f"#/tasks/{voice.id}/proofread")
    text = studio.at("text").first
    before = text.input_value()
    text.fill("")
    text.blur()
    expect(text).to_have_value(before)
    text.fill("Something else.")
    studio.at("reset").click()
    expect(text).to_have_value(before)
    expect(studio.at("save")).to_be_disabled()


def test_a_reload_asks_while_something_is_not_saved(studio: Studio, voice: Voice) -> None:
    asked: list[str] = []
    studio.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    studio.open(f"#/tasks/{voice.id}/proofread")
    text = studio.at("text").first
    before = text.input_value()
    studio.page.reload()
    expect(text).to_have_value(before)
    assert asked == []
    text.press_sequentially(" And more.")
    studio.page.reload()
    expect(text).to_have_value(before)
    assert asked == ["beforeunload"]
