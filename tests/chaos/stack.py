"""The stack under test: the programs of `voiceloom up`, kept running by its supervisor, with a link between any two.

PostgreSQL keeps the tasks, two orchestrators and two gateways share the work, and the artifacts lie on a small disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from deploy.local.__main__ import is_ready
from deploy.local.ports import free_ports
from deploy.local.stack import Layout, Program, base_environment, programs, write_nats_config
from deploy.local.supervisor import Supervisor
from tests.chaos import disk
from tests.chaos.proxy import Link
from tests.chaos.schedule import ALL, BROKER, DATABASE, GATEWAYS, ORCHESTRATORS, WAYS, WORKERS
from tests.stack import NANO
from tests.support.postgres import Postgres

READY_S = 180.0
STOP_S = 60.0


@dataclass(frozen=True)
class Folders(Layout):
    """As any stack's, but what stages write lies on a disk of its own."""

    @property
    def disk(self) -> Path:
        """Where the small disk is mounted."""
        return self.data / "disk"

    @property
    def artifacts(self) -> Path:
        """Uploads and everything that the stages make."""
        return self.disk / "artifacts"

    @property
    def scratch(self) -> Path:
        """Temporary files of running stages."""
        return self.disk / "scratch"


class ChaosStack:
    """Starts everything, says where it is, and can be hurt."""

    def __init__(self, data: Path, environment: Mapping[str, str]) -> None:
        self.folders = Folders(data)
        self.links = {way: Link(f"{way[0]}->{way[1]}", 0) for way in WAYS}
        self._environment = environment
        self.database = Postgres(durable=True)
        self._database_busy = asyncio.Lock()
        self._supervisor: Supervisor | None = None
        self._lock = -1
        self.ports: dict[str, int] = {}
        self.log: list[str] = []

    @property
    def database_url(self) -> str:
        """The task store, past all links."""
        return self.database.url("voiceloom")

    @property
    def nats_url(self) -> str:
        """The broker, past all links."""
        return f"nats://127.0.0.1:{self.ports[BROKER]}"

    @property
    def gateway_urls(self) -> list[str]:
        """Both gateways."""
        return [f"http://127.0.0.1:{self.ports[name]}" for name in GATEWAYS]

    @property
    def orchestrator_addresses(self) -> list[str]:
        """Both orchestrators, past all links."""
        return [f"127.0.0.1:{self.ports[name]}" for name in ORCHESTRATORS]

    async def start(self) -> None:
        """Start everything and wait until both gateways can serve."""
        self.folders.disk.mkdir(parents=True, exist_ok=True)
        self.folders.create()
        self._lock = os.open(self.folders.lock, os.O_RDWR | os.O_CREAT, 0o600)
        await asyncio.to_thread(self.database.start)
        self.database.execute("postgres", "CREATE DATABASE voiceloom")
        names = [BROKER, *ORCHESTRATORS, *WORKERS, *GATEWAYS]
        self.ports = dict(zip(names, free_ports(len(names)), strict=True)) | {DATABASE: self.database.port}
        write_nats_config(self.folders, self.ports[BROKER])
        for (_, server), link in self.links.items():
            link.server_port = self.ports[server]
            await link.open()
        self._supervisor = Supervisor(
            self._programs(), self.folders.logs, self._lock, say=self.log.append, changed=lambda: None
        )
        self._supervisor.started = True
        async with asyncio.timeout(READY_S):
            await self._supervisor.start()
            for name in GATEWAYS:
                while not await asyncio.to_thread(is_ready, self.ports[name]):
                    await asyncio.sleep(0.2)

    def _programs(self) -> list[Program]:
        places = {"VOICELOOM_ARTIFACTS_URL": str(self.folders.artifacts), "VOICELOOM_DATABASE_URL": self.database_url}
        base = {**base_environment(), **self._environment, **places}
        found = {program.name: program for program in programs(self.folders, NANO, self.ports, base)}
        for name in (*ORCHESTRATORS, *GATEWAYS):
            if name not in found:
                twin = found[name.rpartition("-")[0]]
                environment = {**twin.environment, "VOICELOOM_PORT": str(self.ports[name])}
                found[name] = replace(twin, name=name, port=self.ports[name], environment=environment)
        linked = [replace(program, environment=self._linked(program)) for program in found.values()]
        return sorted(linked, key=lambda program: program.rank)

    def _linked(self, program: Program) -> dict[str, str]:
        """The environment of a program that reaches every other one through a link."""
        found = dict(program.environment)
        if (program.name, BROKER) in self.links:
            found["VOICELOOM_NATS_URL"] = f"nats://127.0.0.1:{self.links[program.name, BROKER].port}"
        if (program.name, ORCHESTRATORS[0]) in self.links:
            ports = [self.links[program.name, server].port for server in ORCHESTRATORS]
            found["VOICELOOM_ORCHESTRATOR_ADDRESS"] = ",".join(f"127.0.0.1:{port}" for port in ports)
        if (program.name, DATABASE) in self.links:
            port = self.links[program.name, DATABASE].port
            found["VOICELOOM_DATABASE_URL"] = self.database_url.replace(f":{self.database.port}/", f":{port}/")
        return found

    def links_to(self, target: str) -> list[Link]:
        """The links that "client->server" names, where either may be all."""
        client, server = target.split("->")
        return [link for way, link in self.links.items() if client in (ALL, way[0]) and server in (ALL, way[1])]

    def pid(self, program: str) -> int | None:
        """Process id of a program while it runs."""
        if program == DATABASE:
            return self.database.pid
        assert self._supervisor is not None
        return next(child.pid for child in self._supervisor.children if child.program.name == program)

    def supervised(self) -> dict[str, int | None]:
        """Process ids of all programs that the supervisor keeps."""
        assert self._supervisor is not None
        return {child.program.name: child.pid for child in self._supervisor.children}

    def restarts(self) -> dict[str, int]:
        """How often each program was started again."""
        assert self._supervisor is not None
        return {child.program.name: child.restarts for child in self._supervisor.children}

    def training_children(self) -> list[psutil.Process]:
        """What the training service has started."""
        pid = self.pid("training")
        try:
            return psutil.Process(pid).children(recursive=True) if pid else []
        except psutil.NoSuchProcess:
            return []

    async def restart_database(self, *, kill: bool) -> None:
        """End PostgreSQL, in order or without a word, and start it again."""
        async with self._database_busy:
            await asyncio.to_thread(self.database.kill if kill else self.database.stop)
            await asyncio.to_thread(self.database.start)

    def processes(self) -> list[psutil.Process]:
        """Every process whose environment names this stack's artifacts, also orphans."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                mine = process.environ().get("VOICELOOM_ARTIFACTS_URL") == str(self.folders.artifacts)
                if mine and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    async def stop(self) -> None:
        """Stop everything that still runs."""
        if self._supervisor is not None:
            try:
                async with asyncio.timeout(STOP_S):
                    await self._supervisor.stop()
            except TimeoutError:
                self._supervisor.kill()
        for link in self.links.values():
            await link.close()
        if self._lock >= 0:
            os.close(self._lock)
        await asyncio.to_thread(self.database.remove)

    def freeze(self, program: str) -> list[psutil.Process]:
        """SIGSTOP a program, with all its processes in the case of the database; who was stopped."""
        pid = self.pid(program)
        if pid is None:
            return []
        frozen = []
        with contextlib.suppress(psutil.NoSuchProcess):
            main = psutil.Process(pid)
            for process in [main, *(main.children(recursive=True) if program == DATABASE else [])]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.send_signal(signal.SIGSTOP)
                    frozen.append(process)
        return frozen


def thaw(processes: list[psutil.Process]) -> None:
    """SIGCONT those that still are."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGCONT)


def mount_disk(data: Path, size_bytes: int) -> bool:
    """Put the small disk where the stack will want it; False where the system does not let us."""
    return disk.mount(Folders(data).disk, size_bytes)
