"""The list of tasks: filter, search and pages, and the way back to them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.e2e.rest import Rest
from tests.ui.conftest import Voice
from tests.ui.studio import Studio

# More than one page of twenty.
MANY = 23


@pytest.fixture(scope="module")
def many(rest: Rest, file_id: str, voice: Voice) -> Iterator[list[str]]:
    """Names of many tasks, oldest first; all are cancelled, so none of them works."""
    names = [f"page-{'Äpfel' if number == 7 else 'voice'}-{number:02d}" for number in range(MANY)]
    ids = [rest.create(name, file_id) for name in names]
    # What has not been taken over by then is cancelled; every one of them has ended either way.
    for task_id in ids:
        rest.http.delete(f"/tasks/{task_id}")
    yield names
    for task_id in ids:
        rest.http.delete(f"/tasks/{task_id}", params={"purge": "true"})


def names(studio: Studio) -> list[str]:
    return studio.at("task").locator("a").all_inner_texts()


def test_pages_lead_to_older_tasks_and_back(studio: Studio, many: list[str]) -> None:
    studio.open("#/tasks?search=page-")
    newest = list(reversed(many))
    expect(studio.at("task")).to_have_count(20)
    assert names(studio) == newest[:20]
    studio.at("older").click()
    expect(studio.at("task")).to_have_count(MANY - 20)
    assert names(studio) == newest[20:]
    expect(studio.at("older")).to_be_disabled()
    studio.page.reload()
    expect(studio.at("task")).to_have_count(MANY - 20)
    studio.at("newer").click()
    expect(studio.at("task")).to_have_count(20)
    expect(studio.at("newer")).to_be_disabled()


def test_search_finds_a_part_of_a_name_whatever_its_case(studio: Studio, many: list[str]) -> None:
    studio.open("#/tasks")
    studio.at("search").fill("äPFEL")
    expect(studio.at("task")).to_have_count(1)
    assert names(studio) == ["page-Äpfel-07"]
    studio.at("search").fill("no such name")
    expect(studio.at("task")).to_have_count(0)
    expect(studio.page.locator("main .empty")).to_be_visible()


def test_the_filter_shows_one_status(studio: Studio, rest: Rest, many: list[str], voice: Voice) -> None:
    studio.open("#/tasks")
    for status in ("cancelled", "completed"):
        found = rest.http.get("/tasks", params={"status": status, "limit": 20}).json()
        assert found["total"] > 0
        studio.at("filter").select_option(status)
        studio.poll(lambda page=found: names(studio) == [task["exp_name"] for task in page["items"]], f"{status} alone")
        assert studio.page.url.endswith(f"#/tasks?status={status}")


def test_a_task_made_elsewhere_appears_by_itself(studio: Studio, rest: Rest, voice: Voice) -> None:
    studio.open("#/tasks?search=elsewhere")
    expect(studio.page.locator("main .empty")).to_be_visible()
    task_id = rest.create("made-elsewhere", voice.file_id)
    expect(studio.at("task")).to_have_count(1)
    rest.http.delete(f"/tasks/{task_id}", params={"purge": "true"})
    expect(studio.at("task")).to_have_count(0)
