"""`voiceloom up`: runs a whole stack on this machine until it is told to stop.

Exit codes: 0 stopped on request, 1 a program of the stack could not start, 2 wrong arguments, 3 the port is taken,
4 another stack uses the data folder.
"""

import argparse
import asyncio
import contextlib
import datetime as dt
import fcntl
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from deploy.local import webhook_secret
from deploy.local.ports import free_ports, is_free
from deploy.local.stack import (
    ROOT,
    WORKERS,
    Layout,
    base_environment,
    orchestrator_names,
    programs,
    write_nats_config,
)
from deploy.local.supervisor import Child, Supervisor

# Programs of a killed stack are gone within milliseconds; the lock on the folder is free after the last of them.
LOCK_WAIT_S = 5.0
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class UpError(Exception):
    """A stack cannot start; the message is a sentence for people."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@dataclass(frozen=True)
class Arguments:
    """What the user chose."""

    port: int
    data: Path
    pack: Path
    orchestrators: int = 1


def parse(argv: list[str] | None = None) -> Arguments:
    """Read the command line; argparse ends the process with code 2 when it makes no sense."""
    parser = argparse.ArgumentParser(prog="voiceloom up", description="Start the whole stack on this machine.")
    parser.add_argument("--port", type=int, default=8000, help="port of the web service (0: a free one)")
    parser.add_argument("--data", type=Path, default=Path(".data"), help="folder for everything that is kept")
    parser.add_argument("--pack", type=Path, default=ROOT / "packs" / "mini", help="voice pack to train from")
    parser.add_argument("--orchestrators", type=int, default=1, help="how many orchestrators share the work (1 to 8)")
    given = parser.parse_args(argv)
    if not 0 <= given.port <= 65535:
        parser.error(f"--port {given.port} is no port; choose one from 1 to 65535")
    if not 1 <= given.orchestrators <= 8:
        parser.error(f"--orchestrators {given.orchestrators} makes no sense; choose a number from 1 to 8")
    data, pack = given.data.expanduser().resolve(), given.pack.expanduser().resolve()
    return Arguments(given.port, data, pack, given.orchestrators)


def check(arguments: Arguments) -> None:
    """Raise UpError for what can be seen before anything starts."""
    pack = subprocess.run(
        [sys.executable, "-m", "services.voice.pack_check", str(arguments.pack)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    if pack.returncode != 0:
        raise UpError(pack.stderr.strip(), 2)
    if arguments.data.exists() and not arguments.data.is_dir():
        raise UpError(f"{arguments.data} is a file; --data wants a folder.", 2)
    try:
        taken = arguments.port != 0 and not is_free(arguments.port)
    except PermissionError:
        raise UpError(f"Port {arguments.port} needs administrator rights; choose one above 1023.", 3) from None
    if taken:
        raise UpError(f"Port {arguments.port} is taken by another program. Choose another: --port <number>.", 3)


def lock(layout: Layout) -> int:
    """Take the data folder for this stack; returns the file descriptor that holds it, raises UpError when in use."""
    descriptor = os.open(layout.lock, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + LOCK_WAIT_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise UpError(f"Another Voiceloom uses {layout.data}{running_at(layout)}.", 4) from None
            time.sleep(0.1)
        else:
            return descriptor


def running_at(layout: Layout) -> str:
    """Where the stack that holds the folder can be found, as far as it said."""
    try:
        state = json.loads(layout.state.read_text(encoding="utf-8"))
        return f": {state['url']}, process {state['pid']}"
    except (OSError, ValueError, KeyError):
        return ""


def is_ready(port: int) -> bool:
    """Whether the gateway says that the whole stack can serve."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def write_state(layout: Layout, arguments: Arguments, children: list[Child], state: str) -> None:
    """Say in stack.json what runs where; replaced as a whole, so that readers never see half of it."""
    facts = {
        "state": state,
        "pid": os.getpid(),
        "url": f"http://127.0.0.1:{arguments.port}",
        "data": str(arguments.data),
        "pack": str(arguments.pack),
        "written_at": dt.datetime.now(dt.UTC).isoformat(),
        "programs": {
            child.program.name: {"pid": child.pid, "port": child.program.port, "restarts": child.restarts}
            for child in children
        },
    }
    fresh = layout.state.with_suffix(".new")
    fresh.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    fresh.replace(layout.state)


def say(line: str) -> None:
    """One line for the person at the terminal."""
    print(line, flush=True)


def last_lines(path: Path, count: int = 15) -> str:
    """The end of a log, without the ends of its long lines."""
    with contextlib.suppress(OSError):
        return "\n".join(
            line[:300] for line in path.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]
        )
    return ""


async def wait_until_ready(port: int) -> None:
    """Wait for /readyz to answer 200."""
    while not await asyncio.to_thread(is_ready, port):
        await asyncio.sleep(0.2)


async def serve(arguments: Arguments, layout: Layout, lock_fd: int) -> int:
    """Run the stack until a stop signal; the exit code of the process."""
    names = ["nats", *orchestrator_names(arguments.orchestrators), *WORKERS]
    ports = dict(zip(names, free_ports(len(names), besides=arguments.port), strict=True)) | {"gateway": arguments.port}
    write_nats_config(layout, ports["nats"])
    state = "starting"

    def changed() -> None:
        write_state(layout, arguments, supervisor.children, state)

    base = base_environment()
    base[webhook_secret.SETTING] = base.get(webhook_secret.SETTING) or webhook_secret.webhook_secret(
        layout.webhook_secret
    )
    stack = programs(layout, arguments.pack, ports, base)
    supervisor = Supervisor(stack, layout.logs, lock_fd, say=say, changed=changed)
    stop = asyncio.Event()
    on_stop_signals(lambda: supervisor.kill() if stop.is_set() else stop.set())

    changed()
    say(f"Starting Voiceloom; data in {arguments.data}, logs in {layout.logs}")
    stopped = asyncio.ensure_future(stop.wait())
    starting = asyncio.ensure_future(start(supervisor, arguments.port))
    ends: list[asyncio.Future[Any]] = [stopped, starting, supervisor.hopeless]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    if starting.done():
        starting.result()
        supervisor.started = True
        state = "ready"
        changed()
        url = f"http://127.0.0.1:{arguments.port}"
        say(f"Voiceloom is ready: {url}  (what it can do: {url}/docs; stop it with Ctrl-C)")
        await stopped

    starting.cancel()
    state = "stopping"
    changed()
    if supervisor.hopeless.done():
        failed = supervisor.hopeless.result().program.name
        log = supervisor.log_path(failed)
        say(f"{failed} does not start; the end of {log}:\n{last_lines(log)}")
    say("Stopping")
    await supervisor.stop()
    stopped.cancel()
    layout.state.unlink(missing_ok=True)
    return 1 if supervisor.hopeless.done() else 0


async def start(supervisor: Supervisor, port: int) -> None:
    """Start all programs and wait until they can serve."""
    await supervisor.start()
    await wait_until_ready(port)


def on_stop_signals(handle: Callable[[], object]) -> None:
    """Call `handle` in the event loop for every SIGTERM, Ctrl-C or hang-up."""
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, handle)


def main(argv: list[str] | None = None) -> int:
    """Check, lock, serve."""
    arguments = parse(argv)
    try:
        check(arguments)
        layout = Layout(arguments.data)
        layout.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = lock(layout)
        try:
            layout.create()
            if arguments.port == 0:
                arguments = replace(arguments, port=free_ports(1)[0])
            return asyncio.run(serve(arguments, layout, descriptor))
        finally:
            os.close(descriptor)
    except (UpError, OSError) as error:
        print(f"voiceloom up: {error}", file=sys.stderr)
        return error.exit_code if isinstance(error, UpError) else 1


if __name__ == "__main__":
    sys.exit(main())
