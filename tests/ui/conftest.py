"""One stack and one browser for all tests of the page; every test has a browser context of its own, and is watched."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.e2e.rest import Rest
from tests.stack import BARE_MACHINE, Stack, start_stack
from tests.ui.browser import Watch, launch
from tests.ui.recordings import reading
from tests.ui.studio import PATIENCE_MS, REMEMBER_PLAYED, WHOLE_RUN_MS, Studio

# The tests of the page are about the page: what one of them has trained, others take over.
SETTINGS = {**BARE_MACHINE, "VOICELOOM_STAGE_CACHE": "true"}
# Numbers of epochs that no preset has, each used once: nothing is taken over, and a run lasts long enough to break it.
_EPOCHS = itertools.count(150)


@dataclass(frozen=True)
class Voice:
    """A task that has ended well."""

    id: str
    name: str
    file_id: str


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A running stack; tests may kill its services (the supervisor brings them back) but not the stack."""
    running = start_stack(tmp_path_factory.mktemp("ui") / "data", environment=SETTINGS)
    yield running
    assert running.stop() == 0, running.output


@pytest.fixture(scope="session")
def rest(stack: Stack) -> Iterator[Rest]:
    """A client of the stack, to prepare tasks and to compare with."""
    with Rest(stack.base_url) as client:
        yield client


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """25 s of a synthetic person reading, as a file to drop."""
    return reading(tmp_path_factory.mktemp("recordings"))


@pytest.fixture(scope="session")
def file_id(rest: Rest, recording: Path) -> str:
    """The recording, uploaded."""
    return rest.upload(recording)


@pytest.fixture(scope="session")
def voice(rest: Rest, file_id: str) -> Voice:
    """A completed task, made without the page. Tests change nothing of it."""
    task_id = rest.create("finished-voice", file_id)
    rest.wait_completed(task_id, timeout_s=WHOLE_RUN_MS / 1000)
    return Voice(task_id, "finished-voice", file_id)


@pytest.fixture
def slow_task(rest: Rest, file_id: str) -> Iterator[Callable[[str], str]]:
    """Makes tasks that train for long; what still runs when the test ends is removed."""
    made: list[str] = []

    def make(name: str) -> str:
        epochs = next(_EPOCHS)
        trained = {f"{model}_{what}epochs": epochs for model in ("sovits", "gpt") for what in ("", "save_every_")}
        made.append(rest.create(name, file_id, expert=trained))
        return made[-1]

    yield make
    for task_id in made:
        rest.http.delete(f"/tasks/{task_id}", params={"purge": "true"})


@pytest.fixture(scope="session")
def browser(recording: Path) -> Iterator[Browser]:
    """The browser of the system; its microphone hears the recording."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        running = launch(playwright, microphone=recording)
        yield running
        running.close()


@pytest.fixture
def context(browser: Browser, stack: Stack) -> Iterator[BrowserContext]:
    """A browser that has never seen the page; nothing is remembered from other tests."""
    fresh = browser.new_context(locale="zh-CN", reduced_motion="reduce", accept_downloads=True)
    fresh.add_init_script(REMEMBER_PLAYED)
    yield fresh
    fresh.close()


@pytest.fixture(autouse=True)
def watch(context: BrowserContext, stack: Stack) -> Iterator[Watch]:
    """Fails the test on any error in the console, uncaught error, violation of the policy or request to elsewhere."""
    watching = Watch(context, stack.base_url)
    yield watching
    watching.check()


@pytest.fixture
def studio(context: BrowserContext, stack: Stack, watch: Watch) -> Studio:
    """One tab, not yet anywhere."""
    return Studio(context.new_page(), stack.base_url)
