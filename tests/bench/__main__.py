"""Measures the figures of docs/benchmarks.md on this machine: `make bench`, `make bench ARGS="--only queue restart"`.

Each part starts a stack of its own. Refuses to start on a loaded machine: what it said then would mean nothing;
`--small` does a little of every part anywhere, to see that it works.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from tests.bench import page, queue, recovery, subscribers, training
from tests.bench.figures import REPORT, SMALL, Figure, Size, machine, refuse_loaded_machine, table, write_report
from tests.stack import ROOT

PARTS: dict[str, Callable[[Path, Size], list[Figure]]] = {
    "training": training.measure,
    "queue": queue.measure,
    "restart": queue.measure_restart,
    "recovery": recovery.measure,
    "subscribers": subscribers.measure,
    "page": page.measure,
}


def main() -> int:
    """Measure, print, and with --write renew the report; exit code 1 when a goal was missed."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="measure these parts alone")
    parser.add_argument("--small", action="store_true", help="a little of each, also on a busy machine")
    parser.add_argument("--write", action="store_true", help=f"renew {REPORT.relative_to(ROOT)}")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    arguments = parser.parse_args()
    if arguments.write and (arguments.small or set(arguments.only) != set(PARTS)):
        parser.error("--write wants all parts at full size")
    if not arguments.small:
        refuse_loaded_machine()
    figures: list[Figure] = []
    for part in arguments.only:
        with tempfile.TemporaryDirectory(prefix=f"voiceloom-bench-{part}-") as folder:
            figures += PARTS[part](Path(folder), SMALL if arguments.small else Size())
    if arguments.json:
        print(json.dumps({"machine": machine(), "figures": [asdict(figure) for figure in figures]}, ensure_ascii=False))
    else:
        print(machine(), table(figures), sep="\n\n")
    if arguments.write:
        write_report(figures)
    return 1 if any(figure.reached is False for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
