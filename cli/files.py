"""`voiceloom files`: uploaded recordings."""

from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.progress import Progress

from cli.client import JsonObject
from cli.options import FileId, FileIds, Force, Recordings, Yes, command
from cli.session import Session
from cli.shown import file_rows, report, size
from cli.tasks import confirm
from cli.transfer import bare, save

app = typer.Typer(help="Uploaded recordings.", no_args_is_help=True)
Transcript = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, readable=True, help="Text file with the words of the recording."),
]


@command(app, "upload")
def upload(context: typer.Context, recordings: Recordings, transcript: Transcript = None) -> None:
    """Upload recordings."""
    session: Session = context.obj
    words = transcript.read_text(encoding="utf-8") if transcript else None
    sent = [upload_one(session, recording, words) for recording in recordings]
    session.answer(sent, file_rows(sent, session.language))


@command(app, "list")
def list_files(context: typer.Context) -> None:
    """List the uploaded recordings, newest first."""
    session: Session = context.obj
    found = session.client.files()
    session.answer(found, file_rows(found, session.language))


@command(app, "show")
def show(context: typer.Context, file_id: FileId) -> None:
    """Show one uploaded recording."""
    session: Session = context.obj
    file = session.client.file(file_id)
    session.answer(file, file_rows([file], session.language))


@command(app, "report")
def show_report(context: typer.Context, file_id: FileId) -> None:
    """Say how good a recording is for training; the first time it takes a while."""
    session: Session = context.obj
    found = session.client.report(file_id)
    session.answer(found, report(found, session.language))


@command(app, "download")
def download(
    context: typer.Context,
    file_id: FileId,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write (default: the recording's name, here).")
    ] = None,
    force: Force = False,
) -> None:
    """Download a recording as it was uploaded."""
    session: Session = context.obj
    file = session.client.file(file_id)
    name = bare(file["filename"])
    into = output / name if output and output.is_dir() else output or Path(name)
    address = f"{session.client.file_path(file_id)}/download"
    got = save(session.client, address, into, force=force, size_bytes=file["size_bytes"])
    key = "output.written" if got.written else "output.there"
    session.answer(got.facts, session.text(key, path=got.path, size=size(got.size_bytes)))


@command(app, "delete")
def delete(context: typer.Context, file_ids: FileIds, yes: Yes = False) -> None:
    """Delete uploaded recordings, for good (refused while a task uses one)."""
    session: Session = context.obj
    confirm(session, session.text("file.delete_sure", count=len(file_ids)), yes=yes)
    answers = [session.client.delete_file(file_id) for file_id in file_ids]
    session.answer(answers, "\n".join(answer["message"] for answer in answers))


def upload_one(session: Session, recording: Path, transcript: str | None = None) -> JsonObject:
    """Send one recording; a terminal shows how much of it has left."""
    if session.as_json or not session.console.is_terminal:
        return session.client.upload(recording, transcript)
    with Progress(console=session.console, transient=True) as progress:
        bar = progress.add_task(session.text("file.uploading", name=recording.name), total=recording.stat().st_size)

        def reading(file: BinaryIO) -> BinaryIO:
            progress.reset(bar)  # every try begins anew
            return progress.wrap_file(file, task_id=bar)

        return session.client.upload(recording, transcript, reading)
