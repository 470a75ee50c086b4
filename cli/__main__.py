"""The `voiceloom` command: talks REST to a running stack, and starts the modules that work on this machine."""

import os
import sys
from typing import Annotated

import typer

from cli import files, keeping, local, packs, tasks, train
from cli.client import ApiError, UnreachableError
from cli.session import DEFAULT_SERVER, Session, language_of

app = typer.Typer(
    name="voiceloom",
    help="One-click voice training: upload a recording, get a voice.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def options(
    context: typer.Context,
    server: Annotated[
        str, typer.Option(envvar="VOICELOOM_SERVER", help="Address of a running stack.")
    ] = DEFAULT_SERVER,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")] = False,
    lang: Annotated[str, typer.Option(help="Language of the server's texts: zh or en (default: your locale's).")] = "",
) -> None:
    """Options for every command; they come before its name."""
    context.obj = Session(server=server, as_json=as_json, language=lang or language_of(os.environ))


local.register(app)
train.register(app)
keeping.register(app)
app.add_typer(tasks.app, name="tasks")
app.add_typer(files.app, name="files")
app.add_typer(packs.app, name="packs")
app.add_typer(local.models, name="models")


def main() -> None:
    """Run a command. Exit codes: 1 refused or failed, 2 wrong arguments, 3 no server."""
    try:
        app()
    except ApiError as error:
        typer.echo(f"voiceloom: {error} [{error.code}]", err=True)
        sys.exit(1)
    except UnreachableError as error:
        typer.echo(f"voiceloom: {error}. Is a stack running? `voiceloom up` starts one.", err=True)
        sys.exit(3)


if __name__ == "__main__":
    main()
