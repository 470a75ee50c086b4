"""The studio page in the hands of a person: what tests and pictures do with it."""

import base64
import mimetypes
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

STAGES = (
    "audio_slice",
    "asr",
    "text_feature",
    "hubert_feature",
    "semantic_token",
    "sovits_train",
    "gpt_train",
    "inference",
)
# A stage of the nano pack takes seconds; a loaded machine takes its time.
PATIENCE_MS = 30_000
WHOLE_RUN_MS = 180_000
TASK = re.compile(r"#/tasks/([^/?]+)")

# A file that a person drags from a folder: the page gets a DataTransfer with the file's own bytes.
_DROP = """(zone, files) => {
  const carried = new DataTransfer();
  for (const { name, type, content } of files) {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    carried.items.add(new File([bytes], name, { type }));
  }
  for (const moment of ["dragenter", "dragover", "drop"])
    zone.dispatchEvent(new DragEvent(moment, { dataTransfer: carried, bubbles: true, cancelable: true }));
}"""

# Media elements that play need not be in the document (wavesurfer.js keeps its own): each that was started is kept.
REMEMBER_PLAYED = """
  window.played = new Set();
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () { window.played.add(this); return play.call(this); };
"""


class Studio:
    """One tab with the page open."""

    def __init__(self, page: Page, base_url: str) -> None:
        self.page = page
        self.base_url = base_url
        page.set_default_timeout(PATIENCE_MS)

    def open(self, address: str = "#/") -> None:
        """Go to an address of the page and wait until it has words."""
        self.page.goto(f"{self.base_url}/{address}")
        self.wait_drawn()

    def wait_drawn(self) -> None:
        """Wait until the header and a heading are there."""
        expect(self.at("language")).to_be_visible(timeout=PATIENCE_MS)
        expect(self.page.locator("main h1").first).to_be_visible(timeout=PATIENCE_MS)

    def at(self, name: str) -> Locator:
        """What bears this name for tests."""
        return self.page.locator(f'[data-test="{name}"]')

    def speak_english(self) -> None:
        """Switch from Chinese, the default."""
        self.at("language").click()
        expect(self.page.locator("html")).to_have_attribute("lang", "en")

    def use_theme(self, wanted: str) -> None:
        """Press the button until the theme is light or dark."""
        for _ in range(3):
            if self.page.locator("html").get_attribute("data-theme") == wanted:
                return
            self.at("theme").click()
        raise AssertionError(f"the button never reaches {wanted}")

    def drop(self, *paths: Path) -> None:
        """Drag files onto the page."""
        files = [
            {
                "name": path.name,
                "type": mimetypes.guess_type(path.name)[0] or "",
                "content": base64.b64encode(path.read_bytes()).decode(),
            }
            for path in paths
        ]
        self.at("drop").evaluate(_DROP, files)

    def wait_report(self) -> None:
        """Wait until the page has judged what was dropped."""
        expect(self.at("recording")).not_to_have_count(0, timeout=PATIENCE_MS)
        expect(self.at("verdict")).to_be_visible(timeout=PATIENCE_MS)

    def start(self) -> str:
        """Press the one button; the id of the task that the page goes to."""
        expect(self.at("start")).to_be_enabled(timeout=PATIENCE_MS)
        self.at("start").click()
        self.page.wait_for_url(TASK)
        return self.task_id

    @property
    def task_id(self) -> str:
        """The task that the address names."""
        found = TASK.search(self.page.url)
        assert found is not None, self.page.url
        return found.group(1)

    def wait_stage(self, stage: str, status: str, *, timeout_ms: float = WHOLE_RUN_MS) -> None:
        """Wait until the page shows a stage so."""
        expect(self.at(f"stage-{stage}")).to_have_attribute("data-status", status, timeout=timeout_ms)

    def wait_completed(self) -> None:
        """Wait until the page shows every stage as done."""
        for stage in STAGES:
            self.wait_stage(stage, "completed")

    def wait_played(self, beyond_s: float = 0.2) -> None:
        """Wait until something that was started has been heard for so long."""
        self.page.wait_for_function(
            "beyond => [...window.played].some((sound) => !sound.error && sound.currentTime > beyond)", arg=beyond_s
        )

    def texts(self, *, without: Sequence[str] = ()) -> list[str]:
        """Every text that a person can see, hear from a screen reader or find in an empty field."""
        found: list[str] = self.page.evaluate(_TEXTS, list(without))
        return found

    def poll(self, look: Callable[[], Any], what: str, *, timeout_ms: float = PATIENCE_MS) -> Any:
        """Look again and again, with the page's events going on meanwhile, until the answer is truthy."""
        waited = 0
        while not (found := look()):
            assert waited < timeout_ms, f"not within {timeout_ms / 1000:g} s: {what}"
            self.page.wait_for_timeout(100)
            waited += 100
        return found


# Text nodes that take room on the page, and attributes that are read out; selectors in `without` are left out.
_TEXTS = """(without) => {
  const found = [document.title];
  const left = (element) => without.some((selector) => element.closest(selector));
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || left(parent) || parent.closest("script, style, noscript")) continue;
    if (parent.checkVisibility() || parent.closest("option")) found.push(node.data.trim());
  }
  for (const element of document.body.querySelectorAll("*")) {
    if (left(element) || !(element.checkVisibility() || element.closest("option"))) continue;
    for (const name of ["aria-label", "aria-description", "aria-valuetext", "placeholder", "title", "alt"]) {
      const value = element.getAttribute(name);
      if (value) found.push(value);
    }
    if (element.shadowRoot && element.shadowRoot.textContent.trim())
      found.push(...[...element.shadowRoot.querySelectorAll("*:not(style)")].flatMap((inner) =>
        [...inner.childNodes].filter((one) => one.nodeType === 3 && one.data.trim()).map((one) => one.data.trim())));
  }
  return found;
}"""
