"""What was computed for an owner is not computed again, and what nobody uses any more is gone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import replace

import grpc
import pytest
from google.protobuf.message import Message as ProtoMessage
from sqlalchemy import update

from services.orchestrator.models import Task
from services.orchestrator.pipeline import NEEDS, STAGES
from services.orchestrator.store import Store
from services.orchestrator.sweeper import Sweeper
from services.runtime.artifacts import ArtifactStore
from services.runtime.bus import Bus, report_subject
from services.runtime.recipe import Recipe, Repeatable
from services.runtime.stage import StageContext, StageFunction, stage_value
from tests.contract.orchestrator.harness import MANIFESTS, System, kill, manifest_of
from tests.contract.orchestrator.test_recovery import process
from voiceloom.orchestrator.v1 import orchestrator_pb2 as pb
from voiceloom.pipeline.v1 import manifest_pb2 as manifests
from voiceloom.pipeline.v1.pipeline_pb2 import (
    Quality,
    Stage,
    StageReport,
    StageState,
    Synthesis,
    TaskEvent,
    TaskOptions,
    TaskState,
)

# What each stage makes of the options; all that it reads besides is manifests.
CLAIMS = {
    "audio_slice": ("files.ref",),
    "asr": ("options.language",),
    "sovits_train": ("options.quality",),
    "gpt_train": ("options.quality",),
    "inference": ("options.inference.target_text",),
}
# Where manifests name what was made.
REFERENCES = ("clips_ref", "features_ref", "tokens_ref")


class Workshop:
    """All stages with recipes; it counts what really ran, by task and stage."""

    def __init__(self, *, pack: str = "pack", code: str = "code") -> None:
        self.ran: Counter[tuple[str, str]] = Counter()
        self._pack, self._code = pack, code

    def stages(self, **behaviours: StageFunction) -> dict[str, StageFunction]:
        """Those named behave as given."""
        return {name: Repeatable(behaviours.get(name, self.work), self.recipe(name)) for name in STAGES}

    def recipe(self, stage: str) -> Recipe:
        return Recipe(
            makes=MANIFESTS[stage],
            code=self._code,
            pack_sha256=self._pack,
            reads={need: MANIFESTS[need] for need in NEEDS[stage]},
            claims=CLAIMS.get(stage, ()),
            take_over=rename,
        )

    def work(self, context: StageContext) -> ProtoMessage:
        """A manifest and an artifact that say what they were made from."""
        self.ran[context.task_id, context.stage] += 1
        manifest = manifest_of(context)
        ref = context.put_bytes("work.bin", context.basis.cache_key.encode())
        if isinstance(manifest, manifests.AsrManifest):
            manifest.transcripts.add(text=context.basis.cache_key)
        elif isinstance(manifest, manifests.TrainManifest):
            manifest.models[0].ref.CopyFrom(ref)
        elif isinstance(manifest, manifests.InferenceManifest):
            manifest.outputs[0].ref.CopyFrom(ref)
        else:
            field = next(name for name in REFERENCES if name in manifest.DESCRIPTOR.fields_by_name)
            getattr(manifest, field).CopyFrom(ref)
        return manifest

    def stages_of(self, task_id: str) -> set[str]:
        return {stage for task, stage in self.ran if task == task_id}


def rename(context: StageContext, manifest: ProtoMessage) -> None:
    if isinstance(manifest, manifests.TrainManifest):
        for model in manifest.models:
            model.filename = f"{context.exp_name}-e{model.epoch}.ckpt"


async def trained(system: System, name: str, file_id: str, **options: object) -> pb.Task:
    """A task that has completed."""
    task = await system.create(name, file_id=file_id, **options)
    task = await system.ended(task.id)
    assert task.state == TaskState.TASK_STATE_COMPLETED, task
    return task


async def outputs(system: System, task_id: str) -> pb.ListOutputsResponse:
    answer: pb.ListOutputsResponse = await system.tasks.ListOutputs(pb.ListOutputsRequest(task_id=task_id))
    return answer


async def downloads(system: System, task_id: str) -> dict[str, bytes]:
    """Everything that a task offers, by name."""
    made = await outputs(system, task_id)
    kinds = {
        manifests.MODEL_KIND_SOVITS: pb.FileType.FILE_TYPE_SOVITS_MODEL,
        manifests.MODEL_KIND_GPT: pb.FileType.FILE_TYPE_GPT_MODEL,
    }
    wanted = [(kinds[model.kind], model.filename) for model in made.models]
    wanted += [(pb.FileType.FILE_TYPE_OUTPUT, output.filename) for output in made.inference.outputs]
    found: dict[str, bytes] = {}
    for kind, name in wanted:
        artifact = pb.TaskArtifact(task_id=task_id, file_type=kind, name=name)
        parts = system.files.ReadFile(pb.ReadFileRequest(artifact=artifact))
        found[f"{kind}/{name}"] = b"".join([part.chunk async for part in parts])
    return found


def manifest_on_disk(system: System, task_id: str, stage: str) -> ProtoMessage:
    """The newest manifest that a stage of a task has stored."""
    found = sorted((system.artifacts / "tasks" / task_id / stage).glob("*/manifest.pb"))
    return MANIFESTS[stage].FromString(found[-1].read_bytes())


def folders(system: System, task_id: str = "*") -> set[str]:
    """Folders of stages in which something is stored: "<task id>/<stage>"."""
    root = system.artifacts / "tasks"
    return {str(path.relative_to(root).parents[1]) for path in root.glob(f"{task_id}/*/*/*")}


def messages(events: list[TaskEvent]) -> set[str]:
    return {event.progressed.message.key for event in events} | {event.logged.message.key for event in events}


async def until(condition: Callable[[], object], within_s: float = 15) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.03)


@pytest.fixture
async def sweeper(system: System) -> AsyncIterator[Sweeper]:
    """A sweeper that waits for no worker; the orchestrator's own comes only every ten seconds."""
    store = await Store.open(system.settings().database_url)
    artifacts = ArtifactStore(str(system.artifacts))
    yield Sweeper(store, artifacts, purge_after_s=-1.0, orphan_age_s=-1.0, keep_keys_s=60.0)
    await store.close()


async def purge(system: System, task_id: str) -> None:
    await system.tasks.PurgeTask(pb.PurgeTaskRequest(task_id=task_id))


async def test_second_task_of_an_owner_takes_over_and_carries_its_own_name(system: System) -> None:
    shop = Workshop()
    await system.start_workers(shop.stages())
    first = await trained(system, "first", (await system.upload(b"sound")).id)
    # The same bytes, uploaded anew under another name.
    second = await trained(system, "second", (await system.upload(b"sound", filename="again.flac")).id)
    assert shop.stages_of(first.id) == set(STAGES)
    assert shop.stages_of(second.id) == set()
    assert second.detected_language == "en"
    assert second.progress == 1.0
    assert {status.message.key for status in second.stages} == {"stage.taken_over"}
    assert "stage.taken_over" in messages(await system.events(second.id))

    names = [model.filename for model in (await outputs(system, second.id)).models]
    assert names == ["second-e4.ckpt", "second-e4.ckpt"]
    assert list((await downloads(system, second.id)).values()) == list((await downloads(system, first.id)).values())
    own, origin = (manifest_on_disk(system, task.id, "gpt_train").provenance for task in (second, first))  # type: ignore[attr-defined]
    assert own.taken_from == f"tasks/{first.id}/gpt_train"
    assert (own.lease, own.seed, own.code_version) == (1, origin.seed, origin.code_version)
    assert dict(own.settings) == dict(origin.settings)
    assert own.settings["claim.options.quality"] == "QUALITY_FAST"
    assert not list((system.artifacts / "tasks" / second.id / "gpt_train").rglob("work.bin"))


async def test_another_owner_pack_or_code_takes_nothing_over(system: System) -> None:
    shop = Workshop()
    await system.start_workers(shop.stages())
    file = await system.upload(b"sound")
    await trained(system, "mine", file.id)

    async def parts() -> AsyncIterator[pb.WriteFileRequest]:
        yield pb.WriteFileRequest(header=pb.WriteFileHeader(owner="other", filename="me.wav"))
        yield pb.WriteFileRequest(chunk=b"sound")

    theirs = (await system.files.WriteFile(parts())).file
    task = await system.create("theirs", file_id=theirs.id, owner="other")
    await until(lambda: shop.stages_of(task.id) == set(STAGES))
    await system.stop("workers")
    for other in (Workshop(pack="another"), Workshop(code="another")):
        await system.start_workers(other.stages())
        task = await trained(system, f"other{len(other.ran)}-{id(other)}", file.id)
        assert other.stages_of(task.id) == set(STAGES)
        await system.stop("workers")


async def test_changed_option_runs_only_what_depends_on_it(system: System) -> None:
    shop = Workshop()
    await system.start_workers(shop.stages())
    file = await system.upload(b"sound")
    await trained(system, "first", file.id)
    said = await trained(system, "said", file.id, inference=Synthesis(target_text="Good morning."))
    assert shop.stages_of(said.id) == {"inference"}
    options = TaskOptions(quality=Quality.QUALITY_HIGH, language="auto")
    request = pb.CreateTaskRequest(exp_name="high", file_ids=[file.id], options=options)
    high = await system.ended((await system.tasks.CreateTask(request)).task.id)
    assert shop.stages_of(high.id) == {"sovits_train", "gpt_train", "inference"}
    other = await trained(system, "other", (await system.upload(b"noise")).id)
    assert "audio_slice" in shop.stages_of(other.id)


async def test_switched_off_cache_looks_for_nothing(system: System) -> None:
    shop = Workshop()
    await system.start_workers(shop.stages(), stage_cache=False)
    file = await system.upload(b"sound")
    await trained(system, "first", file.id)
    second = await trained(system, "second", file.id)
    assert shop.stages_of(second.id) == set(STAGES)


async def test_retry_without_a_change_is_answered_from_what_the_task_has_made(system: System) -> None:
    shop = Workshop()
    await system.start_workers(shop.stages())
    task = await trained(system, "voice", (await system.upload(b"sound")).id)
    before = await downloads(system, task.id)
    shop.ran.clear()
    await system.tasks.RetryTask(pb.RetryTaskRequest(task_id=task.id, from_stage=Stage.STAGE_SOVITS_TRAIN))
    task = await system.until(task.id, lambda task: task.state == TaskState.TASK_STATE_COMPLETED)
    assert not shop.ran
    assert await downloads(system, task.id) == before
    assert task.stages[5].lease == 2
    assert task.stages[5].message.key == "stage.taken_over"


async def test_purge_keeps_what_others_use_and_the_last_purge_removes_it(system: System, sweeper: Sweeper) -> None:
    shop = Workshop()
    await system.start_workers(shop.stages())
    file = await system.upload(b"sound")
    first = await trained(system, "first", file.id)
    second = await trained(system, "second", file.id, inference=Synthesis(target_text="Good morning."))
    bystander = await trained(system, "bystander", (await system.upload(b"noise")).id)
    untouched = await downloads(system, bystander.id)
    before = await downloads(system, second.id)

    await purge(system, first.id)
    kept = folders(system, first.id)
    assert kept == {f"{first.id}/{stage}" for stage in STAGES if stage != "inference"}  # that of the second is its own
    await sweeper.sweep()
    await sweeper.sweep_orphans()
    assert await downloads(system, second.id) == before
    third = await trained(system, "first", file.id)  # the name is free, and what is kept can be taken over
    assert shop.stages_of(third.id) == {"inference"}
    await purge(system, second.id)
    await sweeper.sweep()
    assert len(await downloads(system, third.id)) == 3

    await purge(system, third.id)
    await sweeper.sweep()
    assert folders(system) == {f"{bystander.id}/{stage}" for stage in STAGES}
    assert await downloads(system, bystander.id) == untouched
    again = await trained(system, "again", file.id)
    assert shop.stages_of(again.id) == set(STAGES)


async def test_folder_goes_when_its_last_user_has_made_something_else(system: System, sweeper: Sweeper) -> None:
    shop = Workshop()
    await system.start_workers(shop.stages())
    file = await system.upload(b"sound")
    first, second = [await trained(system, name, file.id) for name in ("first", "second")]
    await purge(system, first.id)
    await system.stop("workers")
    await system.start_workers(Workshop(code="newer").stages())
    await system.tasks.RetryTask(pb.RetryTaskRequest(task_id=second.id, from_stage=Stage.STAGE_AUDIO_SLICE))
    await system.until(second.id, lambda task: task.state == TaskState.TASK_STATE_COMPLETED)
    await sweeper.sweep()
    assert folders(system) == {f"{second.id}/{stage}" for stage in STAGES}
    assert len(await downloads(system, second.id)) == 3


async def test_purge_that_was_cut_off_is_finished_later(system: System, sweeper: Sweeper) -> None:
    shop = Workshop()
    await system.start_workers(shop.stages())
    file = await system.upload(b"sound")
    first, second = [await trained(system, name, file.id) for name in ("first", "second")]
    kept = await downloads(system, second.id)
    # As a process leaves it that was killed between its commit and the removal of files.
    store = await Store.open(system.settings().database_url)
    async with store.writing() as session:
        await session.execute(update(Task).where(Task.id.in_([first.id, second.id])).values(purged_at=time.time()))
    await sweeper.sweep()
    await sweeper.sweep()
    assert kept
    assert folders(system) == set()
    async with store.reading() as session:
        assert await session.get(Task, first.id) is None
        assert await session.get(Task, second.id) is None
    await store.close()


async def test_purge_by_a_process_that_is_killed_goes_on_when_it_is_back(system: System) -> None:
    shop = Workshop()
    await system.start_workers(shop.stages())
    file = await system.upload(b"sound")
    first = await trained(system, "first", file.id)
    options = TaskOptions(quality=Quality.QUALITY_HIGH, language="auto")
    request = pb.CreateTaskRequest(exp_name="second", file_ids=[file.id], options=options)
    second = await system.ended((await system.tasks.CreateTask(request)).task.id)
    before = await downloads(system, second.id)
    await system.stop("workers")
    await system.stop("orchestrator")
    alone = ("sovits_train", "gpt_train", "inference")  # what the second made itself
    for stage in alone:
        for number in range(3000):
            (system.artifacts / "tasks" / first.id / stage / "1" / f"{number}.bin").write_bytes(b"x")

    def left(stage: str) -> bool:
        return any(files for _, _, files in os.walk(system.artifacts / "tasks" / first.id / stage))

    with process(system, "services.orchestrator") as orchestrator:
        await system.reachable()
        asked = asyncio.ensure_future(system.tasks.PurgeTask(pb.PurgeTaskRequest(task_id=first.id)))
        await until(lambda: not left(alone[0]))
        kill(orchestrator, signal.SIGKILL)
        assert left(alone[-1])
        with contextlib.suppress(grpc.RpcError):
            await asked
    with process(system, "services.orchestrator"):
        await system.reachable()
        await until(lambda: not left(alone[-1]), within_s=60)
        assert await downloads(system, second.id) == before
    assert folders(system, first.id) == {f"{first.id}/{stage}" for stage in STAGES if stage not in alone}
    await system.start_orchestrator()


@pytest.mark.parametrize("damage", ["missing", "changed", "shortened", "manifest"])
async def test_damaged_entry_is_ignored_and_the_stage_runs(system: System, damage: str) -> None:
    shop = Workshop()
    await system.start_workers(shop.stages())
    file = await system.upload(b"sound")
    first = await trained(system, "first", file.id)
    whole_voice = list((await downloads(system, first.id)).values())
    folder = system.artifacts / "tasks" / first.id / "gpt_train" / "1"
    model = folder / ("manifest.pb" if damage == "manifest" else "work.bin")
    if damage == "missing":
        model.unlink()
    else:
        whole = model.read_bytes()
        model.write_bytes(whole[:-1] if damage == "shortened" else whole[:-1] + b"?")
    second = await trained(system, "second", file.id)
    assert shop.stages_of(second.id) == {"gpt_train"}  # equal work: what follows is taken over again
    assert list((await downloads(system, second.id)).values()) == whole_voice
    # The newest whole one is found from now on.
    third = await trained(system, "third", file.id)
    assert shop.stages_of(third.id) == set()


class Gate(Mapping[str, object]):
    """Settings of a recipe that are read, which is just before the orchestrator is asked, when the test says so."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()

    def __iter__(self) -> Iterator[str]:
        self.reached.set()
        assert self.opened.wait(30)
        return iter(())

    def __len__(self) -> int:
        return 0

    def __getitem__(self, name: str) -> object:
        raise KeyError(name)


async def test_orchestrator_that_cannot_be_asked_costs_the_saving_and_nothing_else(system: System) -> None:
    shop, gate = Workshop(), Gate()
    functions = shop.stages()
    functions["audio_slice"] = Repeatable(shop.work, replace(shop.recipe("audio_slice"), settings=gate))
    await system.start_workers(functions, rpc_timeout_s=1.0)
    task = await system.create("voice")
    await until(gate.reached.is_set)
    await system.stop("orchestrator")
    gate.opened.set()
    await until(lambda: shop.ran[task.id, "audio_slice"])
    await system.start_orchestrator()
    assert (await system.ended(task.id, within_s=25)).state == TaskState.TASK_STATE_COMPLETED


class ByHand:
    """A worker of one stage that does each step when the test says so."""

    def __init__(self, system: System, task_id: str, stage: str) -> None:
        self._system, self._task_id, self._stage = system, task_id, stage
        self.lease = 0

    async def claim(self) -> pb.Lease:
        request = pb.ClaimStageRequest(task_id=self._task_id, stage=stage_value(self._stage), worker_id="hand/1")
        deadline = time.monotonic() + 15
        while True:
            answer = await self._system.work.ClaimStage(request)
            if answer.HasField("lease"):
                self.lease = answer.lease.lease
                lease: pb.Lease = answer.lease
                return lease
            assert time.monotonic() < deadline, answer
            await asyncio.sleep(0.05)

    async def find(self, key: str, lease: int = 0) -> pb.FindCachedResponse:
        request = pb.FindCachedRequest(
            task_id=self._task_id, stage=stage_value(self._stage), lease=lease or self.lease, cache_key=key
        )
        answer: pb.FindCachedResponse = await self._system.work.FindCached(request)
        return answer

    async def take_over(self, found: pb.FindCachedResponse, key: str) -> None:
        report = StageReport(task_id=self._task_id, stage=stage_value(self._stage), lease=self.lease, number=1)
        report.result.manifest.CopyFrom(found.manifest)
        report.result.cache_key, report.result.origin = key, found.origin
        bus = await Bus.connect(self._system.broker.url, "hand")
        await bus.publish(report_subject(self._task_id), report.SerializeToString(), msg_id=f"hand/{self._task_id}")
        await bus.close()


async def test_what_was_purged_between_finding_and_reporting_is_made_again(system: System) -> None:
    shop = Workshop()
    await system.start_workers(shop.stages())
    file = await system.upload(b"sound")
    first = await trained(system, "first", file.id)
    await system.stop("workers")
    second = await system.create("second", file_id=file.id)
    hand = ByHand(system, second.id, "audio_slice")
    lease = await hand.claim()
    key = shop.recipe("audio_slice").basis("audio_slice", lease, ArtifactStore(str(system.artifacts))).cache_key
    found = await hand.find(key)
    assert found.origin == f"tasks/{first.id}/audio_slice"
    assert not (await hand.find(key, lease=hand.lease + 1)).HasField("manifest")
    assert not (await hand.find("0" * 64)).HasField("manifest")
    await purge(system, first.id)
    await hand.take_over(found, key)
    await system.until(second.id, lambda task: task.stages[0].state == StageState.STAGE_STATE_PENDING)
    assert not (await hand.find(key)).HasField("manifest")
    await system.start_workers(shop.stages())
    second = await system.ended(second.id)
    assert second.state == TaskState.TASK_STATE_COMPLETED
    assert (second.stages[0].lease, second.stages[0].attempt) == (2, 1)
    assert shop.stages_of(second.id) == set(STAGES)
    assert "stage.taken_away" in messages(await system.events(second.id))
    assert len(await downloads(system, second.id)) == 3


async def test_folder_that_was_taken_over_just_before_the_purge_is_kept(system: System, sweeper: Sweeper) -> None:
    shop = Workshop()
    await system.start_workers(shop.stages())
    file = await system.upload(b"sound")
    first = await trained(system, "first", file.id)
    await system.stop("workers")
    second = await system.create("second", file_id=file.id)
    hand = ByHand(system, second.id, "audio_slice")
    lease = await hand.claim()
    key = shop.recipe("audio_slice").basis("audio_slice", lease, ArtifactStore(str(system.artifacts))).cache_key
    await hand.take_over(await hand.find(key), key)
    await system.until(second.id, lambda task: task.stages[0].state == StageState.STAGE_STATE_COMPLETED)
    await purge(system, first.id)
    await sweeper.sweep()
    assert folders(system) == {f"{first.id}/audio_slice"}
