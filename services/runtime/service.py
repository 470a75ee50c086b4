"""One process of the system: a gRPC server and the workers of its stages, until it is told to end."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
import uuid
from collections.abc import Mapping

from services.runtime.artifacts import ArtifactStore
from services.runtime.background import end
from services.runtime.bus import Bus, cancel_subject
from services.runtime.grpc_server import GrpcServer, Register, open_channel
from services.runtime.log import configure_logging, log
from services.runtime.scratch import sweep_scratch
from services.runtime.settings import RuntimeSettings
from services.runtime.stage import StageFunction
from services.runtime.stage_worker import StageWorker, Surroundings
from services.runtime.watch import stacks
from voiceloom.orchestrator.v1.orchestrator_pb2_grpc import WorkServiceStub
from voiceloom.pipeline.v1.pipeline_pb2 import CancelNotice

# Less than the 30 s that Kubernetes waits before it kills.
EXIT_S = 25.0

__all__ = ["Register", "run_service", "serve"]


def run_service(
    name: str,
    settings: RuntimeSettings,
    *,
    register: Register,
    stages: Mapping[str, StageFunction] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then drain. ``register`` adds servicers and returns their full service names.

    Each entry of ``stages`` becomes a worker of its own, so that different stages may run side by side. A stage
    function that ignores its stop flag is cut off within ``drain_s`` after the signal, its claim handed back. The exit
    code is 0 after a signal, 1 when the process has to be replaced: a worker died, or its stage function hangs.
    """
    configure_logging(name, level=settings.log_level, as_json=settings.log_json)
    log.info("service_starting", pid=os.getpid(), settings=settings.public())
    sweep_scratch(settings.scratch_dir)
    finished, asked = asyncio.run(_until_signal(settings, register, stages or {}))
    log.info("service_ended", finished=finished)
    if not finished:
        # A thread that does not listen would keep the interpreter alive.
        os._exit(0 if asked else 1)


async def _until_signal(
    settings: RuntimeSettings, register: Register, stages: Mapping[str, StageFunction]
) -> tuple[bool, bool]:
    stop = stop_signal()
    finished = await serve(settings, register=register, stages=stages, stop=stop)
    return finished, stop.is_set()


def stop_signal() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set; must be called on the event loop.

    From then on the process has EXIT_S to end. What still holds it up (a thread in a call that does not come back, a
    connection that does not close) is written to the log and cut off: whoever asked for the end would do it anyway.
    """
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def asked() -> None:
        if not stop.is_set():
            stop.set()
            threading.Thread(target=_cut_off, name="exit", daemon=True).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked)
    return stop


def _cut_off() -> None:
    time.sleep(EXIT_S)
    log.error("exit_forced", after_s=EXIT_S, stacks=stacks())
    os._exit(0)


async def serve(
    settings: RuntimeSettings, *, register: Register, stages: Mapping[str, StageFunction], stop: asyncio.Event
) -> bool:
    """Serve until ``stop`` is set, then drain; answers whether all work came to its end."""
    server = await GrpcServer.start(settings.host, settings.port, register, reflect=settings.reflection)
    log.info("service_listening", port=server.port)
    working = asyncio.create_task(_work_until(settings, stages, stop))
    stopping = asyncio.create_task(stop.wait())
    # A worker that died ends the process; its supervisor starts another one.
    await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
    await server.stop(settings.drain_s)
    await end(stopping)
    return await working


async def _work_until(settings: RuntimeSettings, stages: Mapping[str, StageFunction], stop: asyncio.Event) -> bool:
    """Run the workers; answers whether all of them came to their end in time."""
    if not stages:
        await stop.wait()
        return True
    connecting = asyncio.create_task(Bus.connect(settings.nats_url, ",".join(stages)))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([connecting, stopping], return_when=asyncio.FIRST_COMPLETED)
    if not connecting.done():
        await end(connecting)
        if not connecting.cancelled():
            await connecting.result().close()
        return True
    bus = connecting.result()
    channel = open_channel(settings.orchestrator_address)
    around = Surroundings(settings, bus, WorkServiceStub(channel), ArtifactStore.of(settings), uuid.uuid4().hex)
    workers = [StageWorker(stage, function, around) for stage, function in stages.items()]

    async def cancelled(payload: bytes) -> None:
        task_id = CancelNotice.FromString(payload).task_id
        for worker in workers:
            worker.cancel(task_id)

    await bus.listen(cancel_subject("*"), cancelled)
    running = [asyncio.create_task(worker.run()) for worker in workers]
    await asyncio.wait([stopping, *running], return_when=asyncio.FIRST_COMPLETED)
    for worker in workers:
        worker.drain()
    _, late = await asyncio.wait(running, timeout=settings.drain_s)
    await end(stopping, *late)
    for task in set(running) - late:
        task.result()  # a worker must not die unseen
    await channel.close()
    await bus.close()
    return not late and not any(worker.stuck for worker in workers)
