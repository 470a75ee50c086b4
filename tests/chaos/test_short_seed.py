"""Tasks run on a whole stack while it is being broken, and nothing is lost: a short run of `make chaos`."""

import re
import subprocess
import sys
from pathlib import Path

from tests.stack import ROOT

SEED, FAULTS, TASKS = 5, 14, 8


def test_nothing_is_lost_while_the_stack_is_being_broken(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.chaos", "--seed", str(SEED), "--faults", str(FAULTS)]
    shape = ["--tasks", str(TASKS), "--longest-pause", "10", "--quick", "--nice", "0", "--data", str(tmp_path / "data")]
    run = subprocess.run([*command, *shape], capture_output=True, text=True, cwd=ROOT, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "violations: 0" in run.stdout
    # The run has really been one.
    assert counted(run.stdout, "tasks accepted") >= TASKS
    assert counted(run.stdout, "in all") + counted(run.stdout, "disk_full", missing=0) >= FAULTS
    assert counted(run.stdout, "completed") >= TASKS // 2
    assert counted(run.stdout, "stages completed") >= 7 * (TASKS // 2)
    assert counted(run.stdout, "events") > 100


def counted(report: str, name: str, *, missing: int | None = None) -> int:
    """A row of the report."""
    found = re.search(rf"^  {name} +(\d+)", report, re.MULTILINE)
    if found is None:
        assert missing is not None, f"no {name} in {report}"
        return missing
    return int(found[1])
