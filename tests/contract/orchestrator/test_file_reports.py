"""Reports on recordings: made once, kept beside the recording, made again when they no longer hold."""

from __future__ import annotations

import asyncio
import time

import grpc
import pytest

from tests.contract.orchestrator.harness import System
from tests.contract.orchestrator.test_admission import refusal
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.pipeline.v1.manifest_pb2 import RecordingReport


async def report(system: System, file_id: str) -> RecordingReport:
    response = await system.files.GetFileReport(pb.GetFileReportRequest(file_id=file_id), timeout=20)
    found: RecordingReport = response.report
    return found


async def until(condition: object, *, within_s: float = 15) -> None:
    deadline = time.monotonic() + within_s
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_report_is_made_once_and_survives_a_restart(system: System) -> None:
    file = await system.upload()
    first = await report(system, file.id)
    assert (first.report.total_s, first.report.usable_s, first.verdict.key) == (10.0, 10.0, "verdict.poor_speech")
    await system.stop("orchestrator")
    await system.start_orchestrator()
    assert await report(system, file.id) == first
    assert system.preprocessing.reports_made == 1


async def test_report_is_made_again_when_what_decided_it_has_changed_or_it_is_damaged(system: System) -> None:
    file = await system.upload()
    await report(system, file.id)
    system.preprocessing.basis = "c" * 64
    assert (await report(system, file.id)).report.usable_s == 11.0
    kept = system.artifacts / "files" / file.id / "report"
    kept.write_bytes(kept.read_bytes()[:-1] + b"?")
    assert (await report(system, file.id)).report.usable_s == 12.0
    assert (await report(system, file.id)).report.usable_s == 12.0


async def test_two_callers_at_once_cost_one_report(system: System) -> None:
    file = await system.upload()
    system.preprocessing.may_report.clear()
    callers = [asyncio.create_task(report(system, file.id)) for _ in range(2)]
    await until(lambda: system.preprocessing.reports_begun)
    system.preprocessing.may_report.set()
    first, second = await asyncio.gather(*callers)
    assert first == second
    assert system.preprocessing.reports_begun == 1


async def test_report_goes_with_its_file(system: System) -> None:
    file = await system.upload()
    await report(system, file.id)
    assert (system.artifacts / "files" / file.id / "report").exists()
    await system.files.DeleteFile(pb.DeleteFileRequest(file_id=file.id))
    assert not [path for path in system.artifacts.rglob("*") if path.is_file()]
    status, error = await refusal(report(system, file.id))
    assert (status, error.code) == (grpc.StatusCode.NOT_FOUND, "FILE_NOT_FOUND")


async def test_file_that_is_deleted_meanwhile_leaves_no_report(system: System) -> None:
    file = await system.upload()
    system.preprocessing.may_report.clear()
    caller = asyncio.create_task(report(system, file.id))
    await until(lambda: system.preprocessing.reports_begun)
    # The recording itself is read by the fake afterwards: only the row goes away, and what is reported on stays.
    data = (system.artifacts / file.ref.uri).read_bytes()
    await system.files.DeleteFile(pb.DeleteFileRequest(file_id=file.id))
    (system.artifacts / file.ref.uri).parent.mkdir(parents=True, exist_ok=True)
    (system.artifacts / file.ref.uri).write_bytes(data)
    system.preprocessing.may_report.set()
    status, error = await refusal(caller)
    assert (status, error.code) == (grpc.StatusCode.NOT_FOUND, "FILE_NOT_FOUND")
    assert not (system.artifacts / "files" / file.id / "report").exists()


async def test_another_owners_file_has_no_report(system: System) -> None:
    file = await system.upload()
    status, error = await refusal(system.files.GetFileReport(pb.GetFileReportRequest(owner="eve", file_id=file.id)))
    assert (status, error.code) == (grpc.StatusCode.NOT_FOUND, "FILE_NOT_FOUND")


async def test_what_preprocessing_refuses_is_passed_on_and_not_kept(system: System) -> None:
    file = await system.upload(b"odd bytes")
    for _ in range(2):
        status, error = await refusal(report(system, file.id))
        assert (status, error.code) == (grpc.StatusCode.INVALID_ARGUMENT, "AUDIO_UNREADABLE")
        assert error.params == {"reason": "damaged"}
    assert system.preprocessing.reports_begun == 2


@pytest.mark.parametrize("kept", [False, True])
async def test_without_preprocessing_there_is_no_report(system: System, kept: bool) -> None:
    file = await system.upload()
    if kept:
        await report(system, file.id)
    await system.stop("preprocessing")
    status, error = await refusal(report(system, file.id))
    assert (status, error.retryable) == (grpc.StatusCode.UNAVAILABLE, True)
