"""`make chaos SEED=n FAULTS=n`: runs tasks on a whole stack while it is being broken, and checks that nothing is lost.

Exit codes: 0 nothing was lost, 1 a rule was broken (the data folder stays), 2 wrong arguments.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos import disk

# Two stages at once, on as many cores; nothing on the way is answered from the web.
ENVIRONMENT = {
    "VOICELOOM_HEAVY_SLOTS": "2",
    "OMP_NUM_THREADS": "1",
    # The disk of the run is small; nearly all of it may be used.
    "VOICELOOM_MIN_FREE_BYTES": "20000000",
}
# Leases so short that a short run sees some end.
QUICK = {"VOICELOOM_LEASE_TTL_S": "8", "VOICELOOM_ACK_WAIT_S": "6", "VOICELOOM_RESEND_S": "8"}


def parse(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="decides which faults come in which order, and the tasks")
    parser.add_argument("--faults", type=int, default=200, help="how many faults")
    parser.add_argument("--tasks", type=int, default=30, help="tasks at first; more come while faults are left")
    parser.add_argument("--disk-mib", type=int, default=400, help="size of the disk that is filled at times")
    parser.add_argument("--longest-pause", type=float, default=25.0, help="longest pause of a process, in seconds")
    parser.add_argument("--quick", action="store_true", help="shorter leases, for short runs")
    parser.add_argument("--data", type=Path, help="folder for the run; a temporary one by default")
    parser.add_argument("--nice", type=int, default=5, help="how much more polite than its caller the run is")
    parser.add_argument("--keep", action="store_true", help="keep the folder also when nothing was lost")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run, print the report, clean up."""
    given = parse(argv)
    os.nice(given.nice)
    # Before anything starts a thread.
    in_namespace = disk.enter_namespace()
    from tests.chaos.run import Plan, Run
    from tests.chaos.stack import mount_disk

    data = (given.data or Path(tempfile.mkdtemp(prefix="voiceloom-chaos-"))).resolve()
    has_disk = in_namespace and mount_disk(data, given.disk_mib << 20)
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:7.1f} {line}", flush=True)

    plan = Plan(
        seed=given.seed,
        faults=given.faults,
        tasks=given.tasks,
        fewest=max(2, min(6, given.tasks // 2)),
        data=data,
        has_disk=has_disk,
        longest_pause_s=given.longest_pause,
        environment=ENVIRONMENT | (QUICK if given.quick else {}),
    )
    report = asyncio.run(run(Run(plan, say)))
    print(report.text())
    if report.violations:
        if has_disk:
            # The small disk vanishes with the last process that sees it.
            shutil.copytree(data / "disk", data / "disk-at-the-end", ignore_dangling_symlinks=True)
        print(f"\nThe data and the logs of the run are in {data}")
    elif not given.keep:
        shutil.rmtree(data, ignore_errors=True)
    return 1 if report.violations else 0


async def run(chaos):  # type: ignore[no-untyped-def]
    """The run itself."""
    return await chaos.run()


if __name__ == "__main__":
    sys.exit(main())
