"""``python -m services.orchestrator.backup``: all rows, as they are at one moment, and every object that they need.

Objects never change, so a folder is brought up to date by copying what it lacks; what it has is checked. A stack may
run meanwhile. What it removes before it could be copied (an outdated checkpoint, a purged task) makes the snapshot out
of date: another one is taken, and only what is new is copied. An object that the next snapshot still needs and that
still cannot be read is damaged; the backup is finished without it and says so.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import sys
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from services.orchestrator.backup_folder import FORMAT, BackupFolder, Contents, fresh, is_whole
from services.orchestrator.events import Ref
from services.orchestrator.places import KeepingError, held, places
from services.orchestrator.rows import Snapshot, snapshot_rows
from services.orchestrator.schema import open_store
from services.orchestrator.servicer.convert import to_ref
from services.orchestrator.servicer.references import References
from services.orchestrator.store import Store
from services.runtime.artifacts import ArtifactStore
from services.runtime.errors import NotFoundError, StageFailedError, VoiceloomError
from services.runtime.log import configure_logging

# Each snapshot makes up for what went while the last was copied; only a stack that does nothing but purge needs more.
SNAPSHOTS = 20


async def back_up(store: Store, artifacts: ArtifactStore, folder: Path) -> Contents:
    """Make a backup, or bring the one that is there up to date. Raises KeepingError, UnavailableError."""
    backup = BackupFolder(folder)
    backup.prepare()
    with held(folder / "lock", f"Another backup is being made in {folder}."):
        return await _update(store, artifacts, backup)


async def _update(store: Store, artifacts: ArtifactStore, backup: BackupFolder) -> Contents:
    name = uuid.uuid4().hex[:12]
    rows = backup.folder / f"rows-{name}.jsonl"
    copier = Copier(artifacts, backup)
    lost: dict[str, str] = {}
    for _ in range(SNAPSHOTS):
        snapshot = await snapshot_rows(store, rows)
        before, lost = lost, await asyncio.to_thread(copier.copy, snapshot)
        if lost.keys() <= before.keys():
            break
    else:
        raise KeepingError("Too much is being removed while it is copied; try again later.")
    contents = Contents(
        format=FORMAT,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        revision=snapshot.revision,
        counts=dict(snapshot.counts),
        rows=backup.write_part(rows.name, lambda path: None),
        objects=backup.write_part(f"objects-{name}.jsonl", copier.write_list),
        objects_count=len(copier.needed),
        objects_bytes=sum(ref.size_bytes for ref in copier.needed.values()),
        damaged=lost,
    )
    backup.finish(contents)
    if not lost:  # else an earlier backup may have what is now out of reach
        await asyncio.to_thread(backup.remove_others, set(copier.needed))
    return contents


class Copier:
    """Copies what snapshots need. Blocks."""

    def __init__(self, artifacts: ArtifactStore, backup: BackupFolder) -> None:
        self._artifacts, self._backup = artifacts, backup
        # Manifests are read where they were copied to: they may be whole there and damaged where they came from.
        self._references = References(ArtifactStore(str(backup.artifacts)))
        self._copied: dict[str, Ref] = {}
        self.needed: dict[str, Ref] = {}

    def copy(self, snapshot: Snapshot) -> dict[str, str]:
        """Have everything that a snapshot needs in the folder; answers what could not be read, and why."""
        lost: dict[str, str] = {}
        self.needed = {}
        for ref in self._named(snapshot, lost):
            try:
                self._have(ref)
            except StageFailedError as exc:
                lost[ref.uri] = exc.detail
            else:
                self.needed[ref.uri] = ref
        for uri in self._around_checkpoints(snapshot):
            try:
                self.needed[uri] = self._have_unnamed(uri)
            except NotFoundError:
                continue  # what the running stage has removed, no checkpoint names any more
        return lost

    def _named(self, snapshot: Snapshot, lost: dict[str, str]) -> Iterator[Ref]:
        yield from snapshot.recordings
        for stage in snapshot.stages:
            yield from (Ref(**saved) for saved in (stage.checkpoint, stage.older_checkpoint) if saved)
            if stage.manifest:
                manifest = Ref(**stage.manifest)
                yield manifest  # and have it copied
                try:
                    yield from self._references.of(stage.name, manifest)
                except StageFailedError as exc:
                    lost.setdefault(manifest.uri, exc.detail)  # unless that is why it was not copied

    def _around_checkpoints(self, snapshot: Snapshot) -> list[str]:
        """Objects of stages that have a checkpoint: it names models of earlier leases, in its own way."""
        return [
            item.uri
            for stage in snapshot.stages
            if stage.checkpoint or stage.older_checkpoint
            for item in self._artifacts.listed(f"tasks/{stage.task_id}/{stage.name}")
            if item.uri not in self.needed
        ]

    def _have(self, ref: Ref) -> None:
        path = self._backup.artifacts / ref.uri
        if self._copied.get(ref.uri) != ref and not is_whole(path, ref.sha256, ref.size_bytes):
            with fresh(path) as new:
                self._artifacts.get_file(to_ref(asdict(ref)), new)
        self._copied[ref.uri] = ref

    def _have_unnamed(self, uri: str) -> Ref:
        digest, size = hashlib.sha256(), 0
        with fresh(self._backup.artifacts / uri) as new, new.open("wb") as file:
            for chunk in self._artifacts.stream(uri):
                digest.update(chunk)
                size += len(chunk)
                file.write(chunk)
        return Ref(uri, digest.hexdigest(), size)

    def write_list(self, path: Path) -> None:
        """Write down what was needed."""
        lines = (json.dumps(asdict(self.needed[uri])) + "\n" for uri in sorted(self.needed))
        path.write_text("".join(lines), encoding="utf-8")


def describe(contents: Contents, folder: Path) -> str:
    """The result for people."""
    count = ", ".join(f"{contents.counts.get(name, 0)} {name}" for name in ("tasks", "files", "events"))
    size = f"{contents.objects_count} objects, {contents.objects_bytes / 1e6:.1f} MB"
    lines = [f"{folder}: {count}; {size}; as of {contents.made_at}"]
    lines += [f"DAMAGED, not in the backup: {uri}: {reason}" for uri, reason in contents.damaged.items()]
    return "\n".join(lines)


async def _run(folder: Path, data: Path) -> Contents:
    where = places(data)
    store = await open_store(where)
    try:
        return await back_up(store, ArtifactStore.of(where.settings), folder)
    finally:
        await store.close()


def main(argv: Sequence[str] | None = None) -> int:
    """Back up once; the exit status: 1 also when something was damaged and left out."""
    parser = argparse.ArgumentParser(prog="voiceloom backup", description="Copy rows and artifacts into a folder.")
    parser.add_argument("folder", type=Path, help="where to; a backup that is there is brought up to date")
    parser.add_argument("--data", type=Path, default=Path(".data"), help="data folder of the stack")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    given = parser.parse_args(argv)
    configure_logging("backup", level="error")
    folder = given.folder.expanduser().resolve()
    try:
        contents = asyncio.run(_run(folder, given.data))
    except (KeepingError, VoiceloomError, OSError) as exc:
        print(f"voiceloom backup: {exc}", file=sys.stderr)
        return exc.exit_code if isinstance(exc, KeepingError) else 1
    print(json.dumps(asdict(contents)) if given.json else describe(contents, folder))
    return 1 if contents.damaged else 0


if __name__ == "__main__":
    sys.exit(main())
