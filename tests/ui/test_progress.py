"""Cancelling, going on, and running again from a stage that a person chooses."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.e2e.rest import Rest, stage_of
from tests.ui.conftest import Voice
from tests.ui.studio import WHOLE_RUN_MS, Studio


def test_a_task_is_cancelled_after_a_question_and_goes_on(studio: Studio, slow_task: Callable[[str], str]) -> None:
    studio.open(f"#/tasks/{slow_task('cancelled-voice')}")
    studio.wait_stage("sovits_train", "running")
    studio.at("cancel").click()
    studio.at("dialog-no").click()
    expect(studio.at("status")).to_have_attribute("data-status", "running")
    studio.at("cancel").click()
    studio.at("dialog-yes").click()
    expect(studio.at("status")).to_have_attribute("data-status", "cancelled")
    studio.at("resume").click()
    studio.wait_stage("sovits_train", "running")


def test_a_voice_runs_again_from_a_chosen_stage(studio: Studio, rest: Rest, voice: Voice) -> None:
    task_id = rest.create("voice-to-run-again", voice.file_id)
    before = rest.wait_completed(task_id, timeout_s=WHOLE_RUN_MS / 1000)
    studio.open(f"#/tasks/{task_id}")
    expect(studio.at("retry")).to_be_disabled()
    studio.at("retry-stage").select_option("inference")
    studio.at("retry").click()
    studio.at("dialog-yes").click()
    # The page goes to the result by itself when the task has ended.
    studio.page.wait_for_url(f"**/#/tasks/{task_id}/result", timeout=WHOLE_RUN_MS)
    expect(studio.at("candidate")).not_to_have_count(0)
    after = rest.task(task_id)
    assert stage_of(after, "gpt_train") == stage_of(before, "gpt_train")
    assert stage_of(after, "inference")["completed_at"] != stage_of(before, "inference")["completed_at"]
    rest.http.delete(f"/tasks/{task_id}", params={"purge": "true"})
