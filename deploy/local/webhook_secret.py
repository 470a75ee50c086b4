"""The secret with which a stack signs its webhooks: made once, kept in the data folder, for the orchestrator."""

import base64
import os
from pathlib import Path

SETTING = "VOICELOOM_CALLBACK_SECRET"
SECRET_BYTES = 32


def webhook_secret(path: Path) -> str:
    """The secret in a file that only its owner may read; made when there is none."""
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        secret = "whsec_" + base64.b64encode(os.urandom(SECRET_BYTES)).decode()
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secret + "\n")
        file.flush()
        os.fsync(descriptor)
    fresh.replace(path)
    return secret
