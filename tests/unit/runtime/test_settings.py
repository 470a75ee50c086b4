"""Settings as they are logged."""

import pytest
from pydantic import ValidationError

from services.runtime.settings import RuntimeSettings


def test_variables_are_read_and_passwords_never_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICELOOM_NATS_URL", "nats://user:hidden@broker:4222")
    monkeypatch.setenv("VOICELOOM_ACK_WAIT_S", "30")
    settings = RuntimeSettings()
    assert (settings.nats_url, settings.ack_wait_s) == ("nats://user:hidden@broker:4222", 30.0)
    assert settings.public()["nats_url"] == "nats://***@broker:4222"
    assert "hidden" not in str(settings.public())


def test_password_with_an_at_sign_is_hidden_whole() -> None:
    assert RuntimeSettings(nats_url="nats://user:se@cret@broker:4222").public()["nats_url"] == "nats://***@broker:4222"


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9000", "http://localhost:9000/", "https://s3.example.com", ""])
def test_endpoint_that_is_encrypted_or_stays_here_is_accepted(endpoint: str) -> None:
    assert RuntimeSettings(artifacts_endpoint=endpoint).artifacts_endpoint == endpoint.rstrip("/")


@pytest.mark.parametrize(
    "endpoint", ["http://10.0.0.1:9000", "http://minio:9000", "minio:9000", "ftp://s3", "https://"]
)
def test_endpoint_that_is_none_or_would_be_spoken_to_in_the_clear_is_refused(endpoint: str) -> None:
    with pytest.raises(ValidationError):
        RuntimeSettings(artifacts_endpoint=endpoint)


def test_private_network_may_do_without_encryption() -> None:
    settings = RuntimeSettings(artifacts_endpoint="http://minio:9000", artifacts_plaintext=True)
    assert settings.artifacts_endpoint == "http://minio:9000"
