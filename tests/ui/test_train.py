"""What the form says before a training: how long it takes, which names are free, what experts may set."""

from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.rest import Rest
from tests.ui.browser import Watch
from tests.ui.conftest import Voice
from tests.ui.studio import WHOLE_RUN_MS, Studio

_DRAG = """([moment, outside]) => {
  const carried = new DataTransfer();
  carried.items.add(new File(["x"], "x.wav"));
  const facts = { dataTransfer: carried, relatedTarget: outside ? null : document.body };
  document.body.dispatchEvent(new DragEvent(moment, { ...facts, bubbles: true, cancelable: true }));
}"""


def test_every_quality_says_how_long_it_takes(studio: Studio, recording: Path) -> None:
    studio.open()
    studio.drop(recording)
    studio.wait_report()
    seconds = []
    for quality in ("fast", "standard", "high"):
        # A machine that has trained nothing is measured first.
        expect(studio.at(f"estimate-{quality}")).to_be_visible(timeout=WHOLE_RUN_MS)
        seconds.append(float(str(studio.at(f"estimate-{quality}").get_attribute("data-seconds"))))
    assert 0 < seconds[0] < seconds[1] < seconds[2]
    expect(studio.at("estimate-basis")).to_be_visible()


def test_a_taken_name_gets_another(studio: Studio, recording: Path, voice: Voice, watch: Watch) -> None:
    watch.expect("409")
    studio.open()
    studio.drop(recording)
    studio.wait_report()
    studio.at("name").fill(voice.name)
    studio.at("start").click()
    studio.at("proposed").click()
    expect(studio.at("name")).to_be_focused()
    expect(studio.at("name")).to_have_value(f"{voice.name}-2")


def test_expert_options_are_sent_and_refused_beside_the_field(
    studio: Studio, rest: Rest, recording: Path, watch: Watch
) -> None:
    watch.expect("400")
    studio.open()
    studio.drop(recording)
    studio.wait_report()
    studio.at("name").fill("by-an-expert")
    studio.at("expert").locator("summary").click()
    studio.at("field-sovits_epochs").fill("900")
    studio.at("start").click()
    expect(studio.page.locator("#field-sovits_epochs-wrong")).to_contain_text("200")
    studio.at("field-sovits_epochs").fill("2")
    task_id = studio.start()
    try:
        chosen = {name: value for name, value in rest.task(task_id)["expert"].items() if value is not None}
        assert chosen == {"sovits_epochs": 2}
    finally:
        rest.http.delete(f"/tasks/{task_id}", params={"purge": "true"})


def test_a_clip_is_played_from_the_list(studio: Studio, recording: Path) -> None:
    studio.open()
    studio.drop(recording)
    studio.wait_report()
    studio.at("recording").locator("summary").press("Enter")
    studio.at("play-clip").nth(1).press("Enter")
    studio.wait_played()
    assert studio.page.evaluate("[...window.played][0].currentTime") > 2, "the first clip plays, not the second"


def test_the_whole_window_takes_files(studio: Studio) -> None:
    studio.open()
    for moment, outside, shown in (("dragenter", False, 1), ("dragleave", False, 1), ("dragleave", True, 0)):
        studio.page.evaluate(_DRAG, [moment, outside])
        expect(studio.at("overlay")).to_have_count(shown)
