"""What it takes to speak with the voice of a task, once both models are trained."""

from __future__ import annotations

import grpc
import pytest

from services.runtime.errors import StageFailedError
from services.runtime.grpc_errors import from_rpc_error
from services.runtime.stage import StageContext
from tests.contract.orchestrator.harness import System, no_inference, stages
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb


async def voice_of(system: System, task_id: str) -> pb.GetVoiceResponse:
    response: pb.GetVoiceResponse = await system.tasks.GetVoice(pb.GetVoiceRequest(task_id=task_id))
    return response


async def refused(system: System, task_id: str) -> str:
    with pytest.raises(grpc.RpcError) as caught:
        await voice_of(system, task_id)
    return from_rpc_error(caught.value).code


async def test_a_completed_task_has_a_voice(system: System) -> None:
    await system.start_workers(stages())
    task = await system.ended((await system.create()).id)
    voice = await voice_of(system, task.id)
    assert set(voice.manifests) == {"audio_slice", "asr", "text_feature", "sovits_train", "gpt_train", "inference"}
    assert voice.language == "en"
    assert all(ref.uri.startswith(f"tasks/{task.id}/{name}/") for name, ref in voice.manifests.items())


async def test_a_task_without_inference_has_a_voice(system: System) -> None:
    await system.start_workers(stages())
    task = await system.ended((await system.create(inference=no_inference())).id)
    assert "inference" not in (await voice_of(system, task.id)).manifests


async def test_a_task_with_one_model_has_no_voice_yet(system: System) -> None:
    def train(context: StageContext) -> None:
        raise StageFailedError("TRAINING_DIVERGED")

    await system.start_workers(stages(gpt_train=train))  # type: ignore[arg-type]
    task = await system.ended((await system.create()).id)
    assert await refused(system, task.id) == "VOICE_NOT_READY"


async def test_an_unknown_task_has_no_voice(system: System) -> None:
    assert await refused(system, "nowhere") == "TASK_NOT_FOUND"
