"""Which webhooks may be called, how they are signed, and when they are tried again."""

import base64
import ipaddress
import time
from email.utils import formatdate

import httpx
import pytest
from pydantic import ValidationError

from services.orchestrator.settings import OrchestratorSettings
from services.orchestrator.webhook_address import checked_url, is_public
from services.orchestrator.webhook_signature import keys_of
from services.orchestrator.webhooks import DeliveryRules, _retry_after_s
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
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://[fe80::1%25eth0]/",
        "http://a..b/",
        f"http://{'a' * 64}.com/",
    ],
)
def test_anything_else_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError, match="callback_url"):
        checked_url(url, allow_private=False)


def test_private_addresses_pass_when_the_operator_says_so() -> None:
    assert checked_url("http://127.0.0.1:9/", allow_private=True).port == 9


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "2606:4700::1", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::1"],
)
def test_addresses_of_the_open_internet_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    """
    0.0.0.0 10.0.0.1 100.64.0.1 127.0.0.1 169.254.169.254 172.16.0.1 192.0.2.1 192.168.1.1 198.18.0.1 224.0.0.1
    239.1.1.1 240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1 fc00::1 fd00::1 fe80::1 fe80::1%eth0 fec0::1 ff02::1 ff0e::1
    100::1 2001:db8::1 2001:0:a00:1::1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:224.0.0.1
    64:ff9b::10.0.0.1 64:ff9b::127.0.0.1 64:ff9b:1::1.1.1.1 2002:a00:1::1 2002:7f00:1::1
    """.split(),
)
def test_addresses_of_networks_of_ones_own_are_not_whatever_they_are_wrapped_in(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


def secret(size: int = 32) -> str:
    return "whsec_" + base64.b64encode(bytes(range(size))).decode()


def test_secrets_are_keys_in_base64_and_there_may_be_several() -> None:
    old, new = secret(24), secret(64)
    assert [len(key) for key in keys_of(f" {new}  {old} ")] == [64, 24]
    assert keys_of("") == ()


@pytest.mark.parametrize("wrong", [secret(23), secret(65), secret()[6:], "whsec_!!!!", "whsec_abc", secret() + ",v2"])
def test_anything_else_is_refused_and_neither_quoted_nor_logged(wrong: str) -> None:
    with pytest.raises(ValidationError) as refused:
        OrchestratorSettings(callback_secret=wrong)  # type: ignore[arg-type]
    assert wrong not in str(refused.value)
    right = secret()
    settings = OrchestratorSettings(callback_secret=right)  # type: ignore[arg-type]
    assert right not in f"{settings.public()} {settings!r} {settings}"


def test_waits_grow_to_the_longest_and_a_receiver_may_ask_for_more_but_not_for_ever() -> None:
    rules = DeliveryRules(timeout_s=1.0, max_tries=10, backoff_s=5.0, backoff_max_s=1000.0)
    for tries, expected in ((1, 5.0), (2, 15.0), (3, 45.0), (50, 1000.0)):
        waits = {rules.wait_s(tries) for _ in range(100)}
        assert 0.8 * expected <= min(waits) < max(waits) <= 1.2 * expected
    assert rules.wait_s(1, asked_s=100.0) == 100.0
    assert rules.wait_s(1, asked_s=1e9) == 1000.0


def test_a_receiver_says_when_to_come_again_in_seconds_or_with_a_date() -> None:
    def asked(value: str) -> float:
        return _retry_after_s(httpx.Response(503, headers={"Retry-After": value}))

    assert asked("120") == 120.0
    assert 50 < asked(formatdate(time.time() + 60, usegmt=True)) <= 60
    assert asked(formatdate(time.time() - 60, usegmt=True)) == 0.0
    assert asked("soon") == asked("-5") == asked("1e9") == asked("") == 0.0
