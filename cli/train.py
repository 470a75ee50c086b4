"""`voiceloom train`: one recording in, one voice out."""

from pathlib import Path
from typing import Annotated

import typer

from cli.files import Recording, Transcript
from cli.session import Session
from cli.tasks import download_all, finish, watch_quietly


def train(
    context: typer.Context,
    recording: Recording,
    name: Annotated[str, typer.Option(help="Name of the voice (default: the file's name).")] = "",
    quality: Annotated[str, typer.Option(help="fast, standard or high.")] = "standard",
    language: Annotated[str, typer.Option(help="Language spoken: auto, zh, en, ja, ko, yue.")] = "auto",
    say: Annotated[str, typer.Option(help="What the new voice should say (default: one sentence).")] = "",
    transcript: Transcript = None,
    to: Annotated[
        Path | None, typer.Option(file_okay=False, help="Download everything into this folder at the end.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the task until it ends.")] = True,
) -> None:
    """Train a voice from a recording and follow the task until it ends."""
    session: Session = context.obj
    words = transcript.read_text(encoding="utf-8") if transcript else None
    file = session.client.upload(recording, words)
    options = {"quality": quality, "language": language, "inference": {"target_text": say} if say else None}
    options = {key: value for key, value in options.items() if value is not None}
    task = session.client.create_task(name or recording.stem, file["file_id"], options)
    if not wait:
        session.answer(task, f"{task['id']}  follow it with: voiceloom tasks watch {task['id']}")
        return
    task = watch_quietly(session, task["id"])
    if to is not None and task["status"] == "completed":
        for fetched in download_all(session.client, task["id"], to):
            if not session.as_json:
                session.console.print(f"{fetched.path}", markup=False)
    finish(session, task)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("train")(train)
