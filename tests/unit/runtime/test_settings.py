"""Settings as they are logged."""

import pytest

from services.runtime.settings import RuntimeSettings


def test_variables_are_read_and_passwords_never_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICELOOM_NATS_URL", "nats://user:secret@broker:4222")
    monkeypatch.setenv("VOICELOOM_ACK_WAIT_S", "30")
    settings = RuntimeSettings()
    assert (settings.nats_url, settings.ack_wait_s) == ("nats://user:secret@broker:4222", 30.0)
    assert settings.public()["nats_url"] == "nats://***@broker:4222"
    assert "secret" not in str(settings.public())
