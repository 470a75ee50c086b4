"""Tasks as clients see them: create, get, list, cancel, resume, retry, purge."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, and_, bindparam, exists, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from services.orchestrator import curves, idempotency, lifecycle, retry
from services.orchestrator.idempotency import TASK, checked_key, made_before
from services.orchestrator.lifecycle import UNFINISHED
from services.orchestrator.locks import ADMISSION, hold
from services.orchestrator.models import File, Task
from services.orchestrator.names import checked_name, checked_search
from services.orchestrator.origins import kept_folders, remove_folders
from services.orchestrator.snapshots import Snapshots
from services.orchestrator.store import Store
from services.orchestrator.webhook_address import checked_url
from services.runtime.artifacts import ArtifactStore
from services.runtime.errors import (
    BusyError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    NotReadyError,
    VoiceloomError,
)
from services.runtime.log import log
from services.voice.script import unspoken_language


def _count(*conditions: ColumnElement[bool]) -> ScalarSelect[int]:
    return select(func.count()).select_from(Task).where(*conditions).scalar_subquery()


# Made once: putting a statement together costs as much as its execution.
_ADMISSION_FACTS = select(
    exists().where(Task.owner == bindparam("owner"), Task.exp_name == bindparam("exp_name"), Task.purged_at.is_(None)),
    _count(Task.state.in_(UNFINISHED)),
    _count(Task.state == "queued"),
)
_LOCKED_FILES = (
    select(File.id)
    .where(File.owner == bindparam("owner"), File.id.in_(bindparam("ids", expanding=True)))
    .order_by(File.id)
    .with_for_update()
)


@dataclass(frozen=True)
class NewTask:
    """What a client asks for; ``options`` is passed on to the workers as it is.

    ``fingerprint`` is the sha256 of the whole request, for a client that named a ``key``.
    """

    owner: str
    exp_name: str
    file_ids: tuple[str, ...]
    ref_audio_id: str
    language: str
    options: bytes
    inference: bool
    target_text: str
    callback_url: str
    key: str = ""
    fingerprint: str = ""


@dataclass(frozen=True)
class TaskView:
    """A task and its place in the queue (1 is next), None unless it is queued."""

    task: Task
    queue_position: int | None


class Tasks:
    """What clients may do with tasks. Every method is about one owner's tasks and knows no others."""

    def __init__(
        self,
        store: Store,
        artifacts: ArtifactStore,
        *,
        languages: tuple[str, ...],
        max_queued: int,
        callbacks: bool,
        callback_private: bool,
        on_change: Callable[[], None],
        on_stop: Callable[[str], None],
        on_obsolete: Callable[[list[str]], None],
    ) -> None:
        """``callbacks`` says whether webhooks can be signed; ``callback_private`` lets them go to private addresses.

        ``on_change`` is called when there may be something to release, ``on_stop`` when a task must be stopped;
        ``on_obsolete`` gets the keys of artifacts that nobody needs any more.
        """
        self._store, self._artifacts = store, artifacts
        self._snapshots: Snapshots[Task] = Snapshots(store)
        self._languages, self._max_queued = languages, max_queued
        self._callbacks, self._callback_private = callbacks, callback_private
        self._on_change, self._on_stop, self._on_obsolete = on_change, on_stop, on_obsolete

    async def create(self, new: NewTask) -> TaskView:
        """Accept a task: the name is checked first, then the files; row and first event are one transaction.

        A request that comes again with its key is answered with the task that it has made.
        Raises InvalidInputError (INVALID_REQUEST, LANGUAGE_UNSUPPORTED, CALLBACKS_OFF), ConflictError (NAME_TAKEN,
        IDEMPOTENCY_KEY_REUSED), NotFoundError (FILE_NOT_FOUND), BusyError (QUEUE_FULL).
        """
        name = checked_name(new.exp_name)
        self._check_words(new)
        try:
            view, made = await self._create(new, name)
        except IntegrityError:
            # Two at once, where the database lets both look before one of them writes: now it can be seen.
            try:
                view, made = await self._create(new, name)
            except IntegrityError as exc:
                raise ConflictError("NAME_TAKEN", exp_name=name) from exc
        if made:
            log.info("task_created", task_id=view.task.id, exp_name=name, inference=new.inference)
            self._on_change()
        else:
            log.info("task_asked_for_again", task_id=view.task.id)
        return view

    def _check_words(self, new: NewTask) -> None:
        """What can be refused without a look at the store."""
        checked_key(new.key)
        # A text that no voice of this pack can read is refused now rather than after the training.
        foreign = unspoken_language(new.target_text, self._languages) if new.inference else ""
        for language in (new.language, foreign):
            if language not in ("auto", "", *self._languages):
                raise InvalidInputError("LANGUAGE_UNSUPPORTED", language=language, languages=", ".join(self._languages))
        if not new.file_ids:
            raise InvalidInputError("INVALID_REQUEST", problem="file_ids")
        if new.callback_url:
            if not self._callbacks:
                raise InvalidInputError("CALLBACKS_OFF")
            checked_url(new.callback_url, allow_private=self._callback_private)

    async def _create(self, new: NewTask, name: str) -> tuple[TaskView, bool]:
        """The task, and whether it was made now."""
        task_id = uuid.uuid4().hex
        async with self._store.writing() as session:
            if new.key:
                request = idempotency.Request(new.owner, TASK, new.key, new.fingerprint)
                if known := await made_before(session, request):
                    task = await session.scalar(select(Task).where(Task.id == known, Task.purged_at.is_(None)))
                    if task is not None:
                        return TaskView(task, await _queue_position(session, task)), False
                    await idempotency.forget(session, TASK, known)
                await idempotency.remember(session, request, task_id)
            queued = await self._check(session, new, name)
            task = lifecycle.new_task(
                task_id=task_id,
                owner=new.owner,
                exp_name=name,
                file_ids=list(new.file_ids),
                ref_audio_id=new.ref_audio_id,
                language=new.language,
                options=new.options,
                inference=new.inference,
                callback_url=new.callback_url,
                now=time.time(),
            )
            session.add(task)
            await session.flush()
            lifecycle.touch(task)
            return TaskView(task, queued + 1), True

    async def _check(self, session: AsyncSession, new: NewTask, name: str) -> int:
        """Raise what is wrong, the name first, in few statements; answers how many tasks are queued."""
        wanted = [*new.file_ids, *([new.ref_audio_id] if new.ref_audio_id else [])]
        missing = await _missing_files(session, new.owner, wanted)
        await hold(session, ADMISSION)  # whoever counts next counts this task, too
        facts = await session.execute(_ADMISSION_FACTS, {"owner": new.owner, "exp_name": name})
        taken, unfinished, queued = facts.one()
        if taken:
            raise ConflictError("NAME_TAKEN", exp_name=name)
        _require_files(missing)
        self._require_room(unfinished)
        return int(queued)

    def _require_room(self, unfinished: int) -> None:
        if unfinished >= self._max_queued:
            raise BusyError("QUEUE_FULL")

    def hear(self, task_id: str, seq: int) -> None:
        """Somebody, perhaps another replica, has published an event."""
        self._snapshots.hear(task_id, seq)

    async def get(self, owner: str, task_id: str, known_seq: int = 0, *, fresh: bool = False) -> TaskView:
        """One task, no older than its event ``known_seq``, or as it is now. Raises NotFoundError (TASK_NOT_FOUND)."""
        known = self._snapshots.get(task_id)
        # A place in the queue changes with other tasks: it is asked for each time.
        current = known is not None and not fresh and known.last_seq >= known_seq
        if known is not None and current and known.owner == owner and known.state != "queued":
            return TaskView(known, None)
        mark = self._snapshots.begin()
        async with self._store.reading() as session:
            task = await _find(session, owner, task_id)
            view = TaskView(task, await _queue_position(session, task))
        self._snapshots.put(task_id, task, mark, task.last_seq)
        return view

    async def page(
        self, owner: str, *, state: str, search: str = "", limit: int, offset: int
    ) -> tuple[list[TaskView], int]:
        """Tasks in a state ("": any) with a part of their name, newest first, and how many there are in all.

        Raises InvalidInputError (INVALID_REQUEST).
        """
        wanted = [Task.owner == owner, Task.purged_at.is_(None)]
        if state:
            wanted.append(Task.state == state)
        if part := checked_search(search):
            wanted.append(Task.search_name.contains(part, autoescape=True))
        async with self._store.reading() as session:
            total = await session.scalar(select(func.count()).select_from(Task).where(*wanted))
            page = select(Task.id, Task.last_seq).where(*wanted).order_by(Task.created_at.desc(), Task.id.desc())
            rows = (await session.execute(page.limit(limit).offset(offset))).all()
            tasks = await self._read(session, {row.id: row.last_seq for row in rows})
            queue = await _queue(session) if any(task.state == "queued" for task in tasks) else {}
        return [TaskView(task, queue.get(task.id)) for task in tasks], total or 0

    async def _read(self, session: AsyncSession, wanted: dict[str, int]) -> list[Task]:
        """Tasks by id, with their newest sequences; only those are read that have changed since they were read last."""
        mark = self._snapshots.begin()
        found = {task_id: self._snapshots.at(task_id, seq) for task_id, seq in wanted.items()}
        changed = [task_id for task_id, task in found.items() if task is None]
        if changed:
            for task in await session.scalars(select(Task).where(Task.id.in_(changed))):
                found[task.id] = task
                self._snapshots.put(task.id, task, mark, task.last_seq)
        return [task for task in found.values() if task is not None]

    async def cancel(self, owner: str, task_id: str) -> TaskView:
        """End an unfinished task at once. Raises NotReadyError (TASK_NOT_CANCELLABLE), NotFoundError."""
        async with self._store.writing() as session:
            task = await _find(session, owner, task_id, lock=True)
            if task.state not in UNFINISHED:
                raise NotReadyError("TASK_NOT_CANCELLABLE")
            lifecycle.cancel(task, time.time())
        self._stopped(task)
        return TaskView(task, None)

    async def resume(self, owner: str, task_id: str, *, inference: bool) -> TaskView:
        """Let an interrupted, failed or cancelled task go on now. ``inference``: whether the task was asked for it.

        Raises NotReadyError (TASK_NOT_RESUMABLE), NotFoundError (TASK_NOT_FOUND, FILE_NOT_FOUND), BusyError.
        """
        async with self._store.writing() as session:
            task = await _find(session, owner, task_id, lock=True)
            ended = task.state not in UNFINISHED
            retry.resume(task, inference=inference, now=time.time())
            if ended:
                await self._admit_again(session, task)
            position = await _queue_position(session, task)
        log.info("task_resumed", task_id=task_id)
        self._on_change()
        return TaskView(task, position)

    async def retry(self, owner: str, task_id: str, from_stage: str, *, inference: bool) -> TaskView:
        """Run an ended task again from a stage on ("": the first that is not completed).

        Raises NotReadyError (TASK_NOT_RETRYABLE), InvalidInputError (INVALID_REQUEST), NotFoundError (TASK_NOT_FOUND,
        FILE_NOT_FOUND), BusyError (QUEUE_FULL).
        """
        async with self._store.writing() as session:
            task = await _find(session, owner, task_id, lock=True)
            obsolete = retry.retry(task, from_stage, inference=inference, now=time.time())
            await curves.drop(session, task.id, [stage.name for stage in task.stages if stage.state == "pending"])
            await self._admit_again(session, task)
            position = await _queue_position(session, task)
        log.info("task_retried", task_id=task_id, from_stage=from_stage)
        self._on_obsolete(obsolete)
        self._on_change()
        return TaskView(task, position)

    async def correct(self, owner: str, task_id: str, corrections: dict[str, dict[str, Any]]) -> TaskView:
        """Replace what people corrected in the words of an ended task (by clip id: "text", "dropped"); its next run
        goes by it. Raises NotFoundError (TASK_NOT_FOUND), NotReadyError (TASK_NOT_ENDED).
        """
        async with self._store.writing() as session:
            task = await _find(session, owner, task_id, lock=True)
            if task.state in UNFINISHED:
                raise NotReadyError("TASK_NOT_ENDED")
            task.corrections = corrections
            lifecycle.touch(task)
        log.info("task_corrected", task_id=task_id, clips=len(corrections))
        return TaskView(task, None)

    async def _admit_again(self, session: AsyncSession, task: Task) -> None:
        _require_files(await _missing_files(session, task.owner, retry.recordings(task)))
        await hold(session, ADMISSION)
        self._require_room(await session.scalar(select(_count(Task.state.in_(UNFINISHED), Task.id != task.id))) or 0)

    async def purge(self, owner: str, task_id: str) -> None:
        """Cancel if needed, free the name, and remove the artifacts that no other task has taken over.

        The rows are hidden now and removed (by the sweeper) once no worker can write for the task any more and nobody
        uses what it made. Raises NotFoundError (TASK_NOT_FOUND).
        """
        async with self._store.writing() as session:
            task = await _find(session, owner, task_id, lock=True)
            unfinished = task.state in UNFINISHED
            if unfinished:
                lifecycle.cancel(task, time.time())
            task.purged_at = time.time()
            await idempotency.forget(session, TASK, task_id)
            lifecycle.touch(task)
        if unfinished:
            self._stopped(task)
        log.info("task_purged", task_id=task_id)
        try:
            async with self._store.reading() as session:
                kept = await kept_folders(session, [task_id])
            await remove_folders(self._artifacts, task_id, kept[task_id])
        except VoiceloomError as exc:
            # The task is purged all the same: the sweeper removes what is still there.
            log.warning("purge_left_to_the_sweeper", task_id=task_id, error=str(exc))

    def _stopped(self, task: Task) -> None:
        log.info("task_cancelled", task_id=task.id)
        self._on_stop(task.id)
        self._on_change()


async def _find(session: AsyncSession, owner: str, task_id: str, *, lock: bool = False) -> Task:
    query = select(Task).where(Task.id == task_id, Task.owner == owner, Task.purged_at.is_(None))
    task = await session.scalar(query.with_for_update() if lock else query)
    if task is None:
        raise NotFoundError("TASK_NOT_FOUND")
    return task


async def _missing_files(session: AsyncSession, owner: str, wanted: list[str]) -> list[str]:
    # The rows are locked, in one order for all: a file must not be deleted while a task that needs it is on its way.
    found = set(await session.scalars(_LOCKED_FILES, {"owner": owner, "ids": wanted}))
    return [file_id for file_id in wanted if file_id not in found]


def _require_files(missing: list[str]) -> None:
    if missing:
        raise NotFoundError("FILE_NOT_FOUND", file_id=missing[0])


async def _queue_position(session: AsyncSession, task: Task) -> int | None:
    if task.state != "queued":
        return None
    before = or_(Task.created_at < task.created_at, and_(Task.created_at == task.created_at, Task.id <= task.id))
    return await session.scalar(select(func.count()).select_from(Task).where(Task.state == "queued", before))


async def _queue(session: AsyncSession) -> dict[str, int]:
    """Place of every queued task; the queue is bounded by max_queued_tasks."""
    ids = await session.scalars(select(Task.id).where(Task.state == "queued").order_by(Task.created_at, Task.id))
    return {task_id: place for place, task_id in enumerate(ids, start=1)}
