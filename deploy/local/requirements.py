"""Prints the pinned requirements of pyproject.toml, one a line, for set-up (pip cannot install extras alone)."""

import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"


def requirements(extra: str = "") -> list[str]:
    """What Voiceloom and its development tools need, or what an extra needs besides, as pinned in pyproject.toml."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    if extra:
        return list(project["optional-dependencies"][extra])
    return [*project["dependencies"], *project["optional-dependencies"]["dev"]]


if __name__ == "__main__":
    print("\n".join(requirements(*sys.argv[1:])))
