"""`voiceloom estimate`: how long training would take on the server's machine."""

from typing import Annotated

import typer

from cli import completion
from cli.errors import wrong_use
from cli.options import with_common
from cli.session import Session
from cli.shown import estimate_rows


def estimate(
    context: typer.Context,
    file_ids: Annotated[
        list[str] | None,
        typer.Argument(help="Ids of the recordings to train from.", autocompletion=completion.files),
    ] = None,
    seconds: Annotated[float | None, typer.Option(min=0, help="Or: seconds of usable speech.")] = None,
) -> None:
    """Say how long each quality would take, from recordings that are uploaded or from seconds of usable speech."""
    session: Session = context.obj
    if (seconds is None) == (not file_ids):
        raise wrong_use("FILES_OR_SECONDS")
    usable_s = seconds or sum(session.client.report(file_id)["usable_seconds"] for file_id in file_ids or [])
    found = session.client.estimate(usable_s)
    session.answer(found, estimate_rows(found, session.language))


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("estimate")(with_common(estimate))
