"""The `voiceloom` command: talks REST to a running stack, and starts the modules that work on this machine."""

import json
import os
import signal
import sys
from collections.abc import Sequence
from importlib.metadata import version
from types import FrameType
from typing import Annotated, NoReturn

import typer

from cli import estimate, files, keeping, local, packs, proofreading, results, tasks, train
from cli.client import ApiError, JsonObject, UnreachableError
from cli.errors import CliError, ExitCode
from cli.options import Language
from cli.session import DEFAULT_SERVER, Session, language_of
from cli.texts import LANGUAGES, text

app = typer.Typer(
    name="voiceloom",
    help="One-click voice training: upload a recording, get a voice.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"voiceloom {version('voiceloom')}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    server: Annotated[
        str, typer.Option(envvar="VOICELOOM_SERVER", help="Address of a running stack.")
    ] = DEFAULT_SERVER,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
    lang: Annotated[
        Language | None, typer.Option(help="Language of what people read (default: your locale's).")
    ] = None,
) -> None:
    """Options for every command; they may also come behind its name."""
    context.obj = Session(server=server, as_json=as_json, language=lang or language_of(os.environ))


local.register(app)
train.register(app)
results.register(app, tasks.app)
proofreading.register(tasks.app)
estimate.register(app)
keeping.register(app)
app.add_typer(tasks.app, name="tasks")
app.add_typer(files.app, name="files")
app.add_typer(packs.app, name="packs")
app.add_typer(local.models, name="models")


def run(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code (docs/cli.md); errors are one sentence, or one JSON object, on stderr."""
    wants_json = "--json" in arguments
    language = _language(arguments)
    try:
        code = app(arguments, prog_name="voiceloom", standalone_mode=False)
    except CliError as error:
        return _tell(error.sentence(language), error.code, error.exit_code, as_json=wants_json)
    except ApiError as error:
        facts = {"status": error.status, "errors": error.body.get("errors"), "request_id": error.body.get("request_id")}
        return _tell(str(error), error.code, ExitCode.REFUSED, as_json=wants_json, **facts)
    except UnreachableError as error:
        sentence = text(language, "error.UNREACHABLE", server=error.server, reason=error.reason)
        return _tell(sentence, "UNREACHABLE", ExitCode.UNREACHABLE, as_json=wants_json)
    except typer.TyperException as error:
        return _wrong_use(error, as_json=wants_json)
    except typer.Abort:
        return _tell(text(language, "error.INTERRUPTED"), "INTERRUPTED", ExitCode.INTERRUPTED, as_json=wants_json)
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        return _tell(reason, "LOCAL", ExitCode.ERROR, as_json=wants_json)
    except (LookupError, TypeError, ValueError) as error:
        if os.environ.get("VOICELOOM_TRACEBACK"):
            raise
        sentence = text(language, "error.UNEXPECTED", reason=f"{type(error).__name__}: {error}")
        return _tell(sentence, "UNEXPECTED", ExitCode.ERROR, as_json=wants_json)
    if code == ExitCode.INTERRUPTED:
        return _tell(text(language, "error.INTERRUPTED"), "INTERRUPTED", ExitCode.INTERRUPTED, as_json=wants_json)
    return int(code or ExitCode.OK)


def _language(arguments: Sequence[str]) -> str:
    """The language that was asked for, also when the arguments cannot be understood otherwise."""
    asked = [
        argument.partition("=")[2] or following
        for argument, following in zip(arguments, [*arguments, ""][1:], strict=True)
        if argument == "--lang" or argument.startswith("--lang=")
    ]
    return asked[-1] if asked and asked[-1] in LANGUAGES else language_of(os.environ)


def _wrong_use(error: typer.TyperException, *, as_json: bool) -> int:
    if as_json:
        return _tell(error.format_message(), "USAGE", ExitCode.USAGE, as_json=True)
    from typer.rich_utils import rich_format_error

    rich_format_error(error)  # type: ignore[arg-type]
    return ExitCode.USAGE


def _tell(sentence: str, code: str, exit_code: int, *, as_json: bool, **facts: object) -> int:
    if as_json:
        told = {name: fact for name, fact in facts.items() if fact is not None}
        body: JsonObject = {"code": code, "detail": sentence, "exit_code": int(exit_code), **told}
        typer.echo(json.dumps(body, ensure_ascii=False), err=True)
    else:
        typer.echo(f"voiceloom: {sentence} [{code}]", err=True)
    return exit_code


def _terminated(number: int, frame: FrameType | None) -> NoReturn:
    """SIGTERM ends a command as Ctrl-C does: what it has begun to write goes first."""
    sys.exit(ExitCode.TERMINATED)


def main() -> None:
    """Run what the shell asked for."""
    signal.signal(signal.SIGTERM, _terminated)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
