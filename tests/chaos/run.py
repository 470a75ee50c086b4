"""One run: start, load, break, heal, wait, look at everything, stop."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from grpc.aio import AioRpcError

from services.orchestrator.gc import collect
from services.orchestrator.store import Store
from services.runtime.artifacts import ArtifactStore
from tests.chaos import broker, check_events, check_system
from tests.chaos.check_artifacts import Downloads, Folder
from tests.chaos.clients import GaveUpError, Grpc, Rest
from tests.chaos.faults import Breaker
from tests.chaos.load import Load
from tests.chaos.report import Report
from tests.chaos.schedule import schedule
from tests.chaos.stack import ChaosStack
from tests.chaos.state import ENDED, Rows, Watch
from tests.chaos.wishes import wishes

# With nothing happening to any task for so long after the faults, what has not ended never will.
STUCK_S = 240.0
QUIET_S = 120.0
# Between two new tasks while things break.
EVERY_S = 2.0


@dataclass(frozen=True)
class Plan:
    """What a run is asked for."""

    seed: int
    faults: int
    # So many in two waves, and more of them whenever fewer than ``fewest`` are unfinished while faults are left.
    tasks: int
    fewest: int
    data: Path
    has_disk: bool
    longest_pause_s: float
    environment: dict[str, str]


class Run:
    """The stack and its clients."""

    def __init__(self, plan: Plan, say: Callable[[str], None]) -> None:
        self._plan, self._say = plan, say
        self.report = Report(plan.seed, plan.faults)
        self.stack = ChaosStack(plan.data, plan.environment)

    async def run(self) -> Report:
        """Everything; what went wrong is in the report."""
        began = time.monotonic()
        try:
            await self.stack.start()
            self._say(f"the stack is up after {time.monotonic() - began:.0f} s; its data is in {self._plan.data}")
            await self._with_clients()
        finally:
            await self.stack.stop()
            (self._plan.data / "supervisor.log").write_text("\n".join(self.stack.log) + "\n")
        check_system.check_gone(self.stack, self.report.violations)
        self.report.seconds = time.monotonic() - began
        return self.report

    async def _with_clients(self) -> None:
        violations = self.report.violations
        rest = Rest(self.stack.gateway_urls, violations)
        grpc_client = Grpc(self.stack.orchestrator_addresses, violations)
        watch = Watch(self.stack.database_url)
        load = Load(rest, grpc_client, watch, violations, self._plan.seed)
        watching = asyncio.create_task(watch.run())
        try:
            await self._break(load, watch)
            self._say("all faults are over; the rest of the tasks")
            await self._settle(load, watch)
            await self._look(load, rest, grpc_client, watch)
        except (GaveUpError, AioRpcError, AssertionError) as exc:
            # An answer that no client can do anything with.
            violations.add("clients", repr(exc))
        finally:
            watching.cancel()
            await load.close()
            await asyncio.gather(watching, return_exceptions=True)
            await rest.close()
            await grpc_client.close()
            await watch.close()

    async def _break(self, load: Load, watch: Watch) -> None:
        """Faults and tasks side by side, until the faults are over."""
        plan = self._plan
        breaker = Breaker(self.stack, watch, self.report, has_disk=plan.has_disk, say=self._say)
        faults = schedule(plan.seed, plan.faults, longest_pause_s=plan.longest_pause_s)
        wanted = wishes(plan.seed)
        for wish in itertools.islice(wanted, plan.tasks // 2):
            load.want(wish)
        breaking = asyncio.create_task(breaker.run(faults))
        while not breaking.done():
            load.check()
            # The other half comes while things break, and so do later ones.
            if load.wanted < plan.tasks or load.unfinished < plan.fewest:
                load.want(next(wanted))
            await asyncio.wait([breaking], timeout=EVERY_S)
        await breaking
        while load.wanted < plan.tasks:
            load.want(next(wanted))

    async def _settle(self, load: Load, watch: Watch) -> None:
        """Wait for the clients to get what they want, for as long as anything happens at all."""
        finishing = asyncio.create_task(load.finish())
        seen, since = -1, time.monotonic()
        while not finishing.done():
            await asyncio.wait([finishing], timeout=2)
            load.check()
            if (total := watch.total_events()) != seen:
                seen, since = total, time.monotonic()
            elif time.monotonic() - since > STUCK_S:
                self.report.violations.add("stuck", f"nothing happens any more; unfinished: {watch.unfinished()}")
                finishing.cancel()
                await asyncio.gather(finishing, return_exceptions=True)
                return
        await finishing
        self._say("all tasks have ended; waiting for quiet")
        try:
            async with asyncio.timeout(QUIET_S):
                await load.settle_followers()
                while not await self._quiet(watch):
                    await asyncio.sleep(1)
        except TimeoutError:
            self.report.violations.add("quiet", f"the system has not come to rest within {QUIET_S:.0f} s")

    async def _quiet(self, watch: Watch) -> bool:
        """Whether everything was told, taken, and removed."""
        rows = await watch.rows()
        ended = all(task.state in ENDED for task in rows.tasks.values())
        told = all(event.published_at is not None for task_id in rows.tasks for event in rows.events[task_id])
        return (
            ended
            and told
            and not rows.waiting_purges()
            and all(queue.empty for queue in await broker.queues(self.stack.nats_url))
        )

    async def _look(self, load: Load, rest: Rest, grpc_client: Grpc, watch: Watch) -> None:
        """Check every rule."""
        violations = self.report.violations
        rows = await watch.rows()
        rows.write(self._plan.data / "rows.jsonl")
        check_events.check_tasks(load.accepted, rows, violations)
        check_events.check_files(load.file_ids, rows, violations)
        for task_id, task in rows.tasks.items():
            check_events.check_history(task, rows.events[task_id], violations)
        check_events.check_followers(load.accepted, rows, violations)
        told = check_events.check_told(await broker.told(self.stack.nats_url), rows, violations)
        folder = Folder(self.stack.folders.artifacts, violations)
        await asyncio.to_thread(folder.check_store, rows)
        downloads = Downloads(rest, grpc_client, violations)
        for accepted in load.accepted:
            row = rows.tasks.get(accepted.task_id)
            if row is not None and row.state == "completed":
                await downloads.check(accepted, row)
        await check_system.check_queues(self.stack, violations)
        check_system.check_processes(self.stack, violations)
        check_system.check_temporary(self.stack, violations)
        collected = await self._collect_garbage()
        objects = folder.check_nothing_else()
        self._count(load, rows, rest, told=told, objects=objects, collected=collected, files=downloads.files)

    async def _collect_garbage(self) -> int:
        """What killed work has left goes with `voiceloom gc`; how many objects that were."""
        store = await Store.open(self.stack.database_url)
        try:
            artifacts = ArtifactStore(str(self.stack.folders.artifacts))
            collected = await collect(store, artifacts, older_than_s=0.0, keep_keys_s=3600.0)
        finally:
            await store.close()
        for task_id, reason in collected.kept.items():
            self.report.violations.add("garbage", f"task {task_id}: {reason}")
        return sum(kind.count for kind in collected.objects)

    def _count(
        self, load: Load, rows: Rows, rest: Rest, *, told: int, objects: int, collected: int, files: int
    ) -> None:
        report = self.report
        for task in load.accepted:
            row = rows.tasks.get(task.task_id)
            report.ends["purged" if task.purged else row.state if row else "lost"] += 1
        followers = [follower for task in load.accepted for follower in task.followers]
        stages = [stage for task in rows.tasks.values() for stage in task.stages]
        report.counts = {
            "tasks accepted": len(load.accepted),
            "events": told,
            "followers": len(followers),
            "breaks of followers": sum(follower.breaks for follower in followers),
            "leases": sum(stage.lease for stage in stages),
            "stages completed": sum(stage.state == "completed" for stage in stages),
            "objects in the store": objects,
            "objects collected as garbage": collected,
            "files downloaded": files,
            "REST requests": rest.sent,
            "REST requests unanswered": rest.unanswered,
            "restarts by the supervisor": sum(self.stack.restarts().values()),
        }
