"""Ends a stage with a manifest: the one that equal work of the same owner has left, or one made now."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable

import grpc
from google.protobuf.message import DecodeError
from google.protobuf.message import Message as ProtoMessage

from services.runtime.errors import StageFailedError
from services.runtime.grpc_errors import from_rpc_error
from services.runtime.log import log
from services.runtime.recipe import Recipe, Repeatable, refs_in
from services.runtime.stage import StageContext, StageFunction, stage_value
from voiceloom.orchestrator.v1.orchestrator_pb2 import FindCachedRequest, FindCachedResponse
from voiceloom.orchestrator.v1.orchestrator_pb2_grpc import WorkServiceStub
from voiceloom.pipeline.v1.pipeline_pb2 import StageResult

Find = Callable[[StageContext], FindCachedResponse]


def asks(work: WorkServiceStub, loop: asyncio.AbstractEventLoop, timeout_s: float) -> Find:
    """Asks the orchestrator, from the thread of a stage; answers nothing when it cannot be asked."""

    async def ask(context: StageContext) -> FindCachedResponse:
        request = FindCachedRequest(
            task_id=context.task_id,
            stage=stage_value(context.stage),
            lease=context.lease,
            cache_key=context.basis.cache_key,
        )
        answer: FindCachedResponse = await work.FindCached(request, timeout=timeout_s)
        return answer

    def find(context: StageContext) -> FindCachedResponse:
        asking = asyncio.run_coroutine_threadsafe(ask(context), loop)
        try:
            # The loop may end before it answers.
            return asking.result(timeout_s + 1.0)
        except grpc.RpcError as exc:
            log.info("cache_not_asked", error=str(from_rpc_error(exc)))
        except (TimeoutError, concurrent.futures.CancelledError):
            log.info("cache_not_asked", error="no answer")
        return FindCachedResponse()

    return find


def finish(function: StageFunction, context: StageContext, find: Find | None) -> StageResult:
    """Run a stage, or take over what ``find`` finds, and store the manifest last: that commits the work."""
    manifest: ProtoMessage | None = None
    origin = ""
    if isinstance(function, Repeatable):
        context = function.recipe.serve(context)
        found = find(context) if find is not None else FindCachedResponse()
        if found.HasField("manifest"):
            manifest = _taken_over(function.recipe, context, found)
            origin = found.origin if manifest is not None else ""
    if manifest is None:
        manifest = function(context)
    ref = context.put_bytes("manifest.pb", manifest.SerializeToString())
    return StageResult(
        manifest=ref,
        detected_language=getattr(manifest, "language", ""),
        cache_key=context.basis.cache_key,
        origin=origin,
    )


def _taken_over(recipe: Recipe, context: StageContext, found: FindCachedResponse) -> ProtoMessage | None:
    """This task's own manifest of what was found; None when that is not whole any more."""
    try:
        manifest = recipe.makes.FromString(context.artifacts.get_bytes(found.manifest))
        _check(recipe, context, manifest, found.origin)
    except (StageFailedError, DecodeError) as exc:
        log.warning("cache_entry_ignored", uri=found.manifest.uri, error=str(exc))
        return None
    made = manifest.provenance  # type: ignore[attr-defined]
    made.CopyFrom(context.provenance(pack_name=made.pack_name, pack_sha256=made.pack_sha256, seed=made.seed))
    made.taken_from = found.origin
    log.info("stage_taken_over", origin=found.origin)
    return manifest


def _check(recipe: Recipe, context: StageContext, manifest: ProtoMessage, origin: str) -> None:
    """Give the manifest this task's names, and read all that it then names: a damaged voice must not be handed on.

    Each artifact must lie in the origin, which is kept for as long as this task is, or be one of this task's anyway.
    """
    recipe.take_over(context, manifest)
    own = {ref.uri for stage, cls in recipe.reads.items() for ref in refs_in(context.manifest(stage, cls))}
    for ref in refs_in(manifest):
        context.stop.raise_if_set()
        if ref.uri in own:
            continue
        if not ref.uri.startswith(f"{origin}/"):
            raise StageFailedError("ARTIFACT_CORRUPT", detail=f"{ref.uri} lies outside {origin}")
        context.artifacts.check(ref)
