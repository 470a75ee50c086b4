"""Which webhooks may be called."""

import pytest

from services.orchestrator.webhooks import checked_url
from services.runtime.errors import InvalidInputError


@pytest.mark.parametrize("url", ["https://example.com/hook?x=1", "http://example.com:8080/", "https://[2606:4700::1]/"])
def test_public_addresses_are_accepted(url: str) -> None:
    assert checked_url(url, allow_private=False).geturl() == url


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://",
        "example.com",
        "https://user:password@example.com/",
        "https://example.com:99999/",
        "https://example.com:0/",
        "https://[::1/",
        "http://127.0.0.1/",
        "http://[::1]:80/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest",
        "http://0.0.0.0/",
        "http://[::ffff:127.0.0.1]/",
    ],
)
def test_anything_else_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError, match="callback_url"):
        checked_url(url, allow_private=False)


def test_private_addresses_pass_when_the_operator_says_so() -> None:
    assert checked_url("http://127.0.0.1:9/", allow_private=True).port == 9
