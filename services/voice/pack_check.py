"""Checks voice packs from a terminal: python -m services.voice.pack_check [--build] [--json] FOLDER [FOLDER ...]."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from services.voice.errors import PackError
from services.voice.pack import Pack, load_pack


def main(argv: list[str] | None = None) -> int:
    """Say of each folder whether it is a sound pack; 1 when one is not."""
    parser = argparse.ArgumentParser(prog="voiceloom packs verify", description="Check every file of voice packs.")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--build", action="store_true", help="also build the models with their weights (slower)")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    given = parser.parse_args(argv)
    found = [check(folder, build=given.build) for folder in given.folders]
    if given.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        for facts in found:
            print(sentence(facts), file=sys.stdout if facts["sound"] else sys.stderr)
    return 0 if all(facts["sound"] for facts in found) else 1


def check(folder: Path, *, build: bool = False) -> dict[str, Any]:
    """Whether a folder is a sound pack ("sound"), and what it is or what is wrong with it ("problem")."""
    try:
        pack = load_pack(folder)
        if build:
            build_models(pack)
    except PackError as error:
        return {"path": str(folder), "sound": False, "problem": str(error)}
    return {"path": str(folder), "sound": True, **facts_of(pack)}


def facts_of(pack: Pack) -> dict[str, Any]:
    """What a pack says of itself, and its size in bytes."""
    return {
        "name": pack.name,
        "family": pack.family,
        "version": pack.version,
        "languages": list(pack.languages),
        "licence": pack.licence,
        "sha256": pack.sha256,
        "size_bytes": sum((pack.path / name).stat().st_size for name in pack.files),
    }


def build_models(pack: Pack) -> None:
    """Build every model of a pack; PackError when weights and sizes do not fit. Imports torch."""
    from services.voice.checkpoint import build_discriminator, build_gpt, build_sovits
    from services.voice.pack import DISCRIMINATOR_FILE

    try:
        build_sovits(pack)
        build_gpt(pack)
        if DISCRIMINATOR_FILE in pack.files:
            build_discriminator(pack)
    except (TypeError, ValueError, KeyError) as exc:
        raise PackError(f"the sizes in pack.toml of {pack.name!r} describe no models: {exc}") from exc


def sentence(facts: dict[str, Any]) -> str:
    """One line about a folder."""
    if not facts["sound"]:
        return f"{facts['path']}: {facts['problem']}"
    speaks, size = ", ".join(facts["languages"]), facts["size_bytes"] / 1e6
    pack = f"{facts['name']} {facts['version']} ({facts['family']})"
    return f"{facts['path']}: {pack}, speaks {speaks}, {size:.1f} MB, sound"


if __name__ == "__main__":
    sys.exit(main())
