"""The project's own files agree with each other: dependencies, pins, set-up."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = {"services", "gateway", "cli", "deploy", "voiceloom", "tests"}


def normal(name: str) -> str:
    """A package name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lines: list[str]) -> dict[str, str]:
    """Version by package name; raises unless every line pins one."""
    found = {}
    for line in lines:
        name, equals, version = line.partition("==")
        assert equals, f"{line} is not pinned"
        found[normal(name)] = version
    return found


def lines_of(path: str) -> list[str]:
    """Lines of a requirements file without comments."""
    text = (ROOT / path).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RUNTIME = pins(PROJECT["dependencies"]) | pins(lines_of("requirements-nodeps.txt"))
DEVELOPMENT = pins(PROJECT["optional-dependencies"]["dev"])
EVALUATION = pins(lines_of("requirements-eval.txt"))
BROWSER = pins(lines_of("requirements-ui.txt"))
# Installed by `make corpus` alone, so these may be absent.
CORPUS = pins(PROJECT["optional-dependencies"]["corpus"])
CONSTRAINTS = pins(lines_of("constraints.txt"))


def imports(folder: str) -> set[str]:
    """Top-level names of the third-party modules that a folder's code imports."""
    names: set[str] = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    return names - OURS - sys.stdlib_module_names


@pytest.mark.parametrize("folder", ["services", "gateway", "cli"])
def test_what_the_code_imports_is_declared(folder: str) -> None:
    distributions = packages_distributions()
    # pydantic re-exports its core's errors under the core's own name; grpc_tools is for generating code.
    allowed = set(RUNTIME) | set(CORPUS) | {"pydantic-core"}
    for module in imports(folder):
        owners = {normal(owner) for owner in distributions.get(module, [module])}
        assert owners & allowed, f"{folder} imports {module}, which pyproject.toml does not declare"


def test_the_constraints_pin_the_same_versions() -> None:
    declared = pins(PROJECT["dependencies"]) | DEVELOPMENT | CORPUS
    assert {name: CONSTRAINTS.get(name) for name in declared} == declared


def test_every_dependency_says_what_it_earns() -> None:
    rows = re.findall(r"^\| ([\w.-]+) \| \S", (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8"), re.M)
    explained = {normal(row) for row in rows} - {"package", "what"}
    assert explained == set(RUNTIME) | set(DEVELOPMENT) | set(CORPUS) | set(EVALUATION) | set(BROWSER)


def make(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run make as at a terminal, also when the tests themselves are run by make."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(["make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_a_second_set_up_installs_nothing(tmp_path: Path) -> None:
    """The stamp's name is the digest of what decides the installation: once it is there, make has nothing to do."""
    first = make("-n", "setup", f"VENV={tmp_path}")
    assert "deploy/local/setup.sh" in first.stdout
    stamp = re.search(r"^touch (.+)$", first.stdout, re.M)
    assert stamp is not None
    Path(stamp.group(1)).touch()
    assert make("-q", "setup", f"VENV={tmp_path}").returncode == 0


def test_help_lists_every_target() -> None:
    declared = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert declared is not None
    shown = make("help").stdout
    assert {line.split()[0] for line in shown.splitlines()} == set(declared.group(1).split())


def test_generated_code_is_compared_file_by_file(tmp_path: Path) -> None:
    from deploy.local.protos import differences

    left, right = tmp_path / "left", tmp_path / "right"
    for tree in (left, right):
        (tree / "v1").mkdir(parents=True)
        (tree / "v1" / "same_pb2.py").write_text("same")
        (tree / "v1" / "changed_pb2.py").write_text(tree.name)
    (left / "v1" / "new_pb2.pyi").write_text("new")
    (right / "v1" / "removed_pb2.py").write_text("removed")
    assert differences(left, right) == ["v1/changed_pb2.py", "v1/new_pb2.pyi", "v1/removed_pb2.py"]


STRAY_IMPORTS = {
    "services/asr/asr.py": ("import grpc", "Only servicer, worker, __main__ and runtime touch gRPC and protos"),
    "services/features/text_feature.py": ("import services.asr.asr", "Services are independent of each other"),
    "services/voice/audio.py": ("import structlog", "services.voice is plain PyTorch"),
    "services/runtime/stage.py": ("import nats", "Only runtime.bus imports nats"),
    "services/orchestrator/tasks.py": ("import torch", "Orchestrator and runtime stay light"),
    "services/preprocessing/cuts.py": ("import gateway.views", "Nobody imports the gateway or the command line"),
    "gateway/views.py": ("import services.runtime.errors", "The gateway knows protos only"),
    "cli/tasks.py": ("import services.runtime.errors", "The command line knows protos only"),
    "deploy/local/stack.py": ("import services.runtime.errors", "The supervisor starts modules, it imports none"),
}


def test_each_rule_about_imports_catches_a_stray_one(tmp_path: Path) -> None:
    for folder in ("services", "gateway", "cli", "deploy"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for path, (stray, _) in STRAY_IMPORTS.items():
        with (tmp_path / path).open("a", encoding="utf-8") as file:
            file.write(f"\n{stray}\n")
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "COLUMNS": "300"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    broken = [line for line in done.stdout.splitlines() if "BROKEN" in line]
    assert len(broken) == len(STRAY_IMPORTS), done.stdout
    for _, rule in STRAY_IMPORTS.values():
        assert any(line.startswith(rule) for line in broken), rule
