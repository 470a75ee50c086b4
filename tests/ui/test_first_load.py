"""The budget of the first load: bytes on the wire, requests, no jumps. How quick it is, `make bench` says."""

from playwright.sync_api import CDPSession, Page, expect

from tests.ui.studio import Studio

MOST_BYTES = 300_000
MOST_REQUESTS = 15
# Cumulative layout shift; above a tenth people lose their place (https://web.dev/articles/cls).
MOST_SHIFT = 0.1
SHIFTS = """
  window.shifted = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
"""


def bytes_of(page: Page) -> tuple[CDPSession, list[float]]:
    """Collects what comes over the wire, headers included, as the browser counts it."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    loaded: list[float] = []
    session.on("Network.loadingFinished", lambda event: loaded.append(float(event["encodedDataLength"])))
    return session, loaded


def test_the_first_load_is_small_and_still(studio: Studio) -> None:
    studio.page.add_init_script(SHIFTS)
    _, loaded = bytes_of(studio.page)
    studio.open()
    expect(studio.at("drop")).to_be_visible()
    studio.page.wait_for_load_state("networkidle")
    assert 10_000 < sum(loaded) < MOST_BYTES
    assert len(loaded) <= MOST_REQUESTS
    assert studio.page.evaluate("window.shifted") < MOST_SHIFT


def test_a_second_visit_loads_no_script_again(studio: Studio) -> None:
    studio.open()
    studio.page.wait_for_load_state("networkidle")
    session = studio.page.context.new_cdp_session(studio.page)
    session.send("Network.enable")
    asked: list[str] = []
    cached: list[str] = []
    session.on("Network.requestWillBeSent", lambda event: asked.append(event["requestId"]))
    session.on("Network.requestServedFromCache", lambda event: cached.append(event["requestId"]))
    studio.page.reload()
    studio.wait_drawn()
    scripts = [
        entry
        for entry in studio.page.evaluate(
            "performance.getEntriesByType('resource').map(({name, transferSize}) => [name, transferSize])"
        )
        if "/static/studio/" in entry[0]
    ]
    assert asked
    assert scripts
    assert all(size == 0 for _, size in scripts), scripts
