"""What every command needs: the server to speak to, where to print, in which language, and whether to print JSON."""

import json
import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import httpx
import typer
from rich.cells import cell_len
from rich.console import Console

from cli.client import Client
from cli.errors import wrong_use
from cli.texts import text

DEFAULT_SERVER = "http://127.0.0.1:8000"
# What a terminal would obey rather than show; names of recordings come from anybody.
_CONTROLS = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160)), "�")


@dataclass
class Session:
    """Set up from the options that every command takes."""

    server: str = DEFAULT_SERVER
    as_json: bool = False
    language: str = "en"
    console: Console = field(default_factory=lambda: Console(highlight=False))

    @cached_property
    def client(self) -> Client:
        """The connection, opened when first used."""
        try:
            return Client(self.server, self.language)
        except (httpx.InvalidURL, ValueError) as error:
            raise wrong_use("BAD_SERVER", server=self.server) from error

    @property
    def asks(self) -> bool:
        """Whether a person sits at both ends."""
        return not self.as_json and sys.stdin.isatty() and self.console.is_terminal

    def text(self, key: str, **args: object) -> str:
        """A sentence of the command line in the language that was asked for."""
        return text(self.language, key, **args)

    def answer(self, facts: Any, shown: str = "") -> None:
        """Print an answer: JSON for machines, else the text."""
        if self.as_json:
            typer.echo(json.dumps(facts, ensure_ascii=False))
        else:
            self.say(shown)

    def say(self, shown: str) -> None:
        """Print something for people; nothing with --json."""
        if shown and not self.as_json:
            self.console.print(shown.translate(_CONTROLS), markup=False, soft_wrap=True)

    def command(self, *words: str) -> str:
        """A command of ours as one would type it, for the server that is spoken to."""
        server = (
            () if self.server in (DEFAULT_SERVER, os.environ.get("VOICELOOM_SERVER")) else ("--server", self.server)
        )
        return shlex.join(["voiceloom", *words, *server])


def columns(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Rows as aligned columns, those of `right` by their right edge; wide characters count twice."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            " " * (width - cell_len(cell)) + cell if at in right else cell + " " * (width - cell_len(cell))
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def language_of(environment: dict[str, str] | os._Environ[str]) -> str:
    """Chinese for Chinese locales, else English."""
    locale = environment.get("LC_ALL") or environment.get("LC_MESSAGES") or environment.get("LANG") or ""
    return "zh" if locale.lower().startswith("zh") else "en"
