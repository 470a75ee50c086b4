"""Turns protobuf messages into the JSON models of schemas.py."""

from datetime import UTC, datetime
from typing import Any

from google.protobuf.message import Message

from gateway import messages, schemas
from gateway.expert import expert_view
from gateway.messages import Language, Said
from voiceloom.inference.v1 import inference_pb2
from voiceloom.orchestrator.v1 import orchestrator_pb2
from voiceloom.pipeline.v1 import manifest_pb2, pipeline_pb2

TERMINAL_STATES = (
    pipeline_pb2.TASK_STATE_COMPLETED,
    pipeline_pb2.TASK_STATE_FAILED,
    pipeline_pb2.TASK_STATE_CANCELLED,
)


def word(enum: Any, value: int, prefix: str) -> Any:
    """The word for an enum value (STAGE_ASR -> "asr"), or None when it is unspecified."""
    return enum.Name(value).removeprefix(prefix).lower() if value else None


def stage_word(stage: int) -> Any:
    """The name of a stage, or None."""
    return word(pipeline_pb2.Stage, stage, "STAGE_")


def state_word(state: int) -> Any:
    """The name of a task's state."""
    return word(pipeline_pb2.TaskState, state, "TASK_STATE_")


def share(value: float) -> float:
    """A share of a whole as people need it: four digits."""
    return round(value, 4)


def seconds(value: float) -> float:
    """Seconds to the millisecond."""
    return round(value, 3)


def time_of(message: Message, field: str) -> datetime | None:
    """A timestamp field as a UTC time, or None when it is not set."""
    if not message.HasField(field):
        return None
    moment: datetime = getattr(message, field).ToDatetime(tzinfo=UTC)
    return moment


def said(message: pipeline_pb2.Message) -> Said | None:
    """What a service says, or None when that is nothing, or nothing that this gateway has a sentence for."""
    return Said(message.key, dict(message.args)) if message.key and messages.known(message.key) else None


def failure_said(failure: pipeline_pb2.Failure) -> Said:
    """What a failure says; the stage at which it happened is one of the arguments."""
    stage = stage_word(failure.stage)
    args = {**({"stage": stage} if stage else {}), **failure.message.args}
    key = failure.message.key or f"error.{failure.code}"
    return Said(key, args) if messages.known(key) else Said("task.failed")


def told(said: Said | None, language: Language) -> dict[str, Any]:
    """The fields of a sentence wherever one is answered: itself, and what it is made of."""
    if said is None:
        return {"message": None, "message_key": None, "message_args": {}}
    return {"message": said.text(language), "message_key": said.key, "message_args": dict(said.args)}


def _stage_view(stage: orchestrator_pb2.StageStatus, language: Language) -> schemas.StageView:
    started = time_of(stage, "started_at")
    return schemas.StageView(
        name=stage_word(stage.stage),
        status=word(pipeline_pb2.StageState, stage.state, "STAGE_STATE_"),
        progress=share(stage.progress),
        **told(said(stage.message), language),
        started_at=started,
        completed_at=time_of(stage, "completed_at"),
        seconds=seconds(stage.seconds) if started else None,
    )


def task_view(task: orchestrator_pb2.Task, language: Language) -> schemas.TaskResponse:
    """What a client sees of a task."""
    error = None
    if task.HasField("failure"):
        why = failure_said(task.failure)
        error = schemas.TaskError(
            code=task.failure.code,
            stage=stage_word(task.failure.stage),
            detail=why.text(language),
            key=why.key,
            args=dict(why.args),
        )
    status = state_word(task.state)
    created = time_of(task, "created_at")
    assert created is not None
    return schemas.TaskResponse(
        id=task.id,
        exp_name=task.exp_name,
        status=status,
        quality=word(pipeline_pb2.Quality, task.options.quality, "QUALITY_") or "standard",
        language=task.options.language or "auto",
        detected_language=task.detected_language or None,
        current_stage=stage_word(task.current_stage),
        progress=share(task.progress),
        stages=[_stage_view(stage, language) for stage in task.stages],
        audio_file_ids=list(task.file_ids),
        **told(task_said(task), language),
        error=error,
        expert=expert_view(task.options),
        queue_position=task.queue_position if task.HasField("queue_position") else None,
        created_at=created,
        started_at=time_of(task, "started_at"),
        completed_at=time_of(task, "completed_at"),
    )


def task_said(task: orchestrator_pb2.Task) -> Said:
    """What a task says about itself now."""
    if task.HasField("failure"):
        return failure_said(task.failure)
    return said(task.message) or Said(f"task.{state_word(task.state)}")


def file_view(file: orchestrator_pb2.File) -> schemas.FileView:
    """What a client sees of an uploaded recording."""
    created = time_of(file, "created_at")
    assert created is not None
    return schemas.FileView(
        file_id=file.id,
        filename=file.filename,
        size_bytes=file.ref.size_bytes,
        seconds=seconds(file.seconds),
        sample_rate=file.sample_rate_hz,
        channels=file.channels,
        sha256=file.ref.sha256,
        created_at=created,
    )


def task_folder(task_id: str) -> str:
    """Where everything that a task made lies inside the artifact store."""
    return f"tasks/{task_id}/"


def outputs_view(task_id: str, made: orchestrator_pb2.ListOutputsResponse) -> schemas.InferenceOutputsResponse:
    """What the inference stage made, and every model; null is what is not known yet."""
    inference = made.inference
    created = time_of(made, "created_at")
    return schemas.InferenceOutputsResponse(
        task_id=task_id,
        ref_text=inference.ref_text or None,
        ref_audio_path=inference.ref_audio_ref.uri or None,
        target_text=inference.target_text or made.target_text or None,
        outputs=[_output_view(task_id, output, created) for output in inference.outputs],
        models=[_model_view(model, inference) for model in made.models],
    )


def _output_view(task_id: str, output: manifest_pb2.Output, created: datetime | None) -> schemas.OutputView:
    return schemas.OutputView(
        filename=output.filename,
        gpt_model=output.gpt.filename,
        sovits_model=output.sovits.filename,
        gpt_path=output.gpt.ref.uri,
        sovits_path=output.sovits.ref.uri,
        file_path=output.ref.uri.removeprefix(task_folder(task_id)),
        size_bytes=output.ref.size_bytes,
        created_at=created,
        seconds=seconds(output.seconds),
        word_error_rate=share(output.word_error_rate),
        speaker_similarity=share(output.speaker_similarity),
        heard_text=output.heard_text,
        speech_ratio=share(output.speech_ratio),
        length_ratio=share(output.length_ratio),
        best=output.best,
    )


def _model_view(model: manifest_pb2.Model, inference: manifest_pb2.InferenceManifest) -> schemas.ModelView:
    kind = word(manifest_pb2.ModelKind, model.kind, "MODEL_KIND_")
    return schemas.ModelView(
        kind=kind,
        filename=model.filename,
        path=model.ref.uri,
        epoch=model.epoch,
        size_bytes=model.ref.size_bytes,
        best=model.filename == (inference.best_gpt if kind == "gpt" else inference.best_sovits),
    )


def pack_view(pack: inference_pb2.Pack) -> schemas.PackResponse:
    """What a client sees of the voice pack."""
    return schemas.PackResponse(
        name=pack.name,
        family=pack.family,
        version=pack.version,
        languages=list(pack.languages),
        sample_rate=pack.sample_rate_hz,
        licence=pack.licence,
        sha256=pack.sha256,
    )
