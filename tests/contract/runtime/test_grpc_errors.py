"""What callers see of errors, over a real connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from services.runtime.errors import NotFoundError, TooLargeError, UnavailableError
from services.runtime.grpc_errors import ERROR_TRAILER, INTERNAL_TEXT, from_rpc_error
from services.runtime.grpc_server import GrpcServer, open_channel
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.orchestrator.v1 import orchestrator_pb2_grpc as pb_grpc

SECRET = "/secret/path"


class Failing(pb_grpc.TaskServiceServicer, pb_grpc.FileServiceServicer):
    """Raises something in every kind of handler."""

    def __init__(self, downstream: grpc.aio.Channel) -> None:
        self._downstream = pb_grpc.TaskServiceStub(downstream)

    async def GetTask(self, request: pb.GetTaskRequest, context: grpc.aio.ServicerContext) -> pb.GetTaskResponse:
        if request.task_id == "typed":
            raise NotFoundError("TASK_NOT_FOUND", detail=SECRET, task_id="x")
        if request.task_id == "slow":
            await asyncio.sleep(10)
        if request.task_id == "downstream":
            await self._downstream.GetTask(pb.GetTaskRequest(), timeout=0.5)
        raise KeyError(SECRET)

    async def WatchTask(
        self, request: pb.WatchTaskRequest, context: grpc.aio.ServicerContext
    ) -> AsyncIterator[pb.WatchTaskResponse]:
        yield pb.WatchTaskResponse()
        if request.task_id == "typed":
            raise UnavailableError("UNAVAILABLE", detail=SECRET)
        raise KeyError(SECRET)

    async def WriteFile(
        self, request_iterator: AsyncIterator[pb.WriteFileRequest], context: grpc.aio.ServicerContext
    ) -> pb.WriteFileResponse:
        async for _ in request_iterator:
            raise TooLargeError(limit="1 MB")
        raise KeyError(SECRET)


@pytest.fixture
async def channel() -> AsyncIterator[grpc.aio.Channel]:
    """A channel to the failing server."""
    nobody = open_channel("127.0.0.1:1")

    def register(server: grpc.aio.Server) -> list[str]:
        servicer = Failing(nobody)
        pb_grpc.add_TaskServiceServicer_to_server(servicer, server)
        pb_grpc.add_FileServiceServicer_to_server(servicer, server)
        return ["voiceloom.orchestrator.v1.TaskService"]

    server = await GrpcServer.start("127.0.0.1", 0, register, reflect=True)
    async with open_channel(f"127.0.0.1:{server.port}") as channel:
        yield channel
    await server.stop(0.1)
    await nobody.close()


async def failure(call: object) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as raised:  # noqa: PT012  one call, of either kind
        if isinstance(call, AsyncIterator):
            async for _ in call:
                pass
        else:
            await call  # type: ignore[misc]
    assert SECRET not in str(raised.value)
    return raised.value


async def test_typed_error_travels_with_its_arguments_and_without_its_detail(channel: grpc.aio.Channel) -> None:
    tasks = pb_grpc.TaskServiceStub(channel)
    raised = await failure(tasks.GetTask(pb.GetTaskRequest(task_id="typed")))
    assert raised.code() == grpc.StatusCode.NOT_FOUND
    error = from_rpc_error(raised)
    assert (type(error), error.code, error.params) == (NotFoundError, "TASK_NOT_FOUND", {"task_id": "x"})


async def test_unknown_error_has_a_fixed_text_in_every_kind_of_handler(channel: grpc.aio.Channel) -> None:
    tasks, files = pb_grpc.TaskServiceStub(channel), pb_grpc.FileServiceStub(channel)
    calls = (
        tasks.GetTask(pb.GetTaskRequest()),
        aiter(tasks.WatchTask(pb.WatchTaskRequest())),
        files.WriteFile(iter(())),
    )
    for call in calls:
        raised = await failure(call)
        assert (raised.code(), raised.details()) == (grpc.StatusCode.INTERNAL, INTERNAL_TEXT)
        assert from_rpc_error(raised).code == "INTERNAL"


async def test_stream_that_has_begun_ends_with_a_typed_error(channel: grpc.aio.Channel) -> None:
    raised = await failure(aiter(pb_grpc.TaskServiceStub(channel).WatchTask(pb.WatchTaskRequest(task_id="typed"))))
    assert raised.code() == grpc.StatusCode.UNAVAILABLE
    assert from_rpc_error(raised).retryable


async def test_request_stream_is_refused_with_a_typed_error(channel: grpc.aio.Channel) -> None:
    raised = await failure(pb_grpc.FileServiceStub(channel).WriteFile(iter([pb.WriteFileRequest(chunk=b"x")])))
    error = from_rpc_error(raised)
    assert isinstance(error, TooLargeError)
    assert error.params == {"limit": "1 MB"}


async def test_failure_of_another_service_is_passed_on_as_unavailable(channel: grpc.aio.Channel) -> None:
    raised = await failure(pb_grpc.TaskServiceStub(channel).GetTask(pb.GetTaskRequest(task_id="downstream")))
    assert raised.code() == grpc.StatusCode.UNAVAILABLE
    assert ERROR_TRAILER in dict(raised.trailing_metadata())


async def test_deadline_of_the_caller_holds(channel: grpc.aio.Channel) -> None:
    raised = await failure(pb_grpc.TaskServiceStub(channel).GetTask(pb.GetTaskRequest(task_id="slow"), timeout=0.2))
    assert raised.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    assert from_rpc_error(raised).code == "UNAVAILABLE"


async def test_health_and_reflection_are_served(channel: grpc.aio.Channel) -> None:
    health = health_pb2_grpc.HealthStub(channel)
    for name in ("", "voiceloom.orchestrator.v1.TaskService"):
        answer = await health.Check(health_pb2.HealthCheckRequest(service=name))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
    listed = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(
        iter([reflection_pb2.ServerReflectionRequest(list_services="")])
    )
    names = {service.name for service in (await anext(aiter(listed))).list_services_response.service}
    assert "voiceloom.orchestrator.v1.TaskService" in names


async def test_taken_port_is_an_error_not_a_second_listener() -> None:
    def nothing(server: grpc.aio.Server) -> list[str]:
        return []

    first = await GrpcServer.start("127.0.0.1", 0, nothing, reflect=False)
    with pytest.raises(RuntimeError):
        await GrpcServer.start("127.0.0.1", first.port, nothing, reflect=False)
    await first.stop(0)
