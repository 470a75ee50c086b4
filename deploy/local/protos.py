"""Generates protos/gen from protos/voiceloom, or (with --check) says whether what is committed is current."""

import argparse
import filecmp
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "protos"
GENERATED = SOURCE / "gen"


def generate(into: Path) -> None:
    """Write modules, stubs and gRPC classes of every proto below `into`; raises RuntimeError when protoc refuses."""
    from grpc_tools import protoc

    well_known = Path(protoc.__file__).parent / "_proto"
    files = sorted(str(path.relative_to(SOURCE)) for path in (SOURCE / "voiceloom").rglob("*.proto"))
    outputs = [f"--{kind}_out={into}" for kind in ("python", "pyi", "grpc_python")]
    code = protoc.main(["protoc", f"-I{SOURCE}", f"-I{well_known}", *outputs, *files])
    if code != 0:
        raise RuntimeError(f"protoc failed with exit code {code}")


def differences(left: Path, right: Path) -> list[str]:
    """Names of the files that are not the same, or exist once only, in two trees."""
    names = {path.relative_to(tree) for tree in (left, right) for path in tree.rglob("*.py*") if path.suffix != ".pyc"}
    return [
        str(name)
        for name in sorted(names)
        if not (left / name).is_file()
        or not (right / name).is_file()
        or not filecmp.cmp(left / name, right / name, shallow=False)
    ]


def main() -> int:
    """Generate, or check; 1 means that the committed code is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with what is committed and write nothing")
    check: bool = parser.parse_args().check
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        generate(fresh)
        stale = differences(fresh, GENERATED)
        if check:
            for name in stale:
                print(f"protos/gen/{name} is not what the protos generate; run `make protos`", file=sys.stderr)
            return 1 if stale else 0
        shutil.rmtree(GENERATED, ignore_errors=True)
        shutil.copytree(fresh, GENERATED)
        print(f"{len(stale)} generated files changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
