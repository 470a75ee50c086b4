"""Workers end with whoever started them, however that ended."""

import subprocess
import sys
import time

import psutil

PARENT = """
import os, subprocess, sys, time
child = (
    "import sys, time; from services.training.synthetic.run import end_with;"
    "end_with(int(sys.argv[1])); print('following', flush=True); time.sleep(120)"
)
worker = subprocess.Popen([sys.executable, "-c", child, str(os.getpid())], stdout=subprocess.PIPE)
worker.stdout.readline()
print(worker.pid, flush=True)
time.sleep(120)
"""


def test_a_worker_does_not_outlive_its_parent() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = psutil.Process(int(parent.stdout.readline()))
        assert worker.is_running()
        parent.kill()
        parent.wait()
        deadline = time.monotonic() + 30
        while worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < deadline, "the worker lives on"
            time.sleep(0.05)
