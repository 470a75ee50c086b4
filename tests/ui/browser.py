"""Debian's Chromium under Playwright, and a watch over everything that a page must not do."""

import os
import re
import shutil
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Playwright, Request, WebError

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_LOCAL_SCHEMES = ("blob", "data", "about")


def executable() -> str:
    """Where the browser of the system is. Raises AssertionError with what to install."""
    found = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    assert found is not None, "No Chromium here; as root, `make test-ui` installs it (apt install chromium)"
    return found


def launch(playwright: Playwright, *, microphone: Path | None = None) -> Browser:
    """Start the browser; it hears a WAV file, over and over, where a microphone would be."""
    arguments = ["--disable-dev-shm-usage", "--autoplay-policy=user-gesture-required"]
    if os.geteuid() == 0:
        # Chromium refuses to run as root inside its sandbox.
        arguments.append("--no-sandbox")
    if microphone is not None:
        arguments += ["--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={microphone}"]
    return playwright.chromium.launch(executable_path=executable(), args=arguments)


class Watch:
    """Collects errors of a page's scripts, violations of its policy and requests to anywhere else."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.origin = origin
        self.problems: list[str] = []
        self._expected: dict[str, bool] = {}
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)
        context.on("request", self._on_request)

    def expect(self, pattern: str) -> None:
        """The test brings this about: an error of the console that matches is no problem, and one has to come."""
        self._expected[pattern] = False

    def tolerate(self, pattern: str) -> None:
        """Like `expect`, for what may or may not come."""
        self._expected[pattern] = True

    def check(self) -> None:
        """Raises AssertionError with all that was noticed, and with what was expected and did not come."""
        found = [*self.problems, *(f"expected, but did not come: {pattern}" for pattern in self.missing)]
        assert not found, "\n".join(found)

    @property
    def missing(self) -> list[str]:
        """What was expected and has not come yet."""
        return [pattern for pattern, met in self._expected.items() if not met]

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        for pattern in self._expected:
            if re.search(pattern, message.text):
                self._expected[pattern] = True
                return
        self.problems.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _on_error(self, error: WebError) -> None:
        self.problems.append(f"not caught: {error.error}")

    def _on_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in _LOCAL_SCHEMES and f"{address.scheme}://{address.netloc}" != self.origin:
            self.problems.append(f"request to elsewhere: {request.url}")
