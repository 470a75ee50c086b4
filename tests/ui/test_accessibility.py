"""axe-core finds nothing serious in any view, in either theme, at a desk and on a phone."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ViewportSize

from tests.ui.conftest import Voice
from tests.ui.studio import Studio
from tests.ui.views import VIEWS, opener

GRAVE = ("serious", "critical")
DESK: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 360, "height": 740}


def grave_findings(studio: Studio) -> list[str]:
    """What a person who needs help would stumble over."""
    # Preloading would have axe-core copy style sheets of shadow roots into <style> elements, which the policy forbids.
    found = Axe().run(studio.page, options={"preload": False}).response
    assert len(found["passes"]) > 10, "axe-core has looked at nothing"
    return [
        f"{rule['id']}: {node['html'][:200]} {node['failureSummary']}"
        for rule in found["violations"]
        if rule["impact"] in GRAVE
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_nothing_is_in_the_way(view: str, theme: str, studio: Studio, voice: Voice, recording: Path) -> None:
    studio.page.set_viewport_size(DESK)
    opener(view, task_id=voice.id, recording=recording)(studio)
    studio.use_theme(theme)
    findings = grave_findings(studio)
    studio.page.set_viewport_size(PHONE)
    findings += grave_findings(studio)
    assert not findings, "\n".join(findings)
