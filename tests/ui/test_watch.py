"""The watch over the page notices what it is there for."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.stack import Stack
from tests.ui.browser import Watch
from tests.ui.studio import Studio


def inline_style(page: Page) -> None:
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<i style=\"color: red\">x</i>')")


def inline_script(page: Page) -> None:
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), { textContent: '1' }))")


def error_in_console(page: Page) -> None:
    page.evaluate("console.error('gone wrong')")


def uncaught_error(page: Page) -> None:
    page.evaluate("setTimeout(() => { throw new Error('gone wrong') })")


def broken_promise(page: Page) -> None:
    page.evaluate("setTimeout(() => { Promise.reject(new Error('gone wrong')) })")


def foreign_request(page: Page) -> None:
    page.evaluate("fetch('http://127.0.0.2:9/').catch(() => {})")


@pytest.mark.parametrize(
    "misdeed", [inline_style, inline_script, error_in_console, uncaught_error, broken_promise, foreign_request]
)
def test_the_watch_notices(
    misdeed: Callable[[Page], None], context: BrowserContext, stack: Stack, studio: Studio, watch: Watch
) -> None:
    watch.tolerate(".")
    strict = Watch(context, stack.base_url)
    studio.open()
    strict.check()
    misdeed(studio.page)
    studio.poll(lambda: strict.problems, f"{misdeed.__name__} is noticed")
    watch.problems.clear()


def test_an_expected_error_has_to_come(context: BrowserContext, stack: Stack, studio: Studio, watch: Watch) -> None:
    studio.open()
    watch.tolerate("gone wrong")
    strict = Watch(context, stack.base_url)
    strict.expect("gone wrong")
    with pytest.raises(AssertionError, match="did not come"):
        strict.check()
    studio.page.evaluate("console.error('gone wrong')")
    studio.poll(lambda: not strict.missing, "the error is noticed")
    strict.check()
