"""Signs webhooks as Standard Webhooks says (https://www.standardwebhooks.com), so that its libraries can check them."""

from __future__ import annotations

import base64
import binascii
import hmac

PREFIX = "whsec_"
MIN_BYTES, MAX_BYTES = 24, 64


def keys_of(secrets: str) -> tuple[bytes, ...]:
    """The keys in a setting: ``whsec_<base64>``, several with blanks between. Raises ValueError, which quotes none."""
    keys = []
    for secret in secrets.split():
        try:
            key = base64.b64decode(secret.removeprefix(PREFIX), validate=True) if secret.startswith(PREFIX) else b""
        except binascii.Error:
            key = b""
        if not MIN_BYTES <= len(key) <= MAX_BYTES:
            raise ValueError(f"a secret is {PREFIX} and the base64 of {MIN_BYTES} to {MAX_BYTES} bytes")
        keys.append(key)
    return tuple(keys)


def signed_headers(keys: tuple[bytes, ...], webhook_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers by which a receiver knows the sender: a signature with every key, so that keys can be replaced."""
    content = f"{webhook_id}.{timestamp}.".encode() + body
    signatures = (base64.b64encode(hmac.digest(key, content, "sha256")).decode() for key in keys)
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
