"""What a client's key has made: the same request with the same key makes it once, however often it is sent.

The row is written in the transaction that makes the thing, before all other checks of that transaction: of two requests
at once, the second waits at the row (PostgreSQL) or for the file (SQLite) and then finds what the first has made.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from services.orchestrator.models import IdempotencyKey
from services.runtime.errors import ConflictError, InvalidInputError

TASK, FILE = "task", "file"
MAX_KEY_CHARS = 255


@dataclass(frozen=True)
class Request:
    """One request of a client that named a key; ``fingerprint`` is the sha256 of all that it asks for."""

    owner: str
    scope: str
    key: str
    fingerprint: str


def checked_key(key: str) -> str:
    """A key as clients may choose it, or "" for none. Raises InvalidInputError (INVALID_REQUEST)."""
    if len(key) > MAX_KEY_CHARS or not key.isascii() or not key.isprintable():
        raise InvalidInputError("INVALID_REQUEST", problem="idempotency_key")
    return key


async def made_before(session: AsyncSession, request: Request) -> str:
    """Id of what the key has made, "" when nothing. Raises ConflictError (IDEMPOTENCY_KEY_REUSED)."""
    row = await session.get(IdempotencyKey, (request.owner, request.scope, request.key))
    if row is None:
        return ""
    if row.fingerprint != request.fingerprint:
        raise ConflictError("IDEMPOTENCY_KEY_REUSED")
    return row.made_id


async def remember(session: AsyncSession, request: Request, made_id: str) -> None:
    """Write down what the key makes. Raises IntegrityError when another request with the key was first."""
    session.add(
        IdempotencyKey(
            owner=request.owner,
            scope=request.scope,
            key=request.key,
            fingerprint=request.fingerprint,
            made_id=made_id,
            created_at=time.time(),
        )
    )
    await session.flush()


async def forget(session: AsyncSession, scope: str, made_id: str) -> None:
    """Free the keys of something that is no more."""
    await session.execute(
        delete(IdempotencyKey).where(IdempotencyKey.scope == scope, IdempotencyKey.made_id == made_id)
    )


async def forget_older_than(session: AsyncSession, created_at: float) -> None:
    """Free the keys whose clients have long stopped asking again."""
    await session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < created_at))
