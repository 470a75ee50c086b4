"""A connection to SQLite ends, whatever happens while it does."""

import asyncio

from services.orchestrator.sqlite import connect_sqlite


async def test_a_close_that_is_cancelled_while_somebody_else_stops_the_connection_ends() -> None:
    connection = await connect_sqlite(":memory:")
    closing = asyncio.create_task(connection.close())
    await asyncio.sleep(0)  # it has asked its thread, and waits
    connection.stop()
    closing.cancel()
    done, _ = await asyncio.wait([closing], timeout=10)
    assert done, "the close waits for a thread that has ended"
    # The thread answers to this loop, so the loop stays until it has.
    await asyncio.to_thread(connection._thread.join, 10)


async def test_a_connection_that_was_stopped_can_be_closed() -> None:
    connection = await connect_sqlite(":memory:")
    stopped = connection.stop()
    assert stopped is not None
    await stopped
    assert connection.stop() is None
    async with asyncio.timeout(10):
        await connection.close()


async def test_a_transaction_is_given_up_with_its_connection(tmp_path: object) -> None:
    path = f"{tmp_path}/a.db"
    first, second = await connect_sqlite(path), await connect_sqlite(path, timeout=5)
    await first.execute("CREATE TABLE t (a)")
    await first.execute("BEGIN IMMEDIATE")
    kept = await first.execute("SELECT 1")
    await first.close()
    await second.execute("INSERT INTO t VALUES (1)")
    await second.close()
    assert kept is not None
