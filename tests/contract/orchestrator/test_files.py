"""Recordings in, recordings and artifacts out, and nothing else."""

from __future__ import annotations

import hashlib

import grpc
import pytest

from services.runtime.stage import StageContext
from tests.contract.orchestrator.harness import System, stages
from tests.contract.orchestrator.test_admission import refusal
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.pipeline.v1.pipeline_pb2 import Synthesis

SOUND = bytes(range(256)) * 20


async def read(system: System, request: pb.ReadFileRequest) -> tuple[pb.ReadFileHeader, bytes]:
    """Header and bytes of a download."""
    parts = [part async for part in system.files.ReadFile(request)]
    return parts[0].header, b"".join(part.chunk for part in parts[1:])


def artifact(task: pb.Task, file_type: pb.FileType, name: str) -> pb.ReadFileRequest:
    """A download of a task's artifact."""
    return pb.ReadFileRequest(artifact=pb.TaskArtifact(task_id=task.id, file_type=file_type, name=name))


async def test_upload_is_kept_byte_for_byte_with_its_facts(system: System) -> None:
    name = '../../录音 "1"\n.wav'
    file = await system.upload(SOUND, filename=name, transcript="the words")
    assert (file.filename, file.transcript) == (name, "the words")
    assert (file.seconds, file.sample_rate_hz, file.channels) == (10.0, 24000, 1)
    assert file.ref.sha256 == hashlib.sha256(SOUND).hexdigest()
    assert file.ref.uri == f"files/{file.id}/recording"
    header, data = await read(system, pb.ReadFileRequest(file_id=file.id))
    assert (header.total_bytes, header.sha256, data) == (len(SOUND), file.ref.sha256, SOUND)
    _, middle = await read(system, pb.ReadFileRequest(file_id=file.id, offset=100, length=50))
    assert middle == SOUND[100:150]
    listed = await system.files.ListFiles(pb.ListFilesRequest())
    assert [listed.total, listed.files[0].id] == [1, file.id]


async def test_unreadable_recording_is_refused_and_leaves_nothing(system: System) -> None:
    status, error = await refusal(system.upload(b"bad bytes"))
    assert (status, error.code) == (grpc.StatusCode.INVALID_ARGUMENT, "AUDIO_UNREADABLE")
    assert not [path for path in system.artifacts.rglob("*") if path.is_file()]
    assert (await system.files.ListFiles(pb.ListFilesRequest())).total == 0


@pytest.mark.parametrize(("size", "passes"), [(len(SOUND), True), (len(SOUND) - 1, False)])
async def test_exactly_the_limit_passes(system: System, size: int, passes: bool) -> None:
    await system.stop("orchestrator")
    system.overrides["max_upload_bytes"] = size
    await system.start_orchestrator()
    if passes:
        assert (await system.upload(SOUND)).ref.size_bytes == size
    else:
        status, error = await refusal(system.upload(SOUND))
        assert (status, error.code) == (grpc.StatusCode.INVALID_ARGUMENT, "PAYLOAD_TOO_LARGE")
        assert error.params == {"limit": f"{size} bytes"}
        assert not [path for path in system.artifacts.rglob("*") if path.is_file()]


async def test_upload_without_preprocessing_is_unavailable_and_leaves_nothing(system: System) -> None:
    await system.stop("preprocessing")
    status, error = await refusal(system.upload(SOUND))
    assert (status, error.retryable) == (grpc.StatusCode.UNAVAILABLE, True)
    assert not [path for path in system.artifacts.rglob("*") if path.is_file()]


async def test_file_in_use_is_deleted_only_after_its_task_has_ended(system: System) -> None:
    recording, reference = await system.upload(), await system.upload()
    task = await system.create(file_id=recording.id, inference=Synthesis(ref_audio_id=reference.id))
    for file in (recording, reference):
        status, error = await refusal(system.files.DeleteFile(pb.DeleteFileRequest(file_id=file.id)))
        assert (status, error.code) == (grpc.StatusCode.FAILED_PRECONDITION, "FILE_IN_USE")
    await system.tasks.CancelTask(pb.CancelTaskRequest(task_id=task.id))
    for file in (recording, reference):
        await system.files.DeleteFile(pb.DeleteFileRequest(file_id=file.id))
        assert not (system.artifacts / file.ref.uri).exists()
        status, error = await refusal(system.files.GetFile(pb.GetFileRequest(file_id=file.id)))
        assert (status, error.code) == (grpc.StatusCode.NOT_FOUND, "FILE_NOT_FOUND")


async def test_worker_gets_files_options_and_manifests_with_its_lease(system: System) -> None:
    seen: list[StageContext] = []

    def look(context: StageContext) -> object:
        seen.append(context)
        return stages()["inference"](context)

    await system.start_workers(stages(inference=look))  # type: ignore[arg-type]
    recording = await system.upload(transcript="my words")
    reference = await system.upload(b"reference")
    synthesis = Synthesis(ref_audio_id=reference.id, target_text="Say this.")
    task = await system.create("with-all", file_id=recording.id, inference=synthesis)
    await system.ended(task.id)
    claim = seen[0].claim
    assert [file.transcript for file in claim.files] == ["my words"]
    assert claim.ref_audio.id == reference.id
    assert claim.options.inference.target_text == "Say this."
    assert claim.detected_language == "en"
    assert sorted(claim.manifests) == sorted(set(stages()) - {"inference"})
    assert not seen[0].scratch.exists()


async def test_artifacts_are_found_by_name_and_by_path_and_never_elsewhere(system: System) -> None:
    await system.start_workers(stages())
    task = await system.ended((await system.create("歌手")).id)
    other = await system.ended((await system.create("other")).id)
    outputs = await system.tasks.ListOutputs(pb.ListOutputsRequest(task_id=task.id))
    spoken, model = outputs.inference.outputs[0], outputs.models[1]
    gpt, output = pb.FileType.FILE_TYPE_GPT_MODEL, pb.FileType.FILE_TYPE_OUTPUT
    for name in (spoken.filename, spoken.ref.uri, spoken.ref.uri.rpartition("/")[2]):
        header, data = await read(system, artifact(task, output, name))
        assert (header.filename, data) == ("output_0.wav", b"inference")
    assert model.filename == "歌手-e4.ckpt"
    for name in (model.filename, model.ref.uri, model.ref.uri.rpartition("/")[2]):
        assert (await read(system, artifact(task, gpt, name)))[1] == b"gpt_train"
    reference = outputs.inference.ref_audio_ref.uri
    header, data = await read(system, artifact(task, pb.FileType.FILE_TYPE_REF_AUDIO, reference))
    assert (header.filename, data) == ("reference.wav", b"reference")

    manifest = spoken.ref.uri.replace("work.bin", "manifest.pb")
    others = (await system.tasks.ListOutputs(pb.ListOutputsRequest(task_id=other.id))).models[1].ref.uri
    for file_type, name in (
        (output, "../../../etc/passwd"),
        (output, manifest),
        (output, ""),
        (output, model.filename),
        (gpt, others),
        (pb.FileType.FILE_TYPE_UNSPECIFIED, spoken.filename),
    ):
        status, error = await refusal(read(system, artifact(task, file_type, name)))
        assert (status, error.code) == (grpc.StatusCode.NOT_FOUND, "OUTPUT_NOT_FOUND")


async def test_download_of_a_damaged_recording_is_broken_off(system: System) -> None:
    file = await system.upload(SOUND)
    (system.artifacts / file.ref.uri).write_bytes(SOUND[::-1])
    got: list[bytes] = []

    async def download() -> None:
        async for part in system.files.ReadFile(pb.ReadFileRequest(file_id=file.id)):
            got.append(part.chunk)

    status, error = await refusal(download())
    assert (status, error.code) == (grpc.StatusCode.INTERNAL, "ARTIFACT_CORRUPT")
    assert len(b"".join(got)) < len(SOUND)
