"""Make a synthetic corpus: `python -m services.training.synthetic --language en --hours 1 --out corpus`."""

import argparse
import sys
from pathlib import Path

from services.training.synthetic.errors import SyntheticError
from services.training.synthetic.run import STOP_FILE, Done, Order, fill, workers
from services.training.synthetic.voices import VOICES


def main() -> int:
    """Parse, make, report."""
    parser = argparse.ArgumentParser(prog="python -m services.training.synthetic", description=__doc__)
    parser.add_argument("--language", required=True, choices=sorted(VOICES))
    parser.add_argument("--hours", type=float, required=True, help="hours of this language the folder shall hold")
    parser.add_argument("--out", type=Path, required=True, help="folder of the corpus; made when it is not there")
    parser.add_argument("--parts", type=Path, required=True, help="folder with the voices; the joined model goes there")
    parser.add_argument("--seed", type=int, default=1, help="decides every text, voice and speed")
    parser.add_argument("--jobs", type=int, default=1, help="processes; each takes a core and 0.7 GB")
    given = parser.parse_args()
    order = Order(given.out, given.parts, given.language, given.hours, given.seed, given.jobs)

    def report(done: Done) -> None:
        minutes, total = done.seconds / 60, done.total_seconds / 3600
        print(f"{done.shard}: {done.clips} clips, {minutes:.1f} min; {given.language} has {total:.2f} h", flush=True)

    try:
        with workers(order) as make:
            fill(order, make, report)
    except SyntheticError as exc:
        print(exc, file=sys.stderr)
        return 1
    if (given.out / STOP_FILE).exists():
        print(f"Stopped by {given.out / STOP_FILE}; remove it to go on.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
