"""A TaskService in a process of its own, to be stopped and killed: ``python -m ... PORT`` answers GetTask."""

from __future__ import annotations

import asyncio
import sys

import grpc.aio

from services.runtime.grpc_server import GrpcServer
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.orchestrator.v1.orchestrator_pb2_grpc import TaskServiceServicer, add_TaskServiceServicer_to_server


class Named(TaskServiceServicer):
    """Every task is called like the port."""

    async def GetTask(self, request: pb.GetTaskRequest, context: grpc.aio.ServicerContext) -> pb.GetTaskResponse:
        return pb.GetTaskResponse(task=pb.Task(exp_name=sys.argv[1]))


def register(server: grpc.aio.Server) -> list[str]:
    add_TaskServiceServicer_to_server(Named(), server)
    return []


async def main() -> None:
    """Serve until killed."""
    server = await GrpcServer.start("127.0.0.1", int(sys.argv[1]), register, reflect=False)
    await asyncio.Event().wait()
    await server.stop(0)


if __name__ == "__main__":
    asyncio.run(main())
