"""`voiceloom tasks`: see, follow, cancel, repeat and remove."""

import unicodedata
from typing import Annotated

import typer

from cli.client import ApiError, Client
from cli.errors import ExitCode, wrong_use
from cli.options import StageName, Status, Task, Watch, Yes, command
from cli.session import Session
from cli.shown import detail, task_rows
from cli.watching import finish, follow_or_tell, follow_task

app = typer.Typer(help="Training tasks.", no_args_is_help=True)
ID_LENGTH = 32
LONGEST_NAME = 64


@command(app, "list")
def list_tasks(
    context: typer.Context,
    status: Annotated[Status | None, typer.Option(help="Only this status.")] = None,
    search: Annotated[str, typer.Option(help="Only names with this part, whatever its case.")] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many (default: all).")] = None,
) -> None:
    """List the tasks, newest first."""
    session: Session = context.obj
    found = session.client.tasks(status, search, limit)
    session.answer(found, task_rows(found, session.language))


@command(app, "show")
def show(context: typer.Context, task: Task) -> None:
    """Show one task and its stages."""
    session: Session = context.obj
    facts = session.client.task(find(session.client, task))
    session.answer(facts, detail(facts, session.language))


@command(app, "watch")
def watch_task(context: typer.Context, task: Task) -> None:
    """Follow a task until it ends; the exit code says how it ended."""
    session: Session = context.obj
    task_id = find(session.client, task)
    finish(session, follow_task(session, task_id, task))


@command(app, "cancel")
def cancel(context: typer.Context, task: Task) -> None:
    """Cancel a task; what is done is kept, and `tasks resume` lets it go on."""
    session: Session = context.obj
    answer = session.client.cancel(find(session.client, task))
    session.answer(answer, answer["message"])


@command(app, "delete")
def delete(context: typer.Context, task: Task, yes: Yes = False) -> None:
    """Remove a task with its models, its audio and its name, for good; cancels it first when it runs."""
    session: Session = context.obj
    task_id = find(session.client, task)
    confirm(session, session.text("task.delete_sure", name=task), yes=yes)
    answer = session.client.purge(task_id)
    session.answer(answer, answer["message"])


@command(app, "resume")
def resume(context: typer.Context, task: Task, watch: Watch = True) -> None:
    """Let an interrupted, failed or cancelled task go on where it stopped."""
    session: Session = context.obj
    follow_or_tell(session, session.client.resume(find(session.client, task)), watch=watch)


@command(app, "retry")
def retry(
    context: typer.Context,
    task: Task,
    stage: Annotated[
        StageName | None, typer.Option("--from", help="Stage to begin with (default: the first that is not completed).")
    ] = None,
    watch: Watch = True,
) -> None:
    """Run a task that has ended again; that stage and all that need it start anew."""
    session: Session = context.obj
    follow_or_tell(session, session.client.retry(find(session.client, task), stage), watch=watch)


def find(client: Client, given: str) -> str:
    """The id of a task given by id or by name; what is neither is left to the server to refuse."""
    name = unicodedata.normalize("NFC", given)
    if len(given) == ID_LENGTH and set(given) <= set("0123456789abcdef"):
        try:
            return str(client.task(given)["id"])
        except ApiError as error:  # somebody may have given a voice a name that looks like an id
            if error.code != "TASK_NOT_FOUND":
                raise
    if len(name) > LONGEST_NAME:
        return given
    found = client.tasks(search=name)
    return next((str(task["id"]) for task in found if task["exp_name"] == name), given)


def confirm(session: Session, question: str, *, yes: bool) -> None:
    """Ask before something that cannot be undone; without a person to ask, --yes has to be given."""
    if yes:
        return
    if not session.asks:
        raise wrong_use("NEEDS_YES")
    if not typer.confirm(question):
        raise typer.Exit(ExitCode.ERROR)
