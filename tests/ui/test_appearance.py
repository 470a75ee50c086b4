"""Language and theme: switched with a button, remembered, and everywhere at once."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.rest import Rest
from tests.stack import Stack
from tests.ui.browser import Watch
from tests.ui.conftest import Voice
from tests.ui.studio import Studio
from tests.ui.views import VIEWS, opener

CHINESE = re.compile(r"[\u3400-\u9fff]")
# Four words in a row are a sentence; names of files, units and models are shorter.
ENGLISH = re.compile(r"\b[A-Za-z']{2,}(?:[ ,]+[A-Za-z']+){3,}")
BACKGROUND = "getComputedStyle(document.body).backgroundColor"
# The button that names the other language, in that language.
OTHER_LANGUAGE = '[data-test="language"]'


def spoken_by_people(rest: Rest, voice: Voice) -> list[str]:
    """What people and recognisers have written; it stays in its own language."""
    clips = [clip["recognised_text"] for clip in rest.http.get(f"/tasks/{voice.id}/transcripts").json()["items"]]
    outputs = rest.http.get(f"/tasks/{voice.id}/outputs").json()
    heard = [output["heard_text"] for output in outputs["outputs"]]
    return [outputs["ref_text"], outputs["target_text"], *heard, *clips]


@pytest.mark.parametrize("view", VIEWS)
def test_the_switch_of_language_changes_every_text(
    view: str, studio: Studio, rest: Rest, voice: Voice, recording: Path
) -> None:
    opener(view, task_id=voice.id, recording=recording)(studio)
    theirs = spoken_by_people(rest, voice) if view in ("progress", "proofread", "result") else []
    chinese = studio.texts(without=[OTHER_LANGUAGE, "textarea"])
    assert any(CHINESE.search(text) for text in chinese)
    assert [text for text in chinese if ENGLISH.search(text) and not any(text in one for one in theirs)] == []
    studio.speak_english()
    # The switch is drawn with the next frame.
    studio.poll(lambda: CHINESE.search(studio.page.title()) is None, "the title is English")
    assert [text for text in studio.texts(without=[OTHER_LANGUAGE]) if CHINESE.search(text)] == []
    # And back again, to exactly what was there.
    studio.at("language").click()
    expect(studio.page.locator("html")).to_have_attribute("lang", "zh-CN")
    studio.poll(lambda: studio.texts(without=[OTHER_LANGUAGE, "textarea"])[:5] == chinese[:5], "Chinese again")


def test_the_language_is_remembered(studio: Studio) -> None:
    studio.open()
    expect(studio.page.locator("html")).to_have_attribute("lang", "zh-CN")
    studio.speak_english()
    studio.page.reload()
    studio.wait_drawn()
    expect(studio.page.locator("html")).to_have_attribute("lang", "en")


def test_the_theme_is_that_of_the_system_until_it_is_chosen(browser: Browser, stack: Stack, watch: Watch) -> None:
    colours = {}
    for system in ("light", "dark"):
        context = browser.new_context(color_scheme=system)
        watching = Watch(context, stack.base_url)
        studio = Studio(context.new_page(), stack.base_url)
        studio.open()
        colours[system] = studio.page.evaluate(BACKGROUND)
        chosen = "dark" if system == "light" else "light"
        studio.use_theme(chosen)
        colours[f"{chosen} chosen"] = studio.page.evaluate(BACKGROUND)
        studio.page.reload()
        studio.wait_drawn()
        assert studio.page.evaluate(BACKGROUND) == colours[f"{chosen} chosen"]
        context.close()
        watching.check()
    assert colours["light"] == colours["light chosen"] != colours["dark"] == colours["dark chosen"]
