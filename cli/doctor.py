"""`voiceloom doctor`: what is on this machine, and whether it is enough."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
ENOUGH_MEMORY_BYTES = 5e9
ENOUGH_DISK_BYTES = 2e9
# Asked in a process of its own, so that the command line itself never imports torch.
TORCH_FACTS = """
import json, torch
cuda = torch.cuda.is_available()
print(json.dumps({"version": torch.__version__, "device": torch.cuda.get_device_name(0) if cuda else "cpu"}))
"""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str


def diagnose() -> list[Check]:
    """Look at everything."""
    return [python(), packages(), broker(), torch(), whisper(), memory(), disk()]


def python() -> Check:
    """The interpreter."""
    return Check("python", sys.version_info >= (3, 11), f"{sys.version.split()[0]} in {sys.prefix}")


def packages() -> Check:
    """Whether the pinned dependencies are what is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    loose = (ROOT / "requirements-nodeps.txt").read_text(encoding="utf-8").splitlines()
    pinned = [*project["dependencies"], *(line for line in loose if line and not line.startswith("#"))]
    wrong = []
    for requirement in pinned:
        name, _, wanted = requirement.partition("==")
        try:
            found = version(name)
        except PackageNotFoundError:
            found = "nothing"
        if found.partition("+")[0] != wanted:  # "2.13.0+cpu" is a build of 2.13.0
            wrong.append(f"{name} {wanted} is wanted, {found} is installed")
    return Check("packages", not wrong, "; ".join(wrong) or f"{len(pinned)} as pinned")


def broker() -> Check:
    """nats-server."""
    installed = Path(sys.prefix) / "bin" / "nats-server"
    path = str(installed) if installed.is_file() else shutil.which("nats-server")
    if path is None:
        return Check("nats-server", False, "missing; `make setup` installs it")
    answer = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    return Check("nats-server", answer.returncode == 0, f"{answer.stdout.strip()} ({path})")


def torch() -> Check:
    """PyTorch and what it computes on."""
    answer = subprocess.run([sys.executable, "-c", TORCH_FACTS], capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        return Check("torch", False, (answer.stderr.strip().splitlines() or ["cannot be imported"])[-1])
    facts = json.loads(answer.stdout)
    return Check("torch", True, f"{facts['version']} on {facts['device']}")


def whisper() -> Check:
    """The recogniser's joined model."""
    folder = Path(os.environ.get("VOICELOOM_MODELS_DIR", Path(sys.prefix) / "share" / "voiceloom" / "models"))
    found = sorted(folder.rglob("model.bin"))
    return Check("recogniser", bool(found), str(found[0]) if found else "not joined; run `voiceloom models join`")


def memory() -> Check:
    """Main memory."""
    total = psutil.virtual_memory().total
    return Check("memory", total >= ENOUGH_MEMORY_BYTES, f"{total / 1e9:.1f} GB, {os.cpu_count()} cores")


def disk() -> Check:
    """Room for data in the current folder."""
    free = shutil.disk_usage(Path.cwd()).free
    return Check("disk", free >= ENOUGH_DISK_BYTES, f"{free / 1e9:.1f} GB free here")
