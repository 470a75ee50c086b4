"""docs/cli.md names every command, every option, every exit code and every code of an error."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from cli.__main__ import app
from cli.errors import ExitCode
from cli.options import COMMON
from cli.texts import catalogue

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "cli.md").read_text(encoding="utf-8")
# Options of ours that are on every command, and typer's own.
EVERYWHERE = {"--json", "--server", "--lang", "--help"}
# What is so by default is named by its opposite (--no-watch).
DEFAULTS = {"--watch"}


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command with its words, such as "tasks list"."""
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, (*path, name))
    if not hasattr(command, "commands"):
        yield " ".join(path), command


ALL = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("words", ALL)
def test_a_command_and_its_options_are_documented(words: str) -> None:
    assert re.search(rf"`(?:voiceloom )?{words}\b", PAGE) or re.search(rf"\b{words.split()[-1]}`", PAGE), words
    options = {option for parameter in ALL[words].params for option in parameter.opts if option.startswith("--")}
    likewise = {option.replace("--expert-gpt-", "--expert-sovits-") for option in options}
    assert {option for option in likewise - EVERYWHERE - DEFAULTS if option not in PAGE} == set()


def test_every_command_that_prints_data_takes_the_common_options() -> None:
    without = {words for words, command in ALL.items() if not set(COMMON) <= {one.name for one in command.params}}
    assert without == {"up", "demo", "pretrain", "models join"}


def test_every_exit_code_and_every_code_of_an_error_is_documented() -> None:
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, re.M)}
    assert codes == set(map(int, ExitCode))
    errors = {key.removeprefix("error.") for key in catalogue("en") if key.startswith("error.")}
    assert {code for code in errors if f"`{code}`" not in PAGE} == set()
