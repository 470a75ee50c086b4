"""The studio page in a browser that has never seen it: when it can be used, and what that took."""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tests.bench.figures import Figure, Size
from tests.bench.stack import running_stack
from tests.stack import NANO

if TYPE_CHECKING:
    from playwright.sync_api import Browser

VISITS = 7
LONGEST_MS = 30_000
MOST_MS = 1000.0
MOST_BYTES = 300_000
# The page can be used when what a person came for is drawn and nothing keeps the browser from answering: from the last
# long task on (over 50 ms), if one comes later than that.
_NOTE = """
  window.noted = { drawn: 0, busyUntil: 0, blocked: 0 };
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) {
      noted.busyUntil = task.startTime + task.duration;
      noted.blocked += task.duration - 50;
    }
  }).observe({ type: "longtask", buffered: true });
  const look = () => {
    if (document.querySelector('[data-test="drop"]')) noted.drawn = performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
"""


def measure(folder: Path, size: Size) -> list[Figure]:
    """Visit the page some times, each time in a browser without a cache."""
    try:
        from playwright.sync_api import sync_playwright

        from tests.ui.browser import launch
    except ModuleNotFoundError:
        sys.exit("This part needs Playwright and a browser, which `make bench` and `make test-ui` install.")
    visits = 2 if size.pack == "nano" else VISITS
    with running_stack(folder / "data", pack=NANO) as stack, sync_playwright() as playwright:
        browser = launch(playwright)
        _visit(browser, stack.base_url)  # the browser itself starts slowly
        found = [_visit(browser, stack.base_url) for _ in range(visits)]
        browser.close()
    usable_ms, blocked_ms, loaded = (median(values) for values in zip(*found, strict=True))
    slowest_ms = max(visit[0] for visit in found)
    return [
        Figure(
            f"studio page, first visit until it can be used, middle of {visits}",
            f"{usable_ms:.0f} ms (slowest {slowest_ms:.0f} ms), blocked for {blocked_ms:.0f} ms",
            "at most 1 s",
            usable_ms <= MOST_MS,
        ),
        Figure(
            "studio page, first visit, bytes on the wire",
            f"{loaded / 1000:.0f} kB",
            "at most 300 kB",
            loaded <= MOST_BYTES,
        ),
    ]


def _visit(browser: Browser, url: str) -> tuple[float, float, float]:
    """Milliseconds until it can be used, milliseconds blocked, bytes."""
    context = browser.new_context(locale="zh-CN")
    context.add_init_script(_NOTE)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    loaded: list[float] = []
    session.on("Network.loadingFinished", lambda event: loaded.append(float(event["encodedDataLength"])))
    page.goto(url)
    page.wait_for_function("noted.drawn > 0", timeout=LONGEST_MS)
    page.wait_for_load_state("networkidle")
    noted = page.evaluate("noted")
    context.close()
    return max(noted["drawn"], noted["busyUntil"]), noted["blocked"], sum(loaded)
