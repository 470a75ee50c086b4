"""Rows of the task store as protobuf messages, and back."""

from __future__ import annotations

import time
from typing import Any, cast

from google.protobuf.timestamp_pb2 import Timestamp

from services.orchestrator.events import CANCELLED, COMPLETED, FAILED, LOGGED, Fault, Ref, Text
from services.orchestrator.models import EventRow, File, Stage, Task
from services.orchestrator.tasks import TaskView
from services.runtime.errors import InvalidInputError
from services.runtime.stage import stage_name, stage_value
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.pipeline.v1 import pipeline_pb2 as pipeline

DEFAULT_OWNER = "local"


def owner_of(request: Any) -> str:
    """The owner named in a request; there is one until there are keys."""
    return request.owner or DEFAULT_OWNER


def to_timestamp(seconds: float | None) -> Timestamp | None:
    """Seconds since 1970 as protobuf writes them, to the microsecond."""
    return None if seconds is None else Timestamp(seconds=int(seconds), nanos=int(seconds % 1 * 1e6) * 1000)


def to_task(view: TaskView) -> pb.Task:
    """A task as clients see it."""
    row = view.task
    running = [stage.name for stage in row.stages if stage.state == "running"]
    options = to_options(row)
    # Nobody asks for these words again, and a page of tasks with them would outgrow a message.
    options.ClearField("transcript")
    return pb.Task(
        id=row.id,
        owner=row.owner,
        exp_name=row.exp_name,
        file_ids=row.file_ids,
        options=options,
        state=to_task_state(row.state),
        detected_language=row.detected_language,
        current_stage=stage_value(running[0]) if running else pipeline.Stage.STAGE_UNSPECIFIED,
        progress=row.progress,
        stages=[to_stage_status(stage) for stage in row.stages],
        message=to_message(row.message),
        failure=to_failure(row.fault) if row.fault else None,
        queue_position=view.queue_position,
        created_at=to_timestamp(row.created_at),
        started_at=to_timestamp(row.started_at),
        completed_at=to_timestamp(row.completed_at),
        last_seq=row.last_seq,
        eta_seconds=row.eta_s,
    )


def to_options(row: Task) -> pipeline.TaskOptions:
    """What the client chose."""
    return pipeline.TaskOptions.FromString(row.options)


def to_corrections(kept: dict[str, Any]) -> list[pipeline.Correction]:
    """What people corrected, in the order of the clips: equal corrections are equal messages."""
    return [
        pipeline.Correction(clip_id=clip_id, text=said["text"], dropped=said["dropped"])
        for clip_id, said in sorted(kept.items())
    ]


def to_stage_status(row: Stage) -> pb.StageStatus:
    """A stage as clients see it; a running one counts its seconds so far."""
    end = row.completed_at or time.time()
    ran = row.started_at is not None and (row.completed_at is not None or row.state == "running")
    return pb.StageStatus(
        stage=stage_value(row.name),
        state=cast("pipeline.StageState", pipeline.StageState.Value(f"STAGE_STATE_{row.state.upper()}")),
        progress=row.progress,
        message=to_message(row.message) if row.message else None,
        started_at=to_timestamp(row.started_at),
        completed_at=to_timestamp(row.completed_at),
        seconds=max(0.0, end - row.started_at) if ran and row.started_at is not None else 0.0,
        attempt=row.attempt,
        lease=row.lease,
    )


def to_file(row: File) -> pb.File:
    """An uploaded recording."""
    return pb.File(
        id=row.id,
        owner=row.owner,
        filename=row.filename,
        ref=to_ref(row.ref),
        seconds=row.seconds,
        sample_rate_hz=row.sample_rate_hz,
        channels=row.channels,
        transcript=row.transcript,
        created_at=to_timestamp(row.created_at),
    )


def to_event(row: EventRow) -> pipeline.TaskEvent:
    """An event as the world sees it."""
    data = row.data
    event = pipeline.TaskEvent(task_id=row.task_id, seq=row.seq, time=to_timestamp(row.time))
    stage = to_stage(data)
    match data["kind"]:
        case kind if kind == LOGGED:
            event.logged.CopyFrom(
                pipeline.TaskLogged(stage=stage, level=data.get("level", ""), message=to_message(data))
            )
        case kind if kind == COMPLETED:
            event.completed.SetInParent()
        case kind if kind == CANCELLED:
            event.cancelled.SetInParent()
        case kind if kind == FAILED:
            failure = pipeline.Failure(code=data["code"], stage=stage, message=to_message(data))
            event.failed.CopyFrom(pipeline.TaskFailed(failure=failure))
        case _:
            event.progressed.CopyFrom(
                pipeline.TaskProgressed(
                    state=to_task_state(data["state"]),
                    stage=stage,
                    progress=data.get("progress", 0.0),
                    stage_progress=data.get("stage_progress", 0.0),
                    message=to_message(data),
                    eta_seconds=data.get("eta_s"),
                )
            )
    return event


def to_stage(data: dict[str, Any]) -> pipeline.Stage:
    """The stage that an event or a failure is about, unspecified when it is about none."""
    return stage_value(data["stage"]) if data.get("stage") else pipeline.Stage.STAGE_UNSPECIFIED


def from_stage(stage: pipeline.Stage) -> str:
    """The stage that a client names, "" when it names none. Raises InvalidInputError (INVALID_REQUEST)."""
    if stage not in pipeline.Stage.values():
        raise InvalidInputError("INVALID_REQUEST", problem="from_stage")
    return stage_name(stage) if stage else ""


def to_task_state(state: str) -> pipeline.TaskState:
    """ "running" as TASK_STATE_RUNNING."""
    return cast("pipeline.TaskState", pipeline.TaskState.Value(f"TASK_STATE_{state.upper()}"))


def from_task_state(state: pipeline.TaskState) -> str:
    """Turn TASK_STATE_RUNNING into "running", unspecified into ""."""
    return pipeline.TaskState.Name(state).removeprefix("TASK_STATE_").lower() if state else ""


def to_message(data: dict[str, Any]) -> pipeline.Message:
    """A sentence for people."""
    return pipeline.Message(key=data["key"], args=data.get("args", {}))


def to_ref(data: dict[str, Any]) -> pipeline.ArtifactRef:
    """A stored object."""
    return pipeline.ArtifactRef(uri=data["uri"], sha256=data["sha256"], size_bytes=data["size_bytes"])


def from_ref(ref: pipeline.ArtifactRef) -> Ref:
    """A stored object."""
    return Ref(ref.uri, ref.sha256, ref.size_bytes)


def from_message(message: pipeline.Message) -> Text:
    """A sentence for people."""
    return Text(message.key, dict(message.args))


def from_failure(failure: pipeline.Failure) -> Fault:
    """Why a stage ended badly."""
    return Fault(failure.code, dict(failure.message.args), retryable=failure.retryable)


def to_failure(data: dict[str, Any]) -> pipeline.Failure:
    """Why a task ended badly."""
    return pipeline.Failure(
        code=data["code"],
        stage=to_stage(data),
        message=pipeline.Message(key=f"error.{data['code']}", args=data.get("args", {})),
        retryable=data.get("retryable", False),
    )
