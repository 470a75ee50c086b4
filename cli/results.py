"""`voiceloom tasks outputs|download|metrics`, and `voiceloom say`: what a trained voice is and does."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from cli.client import Client, JsonObject
from cli.errors import CliError, wrong_use
from cli.options import Force, SpokenLanguage, Task, command
from cli.session import Session
from cli.shown import metric_rows, output_rows, size
from cli.tasks import find
from cli.transfer import Download, bare, save

Folder = Annotated[Path, typer.Option("--to", "-o", file_okay=False, help="Folder for what is downloaded.")]
STDOUT = Path("-")


def outputs(context: typer.Context, task: Task) -> None:
    """List what a task has made; the best of each kind is marked with a star."""
    session: Session = context.obj
    made = session.client.outputs(find(session.client, task))
    session.answer(made, output_rows(made, session.language))


def download(
    context: typer.Context,
    task: Task,
    to: Folder = Path(),
    best: Annotated[bool, typer.Option("--best", help="Only the best output and the two models that made it.")] = False,
    force: Force = False,
) -> None:
    """Download the outputs, the reference recording and the weights of a task."""
    session: Session = context.obj
    fetched = download_all(session.client, find(session.client, task), to, force=force, best=best)
    session.answer([file.facts for file in fetched], download_rows(session, fetched))


def metrics(context: typer.Context, task: Task) -> None:
    """Show the losses of both trainings, also while they run."""
    session: Session = context.obj
    found = session.client.metrics(find(session.client, task))
    session.answer(found, metric_rows(found, session.language))


def say(
    context: typer.Context,
    task: Task,
    words: Annotated[str, typer.Argument(metavar="TEXT", help="What to say; - reads it from standard input.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="WAV file to write; - is standard output (default: the voice's name)."),
    ] = None,
    language: Annotated[SpokenLanguage | None, typer.Option(help="Language of the text (default: found out).")] = None,
    speed: Annotated[float | None, typer.Option(min=0.25, max=4, help="1 is the speaker's own pace.")] = None,
    temperature: Annotated[float | None, typer.Option(max=2, help="How freely it speaks, above 0.")] = None,
    top_k: Annotated[int | None, typer.Option(min=1, max=1000, help="Likeliest tokens to choose from.")] = None,
    top_p: Annotated[float | None, typer.Option(max=1, help="Share of the likeliest tokens, above 0.")] = None,
    repetition_penalty: Annotated[float | None, typer.Option(min=1, max=5, help="Against repeating itself.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="The same seed says it the same way.")] = None,
    force: Force = False,
) -> None:
    """Let a trained voice say something, and write it to a WAV file."""
    session: Session = context.obj
    choices = {
        "language": None if language == "auto" else language,
        "speed": speed,
        "temperature": temperature,
        "top_k": top_k,
        "top_p": top_p,
        "repetition_penalty": repetition_penalty,
        "seed": seed,
    }
    said = sys.stdin.read() if words == "-" else words
    body = {"text": said.strip(), **{key: value for key, value in choices.items() if value is not None}}
    task_id = find(session.client, task)
    address = f"{session.client.task_path(task_id)}/speak"
    if output == STDOUT:
        _speak_to_stdout(session, address, body)
        return
    into = output or _free(Path(f"{bare(task)}.wav"))
    if into.is_dir():
        raise wrong_use("IS_A_FOLDER", path=into)
    made = save(session.client, address, into, force=force, body=body)
    session.answer(made.facts, session.text("output.written", path=made.path, size=size(made.size_bytes)))


def _speak_to_stdout(session: Session, address: str, body: JsonObject) -> None:
    """Bytes go out when all are there: a player is not given half a sentence."""
    if session.as_json:
        raise wrong_use("JSON_AND_STDOUT")
    with tempfile.TemporaryDirectory(prefix="voiceloom-say-") as folder:
        made = save(session.client, address, Path(folder) / "said.wav", body=body)
        sys.stdout.buffer.write(made.path.read_bytes())
        sys.stdout.buffer.flush()


def _free(path: Path) -> Path:
    """The path, or the first with a number behind its name that nothing lies at."""
    numbered = (path.with_stem(f"{path.stem}-{number}") for number in range(2, 10_000))
    return next((at for at in (path, *numbered) if not at.exists()), path)


def downloads(made: JsonObject, *, best: bool = False) -> list[tuple[str, str, int | None]]:
    """What can be downloaded from a task: kind of file, its bare name, its size in bytes when that is known."""
    wanted = [
        ("output", bare(item["filename"]), item.get("size_bytes"))
        for item in made["outputs"]
        if item["best"] or not best
    ]
    if made["ref_audio_path"]:
        wanted.append(("ref_audio", bare(made["ref_audio_path"]), None))
    return wanted + [
        (f"{item['kind']}_model", bare(item["filename"]), item.get("size_bytes"))
        for item in made["models"]
        if item["best"] or not best
    ]


def download_all(
    client: Client, task_id: str, folder: Path, *, force: bool = False, best: bool = False
) -> list[Download]:
    """Fetch everything that a task has made (or the best of it) into a folder; CliError before anything is replaced."""
    wanted = downloads(client.outputs(task_id), best=best)
    names = [name for _, name, _ in wanted]
    if len(set(names)) < len(names):
        raise CliError("NAMES_COLLIDE", names=", ".join(sorted({name for name in names if names.count(name) > 1})))
    return [
        save(client, client.output_path(task_id, kind, name), folder / name, force=force, size_bytes=size_bytes)
        for kind, name, size_bytes in wanted
    ]


def download_rows(session: Session, fetched: Sequence[Download]) -> str:
    """One line for each file that was fetched."""
    rows = [
        session.text("output.written" if file.written else "output.there", path=file.path, size=size(file.size_bytes))
        for file in fetched
    ]
    return "\n".join(rows) or session.text("output.none")


def register(app: typer.Typer, tasks: typer.Typer) -> None:
    """Add the commands: one of its own, the others to those of tasks."""
    command(app, "say")(say)
    command(tasks, "outputs")(outputs)
    command(tasks, "download")(download)
    command(tasks, "metrics")(metrics)
