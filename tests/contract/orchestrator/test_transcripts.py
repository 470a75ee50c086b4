"""The words of clips: shown as heard and as trained, corrected by people, and used by the next run alone."""

from __future__ import annotations

import io
import wave

import grpc
import numpy as np
import pytest
from google.protobuf.message import Message as ProtoMessage

from services.runtime.errors import StageFailedError
from services.runtime.grpc_errors import from_rpc_error
from services.runtime.stage import StageContext
from tests.contract.orchestrator.harness import System, manifest_of, stages
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.pipeline.v1 import manifest_pb2 as manifest
from voiceloom.pipeline.v1.pipeline_pb2 import Correction, StageState, TaskState

RATE_HZ = 24000
TEXTS = {"c0000": "One two three.", "c0001": "Four five.", "c0002": ""}
SOUNDS = {clip: np.arange(number * 100, number * 100 + 3000, dtype=np.int16) for number, clip in enumerate(TEXTS)}


def slice_audio(context: StageContext) -> ProtoMessage:
    clips = [
        manifest.Clip(id=clip, start_s=float(number), seconds=0.125, kept=True) for number, clip in enumerate(TEXTS)
    ]
    dropped = manifest.Clip(id="c0003", start_s=9.0, seconds=0.1, drop_reason="too_short")
    return manifest.AudioSliceManifest(
        provenance=context.provenance(),
        clips_ref=context.write_tensors("clips.safetensors", SOUNDS),
        sample_rate_hz=RATE_HZ,
        clips=[*clips, dropped],
    )


def recognise(context: StageContext) -> ProtoMessage:
    rows = [
        manifest.Transcript(
            clip_id=clip, text=text, language="en", kept=bool(text), drop_reason="" if text else "no_words"
        )
        for clip, text in TEXTS.items()
    ]
    return manifest.AsrManifest(provenance=context.provenance(), transcripts=rows, language="en")


def phonemize(context: StageContext) -> ProtoMessage:
    """As text_feature does, without phonemes."""
    made = {correction.clip_id: correction for correction in context.claim.corrections}
    rows = []
    for clip, text in TEXTS.items():
        correction = made.get(clip, Correction())
        if text or correction.text:
            reason = "dropped_by_user" if correction.dropped else ""
            rows.append(
                manifest.PhonemeRow(
                    clip_id=clip,
                    text=correction.text or text,
                    kept=not reason,
                    drop_reason=reason,
                    corrected=bool(correction.text),
                )
            )
    return manifest.TextFeatureManifest(provenance=context.provenance(), rows=rows)


@pytest.fixture
async def trained(system: System) -> pb.Task:
    """A completed task."""
    await system.start_workers(stages(audio_slice=slice_audio, asr=recognise, text_feature=phonemize))
    task = await system.ended((await system.create()).id)
    assert task.state == TaskState.TASK_STATE_COMPLETED, task
    return task


async def listed(system: System, task_id: str) -> pb.TaskTranscripts:
    request = pb.ListTranscriptsRequest(task_id=task_id)
    found: pb.TaskTranscripts = (await system.tasks.ListTranscripts(request)).transcripts
    return found


async def correct(system: System, task_id: str, **made: str | None) -> pb.TaskTranscripts:
    """Correct clips; None drops one."""
    corrections = [Correction(clip_id=clip, text=text or "", dropped=text is None) for clip, text in made.items()]
    request = pb.CorrectTranscriptsRequest(task_id=task_id, corrections=corrections)
    found: pb.TaskTranscripts = (await system.tasks.CorrectTranscripts(request)).transcripts
    return found


async def refused(coroutine: object) -> str:
    with pytest.raises(grpc.RpcError) as caught:
        await coroutine  # type: ignore[misc]
    return from_rpc_error(caught.value).code


async def test_clips_are_listed_in_time_order_with_what_was_heard_and_trained(system: System, trained: pb.Task) -> None:
    found = await listed(system, trained.id)
    assert [clip.clip_id for clip in found.clips] == list(TEXTS)
    assert [clip.recognised.text for clip in found.clips] == list(TEXTS.values())
    assert [clip.HasField("trained") for clip in found.clips] == [True, True, False]
    assert not any(clip.HasField("correction") for clip in found.clips)
    assert (found.language, found.pending) == ("en", False)


async def test_corrections_are_pending_until_a_run_has_used_them(system: System, trained: pb.Task) -> None:
    found = await correct(system, trained.id, c0000="One, two, free.", c0001=None, c0002="Six.")
    assert found.pending
    assert await listed(system, trained.id) == found
    await system.tasks.RetryTask(pb.RetryTaskRequest(task_id=trained.id, from_stage="STAGE_TEXT_FEATURE"))
    again = await system.ended(trained.id)
    assert again.state == TaskState.TASK_STATE_COMPLETED
    leases = {stage.stage: stage.lease for stage in again.stages}
    # audio_slice, asr, hubert_feature and semantic_token were not touched.
    assert list(leases.values()) == [1, 1, 2, 1, 1, 2, 2, 2]
    found = await listed(system, trained.id)
    assert not found.pending
    rows = [(clip.trained.text, clip.trained.drop_reason, clip.trained.corrected) for clip in found.clips]
    assert rows == [("One, two, free.", "", True), ("Four five.", "dropped_by_user", False), ("Six.", "", True)]
    events = await system.events(trained.id)
    assert [event.seq for event in events] == list(range(1, again.last_seq + 1))


async def test_a_retry_without_a_stage_uses_the_corrections_once(system: System, trained: pb.Task) -> None:
    again = pb.RetryTaskRequest(task_id=trained.id)
    assert await refused(system.tasks.RetryTask(again)) == "TASK_NOT_RETRYABLE"
    await correct(system, trained.id, c0000="One, two, free.")
    await system.tasks.RetryTask(again)
    task = await system.ended(trained.id)
    assert [stage.lease for stage in task.stages] == [1, 1, 2, 1, 1, 2, 2, 2]
    assert not (await listed(system, trained.id)).pending
    assert await refused(system.tasks.RetryTask(again)) == "TASK_NOT_RETRYABLE"
    # Corrections that are taken back wait for a run as well.
    assert (await correct(system, trained.id)).pending
    await system.tasks.RetryTask(again)
    await system.ended(trained.id)
    found = await listed(system, trained.id)
    assert (found.clips[0].trained.text, found.pending) == (TEXTS["c0000"], False)


async def test_words_are_kept_composed_and_without_blanks_around_them(system: System, trained: pb.Task) -> None:
    found = await correct(system, trained.id, c0000=" Cafe\u0301. ")
    assert found.clips[0].correction.text == "Caf\u00e9."
    assert not (await correct(system, trained.id, c0000=f" {TEXTS['c0000']} ")).pending


async def test_corrections_replace_all_that_were_made_before(system: System, trained: pb.Task) -> None:
    await correct(system, trained.id, c0000="Nothing.", c0001=None)
    assert (await correct(system, trained.id)).pending is False
    assert not any(clip.HasField("correction") for clip in (await listed(system, trained.id)).clips)


async def test_the_words_that_were_heard_are_no_correction(system: System, trained: pb.Task) -> None:
    assert (await correct(system, trained.id, c0000=TEXTS["c0000"])).pending is False


@pytest.mark.parametrize(
    ("made", "code"),
    [
        ({"c0003": "Too short."}, "CLIP_UNKNOWN"),
        ({"elsewhere": None}, "CLIP_UNKNOWN"),
        ({"c0000": "a" * 1001}, "TEXT_TOO_LONG"),
        ({"c0000": "One\x07"}, "INVALID_REQUEST"),
        ({"c0000": None, "c0001": None}, "TRANSCRIPTS_EMPTY"),
    ],
)
async def test_what_cannot_be_used_is_refused_and_changes_nothing(
    system: System, trained: pb.Task, made: dict[str, str | None], code: str
) -> None:
    before = await correct(system, trained.id, c0000="Kept.")
    assert await refused(correct(system, trained.id, **made)) == code
    assert await listed(system, trained.id) == before


async def test_words_are_not_ready_before_they_are_recognised_and_a_running_task_is_not_corrected(
    system: System,
) -> None:
    def train(context: StageContext) -> ProtoMessage:
        context.stop.wait(30)
        context.stop.raise_if_set()
        raise AssertionError("nobody cancelled the task")

    task = await system.create()
    assert await refused(listed(system, task.id)) == "TRANSCRIPTS_NOT_READY"
    await system.start_workers(
        stages(audio_slice=slice_audio, asr=recognise, text_feature=phonemize, sovits_train=train, gpt_train=train)
    )
    await system.until(task.id, lambda task: task.stages[2].state == StageState.STAGE_STATE_COMPLETED)
    assert len((await listed(system, task.id)).clips) == 3
    assert await refused(correct(system, task.id, c0000="Now.")) == "TASK_NOT_ENDED"
    await system.tasks.CancelTask(pb.CancelTaskRequest(task_id=task.id))
    assert (await correct(system, task.id, c0000="Now.")).pending


async def test_a_task_that_failed_for_want_of_words_goes_on_with_those_of_a_person(system: System) -> None:
    def needs_words(context: StageContext) -> ProtoMessage:
        if not context.claim.corrections:
            raise StageFailedError("TEXT_EMPTY")
        return manifest_of(context)

    await system.start_workers(stages(audio_slice=slice_audio, asr=recognise, text_feature=needs_words))
    task = await system.ended((await system.create()).id)
    assert task.state == TaskState.TASK_STATE_FAILED
    assert (await correct(system, task.id, c0002="Said.")).pending
    await system.tasks.ResumeTask(pb.ResumeTaskRequest(task_id=task.id))
    assert (await system.ended(task.id)).state == TaskState.TASK_STATE_COMPLETED


async def read(system: System, task_id: str, name: str, offset: int = 0, length: int = 0) -> bytes:
    artifact = pb.TaskArtifact(task_id=task_id, file_type=pb.FILE_TYPE_CLIP, name=name)
    request = pb.ReadFileRequest(artifact=artifact, offset=offset, length=length)
    return b"".join([part.chunk async for part in system.files.ReadFile(request)])


async def test_a_clip_is_a_wav_file_of_its_samples(system: System, trained: pb.Task) -> None:
    whole = await read(system, trained.id, "c0001.wav")
    with wave.open(io.BytesIO(whole)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (RATE_HZ, 1, 2)
        assert np.array_equal(np.frombuffer(sound.readframes(9999), "<i2"), SOUNDS["c0001"])
    assert await read(system, trained.id, "c0001.wav", 40, 100) == whole[40:140]
    assert await read(system, trained.id, "c0001.wav", len(whole) - 5) == whole[-5:]


@pytest.mark.parametrize("name", ["c0003.wav", "c0000", "../c0000.wav", "clips.safetensors", ".wav"])
async def test_what_is_no_clip_is_not_found(system: System, trained: pb.Task, name: str) -> None:
    assert await refused(read(system, trained.id, name)) == "OUTPUT_NOT_FOUND"
