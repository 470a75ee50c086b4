"""Named locks: one transaction at a time, of all replicas, where the database would let several go on side by side."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.orchestrator.models import Lock

SCHEDULE, ADMISSION = "schedule", "admission"


async def hold(session: AsyncSession, name: str) -> None:
    """Wait for a lock and keep it until the transaction ends. SQLite has one writer anyway: its file is the lock."""
    if session.get_bind().dialect.name != "sqlite":
        await session.execute(select(Lock.name).where(Lock.name == name).with_for_update())
