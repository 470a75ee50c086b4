"""Everything that can happen to tasks, in every order that hypothesis thinks of, over two orchestrators and one store.

The same histories every time, unless VOICELOOM_TEST_LIVES says how many (each of STEPS steps): then others every time,
and what fails is shortened. A state machine is one class, whatever its length.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import pytest
import structlog
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from services.orchestrator.lifecycle import UNFINISHED
from services.orchestrator.pipeline import STAGES
from services.orchestrator.retry import RESUMABLE
from services.orchestrator.store import Store
from services.orchestrator.work import Claim, Report
from services.runtime.errors import InvalidInputError, NotFoundError, NotReadyError, UnavailableError
from tests.unit.orchestrator.life import invariants
from tests.unit.orchestrator.life.world import OWNER, TTL_S, Clock, Lease, World, ruling

T = TypeVar("T")
LIVES, STEPS = 25, 30
MAX_TASKS = 3
# Where there is one, a folder in memory: nothing here is about disks.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
# Often enough for watching without a gap.
LOOK_S = 0.3 * TTL_S
WORKERS = ("worker/1", "worker/2", "worker/3")
KINDS = ("progress", "log", "checkpoint", "result", "failure", "fatal", "release")

either = st.integers(0, 1)
any_of = st.integers(0, 1000)


class LifeOfTasks(RuleBasedStateMachine):
    """Rules are what clients, workers, the broker and time may do; the invariants hold after each of them."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="voiceloom-life-", dir=MEMORY))
        self.clock = Clock()
        self.ending = ExitStack()
        self.ending.enter_context(ruling(self.clock))
        self.loop = asyncio.new_event_loop()
        self.world = World(self.template, self.folder, self.clock)
        self.tasks: list[str] = []
        self.asked_for_inference: dict[str, bool] = {}
        self.files: list[str] = []
        self.leases: list[Lease] = []
        self.late: list[Report] = []

    def do(self, what: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(what)

    async def both(self, *what: Coroutine[Any, Any, Any]) -> list[Any]:
        return await asyncio.gather(*what, return_exceptions=True)

    @initialize()
    def begin(self) -> None:
        self.do(self.world.open(2))
        self.create(0, inference=True)
        self.ticks(0)
        self.claim(0, 0, WORKERS[0])

    # ---- clients

    @precondition(lambda self: len(self.tasks) < MAX_TASKS)
    @rule(number=either, inference=st.booleans())
    def create(self, number: int, inference: bool) -> None:
        file_id = self.do(self.world.upload(number))
        name = f"voice{len(self.tasks)}"
        task_id = self.do(self.world.create(number, name, file_id, inference=inference))
        self.tasks.append(task_id)
        self.asked_for_inference[task_id] = inference
        self.files.append(file_id)

    @rule(number=either, which=any_of)
    def cancel(self, number: int, which: int) -> None:
        if which % 4:
            return  # histories that end early tell little
        task_id, before = self.chosen(which)
        allowed = before is not None and before["state"] in UNFINISHED
        self.expect(allowed, self.world.orchestrators[number].tasks.cancel(OWNER, task_id))

    @rule(number=either, which=any_of)
    def resume(self, number: int, which: int) -> None:
        task_id, before = self.chosen(which)
        allowed = before is not None and before["state"] in RESUMABLE
        call = self.world.orchestrators[number].tasks.resume(OWNER, task_id, inference=self.wants_inference(task_id))
        self.expect(allowed, call, perhaps=not self.has_file(task_id))

    @rule(number=either, which=any_of, stage=st.sampled_from(["", *STAGES]))
    def retry(self, number: int, which: int, stage: str) -> None:
        task_id, before = self.chosen(which)
        allowed = before is not None and before["state"] not in UNFINISHED
        inference = self.wants_inference(task_id)
        call = self.world.orchestrators[number].tasks.retry(OWNER, task_id, stage, inference=inference)
        unfit = (stage == "inference" and not inference) or (not stage and before and before["state"] == "completed")
        self.expect(allowed and not unfit, call, perhaps=not self.has_file(task_id))

    @rule(number=either, which=any_of)
    def purge(self, number: int, which: int) -> None:
        if which % 4:
            return
        task_id, before = self.chosen(which)
        self.expect(before is not None, self.world.orchestrators[number].tasks.purge(OWNER, task_id))

    @rule(number=either, which=any_of)
    def delete_file(self, number: int, which: int) -> None:
        file_id = self.files[which % len(self.files)]
        users = self.world.rows("SELECT state FROM tasks WHERE file_ids LIKE ?", f"%{file_id}%")
        used = any(row["state"] in UNFINISHED for row in users)
        there = bool(self.world.rows("SELECT id FROM files WHERE id = ?", file_id))
        self.expect(there and not used, self.world.orchestrators[number].files.delete(OWNER, file_id))

    # ---- workers

    @rule(number=either, which=any_of, worker=st.sampled_from(WORKERS))
    def claim(self, number: int, which: int, worker: str) -> None:
        # The newest commands are the likeliest; old ones come again.
        commands = self.world.broker.commands
        if not commands:
            return
        task_id, stage = commands[-1 - min(which // 100, which % len(commands), len(commands) - 1)]
        self.take(worker, self.do(self.world.orchestrators[number].work.claim(task_id, stage, worker)))

    @rule()
    def claim_at_once(self) -> None:
        if not self.world.broker.commands:
            return
        task_id, stage = self.world.broker.commands[-1]
        calls = [
            orchestrator.work.claim(task_id, stage, worker)
            for orchestrator, worker in zip(self.world.orchestrators, WORKERS, strict=False)
        ]
        answers = self.do(self.both(*calls))
        assert sum(isinstance(answer, Claim) for answer in answers) <= 1
        for worker, answer in zip(WORKERS, answers, strict=False):
            self.take(worker, answer)

    @rule(number=either, which=any_of)
    def keep_alive(self, number: int, which: int) -> None:
        lease = self.lease(which)
        if lease is None:
            return
        alive = self.do(self.world.orchestrators[number].work.keep_alive(lease.task_id, lease.stage, lease.lease))
        assert alive == self.is_current(lease.task_id, lease.stage, lease.lease)

    @rule(number=either, which=any_of, kind=st.sampled_from(KINDS), fraction=st.floats(0, 1), late=st.booleans())
    def report(self, number: int, which: int, kind: str, fraction: float, late: bool) -> None:
        lease = self.lease(which)
        if lease is None:
            return
        report = lease.say(kind, fraction)
        if late:
            self.late.append(report)
        else:
            self.apply(number, report)

    def work(self, number: int, worker: str, kind: str, times: int) -> None:
        """What usually happens: what can run is released, claimed, and done; the last of it in some other way."""
        for left in reversed(range(times)):
            self.ticks(number)
            for command in self.world.broker.commands[-2:]:
                lease = self.take(worker, self.do(self.world.orchestrators[number].work.claim(*command, worker)))
                if lease is not None:
                    self.apply(number, lease.say("result" if left else kind))

    # Hypothesis leaves half of all rules out of each history: without work, nothing would happen in many of them.
    works = rule(number=either, worker=st.sampled_from(WORKERS), kind=st.sampled_from(KINDS), times=st.integers(1, 4))
    work_1, work_2, work_3, work_4 = works(work), works(work), works(work), works(work)

    def talk(self, number: int, kind: str, fractions: list[float]) -> None:
        """Whoever works says how far it is, says it again, and says something else twice."""
        for lease in [lease for lease in self.leases if self.is_current(lease.task_id, lease.stage, lease.lease)]:
            said = [lease.say("progress", fraction) for fraction in fractions]
            for report in [*said, *said, *[lease.say(kind)] * 2]:
                self.apply(number, report)

    def wake_up(self, number: int, kind: str) -> None:
        """Whoever worked stands still until somebody else works in its place, and then goes on."""
        asleep = [lease for lease in self.leases if self.is_current(lease.task_id, lease.stage, lease.lease)]
        self.wait_for_expiry()
        work = self.world.orchestrators[number].work
        for lease in asleep:
            self.take("worker/new", self.do(work.claim(lease.task_id, lease.stage, "worker/new")))
            self.apply(number, lease.say(kind))

    talks = rule(
        number=either, kind=st.sampled_from(KINDS), fractions=st.lists(st.floats(0, 1), min_size=1, max_size=3)
    )
    wakes = rule(number=either, kind=st.sampled_from(KINDS))
    talk_1, talk_2, wake_1, wake_2 = talks(talk), talks(talk), wakes(wake_up), wakes(wake_up)

    @rule(number=either, which=any_of)
    def report_late(self, number: int, which: int) -> None:
        if self.late:
            self.apply(number, self.late.pop(which % len(self.late)))

    @rule(number=either, which=any_of, again=any_of)
    def report_again(self, number: int, which: int, again: int) -> None:
        said = [report for lease in self.leases for report in lease.said if report not in self.late]
        if said:
            self.apply(number, said[-1 - again % min(len(said), 8)])

    # ---- the system

    @rule(number=either)
    def tick(self, number: int) -> None:
        self.ticks(number)

    @rule()
    def tick_at_once(self) -> None:
        self.ticks(0, 1)

    @rule(number=either)
    def relay(self, number: int) -> None:
        self.relays(number)

    @rule()
    def relay_at_once(self) -> None:
        self.relays(0, 1)

    @rule(away=st.sampled_from(["", "", "deaf", "mute"]))
    def broker(self, away: str) -> None:
        self.world.broker.away = away

    @rule(number=either)
    def restart(self, number: int) -> None:
        self.do(self.world.restart(number))

    @rule(number=either)
    def sweep(self, number: int) -> None:
        self.do(self.world.orchestrators[number].sweeper.sweep())

    @rule(seconds=st.floats(-1.0, 2 * TTL_S))
    def wait(self, seconds: float) -> None:
        """Clocks are set back, too."""
        self.clock.now += seconds

    @rule()
    def wait_for_expiry(self) -> None:
        """Nobody shows that it lives: no lease is left after its time."""
        for _ in range(6):
            self.clock.now += LOOK_S
            self.ticks(0, 1)
        if self.world.broker.away:
            return  # nobody can be sure
        late = self.world.rows("SELECT * FROM stages WHERE state = 'running' AND expires_at < ?", self.clock.now)
        assert late == [], "a dead worker's stage still runs"

    # ---- what holds

    @invariant()
    def all_is_well(self) -> None:
        if self.tasks:
            invariants.check(self.world)

    def teardown(self) -> None:
        try:
            if self.tasks:
                self.all_ends()
        finally:
            self.do(self.world.close())
            self.loop.close()
            self.ending.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def all_ends(self) -> None:
        """Whatever happened: with a broker and one worker that works, every task ends, and the world hears of it."""
        self.world.broker.away = ""
        for _ in range(120):
            self.ticks(0, 1)
            for task_id, stage in set(self.world.broker.commands[-20:]):
                answer = self.do(self.world.orchestrators[0].work.claim(task_id, stage, "worker/last"))
                if isinstance(answer, Claim):
                    lease = self.take("worker/last", answer)
                    self.apply(1, lease.say("result"))
            self.all_is_well()
            left = [task for task in self.world.rows("SELECT * FROM tasks") if task["state"] in UNFINISHED]
            if not left:
                break
            self.clock.now += LOOK_S
        assert left == [], "a task does not end"
        for _ in range(3):
            self.relays(0, 1)
        for task in self.world.rows("SELECT * FROM tasks"):
            told = self.world.broker.published(task["id"])
            assert told == list(range(1, task["last_seq"] + 1)), "the world has not heard all"

    # ---- helpers

    def chosen(self, which: int) -> tuple[str, dict[str, Any] | None]:
        """A task, and its row unless it is purged."""
        task_id = self.tasks[which % len(self.tasks)]
        row = self.world.task(task_id)
        return task_id, row if row is not None and row["purged_at"] is None else None

    def wants_inference(self, task_id: str) -> bool:
        return self.asked_for_inference[task_id]

    def has_file(self, task_id: str) -> bool:
        file_id = self.files[self.tasks.index(task_id)]
        return bool(self.world.rows("SELECT id FROM files WHERE id = ?", file_id))

    def lease(self, which: int) -> Lease | None:
        """Mostly one of the newest leases, if there are any."""
        if not self.leases:
            return None
        return self.leases[-1 - (which % min(len(self.leases), 2 if which % 3 else 6))]

    def is_current(self, task_id: str, stage: str, lease: int) -> bool:
        row = self.world.stage(task_id, stage)
        return row is not None and row["state"] == "running" and row["lease"] == lease

    def take(self, worker: str, answer: object) -> Lease | None:
        if isinstance(answer, BaseException):
            raise answer
        if not isinstance(answer, Claim):
            return None
        task_id, stage, number = answer.task.id, answer.stage.name, answer.stage.lease
        assert self.is_current(task_id, stage, number)
        of_stage = [lease for lease in self.leases if (lease.task_id, lease.stage) == (task_id, stage)]
        for lease in of_stage:
            if lease.lease == number:
                assert lease.worker == worker, "two workers have one lease"
                return lease
        assert all(lease.lease < number for lease in of_stage)
        lease = Lease(task_id, stage, number, worker)
        self.leases.append(lease)
        return lease

    def apply(self, number: int, report: Report) -> None:
        before = self.world.all_of(report.task_id)
        row = self.world.stage(report.task_id, report.stage)
        counts = self.is_current(report.task_id, report.stage, report.lease) and report.number > row["last_report"]
        self.do(self.world.orchestrators[number].work.apply(report))
        after = self.world.all_of(report.task_id)
        assert (before != after) == counts, f"{report.kind} {report.number} of lease {report.lease}, now {row}"

    def expect(self, allowed: bool, call: Coroutine[Any, Any, Any], *, perhaps: bool = False) -> None:
        """A call works just when it may; ``perhaps`` it is refused all the same."""
        try:
            self.do(call)
        except (NotFoundError, NotReadyError, InvalidInputError):
            assert perhaps or not allowed
        else:
            assert allowed

    def ticks(self, *numbers: int) -> None:
        self.together(*(self.world.orchestrators[number].tick() for number in numbers))

    def relays(self, *numbers: int) -> None:
        self.together(*(self.world.orchestrators[number].outbox.relay() for number in numbers))

    def together(self, *calls: Coroutine[Any, Any, Any]) -> None:
        for answer in self.do(self.both(*calls)):
            if isinstance(answer, BaseException) and not isinstance(answer, UnavailableError):
                raise answer


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store with all its tables."""
    path = tmp_path_factory.mktemp("template") / "tasks.db"

    async def make() -> None:
        await (await Store.open(f"sqlite+aiosqlite:///{path}")).close()

    asyncio.run(make())
    return path


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    """No line for each of some ten thousand things that happen."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    yield
    structlog.configure(**before)


def test_whatever_happens_tasks_stay_whole_and_end(template: Path) -> None:
    chosen = os.environ.get("VOICELOOM_TEST_LIVES")
    LifeOfTasks.template = template
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        LifeOfTasks,
        settings=settings(
            max_examples=int(chosen or LIVES),
            stateful_step_count=STEPS,
            derandomize=chosen is None,
            # To find the shortest history that fails takes minutes.
            phases=(Phase.generate, Phase.shrink) if chosen else (Phase.generate,),
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
