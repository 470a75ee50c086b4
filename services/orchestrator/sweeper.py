"""Removes what nobody needs any more: purged tasks, outdated checkpoints, uploads that never became files."""

from __future__ import annotations

import asyncio
import time
from collections import deque

from sqlalchemy import delete, select, update

from services.orchestrator.gc import StrangersError, collect
from services.orchestrator.idempotency import forget_older_than
from services.orchestrator.models import EventRow, MetricRow, Task
from services.orchestrator.origins import kept_folders, remove_folders
from services.orchestrator.store import Store
from services.runtime.artifacts import ArtifactStore
from services.runtime.errors import VoiceloomError
from services.runtime.log import log

SWEEP_S = 10.0
ORPHAN_SWEEP_S = 6 * 3600.0
# Tasks whose folders are looked up in one statement.
PURGED_AT_ONCE = 50


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
        self._reduced: dict[str, set[str]] = {}

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
        await self._sweep_purged()
        async with self._store.writing() as session:
            await forget_older_than(session, time.time() - self._keep_keys_s)

    async def _sweep_purged(self) -> None:
        """Remove purged tasks for good; of one whose work others have taken over, what they do not use."""
        due = select(Task.id).where(Task.purged_at < time.time() - self._purge_after_s).order_by(Task.purged_at)
        async with self._store.reading() as session:
            task_ids = list(await session.scalars(due))
        for start in range(0, len(task_ids), PURGED_AT_ONCE):
            some = task_ids[start : start + PURGED_AT_ONCE]
            async with self._store.reading() as session:
                all_kept = await kept_folders(session, some)
            for task_id, kept in all_kept.items():
                if self._reduced.get(task_id) != kept:
                    await self._reduce(task_id, kept)
        self._reduced = {task_id: kept for task_id, kept in self._reduced.items() if task_id in set(task_ids)}

    async def _reduce(self, task_id: str, kept: set[str]) -> None:
        """The row goes last: as long as it is there, another sweep goes on, also after a crash."""
        await remove_folders(self._artifacts, task_id, kept)
        async with self._store.writing() as session:
            if kept:
                # What people said and wrote goes now; the row remains until the folders are nobody's.
                for table in (EventRow, MetricRow):
                    await session.execute(delete(table).where(table.task_id == task_id))
                words = {"options": b"", "exp_name": "", "search_name": "", "callback_url": ""}
                files = {"file_ids": [], "ref_audio_id": ""}
                await session.execute(update(Task).where(Task.id == task_id).values(**words, **files))
                self._reduced[task_id] = kept
            else:
                await session.execute(delete(Task).where(Task.id == task_id))
        log.info("purge_finished" if not kept else "purge_waits_for_users", task_id=task_id, kept=sorted(kept))

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
