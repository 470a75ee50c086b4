"""What a shell offers on Tab: names and ids that the server knows. Whoever presses Tab does not wait for it."""

import os
from collections.abc import Callable

import typer

from cli.client import ApiError, Client, JsonObject, UnreachableError
from cli.session import DEFAULT_SERVER

TIMEOUT_S = 1.0
# More than anybody reads; the next letter narrows it down.
MOST = 100


def tasks(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Tasks by name, and by id for those who have begun to type one."""

    def words(task: JsonObject) -> list[tuple[str, str]]:
        by_name = (task["exp_name"], f"{task['status']}, {task['quality']}")
        return [by_name, (task["id"], task["exp_name"])] if incomplete else [by_name]

    return _offer(context, "tasks", incomplete, words)


def files(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Recordings by id."""
    return _offer(
        context, "files", incomplete, lambda file: [(file["file_id"], f"{file['filename']}, {file['seconds']:.0f} s")]
    )


def _offer(
    context: typer.Context, what: str, incomplete: str, words: Callable[[JsonObject], list[tuple[str, str]]]
) -> list[tuple[str, str]]:
    """Words for the newest things of one kind; none when the server is not there, is slow, or is something else."""
    server = context.params.get("common_server") or context.find_root().params.get("server")
    try:
        client = Client(server or os.environ.get("VOICELOOM_SERVER") or DEFAULT_SERVER, timeout_s=TIMEOUT_S)
        found = [word for thing in client.newest(what, MOST) for word in words(thing)]
    except (ApiError, UnreachableError, LookupError, TypeError, ValueError):
        return []
    return [(word, hint) for word, hint in found if word.startswith(incomplete)]
