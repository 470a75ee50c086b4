"""Settings: loopback by default, lists with commas, limits that hold."""

import pytest
from pydantic import ValidationError

from gateway.settings import GatewaySettings


def test_only_loopback_is_served_by_default() -> None:
    settings = GatewaySettings()
    assert settings.host == "127.0.0.1"
    assert set(settings.allowed_hosts) == {"localhost", "127.0.0.1", "::1"}
    assert settings.allowed_origins == ()


def test_lists_are_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICELOOM_ALLOWED_HOSTS", "a.example, b.example,")
    assert GatewaySettings().allowed_hosts == ("a.example", "b.example")


def test_heartbeats_are_never_rarer_than_the_contract_allows() -> None:
    with pytest.raises(ValidationError):
        GatewaySettings(heartbeat_s=16)


def test_settings_of_other_programs_do_not_disturb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICELOOM_NATS_URL", "nats://127.0.0.1:1")
    assert GatewaySettings().port == 8000
