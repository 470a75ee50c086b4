"""All rows as JSON lines and back: what a backup holds of a database, whichever database that is."""

from __future__ import annotations

import base64
import itertools
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from sqlalchemy import JSON, Connection, LargeBinary, MetaData, Row, Select, Table, insert, select

from services.orchestrator.events import Ref
from services.orchestrator.models import Base, Task
from services.orchestrator.schema import current_revision
from services.orchestrator.store import Store

BATCH = 500
# Its rows come with the schema and say nothing.
LOCKS = "locks"


@dataclass
class Snapshot:
    """What was written, of one state of the database, and what it needs."""

    revision: str
    counts: Counter[str] = field(default_factory=Counter)
    recordings: list[Ref] = field(default_factory=list)
    stages: list[Row[*tuple[Any, ...]]] = field(default_factory=list)


async def snapshot_rows(store: Store, path: Path) -> Snapshot:
    """Write every row of one state of the database; purged tasks are as good as gone and left out."""
    with Lines(path) as lines:
        async with store.reading() as session:
            connection = await session.connection()
            snapshot = Snapshot(await connection.run_sync(current_revision))
            for table in Base.metadata.sorted_tables:
                if table.name == LOCKS:
                    continue
                async for row in await session.stream(_lasting(table)):
                    lines.write({"table": table.name, "row": _encoded(table, row)})
                    snapshot.counts[table.name] += 1
                    if table.name == "files":
                        snapshot.recordings.append(Ref(**row.ref))
                    elif table.name == "stages":
                        snapshot.stages.append(row)
    return snapshot


class Lines:
    """A file of JSON lines that is being written."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Self:
        self._file = self._path.open("w", encoding="utf-8")
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def write(self, value: dict[str, Any]) -> None:
        """One line."""
        self._file.write(json.dumps(value, ensure_ascii=False) + "\n")


def _encoded(table: Table, row: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    return {
        column.name: base64.b64encode(value).decode() if isinstance(column.type, LargeBinary) else value
        for column, value in zip(table.columns, row, strict=True)
    }


def _lasting(table: Table) -> Select[Any]:
    """Every row of a table but those of purged tasks, in an order that is always the same."""
    query = select(table).order_by(*table.primary_key.columns)
    lasting = select(Task.id).where(Task.purged_at.is_(None))
    if table.name == "tasks":
        return query.where(table.c.id.in_(lasting))
    return query.where(table.c.task_id.in_(lasting)) if "task_id" in table.c else query


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file of JSON lines. Raises ValueError for what is none."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def insert_rows(connection: Connection, path: Path) -> Counter[str]:
    """Put rows into empty tables of the revision that they were written at; answers how many of each table.

    Raises ValueError, KeyError for what is no row of it.
    """
    tables = MetaData()
    tables.reflect(connection)
    for table in tables.tables.values():
        for column in table.columns:
            if isinstance(column.type, JSON):
                column.type = JSON(none_as_null=True)
    counts: Counter[str] = Counter()
    for name, lines in itertools.groupby(read_lines(path), key=lambda line: line["table"]):
        table = tables.tables[name]
        rows = (_decoded(table, line["row"]) for line in lines)
        while batch := list(itertools.islice(rows, BATCH)):
            connection.execute(insert(table), batch)
            counts[name] += len(batch)
    return counts


def _decoded(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    for column in table.columns:
        if isinstance(column.type, LargeBinary):
            row[column.name] = base64.b64decode(row[column.name])
    if row.keys() != set(table.columns.keys()):
        raise ValueError(f"a row of {table.name} has other columns")
    return row
