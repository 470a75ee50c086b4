"""What every command needs: the server to speak to, where to print, and whether to print JSON."""

import json
import os
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import typer
from rich.console import Console

from cli.client import Client

DEFAULT_SERVER = "http://127.0.0.1:8000"


@dataclass
class Session:
    """Set up from the options that come before the command."""

    server: str = DEFAULT_SERVER
    as_json: bool = False
    language: str = "en"
    console: Console = field(default_factory=lambda: Console(highlight=False))

    @cached_property
    def client(self) -> Client:
        """The connection, opened when first used."""
        return Client(self.server, self.language)

    def answer(self, facts: Any, text: str = "") -> None:
        """Print an answer: JSON for machines, else the text."""
        if self.as_json:
            typer.echo(json.dumps(facts, ensure_ascii=False))
        elif text:
            self.console.print(text, markup=False, soft_wrap=True)


def language_of(environment: dict[str, str] | os._Environ[str]) -> str:
    """Chinese for Chinese locales, else English."""
    locale = environment.get("LC_ALL") or environment.get("LC_MESSAGES") or environment.get("LANG") or ""
    return "zh" if locale.lower().startswith("zh") else "en"
