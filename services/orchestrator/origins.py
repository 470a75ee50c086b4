"""Who needs the folder in which a stage's artifacts lie: equal work is found by its key, and a folder outlives its task
for as long as another task has taken over what is in it.

A stage's row is the cache entry: with a key and a manifest, of a task that is not purged. No list of users is kept
beside it, so none can be wrong. A folder without a user never gets one again: a stage takes over only from a folder
that somebody uses, in a transaction that holds that user's row. So looking first and deleting afterwards is safe.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.orchestrator.events import Ref
from services.orchestrator.models import Stage, Task
from services.orchestrator.pipeline import STAGES, folder_of
from services.runtime.artifacts import ArtifactStore


@dataclass(frozen=True)
class Found:
    """What equal work has left."""

    manifest: Ref
    origin: str


async def find(session: AsyncSession, task_id: str, stage: str, lease: int, key: str) -> Found | None:
    """The newest manifest of the same owner under that key; the stage's own from before a retry comes first.

    None also when the lease is over.
    """
    asking = await session.get(Stage, (task_id, stage))
    if not key or asking is None or asking.state != "running" or asking.lease != lease:
        return None
    same = (
        select(Stage)
        .join(Task, Task.id == Stage.task_id)
        .where(
            Stage.owner == asking.owner,
            Stage.cache_key == key,
            Stage.name == stage,
            Stage.manifest.is_not(None),
            Task.purged_at.is_(None),
        )
        .order_by((Stage.task_id == task_id).desc(), Stage.completed_at.desc().nulls_last(), Stage.task_id)
    )
    row = (await session.scalars(same.limit(1))).first()
    return Found(Ref(**row.manifest), row.origin) if row is not None and row.manifest is not None else None


async def is_kept(session: AsyncSession, owner: str, stage: str, origin: str) -> bool:
    """Whether a task of the owner uses that folder for that stage; it cannot be purged before this session ends."""
    users = (
        select(Task.id)
        .join(Stage, Task.id == Stage.task_id)
        .where(
            Stage.owner == owner,
            Stage.name == stage,
            Stage.origin == origin,
            Stage.manifest.is_not(None),
            Task.purged_at.is_(None),
        )
        .with_for_update(of=Task, read=True)
    )
    return bool((await session.scalars(users)).all())


async def kept_folders(session: AsyncSession, task_ids: Collection[str]) -> dict[str, set[str]]:
    """Of purged tasks: their folders that others use."""
    folders = {folder_of(task_id, stage): task_id for task_id in task_ids for stage in STAGES}
    kept: dict[str, set[str]] = {task_id: set() for task_id in task_ids}
    used = (
        select(Stage.origin)
        .join(Task, Task.id == Stage.task_id)
        .where(Stage.origin.in_(folders), Stage.manifest.is_not(None), Task.purged_at.is_(None))
        .distinct()
    )
    for origin in await session.scalars(used):
        kept[folders[origin]].add(origin)
    return kept


async def remove_folders(artifacts: ArtifactStore, task_id: str, kept: Collection[str]) -> None:
    """Remove what a purged task has made, but for the folders that are kept."""
    if not kept:
        await asyncio.to_thread(artifacts.delete_prefix, f"tasks/{task_id}")
        return
    for stage in STAGES:
        folder = folder_of(task_id, stage)
        if folder not in kept:
            await asyncio.to_thread(artifacts.delete_prefix, folder)
