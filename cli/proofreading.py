"""`voiceloom tasks transcripts|clip|correct`: what was heard in each clip, and what was really said."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from cli.client import JsonObject
from cli.errors import CliError, wrong_use
from cli.options import Force, Task, Watch, command
from cli.session import Session
from cli.shown import by_doubt, size, transcript_rows
from cli.tasks import find
from cli.transfer import bare, save
from cli.watching import follow_or_tell

FIRST_STAGE = "text_feature"


def transcripts(context: typer.Context, task: Task) -> None:
    """List the clips with their texts, the least certain first."""
    session: Session = context.obj
    found = session.client.transcripts(find(session.client, task))
    session.answer({**found, "items": by_doubt(found["items"])}, _rows(session, found))


def clip(
    context: typer.Context,
    task: Task,
    clip_id: Annotated[str, typer.Argument(help="Id of a clip (see `tasks transcripts`).")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="WAV file to write (default: the clip's id, here).")
    ] = None,
    force: Force = False,
) -> None:
    """Download a clip of the recording, to hear what was really said."""
    session: Session = context.obj
    name = bare(f"{clip_id}.wav")
    into = output / name if output and output.is_dir() else output or Path(name)
    address = session.client.output_path(find(session.client, task), "clip", name)
    got = save(session.client, address, into, force=force)
    key = "output.written" if got.written else "output.there"
    session.answer(got.facts, session.text(key, path=got.path, size=size(got.size_bytes)))


def correct(
    context: typer.Context,
    task: Task,
    clips: Annotated[
        list[str] | None, typer.Option("--clip", help="Id of a clip whose text comes next; may be repeated.")
    ] = None,
    words: Annotated[list[str] | None, typer.Option("--text", help="What is really said in that clip.")] = None,
    drop: Annotated[list[str] | None, typer.Option(help="Id of a clip to leave out; may be repeated.")] = None,
    undo: Annotated[
        list[str] | None, typer.Option(help="Id of a clip to take as it was heard; may be repeated.")
    ] = None,
    rerun: Annotated[bool, typer.Option("--rerun", help="Train again with the corrections.")] = False,
    watch: Watch = True,
) -> None:
    """Correct the texts of clips, or leave clips out; what was corrected before stays so."""
    session: Session = context.obj
    clips, texts, drops, undone = clips or [], words or [], drop or [], undo or []
    if len(clips) != len(texts):
        raise wrong_use("CLIPS_AND_TEXTS", clips=len(clips), texts=len(texts))
    if not (clips or drops or undone or rerun):
        raise wrong_use("NOTHING_TO_CORRECT")
    task_id = find(session.client, task)
    found = session.client.transcripts(task_id)
    if clips or drops or undone:
        known = {item["clip_id"] for item in found["items"]}
        for clip_id in (*clips, *drops, *undone):
            if clip_id not in known:
                raise CliError("NO_SUCH_CLIP", clip=clip_id)
        corrections = merged(found["items"], zip(clips, texts, strict=True), drops, undone)
        found = session.client.correct(task_id, corrections)
    if rerun:
        follow_or_tell(session, session.client.retry(task_id, FIRST_STAGE), watch=watch)
        return
    again = session.command("tasks", "correct", task, "--rerun")
    session.answer(found, f"{_rows(session, found)}\n{session.text('task.rerun', command=again)}")


def _rows(session: Session, found: JsonObject) -> str:
    if session.as_json:
        return ""
    left_out = any(not item["kept"] and not item["dropped"] for item in found["items"])
    return transcript_rows(found, session.language, session.client.sentences() if left_out else {})


def merged(
    items: Sequence[JsonObject], texts: Iterable[tuple[str, str]], drops: Iterable[str], undone: Iterable[str]
) -> list[JsonObject]:
    """All corrections of a task after some more; the server replaces what it had by these."""
    corrections: dict[str, JsonObject] = {
        item["clip_id"]: {
            "clip_id": item["clip_id"],
            "text": item["text"] if item["corrected"] else None,
            "dropped": item["dropped"],
        }
        for item in items
        if item["corrected"] or item["dropped"]
    }
    for clip_id in undone:
        corrections.pop(clip_id, None)
    for clip_id, said in texts:
        corrections[clip_id] = {"clip_id": clip_id, "text": said, "dropped": False}
    for clip_id in drops:
        before = corrections.get(clip_id, {"clip_id": clip_id, "text": None})
        corrections[clip_id] = before | {"dropped": True}
    return list(corrections.values())


def register(tasks: typer.Typer) -> None:
    """Add the commands to those of tasks."""
    command(tasks, "transcripts")(transcripts)
    command(tasks, "clip")(clip)
    command(tasks, "correct")(correct)
