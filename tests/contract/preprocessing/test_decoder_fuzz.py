"""A short walk with the fuzzer: the same inputs every time, through the service's functions and its decoding child."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.fuzz.decoder import fuzzer

INPUTS = 60


def walk(folder: Path, *, seed: int, first: int, inputs: int) -> dict[str, Any]:
    """The summary of some inputs, in a process of their own: forked children count the memory of what they leave."""
    command = [sys.executable, "-m", "tests.fuzz.decoder", "--seed", str(seed), "--first", str(first)]
    command += ["--inputs", str(inputs), "--seconds", "600", "--out", str(folder)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[3])
    assert ran.returncode in (0, 1), ran.stderr
    return dict(json.loads(ran.stdout))


def test_bad_recordings_end_in_facts_or_in_a_typed_refusal(tmp_path: Path) -> None:
    found = walk(tmp_path, seed=20, first=0, inputs=INPUTS)
    assert found["violations"] == []
    assert found["inputs"] == INPUTS == found["accepted"] + found["refused"]
    assert found["accepted"] > 0, "what is only scratched must still be read, or nothing was tested"
    assert found["refused"] > 0


def test_what_once_broke_the_child_is_read_or_refused(tmp_path: Path) -> None:
    # A sample table that sends FFmpeg to a place before the beginning.
    found = walk(tmp_path, seed=1, first=194, inputs=1)
    assert (found["inputs"], found["child_crashes"], found["violations"]) == (1, 0, [])


def test_the_fuzzer_notices_what_must_not_be(tmp_path: Path) -> None:
    with fuzzer(seed=20, saved=tmp_path / "saved") as run:
        run.decode = untyped
        run.run(0)
    assert "input 0: untyped ZeroDivisionError('no')" in run.summary.violations
    assert [path.name for path in (tmp_path / "saved").iterdir()] == ["seed20-0.bin"]


def untyped(*_: object, **__: object) -> None:
    raise ZeroDivisionError("no")
