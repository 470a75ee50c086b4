"""Loss curves are drawn while a training runs, and can be read without seeing them."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.ui.conftest import Voice
from tests.ui.studio import WHOLE_RUN_MS, Studio

STEP = re.compile(r"\d+")


def test_the_curve_grows_while_the_training_runs(studio: Studio, slow_task: Callable[[str], str]) -> None:
    studio.open(f"#/tasks/{slow_task('growing-curve')}")
    curve = studio.page.locator('vl-curves[data-stage="sovits_train"]')
    expect(curve.locator("canvas")).to_be_visible(timeout=WHOLE_RUN_MS)
    curve.locator("summary").click()

    def newest() -> int:
        found = STEP.search(curve.locator("tbody th").first.inner_text())
        assert found is not None
        return int(found.group())

    first = newest()
    studio.poll(lambda: newest() > first, "a later step is shown")
    assert studio.at("stage-sovits_train").get_attribute("data-status") == "running"


def test_lines_are_hidden_with_their_names(studio: Studio, voice: Voice) -> None:
    studio.open(f"#/tasks/{voice.id}")
    curve = studio.page.locator('vl-curves[data-stage="gpt_train"]')
    expect(curve.locator("canvas")).to_be_visible()
    assert "%" in str(curve.locator('[data-test="chart"]').get_attribute("aria-label"))
    painted = "canvas => canvas.toDataURL()"
    before = curve.locator("canvas").evaluate(painted)
    button = curve.locator('[data-test="curve-ce"]')
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    studio.poll(lambda: curve.locator("canvas").evaluate(painted) != before, "the line is gone")


def test_a_page_without_training_asks_for_no_curves(studio: Studio, voice: Voice) -> None:
    asked: list[str] = []
    studio.page.on("request", lambda request: asked.append(request.url) if "/metrics" in request.url else None)
    studio.open(f"#/tasks/{voice.id}")
    expect(studio.page.locator("vl-curves canvas")).to_have_count(2)
    studio.page.wait_for_timeout(4500)
    assert len(asked) == 1, asked
