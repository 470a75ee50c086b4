"""``python -m services.orchestrator``: the life of tasks and files."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

import grpc.aio

from services.orchestrator.database import DatabaseLimits
from services.orchestrator.estimates import Estimates
from services.orchestrator.file_reports import FileReports
from services.orchestrator.files import Files
from services.orchestrator.leases import LeaseWatch
from services.orchestrator.lifecycle import RetryRules
from services.orchestrator.outbox import Outbox, Watchers
from services.orchestrator.scheduler import Limits, Scheduler
from services.orchestrator.servicer import FileServicer, TaskServicer, WorkServicer
from services.orchestrator.servicer.curves import Curves
from services.orchestrator.servicer.estimates import GrpcSpeedMeter, ManifestLedger
from services.orchestrator.servicer.files import GrpcInspector, GrpcReporter
from services.orchestrator.servicer.outputs import Outputs
from services.orchestrator.servicer.transcripts import Transcripts
from services.orchestrator.settings import OrchestratorSettings
from services.orchestrator.store import Store
from services.orchestrator.sweeper import Sweeper
from services.orchestrator.tasks import Tasks
from services.orchestrator.webhook_signature import keys_of
from services.orchestrator.webhooks import DeliveryRules, Webhooks
from services.orchestrator.work import Work
from services.orchestrator.worker import (
    BusCommands,
    BusPublisher,
    listen_to_events,
    notify_cancelled,
    read_reports,
    reports_taken,
)
from services.runtime.artifacts import ArtifactStore
from services.runtime.background import end
from services.runtime.bus import Bus
from services.runtime.grpc_server import GrpcServer, open_channel
from services.runtime.log import configure_logging, log
from services.runtime.service import stop_signal
from services.voice.errors import PackError
from services.voice.pack import load_pack
from voiceloom.orchestrator.v1 import orchestrator_pb2, orchestrator_pb2_grpc

# Names under which the health service answers for what this process depends on.
BROKER, STORAGE = "broker", "storage"
HEALTH_S = 1.0
# A worker stops within this time after its lease has ended.
STOP_S = 10.0


class Orchestrator:
    """One process: answers gRPC from the start, schedules as soon as task store and broker are there."""

    def __init__(
        self, settings: OrchestratorSettings, store: Store, languages: tuple[str, ...], pack_sha256: str = ""
    ) -> None:
        self._settings, self._store, self._pack_sha256 = settings, store, pack_sha256
        self._bus: Bus | None = None
        self._scheduler: Scheduler | None = None
        self._notices: set[asyncio.Task[None]] = set()
        self._artifacts = ArtifactStore.of(settings)
        self._watchers = Watchers(store)
        keys = keys_of(settings.callback_secret.get_secret_value())
        delivery = DeliveryRules(
            settings.callback_timeout_s,
            settings.callback_attempts,
            settings.callback_backoff_s,
            settings.callback_backoff_max_s,
        )
        self._webhooks = Webhooks(store, keys=keys, allow_private=settings.callback_private, rules=delivery)
        self._sweeper = Sweeper(
            store,
            self._artifacts,
            purge_after_s=settings.lease_ttl_s + STOP_S,
            orphan_age_s=settings.orphan_age_s,
            keep_keys_s=settings.idempotency_keep_s,
        )
        rules = RetryRules(settings.max_attempts, settings.backoff_s, settings.backoff_max_s, settings.patience_s)
        self._work = Work(
            store,
            ttl_s=settings.lease_ttl_s,
            rules=rules,
            on_change=self._changed,
            on_stop=self._stop_task,
            on_obsolete=self._sweeper.remove,
        )
        self._tasks = Tasks(
            store,
            self._artifacts,
            languages=languages,
            max_queued=settings.max_queued_tasks,
            callbacks=bool(keys),
            callback_private=settings.callback_private,
            on_change=self._changed,
            on_stop=self._stop_task,
            on_obsolete=self._sweeper.remove,
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until ``stop`` is set, then drain."""
        settings = self._settings
        preprocessing = open_channel(settings.preprocessing_address)
        training = open_channel(settings.training_address)
        meter = GrpcSpeedMeter(training, settings.measure_timeout_s)
        ledger = ManifestLedger(self._artifacts, self._pack_sha256)
        estimates = Estimates(self._store, meter, ledger, slots=settings.heavy_slots)
        files = Files(
            self._store,
            self._artifacts,
            GrpcInspector(preprocessing, settings.inspect_timeout_s),
            max_bytes=settings.max_upload_bytes,
            max_seconds=settings.max_recording_s,
            max_transcript_chars=settings.max_transcript_chars,
            min_free_bytes=settings.min_free_bytes,
        )
        reporter = GrpcReporter(preprocessing, settings.report_timeout_s)
        reports = FileReports(files, self._artifacts, reporter)

        def register(server: grpc.aio.Server) -> list[str]:
            outputs = Outputs(self._artifacts)
            curves, transcripts = Curves(self._store, self._artifacts), Transcripts(self._artifacts)
            tasks = TaskServicer(
                self._tasks, self._watchers, outputs, curves=curves, transcripts=transcripts, estimates=estimates
            )
            orchestrator_pb2_grpc.add_TaskServiceServicer_to_server(tasks, server)
            file_servicer = FileServicer(files, reports, self._tasks, outputs, self._artifacts)
            orchestrator_pb2_grpc.add_FileServiceServicer_to_server(file_servicer, server)
            orchestrator_pb2_grpc.add_WorkServiceServicer_to_server(WorkServicer(self._work), server)
            return [service.full_name for service in orchestrator_pb2.DESCRIPTOR.services_by_name.values()]

        server = await GrpcServer.start(settings.host, settings.port, register, reflect=settings.reflection)
        log.info("service_listening", port=server.port)
        tasks: list[asyncio.Task[Any]] = [
            asyncio.create_task(stop.wait()),
            asyncio.create_task(self._sweeper.run()),
            asyncio.create_task(self._webhooks.run()),
            asyncio.create_task(self._watch_health(server)),
        ]
        connecting = asyncio.create_task(self._connect())
        done, _ = await asyncio.wait([connecting, *tasks], return_when=asyncio.FIRST_COMPLETED)
        if connecting in done:
            tasks += self._start_with(connecting.result())
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        # Streams of watchers have no end of their own: clients open them again, from their sequence.
        await server.stop(grace_s=1.0)
        await end(connecting, *tasks)
        await asyncio.gather(preprocessing.close(), training.close())
        if self._bus is not None:
            await self._bus.close()
        await self._store.close()
        for task in done:
            task.result()  # a loop that died must not die unseen

    async def _connect(self) -> Bus:
        # Side by side: whichever of the two is there serves what it can.
        connected, _ = await asyncio.gather(self._connect_bus(), self._store.prepare())
        return connected

    async def _connect_bus(self) -> Bus:
        bus = await Bus.connect(self._settings.nats_url, "orchestrator")
        await listen_to_events(bus, self._heard)
        self._bus = bus
        return bus

    def _heard(self, task_id: str, seq: int) -> None:
        self._watchers.hear(task_id, seq)
        self._tasks.hear(task_id, seq)

    def _start_with(self, bus: Bus) -> list[asyncio.Task[None]]:
        """The loops that need the broker."""
        settings = self._settings
        limits = Limits(settings.heavy_slots, settings.stage_window, settings.max_concurrent_tasks)
        self._scheduler = Scheduler(
            self._store, BusCommands(bus), limits=limits, resend_s=settings.resend_s, tick_s=settings.tick_s
        )
        leases = LeaseWatch(
            self._work,
            ttl_s=settings.lease_ttl_s,
            every_s=settings.tick_s,
            connected=lambda: bus.connected,
            reports=lambda: reports_taken(bus),
        )
        return [
            asyncio.create_task(self._scheduler.run()),
            asyncio.create_task(leases.run()),
            asyncio.create_task(read_reports(bus, self._work)),
            asyncio.create_task(Outbox(self._store, BusPublisher(bus)).run()),
        ]

    async def _watch_health(self, server: GrpcServer) -> None:
        while True:
            broker, storage = self._bus is not None and self._bus.connected, await self._store.answers()
            await server.set_healthy(BROKER, broker)
            await server.set_healthy(STORAGE, storage)
            # What is awaited is noticed soon: a start waits for it.
            await asyncio.sleep(HEALTH_S if broker and storage else HEALTH_S / 5)

    def _changed(self) -> None:
        if self._scheduler is not None:
            self._scheduler.kick()

    def _stop_task(self, task_id: str) -> None:
        if self._bus is not None:
            notice = asyncio.create_task(notify_cancelled(self._bus, task_id))
            self._notices.add(notice)
            notice.add_done_callback(self._notices.discard)


def limits_of(settings: OrchestratorSettings) -> DatabaseLimits:
    """What the settings say about connections to the task store."""
    return DatabaseLimits(settings.database_pool_size, settings.database_connect_timeout_s, settings.database_timeout_s)


async def _main(settings: OrchestratorSettings, languages: tuple[str, ...], pack_sha256: str) -> None:
    stop = stop_signal()
    store = Store(settings.database_url, limits_of(settings))
    await Orchestrator(settings, store, languages, pack_sha256).run(stop)


def main() -> int:
    """Run until told to end; answers the exit status."""
    settings = OrchestratorSettings()
    configure_logging("orchestrator", level=settings.log_level, as_json=settings.log_json)
    log.info("service_starting", pid=os.getpid(), settings=settings.public())
    try:
        pack = load_pack(settings.pack_dir, verify=False)
    except PackError as exc:
        log.error("pack_refused", reason=str(exc))
        return 1
    asyncio.run(_main(settings, pack.languages, pack.sha256))
    log.info("service_ended")
    return 0


if __name__ == "__main__":
    sys.exit(main())
