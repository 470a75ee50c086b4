"""Tasks are found by a part of their name, the same on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, text

from services.orchestrator import lifecycle
from services.orchestrator.database import DatabaseLimits, engines
from services.orchestrator.models import Task
from services.orchestrator.schema import upgrade
from services.orchestrator.store import Store
from services.orchestrator.tasks import Tasks
from services.runtime.artifacts import ArtifactStore
from services.runtime.errors import InvalidInputError

NAMES = ("My-Voice_1", "my-voice-2", "Straße", "ГОЛОС", "声音-A", "aXb", "a_b", "e\u0301t\u00e9", "ΜΟΥΣΙΚΗΣ")


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    async with store.writing() as session:
        session.add_all(a_task(number, name) for number, name in enumerate(NAMES))
        session.add(a_task(50, "my-voice-3", owner="other"))
    yield store
    await store.close()


@pytest.fixture
def tasks(store: Store, tmp_path: Path) -> Tasks:
    return Tasks(
        store,
        ArtifactStore(str(tmp_path / "artifacts")),
        languages=("en",),
        max_queued=100,
        callbacks=False,
        callback_private=False,
        on_change=lambda: None,
        on_stop=lambda task_id: None,
        on_obsolete=lambda uris: None,
    )


def a_task(number: int, name: str, owner: str = "local") -> Task:
    return lifecycle.new_task(
        task_id=f"{number:032x}",
        owner=owner,
        exp_name=name,
        file_ids=["a"],
        ref_audio_id="",
        language="auto",
        options=b"",
        inference=True,
        callback_url="",
        now=1000.0 + number,
    )


async def found(tasks: Tasks, part: str, **asked: object) -> list[str]:
    page = {"state": "", "limit": 50, "offset": 0, **asked}
    views, _ = await tasks.page("local", search=part, **page)  # type: ignore[arg-type]
    return [view.task.exp_name for view in views]


@pytest.mark.parametrize(
    ("part", "names"),
    [
        ("my-voice", ["my-voice-2", "My-Voice_1"]),
        ("VOICE", ["my-voice-2", "My-Voice_1"]),
        ("  voice_1 ", ["My-Voice_1"]),
        ("STRASSE", ["Straße"]),
        ("straße", ["Straße"]),
        ("голос", ["ГОЛОС"]),
        ("声音-a", ["声音-A"]),
        ("É", ["e\u0301t\u00e9"]),
        ("e\u0301", ["e\u0301t\u00e9"]),
        ("μουσικης", ["ΜΟΥΣΙΚΗΣ"]),
        # What stands for anything in a pattern stands for itself.
        ("a_b", ["a_b"]),
        ("%", []),
        ("_", ["a_b", "My-Voice_1"]),
        ("\\", []),
        ("/", []),
        ("", list(NAMES[::-1])),
    ],
)
async def test_part_of_a_name_is_found_whatever_its_case(tasks: Tasks, part: str, names: list[str]) -> None:
    assert await found(tasks, part) == names


async def test_search_joins_state_and_page(tasks: Tasks, store: Store) -> None:
    async with store.writing() as session:
        first = await session.get_one(Task, f"{0:032x}")
        first.state = "running"
        gone = await session.get_one(Task, f"{5:032x}")
        gone.purged_at = 2000.0
    assert await found(tasks, "voice", state="running") == ["My-Voice_1"]
    assert await found(tasks, "voice", limit=1, offset=1) == ["My-Voice_1"]
    assert (await tasks.page("local", state="", search="voice", limit=1, offset=0))[1] == 2
    assert await found(tasks, "axb") == [], "a purged task is not found"


@pytest.mark.parametrize("part", ["a" * 65, "a\0b"])
async def test_what_cannot_be_part_of_a_name_is_refused(tasks: Tasks, part: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        await found(tasks, part)
    assert refused.value.params["problem"] == "search"


async def test_names_of_earlier_versions_are_found_after_the_upgrade(database_url: str, tmp_path: Path) -> None:
    """A database that was made by the version before this column."""

    def before(connection: Connection) -> None:
        for table in ("alembic_version", "metrics", "events", "stages", "files", "owners", "locks", "idempotency_keys"):
            connection.execute(text(f"DROP TABLE IF EXISTS {table}"))
        connection.execute(text("DROP TABLE IF EXISTS tasks"))
        upgrade(connection, "0002")
        connection.execute(
            text(
                "INSERT INTO tasks (id, owner, exp_name, file_ids, ref_audio_id, language, options, state, message,"
                " detected_language, progress, last_seq, created_at, callback_url, callback_state, callback_tries)"
                " VALUES ('x', 'local', 'Старый_ß', '[]', '', 'en', '', 'queued', '{}', '', 0, 0, 1, '', '', 0)"
            )
        )

    opened = engines(database_url, DatabaseLimits())
    async with opened.migrator.begin() as connection:
        await connection.run_sync(before)
    await opened.close()
    store = await Store.open(database_url)
    async with store.reading() as session:
        assert list(await session.scalars(select(Task.search_name))) == ["старый_ss"]
    await store.close()


async def test_sqlite_searches_in_the_index_alone(tmp_path: Path) -> None:
    """Rows are wide (transcripts): a count must not read them."""
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/tasks.db")
    query = (
        "EXPLAIN QUERY PLAN SELECT count(*) FROM tasks"
        " WHERE owner = 'local' AND purged_at IS NULL AND search_name LIKE '%a%' ESCAPE '/'"
    )
    async with store.reading() as session:
        plan = " ".join(str(row) for row in await session.execute(text(query)))
    await store.close()
    assert "COVERING INDEX ix_tasks_listed" in plan
