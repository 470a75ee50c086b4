"""`python -m services.voice.parity FOLDER` checks every vector in a folder.

Exits with 0 when all are reproduced, 1 when something exceeds its tolerance, 2 when only something is not implemented.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

import torch

from services.voice.parity import gpt_check, other_checks, sovits_check, text_check
from services.voice.parity.report import NotImplementedVectorError, Report, Vector

CHECKS: dict[str, Callable[[Vector, Report], None]] = {
    "s2": sovits_check.check,
    "ar": gpt_check.check,
    "optimizer": gpt_check.check_optimizer,
    "mpd": other_checks.check_discriminator,
    "mel": other_checks.check_mel,
    "losses": other_checks.check_losses,
    "symbols": other_checks.check_symbols,
    "text": text_check.check,
    "slicer": other_checks.check_slicer,
}


def run(folder: Path) -> Report:
    """Checks every NAME.json in a folder."""
    report = Report()
    print(f"{'file':<16} {'tensor':<34} {'error':>9} {'tolerance':>9}")
    for path in sorted(folder.glob("*.json")):
        try:
            vector = Vector(path)
        except (OSError, json.JSONDecodeError) as exc:
            report.skip(path.name, f"not readable as a vector ({exc})")
            continue
        check_one(vector, report)
    return report


def check_one(vector: Vector, report: Report) -> None:
    """Checks one vector; whatever it records that no check looked at is reported as missing."""
    kind = vector.json.get("kind")
    if kind not in CHECKS:
        report.skip(vector.name, f"vectors of kind {kind!r}")
        return
    try:
        CHECKS[kind](vector, report)
    except NotImplementedVectorError as exc:
        report.skip(vector.name, str(exc))
        return
    except (KeyError, TypeError, ValueError, RuntimeError) as exc:
        report.fail(vector, f"{type(exc).__name__}: {exc}")
        return
    for name in vector.left():
        report.skip(vector.name, f"output {name}")


def main(argv: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m services.voice.parity", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder with NAME.json and NAME.safetensors")
    folder = parser.parse_args(argv).folder
    if not any(folder.glob("*.json")):
        print(f"there are no vectors in {folder}", file=sys.stderr)
        return 1
    torch.manual_seed(0)
    report = run(folder)
    print(f"\n{report.compared} comparisons, {report.exceeded} exceeded their tolerance")
    if report.deliberate:
        print(f"{len(report.deliberate)} differ on purpose, and are not counted as passed:")
        print("\n".join(f"  {line}" for line in report.deliberate))
    if report.missing:
        print(f"{len(report.missing)} not implemented, and not counted as passed:")
        print("\n".join(f"  {line}" for line in report.missing))
    if report.exceeded:
        return 1
    return 2 if report.missing else 0


if __name__ == "__main__":
    sys.exit(main())
