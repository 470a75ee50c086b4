"""Temporary folders go when their work ends, and when their process was killed, with the next one's start."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from services.runtime.scratch import scratch_folder, sweep_scratch
from tests.stack import ROOT

HOLD = """
import sys
from pathlib import Path
from services.runtime.scratch import scratch_folder
with scratch_folder(Path(sys.argv[1]), "asr") as folder:
    (folder / "half").write_text("half")
    print(folder, flush=True)
    sys.stdin.read()
"""


def test_a_folder_is_removed_with_all_that_is_in_it_when_its_work_ends(tmp_path: Path) -> None:
    with scratch_folder(tmp_path, "asr") as folder:
        (folder / "deep").mkdir()
        (folder / "deep" / "file").write_text("x")
        assert folder.parent == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_removed_when_its_work_fails(tmp_path: Path) -> None:
    with pytest.raises(KeyError), scratch_folder(tmp_path, "asr"):
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_folders_of_living_processes_stay_and_those_of_killed_ones_go(tmp_path: Path) -> None:
    other = tmp_path / "voiceloom-data"
    other.mkdir()
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        with scratch_folder(tmp_path, "training") as own:
            sweep_scratch(tmp_path)
            assert {path.name for path in tmp_path.iterdir()} == {folder.name, own.name, other.name}
            process.send_signal(signal.SIGKILL)
            process.wait()
            sweep_scratch(tmp_path)
            assert {path.name for path in tmp_path.iterdir()} == {own.name, other.name}


def test_a_folder_that_is_not_there_is_nothing_to_sweep(tmp_path: Path) -> None:
    sweep_scratch(tmp_path / "nowhere")
