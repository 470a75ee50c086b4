"""TCP links that can be cut: each listens on loopback, hands bytes on to one server, and breaks when it is told to."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass, field

CHUNK_BYTES = 1 << 16
# A connection that carries nothing cannot be cut in the middle of something: it is cut after this time anyway.
CUT_WAIT_S = 0.5
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER with no time: closing sends RST and throws away what is buffered


@dataclass(eq=False)
class _Connection:
    """Both sides of one connection through a link."""

    writers: tuple[asyncio.StreamWriter, ...]
    tasks: tuple[asyncio.Task[None], ...] = ()
    # The next piece of data is handed on by half, and then the connection is reset.
    cut_next: bool = False
    resetting: bool = field(default=False, init=False)

    def reset(self) -> None:
        """End with RST on both sides: what was under way is lost."""
        self.resetting = True
        for writer in self.writers:
            sock: socket.socket | None = writer.get_extra_info("socket")
            if sock is not None:
                with contextlib.suppress(OSError):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()


class Link:
    """One way from a client to a server, with everything that can happen to it."""

    def __init__(self, name: str, server_port: int) -> None:
        self.name, self.server_port, self.port = name, server_port, 0
        self._connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None
        self._delay_s = 0.0
        self._refusing = False
        # Cleared while nothing passes; nobody is told, as when a network is gone.
        self._passing = asyncio.Event()
        self._passing.set()

    async def open(self, port: int = 0) -> int:
        """Listen on a port (0: any that is free); the port."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self.port

    async def close(self) -> None:
        """Stop listening and end every connection."""
        self._passing.set()
        if self._server is not None:
            self._server.close()
        connections = list(self._connections)
        for connection in connections:
            connection.reset()
        for connection in connections:
            await asyncio.gather(*connection.tasks, return_exceptions=True)

    @property
    def connections(self) -> int:
        """How many connections pass through now."""
        return len(self._connections)

    def reset(self) -> None:
        """Reset every connection now."""
        for connection in list(self._connections):
            connection.reset()

    async def cut(self) -> None:
        """Reset every connection in the middle of the next thing that it carries (or soon, when it carries nothing)."""
        connections = list(self._connections)
        for connection in connections:
            connection.cut_next = True
        await asyncio.sleep(CUT_WAIT_S)
        for connection in connections:
            if not connection.resetting:
                connection.reset()

    async def swallow(self, seconds: float) -> None:
        """Let nothing pass for a while and tell nobody; what was held back passes afterwards."""
        self._passing.clear()
        try:
            await asyncio.sleep(seconds)
        finally:
            self._passing.set()

    async def slow(self, seconds: float, delay_s: float) -> None:
        """Hold every piece of data back by ``delay_s`` for a while."""
        self._delay_s = delay_s
        try:
            await asyncio.sleep(seconds)
        finally:
            self._delay_s = 0.0

    async def refuse(self, seconds: float) -> None:
        """Reset everything, and every new connection at once, for a while."""
        self._refusing = True
        self.reset()
        try:
            await asyncio.sleep(seconds)
        finally:
            self._refusing = False

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            _Connection((writer,)).reset()
            return
        await self._passing.wait()
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.server_port)
        except OSError:
            _Connection((writer,)).reset()
            return
        connection = _Connection((writer, server_writer))
        connection.tasks = (
            asyncio.create_task(self._pump(connection, reader, server_writer)),
            asyncio.create_task(self._pump(connection, server_reader, writer)),
        )
        self._connections.add(connection)
        try:
            await asyncio.gather(*connection.tasks)
        finally:
            self._connections.discard(connection)
            for side in connection.writers:
                side.close()

    async def _pump(self, connection: _Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hand on what one side says until it ends; an end by force ends the other side the same way."""
        try:
            while data := await reader.read(CHUNK_BYTES):
                if self._delay_s:
                    await asyncio.sleep(self._delay_s)
                await self._passing.wait()
                if connection.cut_next and len(data) > 1:
                    writer.write(data[: len(data) // 2])
                    await writer.drain()
                    connection.reset()
                    return
                writer.write(data)
                await writer.drain()
            if not connection.resetting and writer.can_write_eof():
                writer.write_eof()
        except OSError:
            connection.reset()
