"""The tables of the task store, as SQLAlchemy maps them. Times are seconds since 1970; every row has an owner."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Float, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, WriteOnlyMapped, mapped_column, relationship

NOT_PURGED = text("purged_at IS NULL")
RELEASED = text("released_at IS NOT NULL")


class Base(DeclarativeBase):
    """Base of all tables."""

    type_annotation_map = {dict[str, Any]: JSON, list[str]: JSON, float: Float, int: BigInteger}  # noqa: RUF012


class Task(Base):
    """One task. ``last_seq`` is the sequence of its newest event."""

    __tablename__ = "tasks"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64))
    exp_name: Mapped[str] = mapped_column(String(64))
    file_ids: Mapped[list[str]]
    ref_audio_id: Mapped[str] = mapped_column(String(32))
    language: Mapped[str] = mapped_column(String(8))
    options: Mapped[bytes] = mapped_column(LargeBinary)  # as the client chose them; opaque to the store
    state: Mapped[str] = mapped_column(String(16))
    detected_language: Mapped[str] = mapped_column(String(8), default="")
    progress: Mapped[float] = mapped_column(default=0.0)
    eta_s: Mapped[float | None]
    message: Mapped[dict[str, Any]]
    fault: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    last_seq: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[float]
    started_at: Mapped[float | None]
    completed_at: Mapped[float | None]
    purged_at: Mapped[float | None]
    corrections: Mapped[dict[str, Any]] = mapped_column(default=dict)  # clip id: {"text", "dropped"}
    search_name: Mapped[str] = mapped_column(Text, default="")  # the name as it is searched (names.py)
    callback_url: Mapped[str] = mapped_column(Text, default="")
    callback_state: Mapped[str] = mapped_column(String(16), default="")  # "", "due", "sent" or "given_up"
    callback_tries: Mapped[int] = mapped_column(default=0)
    callback_at: Mapped[float | None]

    stages: Mapped[list[Stage]] = relationship(
        order_by="Stage.position", lazy="selectin", cascade="all, delete-orphan", passive_deletes=True
    )
    events: WriteOnlyMapped[EventRow] = relationship(passive_deletes=True)

    __table_args__ = (
        Index("uq_tasks_name", "owner", "exp_name", unique=True, sqlite_where=NOT_PURGED, postgresql_where=NOT_PURGED),
        # A list is counted and searched in it alone: the rows themselves are wide.
        Index(
            "ix_tasks_listed",
            "owner",
            "created_at",
            "id",
            "search_name",
            "purged_at",
            sqlite_where=NOT_PURGED,
            postgresql_where=NOT_PURGED,
        ),
        Index("ix_tasks_state", "state", "created_at"),
    )


class Stage(Base):
    """One stage of one task. ``released_at`` is set while a command for it is out or a lease on it is live."""

    __tablename__ = "stages"

    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64))
    position: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    progress: Mapped[float] = mapped_column(default=0.0)
    message: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    lease: Mapped[int] = mapped_column(default=0)
    attempt: Mapped[int] = mapped_column(default=0)
    worker_id: Mapped[str] = mapped_column(String(64), default="")
    expires_at: Mapped[float | None]
    released_at: Mapped[float | None]
    not_before: Mapped[float | None]
    away_since: Mapped[float | None]  # what the stage needs (a store, room on a disk) has not been there since
    sent_at: Mapped[float | None]
    last_report: Mapped[int] = mapped_column(default=0)
    manifest: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    cache_key: Mapped[str] = mapped_column(String(64), default="")  # of the manifest
    origin: Mapped[str] = mapped_column(String(64), default="")  # folder of the manifest's artifacts
    checkpoint: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    checkpoint_step: Mapped[int] = mapped_column(default=0)
    older_checkpoint: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    started_at: Mapped[float | None]
    completed_at: Mapped[float | None]

    __table_args__ = (
        Index("ix_stages_state", "state", "expires_at"),
        Index("ix_stages_released", "released_at", sqlite_where=RELEASED, postgresql_where=RELEASED),
        Index("ix_stages_cache_key", "owner", "cache_key"),
        Index("ix_stages_origin", "origin"),
    )


UNPUBLISHED = text("published_at IS NULL")


class EventRow(Base):
    """One event of one task, written in the transaction that made it true, published afterwards (the outbox)."""

    __tablename__ = "events"

    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(64))
    time: Mapped[float]
    data: Mapped[dict[str, Any]]
    published_at: Mapped[float | None]

    __table_args__ = (
        Index(
            "ix_events_unpublished", "time", "task_id", "seq", sqlite_where=UNPUBLISHED, postgresql_where=UNPUBLISHED
        ),
    )


class MetricRow(Base):
    """One point of the loss curves of a training stage; ``lease`` tells which run it is of."""

    __tablename__ = "metrics"

    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True)
    stage: Mapped[str] = mapped_column(String(16), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(64))
    lease: Mapped[int]
    data: Mapped[dict[str, Any]]


class File(Base):
    """One uploaded recording; its bytes are in the artifact store."""

    __tablename__ = "files"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64))
    filename: Mapped[str] = mapped_column(Text)
    ref: Mapped[dict[str, Any]]
    seconds: Mapped[float]
    sample_rate_hz: Mapped[int]
    channels: Mapped[int]
    transcript: Mapped[str] = mapped_column(Text)
    created_at: Mapped[float]

    __table_args__ = (Index("ix_files_owner_created", "owner", "created_at", "id"),)


class Owner(Base):
    """When an owner had a stage released last, as a number that rises: owners take turns."""

    __tablename__ = "owners"

    owner: Mapped[str] = mapped_column(String(64), primary_key=True)
    served_at: Mapped[int] = mapped_column(default=0)


class Lock(Base):
    """A row that one transaction at a time can hold, where the database locks rows and not the whole file."""

    __tablename__ = "locks"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)


class IdempotencyKey(Base):
    """What a client's key has made, so that the same request makes it once. ``scope`` is "task" or "file"."""

    __tablename__ = "idempotency_keys"

    owner: Mapped[str] = mapped_column(String(64), primary_key=True)
    scope: Mapped[str] = mapped_column(String(8), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))  # sha256 of the request
    made_id: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[float]

    __table_args__ = (Index("ix_idempotency_keys_created", "created_at"),)
