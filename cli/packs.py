"""`voiceloom packs`: voice packs, the models that training starts from."""

import hashlib
import tomllib
from pathlib import Path
from typing import Annotated

import typer

from cli.client import ApiError, JsonObject, UnreachableError
from cli.errors import wrong_use
from cli.local import ROOT, leave_with
from cli.options import Force, command
from cli.session import Session, columns
from cli.shown import size

app = typer.Typer(help="Voice packs: the models that training starts from.", no_args_is_help=True)
CONFIG_FILE = "pack.toml"
Data = Annotated[
    Path, typer.Option("--data", file_okay=False, help="Data folder of the stack; imported packs lie in it.")
]
DEFAULT_DATA = Path(".data")


@command(app, "list")
def list_packs(context: typer.Context, data: Data = DEFAULT_DATA) -> None:
    """List the packs on this machine; the one that the running stack uses has a star."""
    session: Session = context.obj
    used = _in_use(session)
    found = [
        facts | {"in_use": facts["sha256"] == used.get("sha256")} for facts in map(describe, folders(data)) if facts
    ]
    if used and not any(facts["in_use"] for facts in found):
        elsewhere = {key: used[key] for key in ("name", "version", "family", "languages", "sha256")}
        found.append({**elsewhere, "path": None, "size_bytes": None, "in_use": True})
    rows = [
        (
            "*" if facts["in_use"] else " ",
            facts["name"],
            facts["version"],
            facts["family"],
            ", ".join(facts["languages"]),
            size(facts["size_bytes"]) if facts["size_bytes"] else "",
            facts["path"] or session.text("pack.in_use", server=session.server),
        )
        for facts in found
    ]
    session.answer(found, columns(rows, right=[5]) if rows else session.text("pack.none"))


@command(app, "show")
def show(context: typer.Context) -> None:
    """Show the voice pack that the running stack uses."""
    session: Session = context.obj
    pack = session.client.packs()
    session.answer(pack, columns([(key, str(value)) for key, value in pack.items()]))


@command(app, "import")
def import_pack(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(exists=True, help="A folder with pack.toml, or a .zip or .tar of one.")],
    data: Data = DEFAULT_DATA,
    force: Force = False,
) -> None:
    """Check a pack and keep it in the data folder; `up --pack NAME` uses it then."""
    session: Session = context.obj
    into = str(data / "packs")
    leave_with(session, "services.voice.pack_import", str(source), "--into", into, *(["--force"] if force else []))


@command(app, "verify")
def verify(
    context: typer.Context,
    packs: Annotated[list[str] | None, typer.Argument(help="Folders or names (default: all on this machine).")] = None,
    data: Data = DEFAULT_DATA,
    build: Annotated[bool, typer.Option("--build", help="Also build the models (slower).")] = False,
) -> None:
    """Check that every file of a voice pack is what its pack.toml says."""
    session: Session = context.obj
    checked = [locate(pack, data) for pack in packs] if packs else folders(data)
    leave_with(session, "services.voice.pack_check", *map(str, checked), *(["--build"] if build else []))


def folders(data: Path) -> list[Path]:
    """Every pack that came with the program or was imported."""
    shelves = (ROOT / "packs", data / "packs")
    return [config.parent for shelf in shelves for config in sorted(shelf.glob(f"[!.]*/{CONFIG_FILE}"))]


def locate(pack: str, data: Path) -> Path:
    """The folder of a pack given by its path or its name; CliError when there is none."""
    given = Path(pack)
    if given.is_dir():
        return given
    if given.name == pack:
        for folder in folders(data):
            if folder.name == pack:
                return folder
    raise wrong_use("NO_SUCH_PACK", pack=pack)


def describe(folder: Path) -> JsonObject:
    """What a pack says of itself; nothing when its pack.toml cannot be read (`packs verify` says why)."""
    try:
        text = (folder / CONFIG_FILE).read_bytes()
        table = tomllib.loads(text.decode("utf-8"))
        return {
            "name": str(table["name"]),
            "version": str(table["version"]),
            "family": str(table["family"]),
            "languages": list(map(str, table["languages"])),
            "sha256": hashlib.sha256(text).hexdigest(),
            "path": str(folder),
            "size_bytes": sum((folder / name).stat().st_size for name in table["files"]),
        }
    except (OSError, ValueError, LookupError, TypeError):
        return {}


def _in_use(session: Session) -> JsonObject:
    """The pack of the running stack, if one runs."""
    try:
        return session.client.packs()
    except (ApiError, UnreachableError):
        return {}
