"""Commands that look after a stack's data: clean up, back up, restore. They need no running stack and disturb none."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cli.local import leave_with
from cli.options import with_common
from cli.session import Session

Data = Annotated[Path, typer.Option("--data", help="Data folder of the stack.")]
DEFAULT_DATA = Path(".data")


def gc(
    context: typer.Context,
    data: Data = DEFAULT_DATA,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Remove nothing; say what would be removed.")] = False,
    older_than: Annotated[float | None, typer.Option(help="Spare what is younger, in hours (default: 24).")] = None,
) -> None:
    """Remove what no task and no recording owns any more."""
    age = [] if older_than is None else ["--older-than", str(older_than)]
    _run(context, "gc", "--data", str(data), *(["--dry-run"] if dry_run else []), *age)


def backup(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Where to; a backup that is there is brought up to date.")],
    data: Data = DEFAULT_DATA,
) -> None:
    """Copy all rows and all artifacts that they need into a folder, also while the stack runs."""
    _run(context, "backup", str(folder), "--data", str(data))


def restore(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="A backup.")],
    data: Data = DEFAULT_DATA,
) -> None:
    """Put a backup into an empty stack that does not run."""
    _run(context, "restore", str(folder), "--data", str(data))


def _run(context: typer.Context, module: str, *arguments: str) -> NoReturn:
    session: Session = context.obj
    leave_with(session, f"services.orchestrator.{module}", *arguments)


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    for command in (gc, backup, restore):
        app.command(command.__name__)(with_common(command))
