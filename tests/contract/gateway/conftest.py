"""A real HTTP server over a real gRPC server, both on free ports of loopback."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio
import structlog

from gateway.__main__ import GatewayServer
from gateway.app import create_app
from gateway.clients import SERVICES
from gateway.settings import GatewaySettings
from tests.contract.gateway.fake_orchestrator import FakeOrchestrator


class QuietServer(GatewayServer):
    """Leaves the signals of the test process alone."""

    def capture_signals(self) -> Any:
        return nullcontext()


@dataclass
class Running:
    """A gateway and how to talk to it."""

    server: QuietServer
    port: int
    http: httpx.AsyncClient


Start = Callable[..., Any]


def settings_for(fake: FakeOrchestrator, **changes: Any) -> GatewaySettings:
    """Settings of a gateway whose every service is the fake."""
    addresses = {f"{name}_address": f"127.0.0.1:{fake.port}" for name in SERVICES}
    return GatewaySettings(**{"port": 0, "rpc_timeout_s": 2.0, "health_timeout_s": 1.0, **addresses, **changes})


@asynccontextmanager
async def running(settings: GatewaySettings) -> AsyncIterator[Running]:
    """A gateway on a free port, stopped at the end."""
    server = QuietServer(create_app(settings), settings)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
        assert not serving.done()
    port = server.servers[0].sockets[0].getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as http:
        yield Running(server, port, http)
    if not server.should_exit:
        server.stop()
    await serving


@pytest.fixture(scope="module", autouse=True)
def plain_log() -> Iterator[None]:
    """Log lines without drawn tracebacks, which take seconds."""
    before = structlog.get_config()
    renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, renderer])
    yield
    structlog.configure(**before)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_fake() -> AsyncIterator[FakeOrchestrator]:
    """The services behind the gateway, for all tests of a file."""
    fake = FakeOrchestrator()
    await fake.start()
    yield fake
    await fake.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_gateway(shared_fake: FakeOrchestrator) -> AsyncIterator[Running]:
    """A gateway with the usual settings, for all tests of a file."""
    async with running(settings_for(shared_fake)) as gateway:
        yield gateway


@pytest_asyncio.fixture(loop_scope="module")
async def fake(shared_fake: FakeOrchestrator) -> FakeOrchestrator:
    """The services behind the gateway, as new."""
    await shared_fake.reset()
    return shared_fake


@pytest_asyncio.fixture(loop_scope="module")
async def start(fake: FakeOrchestrator) -> AsyncIterator[Start]:
    """Starts a gateway with settings other than the usual ones."""
    async with AsyncExitStack() as stack:

        async def start_gateway(**changes: Any) -> Running:
            return await stack.enter_async_context(running(settings_for(fake, **changes)))

        yield start_gateway


@pytest.fixture
def http(fake: FakeOrchestrator, shared_gateway: Running) -> httpx.AsyncClient:
    """A client of a gateway with the usual settings."""
    return shared_gateway.http
