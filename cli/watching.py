"""Follows a task for a command: shows it, asks on Ctrl-C what to do with it, and tells the shell how it ended."""

import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from cli.client import ApiError, JsonObject, UnreachableError
from cli.errors import CliError, ExitCode, InterruptedByUser
from cli.progress import JsonLines, View, Watcher, print_line, view
from cli.session import Session
from cli.shown import detail

LOOK_EVERY_S = 0.2
_EXITS = {"completed": ExitCode.OK, "cancelled": ExitCode.TASK_CANCELLED}


def follow_task(session: Session, task_id: str, name: str = "") -> JsonObject:
    """Show a task until its end and return it. Ctrl-C asks a person, and stops watching where there is none.

    Raises InterruptedByUser when only the watching stops, CliError (LOST) when nobody answers any more; ApiError or
    UnreachableError when it cannot begin.
    """
    watcher = Watcher(session.client, task_id)
    again = session.command("tasks", "watch", name or task_id)
    while True:
        try:
            with _view(session) as shown:
                task = watcher.run(shown)
            if session.as_json:
                print_line("", "task", task)
            return task
        except UnreachableError as error:
            if not watcher.task:
                raise
            lost = {"server": error.server, "reason": error.reason, "command": again}
            raise CliError("LOST", exit_code=ExitCode.UNREACHABLE, **lost) from error
        except KeyboardInterrupt:
            answer = _ask(session)
        if answer == "cancel":
            _cancel(session, task_id)
        elif answer == "stop":
            raise InterruptedByUser("STOPPED_WATCHING", name=name or task_id, command=again)


def finish(session: Session, task: JsonObject) -> None:
    """Print how a task ended (JSON lines have said it), and leave with the exit code that says the same."""
    session.say(detail(task, session.language))
    code = _EXITS.get(task["status"], ExitCode.TASK_FAILED)
    if code is not ExitCode.OK:
        raise typer.Exit(code)


def follow_or_tell(session: Session, task: JsonObject, *, watch: bool) -> None:
    """What a command does with a task that it has set going: follow it to its end, or say how one would."""
    if watch:
        finish(session, follow_task(session, task["id"], task["exp_name"]))
    else:
        command = session.command("tasks", "watch", task["exp_name"])
        session.answer(task, session.text("task.follow", id=task["id"], command=command))


@contextmanager
def _view(session: Session) -> Iterator[View]:
    if session.as_json:
        yield JsonLines()
        return
    with view(session.console, session.language) as shown:
        yield shown


def _ask(session: Session) -> str:
    """What to do after Ctrl-C: "stop", "cancel" or "keep"."""
    if not session.asks:
        return "stop"
    answers = {"": "stop", "s": "stop", "c": "cancel", "k": "keep"}
    while True:
        try:
            session.console.print(session.text("task.interrupted"), markup=False, end=" ")
            given = read_line().strip().lower()[:1]
        except (KeyboardInterrupt, EOFError):
            return "stop"
        if given in answers:
            return answers[given]


def read_line() -> str:
    """A typed line. Raises EOFError, and KeyboardInterrupt also for a Ctrl-C in the moment before reading begins."""
    # A signal between Python's last look and the system call that blocks would wait for the next key.
    while not select.select([sys.stdin], [], [], LOOK_EVERY_S)[0]:
        pass
    return input()


def _cancel(session: Session, task_id: str) -> None:
    try:
        session.say(session.client.cancel(task_id)["message"])
    except ApiError as error:  # it has ended meanwhile
        session.say(f"{error} [{error.code}]")
