"""One drop and one click make a voice, whatever happens to the page or to the server in between."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, expect

from tests.e2e.rest import Rest
from tests.stack import Stack
from tests.ui.browser import Watch
from tests.ui.conftest import Voice
from tests.ui.recordings import reading
from tests.ui.studio import WHOLE_RUN_MS, Studio

# What the browser itself says of a server that is away.
AWAY = r"net::ERR_|Failed to load resource"


def downloaded(studio: Studio, link: Locator, path: Path) -> str:
    """Digest of what a link gives."""
    with studio.page.expect_download() as download:
        link.click()
    download.value.save_as(path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digest(rest: Rest, task_id: str, kind: str, name: str) -> str:
    return hashlib.sha256(rest.http.get(f"/tasks/{task_id}/outputs/{kind}/{name}").content).hexdigest()


def test_a_drop_and_a_click_give_a_voice_that_can_be_heard_and_downloaded(
    studio: Studio, rest: Rest, recording: Path, tmp_path: Path
) -> None:
    studio.open()
    expect(studio.at("start")).to_be_disabled()
    studio.drop(recording)
    studio.wait_report()
    expect(studio.at("wave").locator("canvas").first).to_be_visible()
    expect(studio.at("name")).to_have_value(re.compile("reading"))
    studio.at("name").fill("我的声音")
    studio.at("quality-fast").check()
    studio.at("say").fill("Good morning to all of you.")
    task_id = studio.start()
    # When the voice is ready, the page goes to it by itself.
    studio.page.wait_for_url(re.compile(f"#/tasks/{task_id}/result"), timeout=WHOLE_RUN_MS)
    task = rest.task(task_id)
    assert (task["exp_name"], task["quality"], task["status"]) == ("我的声音", "fast", "completed")
    made = rest.http.get(f"/tasks/{task_id}/outputs").json()
    assert made["target_text"] == "Good morning to all of you."
    expect(studio.at("candidate")).to_have_count(len(made["outputs"]))
    best = studio.page.locator('[data-test="candidate"][data-best="true"]')
    expect(best).to_have_count(1)
    best.locator('[data-test="play"]').click()
    studio.wait_played()
    name = next(output["filename"] for output in made["outputs"] if output["best"])
    link = best.locator('[data-test="download-output"]')
    assert downloaded(studio, link, tmp_path / "best.wav") == digest(rest, task_id, "output", name)
    for kind in ("gpt", "sovits"):
        model = next(model for model in made["models"] if model["kind"] == kind and model["best"])
        link = studio.at(f"download-{kind}").filter(has_text=model["filename"]).first
        assert downloaded(studio, link, tmp_path / kind) == digest(rest, task_id, f"{kind}_model", model["filename"])


def lines_of(studio: Studio) -> list[int]:
    """Numbers of the events whose log lines the page shows, in its order."""
    return [int(line.get_attribute("data-id") or 0) for line in studio.at("log-line").all()]


def logged(rest: Rest, task_id: str) -> list[int]:
    """Numbers of all log events of a task that has ended, as any client gets them."""
    return [event.id for event in rest.events(task_id, after=0) if event.name == "log" and event.id is not None]


def test_a_reload_and_the_death_of_the_gateway_lose_and_double_nothing(
    studio: Studio, rest: Rest, stack: Stack, watch: Watch, slow_task: Callable[[str], str]
) -> None:
    watch.tolerate(AWAY)
    task_id = slow_task("reloaded")
    studio.open(f"#/tasks/{task_id}")
    studio.wait_stage("sovits_train", "running")
    studio.page.reload()
    studio.wait_stage("sovits_train", "running")
    stack.kill("gateway")
    expect(studio.at("connection")).to_be_visible()
    expect(studio.at("connection")).to_have_count(0, timeout=WHOLE_RUN_MS)
    studio.wait_stage("sovits_train", "running")
    studio.at("cancel").click()
    studio.at("dialog-yes").click()
    expect(studio.at("status")).to_have_attribute("data-status", "cancelled")
    assert rest.task(task_id)["status"] == "cancelled"
    wanted = logged(rest, task_id)
    assert wanted
    studio.poll(lambda: lines_of(studio) == wanted, "every line once")


def test_a_task_is_cancelled_after_a_question_and_goes_on_when_asked(
    studio: Studio, rest: Rest, slow_task: Callable[[str], str]
) -> None:
    task_id = slow_task("on-and-off")
    studio.open(f"#/tasks/{task_id}")
    studio.wait_stage("sovits_train", "running")
    expect(studio.at("eta")).to_be_visible()
    studio.at("cancel").click()
    studio.at("dialog-no").click()
    expect(studio.at("status")).to_have_attribute("data-status", "running")
    studio.at("cancel").click()
    studio.at("dialog-yes").click()
    expect(studio.at("status")).to_have_attribute("data-status", "cancelled")
    expect(studio.at("cancel")).to_have_count(0)
    studio.at("resume").click()
    studio.wait_stage("sovits_train", "running")
    assert rest.task(task_id)["status"] == "running"


def test_a_finished_task_runs_again_from_a_stage(studio: Studio, rest: Rest, voice: Voice) -> None:
    # Another sentence than the voice's own; everything before is taken over.
    task_id = rest.create("spoken-again", voice.file_id, inference={"target_text": "The end of it."})
    rest.wait_completed(task_id, timeout_s=WHOLE_RUN_MS / 1000)
    before = {stage["name"]: stage["started_at"] for stage in rest.task(task_id)["stages"]}
    studio.open(f"#/tasks/{task_id}")
    expect(studio.at("retry")).to_be_disabled()
    studio.at("retry-stage").select_option("inference")
    studio.at("retry").click()
    studio.at("dialog-yes").click()

    def run_again() -> set[str]:
        """Stages that have begun anew, once the task has ended. It may take no time: equal work is taken over."""
        task = rest.task(task_id)
        again = {stage["name"] for stage in task["stages"] if stage["started_at"] != before[stage["name"]]}
        return again if task["status"] == "completed" else set()

    assert studio.poll(run_again, "it ran again", timeout_ms=WHOLE_RUN_MS) == {"inference"}
    expect(studio.at("status")).to_have_attribute("data-status", "completed")
    rest.http.delete(f"/tasks/{task_id}", params={"purge": "true"})


def test_a_run_is_followed_to_its_end_over_the_death_of_the_gateway(
    studio: Studio, rest: Rest, stack: Stack, watch: Watch, tmp_path: Path
) -> None:
    watch.tolerate(AWAY)
    task_id = rest.create("followed-to-its-end", rest.upload(reading(tmp_path, 24.0, "followed.wav")))
    studio.open(f"#/tasks/{task_id}")
    studio.wait_stage("asr", "completed")
    stack.kill("gateway")
    studio.page.wait_for_url(re.compile(f"#/tasks/{task_id}/result"), timeout=WHOLE_RUN_MS)
    expect(studio.at("status")).to_have_attribute("data-status", "completed")
    expect(studio.at("candidate")).not_to_have_count(0)


# A recording has to have ten seconds of speech; the person before the microphone pauses now and then.
READ_MS = 16_000


def test_a_recording_is_made_in_the_page(studio: Studio, context: BrowserContext, stack: Stack) -> None:
    context.grant_permissions(["microphone"], origin=stack.base_url)
    studio.open()
    studio.at("record").click()
    expect(studio.at("stop-record")).to_be_visible()
    studio.page.wait_for_timeout(READ_MS)
    studio.at("stop-record").click()
    studio.wait_report()
    expect(studio.at("start")).to_be_enabled()


def test_a_microphone_that_may_not_be_used_is_said(studio: Studio, context: BrowserContext) -> None:
    context.clear_permissions()
    context.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'))"
    )
    studio.open()
    studio.at("record").click()
    expect(studio.page.get_by_role("alert")).to_be_visible()


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_window(studio: Studio, voice: Voice, recording: Path, width: int) -> None:
    studio.page.set_viewport_size({"width": width, "height": 740})
    studio.open()
    studio.drop(recording)
    studio.wait_report()
    addresses = (f"#/tasks/{voice.id}", f"#/tasks/{voice.id}/proofread", f"#/tasks/{voice.id}/result", "#/tasks")
    for address in ("", *addresses):
        if address:
            studio.open(address)
        room = studio.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert room <= 0, f"{address or 'train'} is {room} pixels too wide"
