"""Runs the gateway: ``python -m gateway``, settings from ``VOICELOOM_*`` variables."""

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
import uvicorn
from fastapi import FastAPI

from gateway import logs
from gateway.app import create_app
from gateway.settings import GatewaySettings

# Less than the 30 s that Kubernetes waits before it kills.
EXIT_S = 25.0

log = structlog.get_logger("gateway")


class GatewayServer(uvicorn.Server):
    """Ends event streams first when the process is told to end: they would never end by themselves."""

    def __init__(self, app: FastAPI, settings: GatewaySettings) -> None:
        self._app = app
        super().__init__(
            uvicorn.Config(
                app,
                host=settings.host,
                port=settings.port,
                http="h11",
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=30,
                # A backstop for answers that do not end in time.
                timeout_graceful_shutdown=max(1, round(settings.shutdown_s)),
            )
        )

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT end the process well; a second one ends it at once."""
        loop = asyncio.get_running_loop()
        ends = (signal.SIGTERM, signal.SIGINT)
        for number in ends:
            loop.add_signal_handler(number, self._asked)
        try:
            yield
        finally:
            for number in ends:
                loop.remove_signal_handler(number)

    def _asked(self) -> None:
        if not self.should_exit:
            threading.Thread(target=_cut_off, name="exit", daemon=True).start()
        self.stop()

    def stop(self) -> None:
        """Begin to end: no new requests, event streams close, others get their time."""
        self.force_exit = self.should_exit
        self.should_exit = True
        self._app.state.gateway.hub.stop()

    async def startup(self, sockets: object = None) -> None:
        """Listen, and say where."""
        await super().startup(sockets=None)
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        log.info("gateway_started", host=host, port=port)


def _cut_off() -> None:
    """End a process that something holds up: a server that does not answer, a client that does not read."""
    time.sleep(EXIT_S)
    log.error("exit_forced", after_s=EXIT_S)
    os._exit(0)


def main() -> int:
    """Serve until told to end."""
    settings = GatewaySettings()
    logs.configure(settings)
    log.info("settings_read", **settings.model_dump(mode="json"))
    asyncio.run(GatewayServer(create_app(settings), settings).serve())
    log.info("gateway_stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
