"""A link passes bytes on as they are, until it is told to break, and then it breaks as told."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.chaos.proxy import Link

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Dial = Callable[[], Awaitable[Connection]]


class Echo:
    """A server that says what it hears; counts the bytes."""

    def __init__(self) -> None:
        self.heard = b""
        self.ended_by: list[type[BaseException] | None] = []
        self.port = 0

    async def start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1000):
                self.heard += data
                writer.write(data)
                await writer.drain()
        except OSError as exc:
            self.ended_by.append(type(exc))
        else:
            self.ended_by.append(None)
        finally:
            writer.close()


@pytest.fixture
async def echo(request: pytest.FixtureRequest) -> AsyncIterator[Echo]:
    echo = Echo()
    server = await echo.start()
    if getattr(request, "param", "") == "away":
        server.close()
    yield echo
    server.close()


@pytest.fixture
async def link(echo: Echo) -> AsyncIterator[Link]:
    link = Link("test", echo.port)
    await link.open()
    yield link
    await link.close()


@pytest.fixture
async def dial(link: Link) -> AsyncIterator[Dial]:
    """Connects through the link; every connection is closed at the end."""
    writers: list[asyncio.StreamWriter] = []

    async def connect() -> Connection:
        reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
        writers.append(writer)
        return reader, writer

    yield connect
    for writer in writers:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def say(connection: Connection, words: bytes) -> bytes:
    reader, writer = connection
    writer.write(words)
    await writer.drain()
    return await asyncio.wait_for(reader.readexactly(len(words)), 10)


async def test_bytes_pass_in_both_directions_and_an_end_passes_too(echo: Echo, dial: Dial) -> None:
    reader, writer = await dial()
    assert await say((reader, writer), b"hello") == b"hello"
    writer.write_eof()
    assert await asyncio.wait_for(reader.read(), 10) == b""
    assert echo.ended_by == [None]


async def test_much_passes_whole(dial: Dial) -> None:
    reader, writer = await dial()
    much = bytes(range(256)) * 8192
    writer.write(much)
    assert await asyncio.wait_for(reader.readexactly(len(much)), 20) == much


async def test_a_reset_ends_connections_by_force_and_new_ones_pass(link: Link, echo: Echo, dial: Dial) -> None:
    connection = await dial()
    await say(connection, b"hello")
    assert link.connections == 1
    link.reset()
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(connection[0].readexactly(1), 10)
    async with asyncio.timeout(10):
        while not echo.ended_by:
            await asyncio.sleep(0.01)
    assert echo.ended_by == [ConnectionResetError]
    assert await say(await dial(), b"again") == b"again"


async def test_a_cut_lets_half_of_a_message_pass(link: Link, echo: Echo, dial: Dial) -> None:
    connection = await dial()
    await say(connection, b"hello")
    cutting = asyncio.create_task(link.cut())
    await asyncio.sleep(0)
    connection[1].write(b"0123456789")
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await asyncio.wait_for(connection[0].readexactly(10), 10)
    await cutting
    assert b"hello".startswith(echo.heard[:5])
    assert echo.heard in (b"hello", b"hello01234")


async def test_a_connection_that_carries_nothing_is_cut_all_the_same(link: Link, dial: Dial) -> None:
    connection = await dial()
    await say(connection, b"hello")
    await link.cut()
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(connection[0].readexactly(1), 10)


async def test_what_is_swallowed_for_a_while_comes_later(link: Link, dial: Dial) -> None:
    connection = await dial()
    await say(connection, b"hello")
    began = time.monotonic()
    swallowing = asyncio.create_task(link.swallow(0.5))
    await asyncio.sleep(0)
    assert await say(connection, b"late") == b"late"
    assert time.monotonic() - began >= 0.5
    await swallowing


async def test_a_slow_link_holds_every_piece_back(link: Link, dial: Dial) -> None:
    connection = await dial()
    await say(connection, b"hello")
    slowing = asyncio.create_task(link.slow(1.0, 0.2))
    await asyncio.sleep(0)
    began = time.monotonic()
    assert await say(connection, b"slow") == b"slow"
    assert time.monotonic() - began >= 0.4, "both directions"
    await slowing


async def test_a_refusing_link_resets_who_comes_until_the_time_is_over(link: Link, dial: Dial) -> None:
    connection = await dial()
    await say(connection, b"hello")
    refusing = asyncio.create_task(link.refuse(0.5))
    await asyncio.sleep(0)
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(connection[0].readexactly(1), 10)
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await say(await dial(), b"hello")
    await refusing
    assert await say(await dial(), b"hello") == b"hello"


@pytest.mark.parametrize("echo", ["away"], indirect=True)
async def test_a_server_that_is_away_is_a_connection_that_ends(dial: Dial) -> None:
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await say(await dial(), b"hello")
