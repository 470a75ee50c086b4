"""Checks voice packs from a terminal: python -m services.voice.pack_check FOLDER [FOLDER ...]."""

import argparse
import sys
from pathlib import Path

from services.voice.errors import PackError
from services.voice.pack import load_pack


def main(argv: list[str] | None = None) -> int:
    """Say of each folder whether it is a sound pack; 1 when one is not."""
    parser = argparse.ArgumentParser(prog="voiceloom packs verify", description="Check every file of voice packs.")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    sound = True
    for folder in parser.parse_args(argv).folders:
        try:
            pack = load_pack(folder)
        except PackError as error:
            sound = False
            print(f"{folder}: {error}", file=sys.stderr)
        else:
            size = sum((folder / name).stat().st_size for name in pack.files)
            speaks = ", ".join(pack.languages)
            print(f"{folder}: {pack.name} {pack.version} ({pack.family}), speaks {speaks}, {size / 1e6:.1f} MB, sound")
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
