"""Options that every command takes, before its name or behind it (--json, --server, --lang), and arguments of many."""

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import typer

from cli import completion
from cli.session import Session

Function = TypeVar("Function", bound=Callable[..., None])

Language = Literal["zh", "en"]
Quality = Literal["fast", "standard", "high"]
SpokenLanguage = Literal["auto", "zh", "en", "ja", "ko", "yue"]
Status = Literal["queued", "running", "interrupted", "completed", "failed", "cancelled"]
StageName = Literal[
    "audio_slice",
    "asr",
    "text_feature",
    "hubert_feature",
    "semantic_token",
    "sovits_train",
    "gpt_train",
    "inference",
]

Task = Annotated[str, typer.Argument(help="A task's id, or its name.", autocompletion=completion.tasks)]
FileIds = Annotated[
    list[str], typer.Argument(help="Ids of recordings (see `files list`).", autocompletion=completion.files)
]
FileId = Annotated[str, typer.Argument(help="Id of a recording (see `files list`).", autocompletion=completion.files)]
Recordings = Annotated[
    list[Path], typer.Argument(exists=True, dir_okay=False, readable=True, help="Recordings of one speaker, in order.")
]
Watch = Annotated[bool, typer.Option("--watch/--no-watch", help="Follow the task until it ends.")]
Force = Annotated[bool, typer.Option("--force", "-f", help="Replace files that are there already.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

_EVERYWHERE = "Everywhere"
COMMON: dict[str, tuple[Any, Any]] = {
    "common_json": (
        Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.", rich_help_panel=_EVERYWHERE)],
        False,
    ),
    "common_server": (
        Annotated[
            str | None,
            typer.Option(
                "--server",
                help="Address of a running stack (default: $VOICELOOM_SERVER, else http://127.0.0.1:8000).",
                rich_help_panel=_EVERYWHERE,
                show_default=False,
            ),
        ],
        None,
    ),
    "common_lang": (
        Annotated[
            Language | None,
            typer.Option(
                "--lang",
                help="Language of what people read (default: your locale's).",
                rich_help_panel=_EVERYWHERE,
                show_default=False,
            ),
        ],
        None,
    ),
}


def with_common(function: Function) -> Function:
    """The function with the common options added to its signature; they change the session of the context."""
    signature = inspect.signature(function, eval_str=True)
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, (annotation, default) in COMMON.items()
    ]

    @functools.wraps(function)
    def wrapper(*, common_json: bool, common_server: str | None, common_lang: str | None, **arguments: Any) -> None:
        session: Session = arguments["context"].obj
        session.as_json = session.as_json or common_json
        session.server = common_server or session.server
        session.language = common_lang or session.language
        function(**arguments)

    parameters = [*signature.parameters.values(), *added]
    # Typer reads both; the annotations of `functools.wraps` are the function's own dictionary.
    wrapper.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    wrapper.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters} | {"return": None}
    return wrapper  # type: ignore[return-value]


def command(app: typer.Typer, name: str, **settings: Any) -> Callable[[Function], Function]:
    """Register a function as a command with the common options."""

    def add(function: Function) -> Function:
        app.command(name, **settings)(with_common(function))
        return function

    return add
