"""How a command can end: exit codes, and errors that the command line itself finds.

    Exception
    ├── CliError            found here: a file that exists, a download that broke off, a wrong combination of options
    │   └── InterruptedByUser   Ctrl-C
    ├── client.ApiError         the server refused
    └── client.UnreachableError nobody answers

Every one is shown as one sentence and a code, never as a traceback (docs/cli.md lists both).
"""

from enum import IntEnum

from cli.texts import text


class ExitCode(IntEnum):
    """What the shell is told."""

    OK = 0
    ERROR = 1
    USAGE = 2
    UNREACHABLE = 3
    REFUSED = 4
    TASK_FAILED = 5
    TASK_CANCELLED = 6
    INTERRUPTED = 130
    TERMINATED = 143


class CliError(Exception):
    """Something this machine or its user must mend; `code` is also the key of its sentence."""

    exit_code: int = ExitCode.ERROR

    def __init__(self, code: str, *, exit_code: int | None = None, **args: object) -> None:
        super().__init__(code)
        self.code = code
        self.args_of_sentence = args
        self.exit_code = self.exit_code if exit_code is None else exit_code

    def sentence(self, language: str) -> str:
        """What happened, for people."""
        return text(language, f"error.{self.code}", **self.args_of_sentence)

    def __str__(self) -> str:
        return self.sentence("en")


class InterruptedByUser(CliError):
    """Ctrl-C; the sentence says what goes on without the command."""

    exit_code = ExitCode.INTERRUPTED


def wrong_use(code: str, **args: object) -> CliError:
    """Options that make no sense together."""
    return CliError(code, exit_code=ExitCode.USAGE, **args)
