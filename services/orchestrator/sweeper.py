"""Removes what nobody needs any more: purged tasks, outdated checkpoints, uploads that never became files."""

from __future__ import annotations

import asyncio
import time
from collections import deque

from sqlalchemy import delete, select

from services.orchestrator.gc import StrangersError, collect
from services.orchestrator.idempotency import forget_older_than
from services.orchestrator.models import Task
from services.orchestrator.store import Store
from services.runtime.artifacts import ArtifactStore
from services.runtime.errors import VoiceloomError
from services.runtime.log import log

SWEEP_S = 10.0
ORPHAN_SWEEP_S = 6 * 3600.0


class Sweeper:
    """Works in the background, behind everything else."""

    def __init__(
        self, store: Store, artifacts: ArtifactStore, *, purge_after_s: float, orphan_age_s: float, keep_keys_s: float
    ) -> None:
        """A purged task goes ``purge_after_s`` later: by then, no worker still writes for it.

        ``orphan_age_s`` is how old an object that nobody owns must be to go, ``keep_keys_s`` how long idempotency keys
        are remembered.
        """
        self._store, self._artifacts = store, artifacts
        self._purge_after_s, self._orphan_age_s, self._keep_keys_s = purge_after_s, orphan_age_s, keep_keys_s
        self._obsolete: deque[str] = deque()

    def remove(self, uris: list[str]) -> None:
        """Remove objects soon."""
        self._obsolete.extend(uris)

    async def run(self) -> None:
        """Sweep for ever."""
        swept_orphans_at = -ORPHAN_SWEEP_S
        while True:
            try:
                if time.monotonic() - swept_orphans_at >= ORPHAN_SWEEP_S:
                    swept_orphans_at = time.monotonic()
                    await self.sweep_orphans()
                await self.sweep()
            except VoiceloomError as exc:
                log.warning("sweep_failed", error=str(exc))
            await asyncio.sleep(SWEEP_S)

    async def sweep(self) -> None:
        """Remove what is due now."""
        while self._obsolete:
            # Taken off the list once it is gone: the store may be away.
            await asyncio.to_thread(self._artifacts.delete, self._obsolete[0])
            self._obsolete.popleft()
        due = select(Task.id).where(Task.purged_at < time.time() - self._purge_after_s)
        async with self._store.reading() as session:
            task_ids = list(await session.scalars(due))
        for task_id in task_ids:
            await asyncio.to_thread(self._artifacts.delete_prefix, f"tasks/{task_id}")
            async with self._store.writing() as session:
                await session.execute(delete(Task).where(Task.id == task_id))
            log.info("purge_finished", task_id=task_id)
        async with self._store.writing() as session:
            await forget_older_than(session, time.time() - self._keep_keys_s)

    async def sweep_orphans(self) -> None:
        """Remove what processes that were killed have left: uploads, and work that another lease has done again."""
        try:
            done = await collect(
                self._store, self._artifacts, older_than_s=self._orphan_age_s, keep_keys_s=self._keep_keys_s
            )
        except StrangersError as exc:
            log.error("orphans_kept", reason=str(exc))
        else:
            log.info("orphans_removed", count=sum(kind.count for kind in done.objects), kept=len(done.kept))
