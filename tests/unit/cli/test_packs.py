"""`voiceloom packs`, `doctor`, `bench` and `up`: what is on this machine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from cli import doctor, local, packs
from cli.errors import ExitCode
from tests.unit.cli.conftest import Run
from tests.unit.cli.fake_gateway import FakeGateway

ROOT = Path(__file__).resolve().parents[3]
NANO = ROOT / "packs" / "nano"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Modules that commands started, instead of starting them."""
    calls: list[tuple[str, ...]] = []
    monkeypatch.setattr(local, "run_module", lambda *command: calls.append(command) or 3)
    return calls


def test_packs_of_this_machine_are_listed_and_the_one_in_use_is_marked(
    gateway: FakeGateway, run: Run, tmp_path: Path
) -> None:
    mine = tmp_path / ".data" / "packs" / "mine"
    mine.mkdir(parents=True)
    (mine / "pack.toml").write_text('name = "mine"\nversion = "1"\nfamily = "f"\nlanguages = ["en"]\n[files]\n')
    (tmp_path / ".data" / "packs" / "broken").mkdir()
    (tmp_path / ".data" / "packs" / "broken" / "pack.toml").write_text("no toml [")
    nano = packs.describe(NANO)
    gateway["GET /packs"] = {**nano, "sample_rate": 24000, "licence": "MIT"}
    found = json.loads(run("packs", "list", "--json").out)
    assert {facts["name"]: facts["in_use"] for facts in found} == {"mini": False, "nano": True, "mine": False}
    gateway["GET /packs"] = {**nano, "name": "far", "sha256": "00" * 32}
    assert run("packs", "list").out.splitlines()[-1].split()[:2] == ["*", "far"]
    gateway["GET /packs"] = httpx.ConnectError("refused")
    assert not any(facts["in_use"] for facts in json.loads(run("packs", "list", "--json").out))


def test_packs_are_checked_and_taken_in_by_the_module_that_knows_them(
    run: Run, tmp_path: Path, started: list[tuple[str, ...]]
) -> None:
    assert run("packs", "verify", "nano", NANO, "--build").code == 3
    assert run("packs", "verify").code == 3
    assert run("packs", "import", NANO, "--data", "d", "--force").code == 3
    assert started == [
        ("services.voice.pack_check", str(NANO), str(NANO), "--build"),
        ("services.voice.pack_check", str(ROOT / "packs" / "mini"), str(NANO)),
        ("services.voice.pack_import", str(NANO), "--into", "d/packs", "--force"),
    ]
    assert run("packs", "verify", "none").code == ExitCode.USAGE
    assert run("packs", "verify", "../nano").code == ExitCode.USAGE
    assert run("packs", "import", "none").code == ExitCode.USAGE


def test_errors_of_local_work_are_json_for_programs(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (tmp_path / "none").mkdir()
    ran = run("packs", "import", "none", "--json")
    told = json.loads(ran.err)
    assert (ran.code, told["code"], told["exit_code"]) == (1, "LOCAL", 1)
    assert "lacks its file 'pack.toml'" in told["detail"]


def test_a_stack_is_started_with_a_pack_by_its_name(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda program, arguments: started.append(arguments))
    assert run("up", "--port", "0", "--pack", "nano").code == 0
    assert started[0][1:4] == ["-m", "deploy.local", "--port"]
    assert started[0][started[0].index("--pack") + 1] == str(NANO)
    assert run("up", "--pack", "none").code == ExitCode.USAGE


def test_the_benchmarks_are_those_of_the_source(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    started: list[list[str]] = []

    def note(command: list[str], **_: object) -> "subprocess.CompletedProcess[str]":
        started.append(command[1:])
        return subprocess.CompletedProcess(command, 1)

    monkeypatch.setattr(subprocess, "run", note)
    assert run("bench", "--small", "--json", "--only", "queue", "--only", "restart").code == 1
    assert started == [["-m", "tests.bench", "--small", "--json", "--only", "queue", "restart"]]
    monkeypatch.setattr(local, "ROOT", tmp_path)
    assert "[NO_BENCH]" in run("bench").err


def checks(*oks: bool) -> list[doctor.Check]:
    return [doctor.Check(f"part{at}", ok, "as it is", f"mend {at}") for at, ok in enumerate(oks)]


def test_the_doctor_says_what_is_missing_and_how_to_mend_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "diagnose", lambda data: checks(True, False))
    ran = run("doctor")
    assert ran.code == ExitCode.ERROR
    assert ran.out.splitlines() == ["ok  part0: as it is", "FAIL  part1: as it is", "      mend it: mend 1"]
    facts = json.loads(run("doctor", "--json").out)
    assert [(fact["ok"], fact["mend"]) for fact in facts] == [(True, None), (False, "mend 1")]
    monkeypatch.setattr(local, "diagnose", lambda data: checks(True))
    ran = run("doctor", "--lang", "zh")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "什么都不缺。")


def test_the_doctor_looks_where_the_data_would_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "not" / "yet"
    assert doctor.writable(folder) == doctor.Check("data folder", True, str(tmp_path), doctor.writable(folder).mend)
    assert doctor.disk(folder).ok
    (tmp_path / "file").write_text("x")
    assert not doctor.writable(tmp_path / "file").ok
    monkeypatch.setattr(doctor, "ENOUGH_DISK_BYTES", 1e18)
    assert not doctor.disk(folder).ok
    monkeypatch.setattr(doctor, "ENOUGH_MEMORY_BYTES", 1e18)
    assert not doctor.memory().ok


def test_the_doctor_finds_a_model_that_was_not_joined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICELOOM_MODELS_DIR", str(tmp_path))
    assert not doctor.whisper().ok
    assert "voiceloom models join" in doctor.whisper().mend
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "model.bin").write_bytes(b"x")
    assert doctor.whisper().ok


def test_the_doctor_finds_a_pack_that_is_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "packs" / "mini").mkdir(parents=True)
    monkeypatch.setattr(doctor, "ROOT", tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    found = doctor.pack()
    assert (found.ok, "pack.toml cannot be read" in found.detail) == (False, True)
    assert doctor.python().ok
    assert doctor.system().ok == (sys.platform == "linux")
