"""Addresses, the browser's own buttons, and a server that is away."""

from playwright.sync_api import expect

from tests.ui.browser import Watch
from tests.ui.conftest import Voice
from tests.ui.studio import Studio


def test_the_keyboard_reaches_the_content_at_once(studio: Studio) -> None:
    studio.open("#/tasks")
    studio.page.keyboard.press("Tab")
    expect(studio.page.locator("a.skip")).to_be_focused()
    studio.page.keyboard.press("Enter")
    expect(studio.page.locator("main")).to_be_focused()
    assert studio.page.url.endswith("#/tasks")


def test_the_list_says_that_the_network_is_gone_and_recovers(studio: Studio, watch: Watch, voice: Voice) -> None:
    watch.expect("net::ERR_INTERNET_DISCONNECTED")
    studio.open("#/tasks")
    expect(studio.at("task")).not_to_have_count(0)
    studio.page.context.set_offline(True)
    expect(studio.page.get_by_role("alert")).to_contain_text("服务暂时没有响应")
    studio.page.context.set_offline(False)
    expect(studio.page.get_by_role("alert")).to_have_count(0)
    expect(studio.at("task")).not_to_have_count(0)


def test_a_page_without_its_texts_says_so_in_both_languages_and_tries_again(studio: Studio, watch: Watch) -> None:
    watch.expect("net::ERR_FAILED")
    texts = "**/api/v1/messages*"
    studio.page.route(texts, lambda route: route.abort())
    studio.page.goto(studio.base_url)
    expect(studio.page.locator("#app")).to_contain_text("服务暂时无法访问")
    expect(studio.page.locator("#app")).to_contain_text("trying again")
    studio.page.unroute(texts)
    studio.wait_drawn()
