"""Renews the pictures of the studio page in docs/pictures: `make screenshots`.

A real voice is trained with the default pack while they are taken; that takes some minutes. What moves (waveforms that
play, times) differs from run to run, so the pictures are renewed when the page has changed, and not by any test.
"""

import argparse
import base64
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, ViewportSize, expect, sync_playwright

from tests.e2e.rest import Rest
from tests.stack import ROOT, Stack, start_stack
from tests.ui.browser import launch
from tests.ui.studio import Studio

MINI = ROOT / "packs" / "mini"
SAMPLE = ROOT / "samples" / "bella_90s.flac"
DESK: ViewportSize = {"width": 1100, "height": 900}
# All of the form.
TALL: ViewportSize = {"width": 1100, "height": 1560}
PHONE: ViewportSize = {"width": 390, "height": 844}
QUALITY = 55
# All of them together, in a tree that everybody downloads.
MOST_BYTES = 300_000
TRAINING_MS = 1_200_000


class Album:
    """Takes pictures into a folder."""

    def __init__(self, browser: Browser, stack: Stack, folder: Path) -> None:
        self._browser, self._stack, self._folder = browser, stack, folder
        self.paths: list[Path] = []

    def take(
        self,
        name: str,
        show: Callable[[Studio], None],
        *,
        size: ViewportSize = DESK,
        english: bool = False,
        theme: str = "light",
    ) -> None:
        """One picture of what `show` brings about."""
        context = self._browser.new_context(
            locale="en-GB" if english else "zh-CN", viewport=size, reduced_motion="reduce"
        )
        studio = Studio(context.new_page(), self._stack.base_url)
        studio.open()
        if english:
            studio.speak_english()
        studio.use_theme(theme)
        show(studio)
        studio.page.wait_for_timeout(1000)  # canvases are painted after they appear
        session = context.new_cdp_session(studio.page)
        taken = session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
        path = self._folder / f"{name}.webp"
        path.write_bytes(base64.b64decode(taken["data"]))
        self.paths.append(path)
        context.close()


def report(studio: Studio) -> None:
    """A dropped recording and what the page says of it."""
    studio.drop(SAMPLE)
    studio.wait_report()
    studio.page.wait_for_selector('[data-test="estimate-fast"]', timeout=TRAINING_MS)


def result(task_id: str) -> Callable[[Studio], None]:
    """The voice with the spectrogram of its best speech."""

    def show(studio: Studio) -> None:
        studio.open(f"#/tasks/{task_id}/result")
        best = studio.page.locator('[data-test="candidate"][data-best="true"]')
        best.locator('[data-test="spectrogram-toggle"] summary').click()
        expect(studio.at("spectrogram")).to_be_visible()
        best.scroll_into_view_if_needed()

    return show


def curves(task_id: str) -> Callable[[Studio], None]:
    """A task while its second model trains."""

    def show(studio: Studio) -> None:
        studio.open(f"#/tasks/{task_id}")
        studio.wait_stage("gpt_train", "running", timeout_ms=TRAINING_MS)
        expect(studio.page.locator("vl-curves canvas")).to_have_count(2, timeout=TRAINING_MS)
        studio.page.wait_for_timeout(15_000)  # a curve has to have a shape

    return show


def proofread(task_id: str) -> Callable[[Studio], None]:
    """Clips with their words."""

    def show(studio: Studio) -> None:
        studio.open(f"#/tasks/{task_id}/proofread")
        expect(studio.at("clip")).not_to_have_count(0)

    return show


def tasks(studio: Studio) -> None:
    """The list of tasks."""
    studio.open("#/tasks")
    expect(studio.at("task")).not_to_have_count(0)


def take_all(browser: Browser, stack: Stack, folder: Path) -> list[Path]:
    """Every picture, in the order in which a person sees them."""
    album = Album(browser, stack, folder)
    album.take("train", report, size=TALL)
    album.take("train-phone", report, size=PHONE, theme="dark")
    with Rest(stack.base_url) as rest:
        file_id = rest.upload(SAMPLE)
        text = "After lunch we walked slowly along the river and watched the boats go by."
        task_id = rest.create("bella", file_id, inference={"target_text": text})
        album.take("progress", curves(task_id), size=TALL, english=True)
        rest.wait_completed(task_id, timeout_s=TRAINING_MS / 1000)
    album.take("proofread", proofread(task_id))
    album.take("result", result(task_id), english=True, theme="dark")
    album.take("tasks", tasks)
    return album.paths


def main() -> int:
    """Take them; the exit code is 1 when they are too large together."""
    parser = argparse.ArgumentParser(prog="make screenshots", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures")
    folder = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="voiceloom-pictures-") as data, sync_playwright() as playwright:
        stack = start_stack(Path(data) / "data", pack=MINI)
        browser = launch(playwright)
        try:
            taken = take_all(browser, stack, folder)
        finally:
            browser.close()
            stack.stop()
    sizes = {path.name: path.stat().st_size for path in taken}
    for name, size in sizes.items():
        print(f"{name:<20} {size / 1000:6.1f} kB")
    print(f"{'together':<20} {sum(sizes.values()) / 1000:6.1f} kB")
    return 0 if sum(sizes.values()) <= MOST_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
