"""`voiceloom packs`: voice packs."""

from pathlib import Path
from typing import Annotated

import typer

from cli.local import run_module
from cli.session import Session

app = typer.Typer(help="Voice packs: the models that training starts from.", no_args_is_help=True)


@app.command("show")
def show(context: typer.Context) -> None:
    """Show the voice pack that the running stack uses."""
    session: Session = context.obj
    pack = session.client.packs()
    session.answer(pack, "\n".join(f"{key}: {value}" for key, value in pack.items()))


@app.command("verify")
def verify(folder: Annotated[Path, typer.Argument(exists=True, file_okay=False)] = Path("packs/mini")) -> None:
    """Check that every file of a voice pack is what its pack.toml says."""
    raise typer.Exit(run_module("services.voice.pack_check", str(folder)))
