"""What the rows hold on to: every object that a task or a file still needs, and every folder that is left alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.orchestrator.events import Ref
from services.orchestrator.lifecycle import UNFINISHED
from services.orchestrator.models import File, Stage, Task
from services.orchestrator.servicer.references import References
from services.runtime.errors import StageFailedError


@dataclass
class Reach:
    """Objects by key, and folders of which everything is kept."""

    task_ids: frozenset[str]
    file_ids: frozenset[str]
    uris: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    unreadable: dict[str, str] = field(default_factory=dict)
    """Tasks of which everything is kept because a manifest cannot be read, and why it cannot."""

    def holds(self, uri: str) -> bool:
        """Whether an object has to be kept."""
        parts = uri.split("/")
        return uri in self.uris or any("/".join(parts[:end]) in self.folders for end in range(2, len(parts)))

    def knows_any(self, uris: Iterable[str]) -> bool:
        """Whether at least one of the objects belongs to a row."""
        return any(uri in self.uris or uri.split("/")[1] in self.task_ids | self.file_ids for uri in uris)


@dataclass(frozen=True)
class Rows:
    """One snapshot of what decides."""

    file_ids: frozenset[str]
    tasks: Mapping[str, Row[*tuple[Any, ...]]]
    stages: Sequence[Row[*tuple[Any, ...]]]


async def read_rows(session: AsyncSession) -> Rows:
    """Every file, task and stage, as far as it says what is needed."""
    stages = select(Stage.task_id, Stage.name, Stage.manifest, Stage.origin, Stage.checkpoint, Stage.older_checkpoint)
    return Rows(
        frozenset(await session.scalars(select(File.id))),
        {row.id: row for row in await session.execute(select(Task.id, Task.state, Task.purged_at))},
        (await session.execute(stages)).all(),
    )


def reach(rows: Rows, references: References) -> Reach:
    """What the rows hold on to. Blocks. Raises UnavailableError when a manifest cannot be looked at."""
    held = Reach(frozenset(rows.tasks), rows.file_ids)
    held.folders.update(f"files/{file_id}" for file_id in rows.file_ids)
    for stage in rows.stages:
        task = rows.tasks[stage.task_id]
        if task.state in UNFINISHED or task.purged_at is not None:
            # Somebody works there, or is removing it: the task's own folder, and what it took over from others.
            held.folders.update((f"tasks/{stage.task_id}", stage.origin))
        if stage.checkpoint or stage.older_checkpoint:
            # A checkpoint names models of earlier leases in its own way; the task goes on only with all of them.
            held.folders.add(f"tasks/{stage.task_id}/{stage.name}")
        # Of a purged task, folders that nobody uses are gone already: its manifests may be, too.
        if stage.manifest and task.purged_at is None:
            try:
                found = references.of(stage.name, Ref(**stage.manifest))
            except StageFailedError as exc:
                held.unreadable[stage.task_id] = exc.detail
                held.folders.update((f"tasks/{stage.task_id}", stage.origin, _folder(stage.manifest["uri"])))
            else:
                held.uris.update(ref.uri for ref in found)
    held.folders.discard("")
    return held


def _folder(uri: str) -> str:
    """The folder of the stage that made an object: tasks/<id>/<stage>."""
    return "/".join(uri.split("/")[:3])
