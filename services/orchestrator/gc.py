"""``python -m services.orchestrator.gc`` and the sweeper: remove what no task and no file owns any more.

Safe beside a running stack: objects are listed first and the rows read afterwards, so what appears meanwhile is not
looked at; only what is older than the grace age goes, so what is being made has its row or its manifest by then; and
the rows are read again before each batch is removed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sqlalchemy import func, select

from services.orchestrator.idempotency import forget_older_than
from services.orchestrator.models import IdempotencyKey
from services.orchestrator.places import KeepingError, Places, places
from services.orchestrator.reach import Reach, reach, read_rows
from services.orchestrator.schema import open_store
from services.orchestrator.servicer.references import References
from services.orchestrator.store import Store
from services.runtime.artifacts import ArtifactStore, Stored
from services.runtime.errors import VoiceloomError
from services.runtime.log import configure_logging, log

BATCH = 500


@dataclass
class Removed:
    """So many objects, and their size."""

    count: int = 0
    bytes: int = 0

    def add(self, size: int) -> None:
        """Count one more."""
        self.count += 1
        self.bytes += size


@dataclass
class Collected:
    """What was removed, or would be; ``kept`` are tasks left whole because a manifest cannot be read, and why."""

    files: Removed = field(default_factory=Removed)
    tasks: Removed = field(default_factory=Removed)
    leftovers: Removed = field(default_factory=Removed)
    unfinished: Removed = field(default_factory=Removed)
    idempotency_keys: int = 0
    kept: dict[str, str] = field(default_factory=dict)

    @property
    def objects(self) -> list[Removed]:
        """All kinds of objects."""
        return [self.files, self.tasks, self.leftovers, self.unfinished]


class StrangersError(KeepingError):
    """The rows know none of the objects: most likely they do not belong together."""


async def collect(
    store: Store, artifacts: ArtifactStore, *, older_than_s: float, keep_keys_s: float, dry_run: bool = False
) -> Collected:
    """Remove what nobody owns and is older than that. Raises StrangersError, UnavailableError."""
    done = Collected()
    stored_before = time.time() - older_than_s
    listed = await asyncio.to_thread(_objects, artifacts)
    references = References(artifacts)
    held = await _reach(store, references)
    if listed and not held.knows_any(item.uri for item in listed):
        raise StrangersError(
            f"The rows know none of the {len(listed)} objects: do they belong together? Nothing was removed."
        )
    doomed = [item for item in listed if item.modified_at < stored_before and not held.holds(item.uri)]
    for start in range(0, len(doomed), BATCH):
        if start or not dry_run:
            held = await _reach(store, references)
        for item in doomed[start : start + BATCH]:
            if held.holds(item.uri):
                continue
            if not dry_run:
                await asyncio.to_thread(artifacts.delete, item.uri)
            _kind(done, held, item.uri).add(item.size_bytes)
    done.kept = held.unreadable
    for size in await asyncio.to_thread(artifacts.remove_unfinished, older_than_s, dry_run=dry_run):
        done.unfinished.add(size)
    done.idempotency_keys = await _forget_keys(store, time.time() - keep_keys_s, dry_run=dry_run)
    for task_id, reason in done.kept.items():
        log.warning("garbage_kept", task_id=task_id, reason=reason)
    return done


def _objects(artifacts: ArtifactStore) -> list[Stored]:
    return [item for top in ("files", "tasks") for item in artifacts.listed(top)]


async def _reach(store: Store, references: References) -> Reach:
    async with store.reading() as session:
        rows = await read_rows(session)
    return await asyncio.to_thread(reach, rows, references)


def _kind(done: Collected, held: Reach, uri: str) -> Removed:
    top, owner, *_ = uri.split("/")
    if top == "files":
        return done.files
    return done.leftovers if owner in held.task_ids else done.tasks


async def _forget_keys(store: Store, created_before: float, *, dry_run: bool) -> int:
    old = select(func.count()).select_from(IdempotencyKey).where(IdempotencyKey.created_at < created_before)
    async with store.writing() as session:
        count = await session.scalar(old) or 0
        if count and not dry_run:
            await forget_older_than(session, created_before)
    return count


def describe(done: Collected, *, dry_run: bool) -> str:
    """The result for people."""
    total = Removed(sum(kind.count for kind in done.objects), sum(kind.bytes for kind in done.objects))
    lines = [f"{'Would remove' if dry_run else 'Removed'} {total.count} objects, {total.bytes / 1e6:.1f} MB:"]
    for what, kind in (
        ("of recordings without a row", done.files),
        ("of tasks without a row", done.tasks),
        ("left by ended tasks", done.leftovers),
        ("never written to their end", done.unfinished),
    ):
        lines.append(f"  {kind.count} {what}, {kind.bytes / 1e6:.1f} MB")
    lines.append(f"and {done.idempotency_keys} old idempotency keys.")
    lines += [f"Kept all of task {task_id}: {reason}." for task_id, reason in done.kept.items()]
    return "\n".join(lines)


async def _run(where: Places, older_than_s: float | None, *, dry_run: bool) -> Collected:
    store = await open_store(where)
    try:
        return await collect(
            store,
            ArtifactStore.of(where.settings),
            older_than_s=where.settings.orphan_age_s if older_than_s is None else older_than_s,
            keep_keys_s=where.settings.idempotency_keep_s,
            dry_run=dry_run,
        )
    finally:
        await store.close()


def main(argv: Sequence[str] | None = None) -> int:
    """Collect once; the exit status."""
    parser = argparse.ArgumentParser(prog="voiceloom gc", description="Remove what no task and no file owns any more.")
    parser.add_argument("--data", type=Path, default=Path(".data"), help="data folder of the stack")
    parser.add_argument("--dry-run", action="store_true", help="remove nothing, only say what would be removed")
    parser.add_argument("--older-than", type=float, metavar="HOURS", help="spare what is younger (default: 24)")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    given = parser.parse_args(argv)
    if given.older_than is not None and given.older_than < 0:
        parser.error("--older-than is a number of hours, 0 or more")
    configure_logging("gc", level="error")
    try:
        older_than_s = None if given.older_than is None else given.older_than * 3600.0
        done = asyncio.run(_run(places(given.data), older_than_s, dry_run=given.dry_run))
    except (KeepingError, VoiceloomError) as exc:
        print(f"voiceloom gc: {exc}", file=sys.stderr)
        return exc.exit_code if isinstance(exc, KeepingError) else 1
    print(json.dumps(asdict(done)) if given.json else describe(done, dry_run=given.dry_run))
    return 0


if __name__ == "__main__":
    sys.exit(main())
