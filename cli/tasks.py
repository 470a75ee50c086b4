"""`voiceloom tasks`: see, follow, cancel, repeat and collect."""

import unicodedata
from pathlib import Path
from typing import Annotated

import typer

from cli.client import Client, Download, JsonObject
from cli.progress import watch
from cli.session import Session

app = typer.Typer(help="Training tasks.", no_args_is_help=True)
# 32 hexadecimal digits are an id; anything else is taken for the name that a person gave.
ID_LENGTH = 32
Task = Annotated[str, typer.Argument(help="A task's id, or its name.")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the task until it ends.")]
Folder = Annotated[Path, typer.Option("--to", file_okay=False, help="Folder for what is downloaded.")]


def describe(task: JsonObject) -> str:
    """One line about a task."""
    stage = f" in {task['current_stage']}" if task["current_stage"] else ""
    return (
        f"{task['id']}  {task['status']:<11} {task['progress']:4.0%}  {task['quality']:<8}  {task['exp_name']}{stage}"
    )


def detail(task: JsonObject) -> str:
    """A task and its stages."""
    lines = [describe(task)]
    for stage in task["stages"]:
        seconds = f"{stage['seconds']:8.1f} s" if stage["seconds"] else " " * 10
        lines.append(
            f"  {stage['name']:<15} {stage['status']:<10} {stage['progress']:4.0%} {seconds}  {stage['message'] or ''}"
        )
    if task["error"]:
        lines.append(f"  {task['error']['detail']} [{task['error']['code']}]")
    return "\n".join(line.rstrip() for line in lines)


def describe_output(output: JsonObject) -> str:
    """One line about something the voice said."""
    mark = "*" if output["best"] else " "
    words, similarity = output["word_error_rate"], output["speaker_similarity"]
    scores = "" if words is None else f"word errors {words:4.0%}  similarity {similarity:.2f}  "
    pair = f"{output['sovits_model']} + {output['gpt_model']}"
    return f"{mark} {output['filename']}  {output['seconds']:.1f} s  {scores}{pair}"


@app.command("list")
def list_tasks(
    context: typer.Context, status: Annotated[str | None, typer.Option(help="Only this status.")] = None
) -> None:
    """List the tasks, newest first."""
    session: Session = context.obj
    found = session.client.tasks(status)
    session.answer(found, "\n".join(map(describe, found)) or "There are no tasks.")


@app.command("show")
def show(context: typer.Context, task: Task) -> None:
    """Show one task and its stages."""
    session: Session = context.obj
    facts = session.client.task(find(session.client, task))
    session.answer(facts, detail(facts))


@app.command("watch")
def watch_task(context: typer.Context, task: Task) -> None:
    """Follow a task until it ends; exit code 1 unless it completed."""
    session: Session = context.obj
    finish(session, watch_quietly(session, find(session.client, task)))


@app.command("cancel")
def cancel(
    context: typer.Context,
    task: Task,
    purge: Annotated[bool, typer.Option("--purge", help="Also remove the task, its files and its name.")] = False,
) -> None:
    """Cancel a task."""
    session: Session = context.obj
    answer = session.client.cancel(find(session.client, task), purge=purge)
    session.answer(answer, answer["message"])


@app.command("resume")
def resume(context: typer.Context, task: Task, wait: Wait = True) -> None:
    """Let an interrupted, failed or cancelled task go on where it stopped."""
    session: Session = context.obj
    _follow_again(session, session.client.resume(find(session.client, task)), wait=wait)


@app.command("retry")
def retry(
    context: typer.Context,
    task: Task,
    stage: Annotated[
        str | None, typer.Option("--from", help="Stage to begin with (default: the first that is not completed).")
    ] = None,
    wait: Wait = True,
) -> None:
    """Run a task that has ended again; that stage and all that need it start anew."""
    session: Session = context.obj
    _follow_again(session, session.client.retry(find(session.client, task), stage), wait=wait)


@app.command("outputs")
def outputs(context: typer.Context, task: Task) -> None:
    """List what a task has made; the best is marked with a star."""
    session: Session = context.obj
    made = session.client.outputs(find(session.client, task))
    lines = [f"said: {made['target_text']}" if made["target_text"] else ""]
    lines += map(describe_output, made["outputs"])
    lines += [
        f"  {model['filename']}  epoch {model['epoch']}  {model['size_bytes'] / 1e6:.2f} MB" for model in made["models"]
    ]
    session.answer(made, "\n".join(filter(None, lines)) or "Nothing was made yet.")


@app.command("download")
def download(context: typer.Context, task: Task, to: Folder = Path()) -> None:
    """Download the outputs, the reference recording and the weights of a task."""
    session: Session = context.obj
    fetched = download_all(session.client, find(session.client, task), to)
    facts = [{"path": str(file.path), "size_bytes": file.size_bytes, "sha256": file.sha256} for file in fetched]
    session.answer(facts, "\n".join(f"{file.path}  {file.size_bytes / 1e6:.2f} MB" for file in fetched))


def _follow_again(session: Session, task: JsonObject, *, wait: bool) -> None:
    if wait:
        finish(session, watch_quietly(session, task["id"]))
    else:
        session.answer(task, f"{describe(task)}\nfollow it with: voiceloom tasks watch {task['id']}")


def find(client: Client, given: str) -> str:
    """The id of a task given by id or by name; what is neither is left to the server to refuse."""
    if len(given) == ID_LENGTH and set(given) <= set("0123456789abcdef"):
        return given
    name = unicodedata.normalize("NFC", given)
    return next((str(task["id"]) for task in client.tasks() if task["exp_name"] == name), given)


def downloads(made: JsonObject) -> list[tuple[str, str, str]]:
    """What can be downloaded from a task: kind of file, name on the server, name on disk."""
    wanted = [("output", output["filename"], output["filename"]) for output in made["outputs"]]
    if made["ref_audio_path"]:
        wanted.append(("ref_audio", made["ref_audio_path"], "reference.wav"))
    return wanted + [(f"{model['kind']}_model", model["filename"], model["filename"]) for model in made["models"]]


def download_all(client: Client, task_id: str, folder: Path) -> list[Download]:
    """Fetch everything that a task has made into a folder."""
    # Only the last part of a name becomes a path here, whatever the server says.
    return [
        client.download(task_id, kind, name, folder / Path(on_disk).name)
        for kind, name, on_disk in downloads(client.outputs(task_id))
    ]


def watch_quietly(session: Session, task_id: str) -> JsonObject:
    """Follow a task; with --json nothing but the final answer is printed."""
    console = session.console
    console.quiet = session.as_json
    try:
        return watch(session.client, task_id, console)
    finally:
        console.quiet = False


def finish(session: Session, task: JsonObject) -> None:
    """Print how a task ended; exit code 1 unless it completed."""
    session.answer(task, detail(task))
    if task["status"] != "completed":
        raise typer.Exit(1)
