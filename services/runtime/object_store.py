"""Opens what an artifacts URL names: a folder, or a bucket of an S3-compatible store."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from obstore.store import LocalStore, from_url

if TYPE_CHECKING:
    from obstore.store import ObjectStore

# Longest wait between two tries of one request.
BACKOFF_MAX_S = 5.0


@dataclass(frozen=True)
class BucketAccess:
    """Where a bucket is, who may use it, and how long to wait for it; what is empty comes from the AWS environment."""

    endpoint: str = ""
    region: str = ""
    key_id: str = ""
    secret: str = ""
    connect_timeout_s: float = 5.0
    timeout_s: float = 60.0
    retries: int = 6
    retry_s: float = 30.0

    def options(self) -> dict[str, Any]:
        """As obstore takes them."""
        values = {
            "endpoint": self.endpoint,
            "region": self.region,
            "access_key_id": self.key_id,
            "secret_access_key": self.secret,
        }
        return {
            **{name: value for name, value in values.items() if value},
            "client_options": {
                "timeout": timedelta(seconds=self.timeout_s),
                "connect_timeout": timedelta(seconds=self.connect_timeout_s),
                "allow_http": self.endpoint.startswith("http://"),
            },
            "retry_config": {
                "max_retries": self.retries,
                "retry_timeout": timedelta(seconds=self.retry_s),
                "backoff": {"max_backoff": timedelta(seconds=min(BACKOFF_MAX_S, self.retry_s))},
            },
        }


def open_object_store(url: str, access: BucketAccess) -> tuple[ObjectStore, Path | None]:
    """The store, and its folder (made when missing) when it is one; a bucket is not asked anything yet."""
    if "://" in url:
        return from_url(url, **access.options()), None
    Path(url).mkdir(parents=True, exist_ok=True)
    folder = Path(url).resolve()
    return LocalStore(folder, automatic_cleanup=True), folder


def checked_endpoint(endpoint: str, *, plaintext: bool) -> str:
    """The address of an S3-compatible store, or "". Raises ValueError when it would be spoken to in the clear."""
    if not endpoint:
        return ""
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise ValueError("is no address such as https://s3.example.com:9000")
    if parts.scheme == "http" and not plaintext and not _is_loopback(parts.hostname):
        raise ValueError("is not encrypted and leaves this machine; VOICELOOM_ARTIFACTS_PLAINTEXT=true allows that")
    return endpoint.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
