"""Tasks that run again: what is done over, what is kept, and which recordings that takes. Rows in, changed rows out.

``resume`` keeps all that was done, checkpoints included. ``retry`` does a stage and all that need it over, and takes up
nothing of what was half done. The numbers of events and leases go on rising, so nothing of an earlier run is taken for
news; manifest, cache key and origin stay in the rows, where the stage cache finds them.
"""

from __future__ import annotations

from services.orchestrator.events import Text
from services.orchestrator.lifecycle import UNFINISHED, progress_of, stage_of, tell
from services.orchestrator.models import Stage, Task
from services.orchestrator.pipeline import READS_RECORDINGS, READS_REFERENCE, STAGES, with_dependents
from services.runtime.errors import InvalidInputError, NotReadyError

RESUMABLE = ("interrupted", "failed", "cancelled")


def resume(task: Task, *, inference: bool, now: float) -> None:
    """Let an interrupted, failed or cancelled task go on at once, with all its attempts.

    ``inference``: whether the task was asked for it. Raises NotReadyError (TASK_NOT_RESUMABLE).
    """
    if task.state not in RESUMABLE:
        raise NotReadyError("TASK_NOT_RESUMABLE")
    if task.state == "interrupted":
        for stage in task.stages:
            if stage.state == "pending":
                stage.not_before = None
                stage.attempt = 0
                stage.away_since = None
    else:
        for stage in _undone(task, inference=inference):
            _put_back(stage)
        _queue_again(task)
    tell(task, Text("task.resumed"), now)


def retry(task: Task, from_stage: str, *, inference: bool, now: float) -> list[str]:
    """Run an ended task again from a stage on ("": the first that is not completed).

    That stage and all that need it start anew, and so does whatever else was not completed. This is the one place where
    progress falls. Answers the keys of checkpoints that nobody needs any more. Raises NotReadyError
    (TASK_NOT_RETRYABLE), InvalidInputError (INVALID_REQUEST).
    """
    undone = _undone(task, inference=inference)
    if task.state in UNFINISHED or not (from_stage or undone):
        raise NotReadyError("TASK_NOT_RETRYABLE")
    from_stage = from_stage or undone[0].name
    if from_stage not in STAGES or (from_stage == "inference" and not inference):
        raise InvalidInputError("INVALID_REQUEST", problem="from_stage")
    names = with_dependents(from_stage) | {stage.name for stage in undone}
    if not inference:
        names.discard("inference")
    obsolete: list[str] = []
    for stage in (stage_of(task, name) for name in names):
        obsolete += [str(ref["uri"]) for ref in (stage.checkpoint, stage.older_checkpoint) if ref]
        _put_back(stage)
        stage.progress = 0.0
        stage.checkpoint, stage.older_checkpoint, stage.checkpoint_step = None, None, 0
    if "asr" in names:
        task.detected_language = ""
    task.started_at = None
    task.progress = progress_of(task)
    _queue_again(task)
    tell(task, Text("task.retried", {"stage": from_stage}), now)
    return obsolete


def recordings(task: Task) -> list[str]:
    """Ids of the recordings that the pending stages read."""
    pending = {stage.name for stage in task.stages if stage.state == "pending"}
    wanted = list(task.file_ids) if pending.intersection(READS_RECORDINGS) else []
    return [*wanted, task.ref_audio_id] if task.ref_audio_id and pending.intersection(READS_REFERENCE) else wanted


def _undone(task: Task, *, inference: bool) -> list[Stage]:
    return [stage for stage in task.stages if stage.state != "completed" and (inference or stage.name != "inference")]


def _put_back(stage: Stage) -> None:
    stage.state, stage.attempt, stage.message = "pending", 0, None
    stage.expires_at = stage.released_at = stage.sent_at = stage.not_before = stage.away_since = None
    stage.started_at = stage.completed_at = None


def _queue_again(task: Task) -> None:
    task.state = "queued"
    task.fault = task.eta_s = task.completed_at = None
    # An end that nobody was told of yet is none any more.
    task.callback_state, task.callback_at = "", None
