"""`voiceloom train`: recordings in, one voice out."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.client import JsonObject
from cli.errors import CliError, InterruptedByUser
from cli.files import Transcript, upload_one
from cli.options import Force, Quality, Recordings, SpokenLanguage, Watch, with_common
from cli.results import download_all, download_rows
from cli.session import Session
from cli.watching import finish, follow_or_tell, follow_task

_PANEL = "Expert: instead of what the quality and the voice pack decide"


def _expert(help_text: str, **limits: Any) -> Any:
    return typer.Option(help=help_text, rich_help_panel=_PANEL, show_default=False, **limits)


Count = int | None
Number = float | None


def train(
    context: typer.Context,
    recordings: Recordings,
    name: Annotated[str, typer.Option(help="Name of the voice (default: the first file's name).")] = "",
    quality: Annotated[Quality, typer.Option(help="How thoroughly to train.")] = "standard",
    language: Annotated[SpokenLanguage, typer.Option(help="Language spoken.")] = "auto",
    say: Annotated[str, typer.Option(help="What the new voice should say (default: one sentence).")] = "",
    transcript: Transcript = None,
    to: Annotated[
        Path | None, typer.Option(file_okay=False, help="Download everything into this folder at the end.")
    ] = None,
    force: Force = False,
    watch: Watch = True,
    expert_min_clip_seconds: Annotated[Number, _expert("Shortest clip.")] = None,
    expert_max_clip_seconds: Annotated[Number, _expert("Longest clip.")] = None,
    expert_sovits_epochs: Annotated[Count, _expert("Epochs of the SoVITS training.")] = None,
    expert_gpt_epochs: Annotated[Count, _expert("Epochs of the GPT training.")] = None,
    expert_sovits_batch_size: Annotated[Count, _expert("Clips in a step of the SoVITS training.")] = None,
    expert_gpt_batch_size: Annotated[Count, _expert("Clips in a step of the GPT training.")] = None,
    expert_sovits_learning_rate: Annotated[Number, _expert("Learning rate of the SoVITS training.")] = None,
    expert_gpt_learning_rate: Annotated[Number, _expert("Learning rate of the GPT training.")] = None,
    expert_sovits_save_every_epochs: Annotated[Count, _expert("Save a SoVITS model after so many epochs.")] = None,
    expert_gpt_save_every_epochs: Annotated[Count, _expert("Save a GPT model after so many epochs.")] = None,
) -> None:
    """Train a voice from recordings and follow the task until it ends."""
    session: Session = context.obj
    expert = {
        "min_clip_seconds": expert_min_clip_seconds,
        "max_clip_seconds": expert_max_clip_seconds,
        "sovits_epochs": expert_sovits_epochs,
        "gpt_epochs": expert_gpt_epochs,
        "sovits_batch_size": expert_sovits_batch_size,
        "gpt_batch_size": expert_gpt_batch_size,
        "sovits_learning_rate": expert_sovits_learning_rate,
        "gpt_learning_rate": expert_gpt_learning_rate,
        "sovits_save_every_epochs": expert_sovits_save_every_epochs,
        "gpt_save_every_epochs": expert_gpt_save_every_epochs,
    }
    options = {
        "quality": quality,
        "language": language,
        "transcript": read_text(transcript) if transcript else None,
        "inference": {"target_text": say} if say else None,
        "expert": given(expert) or None,
    }
    task = _create(session, recordings, name or recordings[0].stem, given(options))
    if not watch:
        follow_or_tell(session, task, watch=False)
        return
    session.say(session.text("task.created", name=task["exp_name"], id=task["id"]))
    task = follow_task(session, task["id"], task["exp_name"])
    if to is not None and task["status"] == "completed":
        session.say(download_rows(session, download_all(session.client, task["id"], to, force=force)))
    finish(session, task)


def _create(session: Session, recordings: list[Path], name: str, options: JsonObject) -> JsonObject:
    """Upload everything, then create the task; Ctrl-C in between leaves nothing running, and says so."""
    try:
        files = [upload_one(session, recording)["file_id"] for recording in recordings]
    except KeyboardInterrupt as exc:
        raise InterruptedByUser("STOPPED_UPLOADING") from exc
    try:
        return session.client.create_task(name, files, options)
    except KeyboardInterrupt as exc:
        raise InterruptedByUser("STOPPED_CREATING", command=session.command("tasks", "show", name)) from exc


def given(options: JsonObject) -> JsonObject:
    """The options that were given."""
    return {key: value for key, value in options.items() if value is not None}


def read_text(path: Path) -> str:
    """A text file; CliError when it is something else."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as exc:
        raise CliError("NOT_UTF8", path=path) from exc


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("train")(with_common(train))
