"""`voiceloom doctor`: what is on this machine, whether it is enough, and how to mend what is not."""

import json
import os
import platform
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
SET_UP = "run `make setup`"
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
    mend: str = ""

    @property
    def facts(self) -> dict[str, object]:
        """For --json; what is well needs no mending."""
        return {"name": self.name, "ok": self.ok, "detail": self.detail, "mend": None if self.ok else self.mend}


def diagnose(data: Path) -> list[Check]:
    """Look at everything; `data` is the folder that a stack would use."""
    looks = [system(), python(), packages(), broker(), torch(), whisper(), pack(), memory()]
    return [*looks, disk(data), writable(data)]


def system() -> Check:
    """The kernel: orphans of a killed stack are prevented by Linux's."""
    return Check("system", sys.platform == "linux", platform.platform(), "run Voiceloom on Linux, or in a Linux VM")


def python() -> Check:
    """The interpreter."""
    mend = "install Python 3.11 or later, then `make clean setup PYTHON=python3.11`"
    return Check("python", sys.version_info >= (3, 11), f"{sys.version.split()[0]} in {sys.prefix}", mend)


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
    return Check("packages", not wrong, "; ".join(wrong) or f"{len(pinned)} as pinned", SET_UP)


def broker() -> Check:
    """nats-server."""
    installed = Path(sys.prefix) / "bin" / "nats-server"
    path = str(installed) if installed.is_file() else shutil.which("nats-server")
    if path is None:
        return Check("nats-server", False, "missing", SET_UP)
    answer = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    return Check("nats-server", answer.returncode == 0, f"{answer.stdout.strip()} ({path})", SET_UP)


def torch() -> Check:
    """PyTorch and what it computes on."""
    answer = subprocess.run([sys.executable, "-c", TORCH_FACTS], capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        return Check("torch", False, (answer.stderr.strip().splitlines() or ["cannot be imported"])[-1], SET_UP)
    facts = json.loads(answer.stdout)
    return Check("torch", True, f"{facts['version']} on {facts['device']}")


def whisper() -> Check:
    """The recogniser's joined model."""
    folder = Path(os.environ.get("VOICELOOM_MODELS_DIR", Path(sys.prefix) / "share" / "voiceloom" / "models"))
    found = sorted(folder.rglob("model.bin"))
    mend = "`voiceloom models join` puts it together; it needs 150 MB of room"
    return Check("recogniser", bool(found), str(found[0]) if found else f"no model in {folder}", mend)


def pack() -> Check:
    """The voice pack that comes with the program."""
    folder = ROOT / "packs" / "mini"
    command = [sys.executable, "-m", "services.voice.pack_check", str(folder)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    said = (answer.stdout or answer.stderr).strip().splitlines() or ["cannot be checked"]
    return Check("voice pack", answer.returncode == 0, said[-1], "get the folder packs/mini anew: `git checkout packs`")


def memory() -> Check:
    """Main memory."""
    total = psutil.virtual_memory().total
    mend = f"training needs {ENOUGH_MEMORY_BYTES / 1e9:.0f} GB: close other programs, or take a larger machine"
    return Check("memory", total >= ENOUGH_MEMORY_BYTES, f"{total / 1e9:.1f} GB, {os.cpu_count()} cores", mend)


def disk(data: Path) -> Check:
    """Room for data where a stack would keep it."""
    folder = _existing(data)
    free = shutil.disk_usage(folder).free
    mend = f"make room ({ENOUGH_DISK_BYTES / 1e9:.0f} GB), or choose a folder on another disk: `voiceloom up --data`"
    return Check("disk", free >= ENOUGH_DISK_BYTES, f"{free / 1e9:.1f} GB free in {folder}", mend)


def writable(data: Path) -> Check:
    """Whether a stack could write its data."""
    folder = _existing(data)
    ok = os.access(folder, os.W_OK | os.X_OK) and folder.is_dir()
    return Check("data folder", ok, str(folder), "choose a folder that is yours: `voiceloom up --data FOLDER`")


def _existing(path: Path) -> Path:
    """The path itself, or the nearest folder above it that is there."""
    whole = path.expanduser().absolute()
    return next(at for at in (whole, *whole.parents) if at.exists())
