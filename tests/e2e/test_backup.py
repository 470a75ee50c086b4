"""A stack is backed up while it works and lost; what is restored goes on where the backup was taken."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.e2e.rest import Rest
from tests.kept_data import KeptData
from tests.old_data import SHORT_RECORDINGS
from tests.stack import ROOT, start_stack
from voiceloom.pipeline.v1.manifest_pb2 import TrainManifest


def voiceloom(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command as people do."""
    command = [sys.executable, "-m", "cli", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_a_stack_that_was_lost_comes_back_from_the_backup_of_its_work(tmp_path: Path) -> None:
    lost = KeptData.unpack(tmp_path)
    folder, old, new = str(tmp_path / "backup"), str(lost.data), str(tmp_path / "new")
    task_id = lost.ids["interrupted"]
    backup = ("backup", folder, "--data", old)

    refused = voiceloom(*backup)
    assert refused.returncode == 1
    assert "schema revision 0001" in refused.stderr

    stack = start_stack(lost.data, pack=lost.pack, environment=SHORT_RECORDINGS)
    try:
        with Rest(stack.base_url) as rest:
            rest.wait(task_id, lambda task: task["status"] == "running", timeout_s=240)
            made = voiceloom("--json", *backup)
            assert made.returncode == 0, made.stderr
            assert json.loads(made.stdout)["damaged"] == {}
            again = voiceloom(*backup)
            assert again.returncode == 0, again.stderr
            assert "4 tasks, 2 files" in again.stdout
        refused = voiceloom("restore", folder, "--data", old)
        assert refused.returncode == 4
        assert f"A Voiceloom uses {old}: {stack.base_url}" in refused.stderr
        os.kill(stack.pid, signal.SIGKILL)
        stack.wait_gone(timeout_s=30)
    finally:
        stack.stop()

    done = voiceloom("restore", folder, "--data", new)
    assert done.returncode == 0, done.stderr
    assert "4 tasks, 2 files" in done.stdout
    restored = lost.at(tmp_path / "new")
    assert restored.read("SELECT state FROM tasks WHERE id = ?", lost.ids["queued"]) == [("queued",)]
    [(before,)] = restored.read("SELECT last_seq FROM tasks WHERE id = ?", task_id)

    stack = start_stack(restored.data, pack=lost.pack, environment=SHORT_RECORDINGS)
    try:
        with Rest(stack.base_url) as rest:
            for unfinished in (task_id, lost.ids["queued"]):
                rest.wait_completed(unfinished, timeout_s=400)
                ids = [event.id for event in rest.events(unfinished) if event.id is not None]
                assert ids == list(range(1, len(ids) + 1))
            assert rest.events(task_id, after=before)[0].id == before + 1
            for name in ("completed", "interrupted"):
                for kind, filename, ref in restored.downloads(name):
                    answer = rest.http.get(f"/tasks/{lost.ids[name]}/outputs/{kind}/{filename}")
                    assert hashlib.sha256(answer.content).hexdigest() == ref.sha256, (kind, filename)
    finally:
        assert stack.stop() == 0, stack.output
    assert restored.read("SELECT count(*) FROM events WHERE published_at IS NULL") == [(0,)]
    trained = TrainManifest.FromString(restored.manifest("interrupted", "sovits_train"))
    assert trained.resumed_from_step >= 2
