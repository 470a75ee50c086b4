"""WorkService: claims and keep-alives of workers."""

from __future__ import annotations

from typing import TypeAlias

import grpc.aio

from services.orchestrator import work as domain
from services.orchestrator.events import to_json
from services.orchestrator.servicer.convert import to_corrections, to_file, to_options, to_ref
from services.orchestrator.work import Claim, Work
from services.runtime.stage import stage_name
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.orchestrator.v1.orchestrator_pb2_grpc import WorkServiceServicer
from voiceloom.pipeline.v1.pipeline_pb2 import StageCheckpoint

Context: TypeAlias = grpc.aio.ServicerContext

_REASONS = {
    domain.STOPPED: pb.RefusalReason.REFUSAL_REASON_STOPPED,
    domain.DONE: pb.RefusalReason.REFUSAL_REASON_DONE,
    domain.LEASED: pb.RefusalReason.REFUSAL_REASON_LEASED,
    domain.NOT_READY: pb.RefusalReason.REFUSAL_REASON_NOT_READY,
}


class WorkServicer(WorkServiceServicer):
    """Adapter of Work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def ClaimStage(self, request: pb.ClaimStageRequest, context: Context) -> pb.ClaimStageResponse:
        """Give a lease, or say why not."""
        answer = await self._work.claim(request.task_id, stage_name(request.stage), request.worker_id)
        if isinstance(answer, Claim):
            return pb.ClaimStageResponse(lease=_to_lease(answer))
        refusal = pb.Refusal(reason=_REASONS[answer.reason], retry_after_s=answer.retry_after_s)
        return pb.ClaimStageResponse(refusal=refusal)

    async def KeepAlive(self, request: pb.KeepAliveRequest, context: Context) -> pb.KeepAliveResponse:
        """Prolong a lease, or say stop."""
        alive = await self._work.keep_alive(request.task_id, stage_name(request.stage), request.lease)
        return pb.KeepAliveResponse(stop=not alive)

    async def FindCached(self, request: pb.FindCachedRequest, context: Context) -> pb.FindCachedResponse:
        """Look for what equal work has left."""
        found = await self._work.find_cached(
            request.task_id, stage_name(request.stage), request.lease, request.cache_key
        )
        if found is None:
            return pb.FindCachedResponse()
        return pb.FindCachedResponse(manifest=to_ref(to_json(found.manifest)), origin=found.origin)


def _to_lease(claim: Claim) -> pb.Lease:
    task, stage = claim.task, claim.stage
    lease = pb.Lease(
        lease=stage.lease,
        attempt=stage.attempt,
        ttl_s=claim.ttl_s,
        exp_name=task.exp_name,
        owner=task.owner,
        options=to_options(task),
        files=map(to_file, claim.files),
        ref_audio=to_file(claim.ref_audio) if claim.ref_audio else None,
        detected_language=task.detected_language,
        corrections=to_corrections(task.corrections),
    )
    for other in task.stages:
        # A stage that is to run again still has the manifest of its earlier run.
        if other.state == "completed" and other.manifest is not None:
            lease.manifests[other.name].CopyFrom(to_ref(other.manifest))
    if stage.checkpoint is not None:
        lease.checkpoint.CopyFrom(StageCheckpoint(ref=to_ref(stage.checkpoint), step=stage.checkpoint_step))
    return lease
