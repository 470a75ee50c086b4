"""The task store on both databases: its schema, its values, and what it says when the database is away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, select, text, update

from services.orchestrator import lifecycle
from services.orchestrator.database import DatabaseLimits, engines
from services.orchestrator.models import Base, EventRow, File, Lock, Owner, Task
from services.orchestrator.store import MIGRATIONS, Store, migrate
from services.runtime.errors import InvalidInputError, NotFoundError, UnavailableError
from tests.support.postgres import Postgres

LIMITS = DatabaseLimits(pool_size=2, connect_timeout_s=1.0, statement_timeout_s=1.0)
THE_LOCK = select(Lock).where(Lock.name == "schedule").with_for_update()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/tasks.db"
    url: str = request.getfixturevalue("empty_postgres_url")
    return url


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url, LIMITS)
    yield store
    await store.close()


def a_task(number: int = 1, **values: object) -> Task:
    task = lifecycle.new_task(
        task_id=f"{number:032x}",
        owner="local",
        exp_name=f"声音-{number}",
        file_ids=["a", "b"],
        ref_audio_id="",
        language="auto",
        options=b"\0\xff",
        inference=True,
        callback_url="",
        now=time.time(),
    )
    for name, value in values.items():
        setattr(task, name, value)
    return task


async def test_migrations_make_exactly_the_tables_of_the_models(empty_url: str) -> None:
    def differences(connection: Connection) -> object:
        migrate(connection)
        return compare_metadata(
            MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False}),
            Base.metadata,
        )

    opened = engines(empty_url, LIMITS)
    async with opened.migrator.begin() as connection:
        assert await connection.run_sync(differences) == []
    await opened.close()


async def test_migrations_go_down_to_nothing_and_up_again(empty_url: str) -> None:
    def down_and_up(connection: Connection) -> tuple[list[str], list[str]]:
        migrate(connection)
        made = sorted(inspect(connection).get_table_names())
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        left = inspect(connection).get_table_names()
        migrate(connection)
        assert sorted(inspect(connection).get_table_names()) == made
        return made, left

    opened = engines(empty_url, LIMITS)
    async with opened.migrator.begin() as connection:
        made, left = await connection.run_sync(down_and_up)
    await opened.close()
    assert made == sorted([*Base.metadata.tables, "alembic_version"])
    assert left == ["alembic_version"]


async def test_of_many_that_open_an_empty_database_at_once_all_succeed(empty_url: str) -> None:
    stores = await asyncio.gather(*(Store.open(empty_url) for _ in range(4)))
    async with stores[0].reading() as session:
        assert sorted(await session.scalars(select(Lock.name))) == ["admission", "schedule"]
    await asyncio.gather(*(store.close() for store in stores))


async def test_values_come_back_as_they_were(store: Store) -> None:
    now = 1_764_035_299.123457  # to the microsecond
    fault = {"code": "INTERNAL", "args": {"a": '"\\ \0 \N{ROCKET}'}, "stage": "asr", "retryable": False}
    async with store.writing() as session:
        session.add(a_task(created_at=now, eta_s=1e-9, fault=fault, last_seq=2**40))
        session.add(a_task(2, fault=None))
    async with store.reading() as session:
        task, other = (await session.scalars(select(Task).order_by(Task.id))).all()
    assert (task.created_at, task.eta_s, task.fault, task.last_seq) == (now, 1e-9, fault, 2**40)
    assert (task.exp_name, task.options, task.file_ids, other.fault) == ("声音-1", b"\0\xff", ["a", "b"], None)
    assert [stage.position for stage in task.stages] == list(range(8))
    async with store.reading() as session:
        without = await session.scalars(select(Task.id).where(Task.fault.is_(None)))
        assert list(without) == [other.id]


async def test_deleted_task_takes_its_stages_and_events_along(store: Store) -> None:
    async with store.writing() as session:
        session.add(a_task())
    async with store.writing() as session:
        await session.execute(text("DELETE FROM tasks"))
    async with store.reading() as session:
        for table in ("stages", "events"):
            assert await session.scalar(text(f"SELECT count(*) FROM {table}")) == 0


async def test_reader_sees_one_snapshot_while_others_write(store: Store) -> None:
    async with store.writing() as session:
        session.add(Owner(owner="me", served_at=1))
    async with store.reading() as reading:
        before = await reading.scalar(select(Owner.served_at))
        async with store.writing() as session:
            await session.execute(update(Owner).values(served_at=2))
        assert (before, await reading.scalar(select(Owner.served_at))) == (1, 1)
    async with store.reading() as reading:
        assert await reading.scalar(select(Owner.served_at)) == 2


async def test_locked_row_makes_others_wait_for_its_transaction(store: Store) -> None:
    order: list[str] = []
    locked = asyncio.Event()

    async def first() -> None:
        async with store.writing() as session:
            await session.scalar(THE_LOCK)
            locked.set()
            await asyncio.sleep(0.2)
            order.append("first")

    async def second() -> None:
        await locked.wait()
        async with store.writing() as session:
            await session.scalar(THE_LOCK)
            order.append("second")

    await asyncio.gather(first(), second())
    assert order == ["first", "second"]


async def test_lock_that_is_not_given_back_is_unavailable(database_url: str) -> None:
    one, other = await Store.open(database_url), await Store.open(database_url, LIMITS)
    async with one.writing() as held:
        await held.scalar(THE_LOCK)
        with pytest.raises(UnavailableError):
            async with other.writing() as session:
                await session.scalar(THE_LOCK)
    async with other.writing() as session:
        await session.scalar(THE_LOCK)
    await one.close()
    await other.close()


async def test_holder_of_a_lock_that_says_nothing_loses_it(postgres_url: str) -> None:
    silent, other = await Store.open(postgres_url, LIMITS), await Store.open(postgres_url)
    held = silent.writing()
    session = await held.__aenter__()
    await session.scalar(THE_LOCK)
    async with other.writing() as waiting:
        await waiting.scalar(THE_LOCK)  # waits until the server ends the silent one
    with pytest.raises(UnavailableError):
        await held.__aexit__(None, None, None)
    async with silent.writing() as session:
        await session.scalar(THE_LOCK)
    await silent.close()
    await other.close()


async def test_errors_of_the_body_roll_back_and_stay_what_they_are(store: Store) -> None:
    async def refused() -> None:
        async with store.writing() as session:
            session.add(Owner(owner="me", served_at=1))
            await session.flush()
            raise NotFoundError("TASK_NOT_FOUND")

    with pytest.raises(NotFoundError):
        await refused()
    async with store.reading() as session:
        assert await session.scalar(select(Owner)) is None


async def test_commit_tells_what_events_it_wrote(store: Store) -> None:
    told: list[dict[str, int]] = []
    store.on_commit(told.append)
    async with store.writing() as session:
        task = a_task()
        session.add(task)
        await session.flush()
        lifecycle.touch(task)
    assert told == [{task.id: 1}]


async def test_text_that_postgresql_cannot_hold_is_an_invalid_request(postgres_url: str) -> None:
    store = await Store.open(postgres_url, LIMITS)
    for value in ("a\0b", "x" * 65):
        with pytest.raises(InvalidInputError):
            async with store.writing() as session:
                session.add(Owner(owner=value, served_at=1))
    with pytest.raises(InvalidInputError):
        async with store.reading() as session:
            await session.scalar(select(File).where(File.id == "a\0b"))
    await store.close()


async def test_stopped_database_is_unavailable_and_serves_again_by_itself(own_postgres: Postgres) -> None:
    store = await Store.open(own_postgres.url(own_postgres.create()), LIMITS)
    async with store.writing() as session:
        session.add(a_task())
    own_postgres.stop()
    told: list[dict[str, int]] = []
    store.on_commit(told.append)
    for _ in range(3):
        assert not await store.answers()
        with pytest.raises(UnavailableError):
            async with store.reading() as session:
                await session.scalar(select(Task.id))
        with pytest.raises(UnavailableError):
            async with store.writing() as session:
                session.add(a_task(2))
    own_postgres.start()
    assert await store.answers()
    async with store.reading() as session:
        assert list(await session.scalars(select(EventRow.seq))) == [1]
    await store.close()


async def test_database_that_goes_away_in_the_middle_of_a_transaction_is_unavailable(own_postgres: Postgres) -> None:
    store = await Store.open(own_postgres.url(own_postgres.create()), LIMITS)
    told: list[dict[str, int]] = []
    store.on_commit(told.append)
    task = a_task()

    async def cut_off() -> None:
        async with store.writing() as session:
            session.add(task)
            await session.flush()
            lifecycle.touch(task)
            await asyncio.to_thread(own_postgres.kill)

    with pytest.raises(UnavailableError):
        await cut_off()
    # Nobody knows whether the commit came through: those who wait for it look for themselves.
    assert told == [{task.id: 1}]
    own_postgres.start()
    async with store.reading() as session:
        assert await session.scalar(select(Task.id)) is None
    await store.close()


async def test_database_that_accepts_and_says_nothing_is_unavailable_in_time(database_that_hangs: str) -> None:
    store = Store(database_that_hangs, LIMITS)
    preparing = asyncio.create_task(store.prepare())
    assert not await store.answers()
    await asyncio.sleep(LIMITS.connect_timeout_s * 1.5)
    assert not preparing.done()
    preparing.cancel()
    await asyncio.gather(preparing, return_exceptions=True)
    await store.close()


async def test_database_that_stops_answering_is_unavailable_in_time_and_serves_again(own_postgres: Postgres) -> None:
    store = await Store.open(own_postgres.url(own_postgres.create()), LIMITS)
    assert await store.answers()
    own_postgres.pause()
    try:
        begun = time.monotonic()
        for _ in range(3):
            with pytest.raises(UnavailableError):
                async with store.writing() as session:
                    session.add(a_task())
        took_s = time.monotonic() - begun
    finally:
        own_postgres.resume()
    assert took_s < 30
    async with store.writing() as session:
        session.add(a_task())
    async with store.reading() as session:
        assert len(list(await session.scalars(select(Task.id)))) == 1
    await store.close()


@pytest.fixture
async def database_that_hangs() -> AsyncIterator[str]:
    """A server that takes connections and never answers."""

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield f"postgresql+asyncpg://nobody:x@127.0.0.1:{port}/none"
    server.close()


async def test_store_waits_for_a_database_that_is_not_there_yet(own_postgres: Postgres) -> None:
    url = own_postgres.url("later")
    own_postgres.stop()
    store = Store(url, LIMITS)
    preparing = asyncio.create_task(store.prepare())
    assert not await store.answers()
    own_postgres.start()  # the server is there, the database is not
    assert not preparing.done()
    own_postgres.execute("postgres", "CREATE DATABASE later")
    await asyncio.wait_for(preparing, 20)
    assert await store.answers()
    await store.close()
