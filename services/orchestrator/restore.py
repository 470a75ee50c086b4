"""``python -m services.orchestrator.restore``: a backup into an empty stack, on any database and any artifact store.

Everything is checked before anything is written. The objects go first and the rows last, in one transaction, so a
restore that was cut off has left no rows and can be run again. Rows come in at the revision at which they were written
and are then brought up to date, as at the start of a newer version. The leases of stages that ran are taken back;
events keep their numbers, so clients go on behind the last one that they had.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from sqlalchemy import Connection, inspect, select, text, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from services.orchestrator import lifecycle
from services.orchestrator.backup_folder import BackupFolder, Contents
from services.orchestrator.database import DatabaseLimits, engines
from services.orchestrator.events import Ref
from services.orchestrator.models import Base, Stage, Task
from services.orchestrator.places import KeepingError, Places, places
from services.orchestrator.rows import LOCKS, insert_rows
from services.orchestrator.schema import current_revision, is_known, upgrade
from services.runtime.artifacts import ArtifactStore
from services.runtime.errors import VoiceloomError
from services.runtime.log import configure_logging


async def restore(where: Places, folder: Path) -> Contents:
    """Put a backup where there is nothing. Raises KeepingError, UnavailableError."""
    backup = BackupFolder(folder)
    contents = backup.contents()
    if contents is None:
        raise KeepingError(f"There is no finished backup in {folder}.", 2)
    if not is_known(contents.revision):
        raise KeepingError(f"{folder} was made by a newer version of Voiceloom; use that one.")
    with where.locked():
        refs = backup.objects(contents)
        backup.verify_part(contents.rows)
        if where.rows_file is None or where.rows_file.exists():
            await _in_database(where, lambda connection: _require_empty(connection, contents.revision))
        artifacts = ArtifactStore.of(where.settings)
        await asyncio.to_thread(_require_no_others, artifacts, {ref.uri for ref in refs})
        await asyncio.to_thread(backup.verify_objects, refs)
        await asyncio.to_thread(_copy, backup, refs, artifacts)
        await _in_database(where, lambda connection: _bring_in(connection, backup, contents))
    return contents


async def _in_database(where: Places, work: Callable[[Connection], None]) -> None:
    """Do something in one transaction."""
    database = engines(where.settings.database_url, DatabaseLimits())
    try:
        async with database.migrator.begin() as connection:
            await connection.run_sync(work)
    except (OSError, SQLAlchemyError) as exc:
        raise KeepingError(f"The database cannot be written: {exc}") from exc
    finally:
        await database.close()


def _require_empty(connection: Connection, revision: str) -> None:
    """Raises KeepingError unless nothing is there that a restore could spoil."""
    present = set(inspect(connection).get_table_names())
    for table in Base.metadata.sorted_tables:
        if (
            table.name in present - {LOCKS}
            and connection.execute(select(text("1")).select_from(table).limit(1)).first()
        ):
            raise KeepingError(f"The database is not empty: it has {table.name}. Restore into an empty one.")
    if current_revision(connection) not in ("", revision):
        raise KeepingError("The database has tables of another version. Restore into one without tables.")
    if connection.dialect.name == "postgresql":
        others = text(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'voiceloom'"
            " AND datname = current_database() AND pid <> pg_backend_pid()"
        )
        if connection.scalar(others):
            raise KeepingError("A Voiceloom uses the database. Stop it first.", 4)


def _require_no_others(artifacts: ArtifactStore, ours: set[str]) -> None:
    """Raises KeepingError when there are objects besides those that an interrupted restore may have left."""
    for top in ("files", "tasks"):
        for item in artifacts.listed(top):
            if item.uri not in ours:
                raise KeepingError(f"The artifact store is not empty: it has {item.uri}. Restore into an empty one.")


def _copy(backup: BackupFolder, refs: list[Ref], artifacts: ArtifactStore) -> None:
    for ref in refs:
        stored = artifacts.put_file(ref.uri, backup.artifacts / ref.uri)
        if stored.sha256 != ref.sha256:
            raise KeepingError(f"{ref.uri} has changed while it was copied.")


def _bring_in(connection: Connection, backup: BackupFolder, contents: Contents) -> None:
    _require_empty(connection, contents.revision)
    upgrade(connection, contents.revision)
    try:
        counts = insert_rows(connection, backup.folder / contents.rows.file)
    except (ValueError, KeyError, TypeError) as exc:
        raise KeepingError(f"{contents.rows.file} is damaged: {exc}") from exc
    if counts != contents.counts:
        raise KeepingError(f"{contents.rows.file} is damaged: it has {dict(counts)}, not {contents.counts}")
    upgrade(connection, "head")
    _take_back_leases(connection)


def _take_back_leases(connection: Connection) -> None:
    """Nobody works on anything, and no command is on its way."""
    now = time.time()
    with Session(connection) as session:
        running = select(Stage.task_id).where(Stage.state == "running")
        for task in session.scalars(select(Task).where(Task.id.in_(running))).all():
            for stage in task.stages:
                if stage.state == "running":
                    lifecycle.hand_back(task, stage, now)
        session.flush()
        session.execute(update(Stage).where(Stage.state == "pending").values(released_at=None, sent_at=None))
        session.commit()


def describe(contents: Contents) -> str:
    """The result for people."""
    count = ", ".join(f"{contents.counts.get(name, 0)} {name}" for name in ("tasks", "files", "events"))
    lines = [f"Restored as of {contents.made_at}: {count}; {contents.objects_count} objects."]
    lines += [f"It lacked, because it was damaged when the backup was made: {uri}" for uri in contents.damaged]
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Restore once; the exit status."""
    parser = argparse.ArgumentParser(prog="voiceloom restore", description="Put a backup into an empty stack.")
    parser.add_argument("folder", type=Path, help="a backup")
    parser.add_argument("--data", type=Path, default=Path(".data"), help="data folder of the stack")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    given = parser.parse_args(argv)
    configure_logging("restore", level="error")
    try:
        contents = asyncio.run(restore(places(given.data), given.folder.expanduser().resolve()))
    except (KeepingError, VoiceloomError, OSError) as exc:
        print(f"voiceloom restore: {exc}", file=sys.stderr)
        return exc.exit_code if isinstance(exc, KeepingError) else 1
    print(json.dumps(asdict(contents)) if given.json else describe(contents))
    return 0


if __name__ == "__main__":
    sys.exit(main())
