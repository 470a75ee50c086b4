"""`voiceloom files`: uploaded recordings."""

from pathlib import Path
from typing import Annotated

import typer

from cli.client import JsonObject
from cli.session import Session

app = typer.Typer(help="Uploaded recordings.", no_args_is_help=True)
Recording = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A recording.")]
Transcript = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="Text file with the words of the recording.")
]


def describe(file: JsonObject) -> str:
    """One line about an uploaded recording."""
    rate, name = f"{file['sample_rate'] / 1000:g} kHz", file["filename"]
    return f"{file['file_id']}  {file['seconds']:7.1f} s  {rate:>9}  {file['size_bytes'] / 1e6:7.2f} MB  {name}"


@app.command("upload")
def upload(context: typer.Context, recording: Recording, transcript: Transcript = None) -> None:
    """Upload a recording."""
    session: Session = context.obj
    words = transcript.read_text(encoding="utf-8") if transcript else None
    file = session.client.upload(recording, words)
    session.answer(file, describe(file))


@app.command("list")
def list_files(context: typer.Context) -> None:
    """List the uploaded recordings."""
    session: Session = context.obj
    found = session.client.files()
    session.answer(found, "\n".join(map(describe, found)) or "Nothing was uploaded yet.")


@app.command("delete")
def delete(context: typer.Context, file_id: str) -> None:
    """Delete an uploaded recording (refused while a task uses it)."""
    session: Session = context.obj
    answer = session.client.delete_file(file_id)
    session.answer(answer, answer["message"])
