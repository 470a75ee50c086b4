"""The training stages, each run in a real child process with the nano pack."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from services.runtime.errors import DiskFullError, StageFailedError, StoppedError
from services.training.job import Job, Plan
from services.training.settings import TrainingSettings
from services.training.worker import train_recipe
from services.voice.checkpoint import load_gpt, load_sovits
from services.voice.presets import PRESETS, Epochs, saved_models
from tests.unit.training.conftest import NANO, Desk
from voiceloom.orchestrator.v1.orchestrator_pb2 import Lease
from voiceloom.pipeline.v1.pipeline_pb2 import Expert, Quality, TaskOptions

Scripts = Callable[[str], tuple[str, ...]]

# A child whose steps do something else first; {body} sees `indices` and `step`.
CHANGED_CHILD = """
import os, signal, sys
from services.training import child
from services.training.sovits_train import SovitsTraining
real = SovitsTraining.step
def step(self, indices, step, lr):
    {body}
    return real(self, indices, step, lr)
SovitsTraining.step = step
status = child.main()
os._exit(status)
"""


def test_presets_are_the_contract() -> None:
    assert {"fast": Epochs(4, 8), "standard": Epochs(8, 15), "high": Epochs(16, 30)} == PRESETS


@pytest.mark.parametrize(("epochs", "every", "models"), [(4, 4, 1), (8, 4, 2), (8, 5, 2), (15, 5, 3), (1, 4, 1)])
def test_number_of_saved_models_is_what_a_run_saves(epochs: int, every: int, models: int) -> None:
    plan = Plan(epochs=epochs, items_per_epoch=1, batch=1, seed=1, save_every_epochs=every, checkpoint_every_s=1)
    assert saved_models(epochs, every) == sum(plan.saves(epoch) for epoch in range(1, epochs + 1)) == models


def test_sovits_train_saves_models_curve_and_epoch_means(desk: Desk) -> None:
    manifest = desk.worker("sovits_train")(desk.context("sovits_train"))
    rows = desk.rows(manifest)
    assert [row["step"] for row in rows] == list(range(1, 17))  # 4 epochs of 16 clips in batches of 4
    assert [row["epoch"] for row in rows] == [epoch for epoch in (1, 2, 3, 4) for _ in range(4)]
    assert {"mel", "kl", "total"} <= set(rows[0]["losses"])
    assert [model.filename for model in manifest.models] == ["Mia's voice_e4_s16.pth"]
    assert manifest.models[0].ref.uri == "tasks/t/sovits_train/1/e4_s16.pth"
    last = [row["losses"]["mel"] for row in rows if row["epoch"] == 4]
    assert manifest.epochs[3].losses["mel"] == pytest.approx(np.mean(last))
    path = desk.store.get_file(manifest.models[0].ref, desk.folder / "voice.pth")
    assert load_sovits(path, family=desk.pack.family).config.codebook_size == 64
    assert manifest.provenance.peak_rss_bytes > 50 * 2**20
    keys = {report.progress.message.key for report in desk.reports if report.HasField("progress")}
    assert keys == {"sovits_train.epoch"}


def test_gpt_train_saves_every_fifth_epoch_and_the_last(desk: Desk) -> None:
    manifest = desk.worker("gpt_train")(desk.context("gpt_train"))
    assert [model.filename for model in manifest.models] == ["Mia's voice-e5.ckpt", "Mia's voice-e8.ckpt"]
    path = desk.store.get_file(manifest.models[1].ref, desk.folder / "voice.ckpt")
    assert load_gpt(path, family=desk.pack.family).config.dim == 32
    assert manifest.epochs[7].losses["ce"] < manifest.epochs[0].losses["ce"]


def test_what_experts_choose_wins_over_preset_and_pack(desk: Desk) -> None:
    context = desk.context("gpt_train")
    chosen = {"gpt_epochs": 2, "gpt_batch_size": 3, "gpt_save_every_epochs": 1, "gpt_learning_rate": 0.00125}
    context.claim.options.expert.CopyFrom(Expert(sovits_epochs=9, **chosen))
    manifest = desk.worker("gpt_train")(context)
    rows = desk.rows(manifest)
    assert [model.filename for model in manifest.models] == ["Mia's voice-e1.ckpt", "Mia's voice-e2.ckpt"]
    assert manifest.batch_size == 3
    assert {row["epoch"] for row in rows} == {1, 2}
    assert rows[-1]["lr"] == 0.00125


@pytest.mark.parametrize("stage", ["sovits_train", "gpt_train"])
def test_choices_are_part_of_the_key_of_their_own_stage_alone(desk: Desk, stage: str) -> None:
    recipe = train_recipe(stage, TrainingSettings(), desk.pack, "code")
    kind = stage.removesuffix("_train")
    chosen = Expert(sovits_epochs=3, gpt_epochs=3, min_clip_s=3)
    seen = recipe.visible(Lease(options=TaskOptions(quality=Quality.QUALITY_FAST, expert=chosen)))
    assert seen.options.expert == Expert(**{f"{kind}_epochs": 3})
    unset = recipe.visible(Lease(options=TaskOptions(quality=Quality.QUALITY_FAST)))
    assert not unset.options.HasField("expert")


@pytest.mark.parametrize("stage", ["sovits_train", "gpt_train"])
def test_resumed_run_repeats_the_uninterrupted_one_bit_for_bit(desk: Desk, stage: str) -> None:
    whole = desk.worker(stage)(desk.context(stage))
    desk.reports.clear()
    worker, context = desk.worker(stage, checkpoint_every_s=1e-6), desk.context(stage, lease=2)
    stopper = threading.Thread(target=_stop_after_checkpoints, args=(desk, stage, 3))
    stopper.start()
    with pytest.raises(StoppedError):
        worker(context)
    stopper.join()
    checkpoint = desk.checkpoints()[-1]
    assert 0 < checkpoint.step < len(desk.rows(whole))
    desk.stop = type(desk.stop)()
    resumed = desk.worker(stage)(desk.context(stage, lease=3, checkpoint=checkpoint))
    assert resumed.resumed_from_step == checkpoint.step
    assert "train.resumed" in desk.logged()
    assert desk.rows(resumed) == desk.rows(whole)
    assert [m.filename for m in resumed.models] == [m.filename for m in whole.models]
    assert resumed.models[-1].ref.sha256 == whole.models[-1].ref.sha256


def test_checkpoint_of_other_options_or_inputs_is_not_gone_on_from(desk: Desk) -> None:
    desk.worker("gpt_train", checkpoint_every_s=1e-6)(desk.context("gpt_train"))
    checkpoint = desk.checkpoints()[0]
    context = desk.context("gpt_train", lease=2, checkpoint=checkpoint)
    other = replace(context.basis, facts={**context.basis.facts, "pack": "another"})
    manifest = desk.worker("gpt_train")(replace(context, basis=other))
    assert manifest.resumed_from_step == 0
    assert "train.restarted" in desk.logged()
    newer = replace(context.basis, facts={**context.basis.facts, "code": "newer"})
    context = replace(desk.context("gpt_train", lease=3, checkpoint=checkpoint), basis=newer)
    assert desk.worker("gpt_train")(context).resumed_from_step == checkpoint.step


def _stop_after_checkpoints(desk: Desk, stage: str, count: int) -> None:
    while len(desk.checkpoints()) < count:
        time.sleep(0.01)
    run = desk.runs.find("t", stage)
    assert run is not None
    run.stop()


def test_damaged_checkpoint_fails_the_stage(desk: Desk) -> None:
    ref = desk.store.put_bytes("tasks/t/sovits_train/1/checkpoint_3.zip", b"no zip")
    from voiceloom.pipeline.v1.pipeline_pb2 import StageCheckpoint

    with pytest.raises(StageFailedError, match="ARTIFACT_CORRUPT"):
        desk.worker("sovits_train")(desk.context("sovits_train", checkpoint=StageCheckpoint(ref=ref, step=3)))


@pytest.mark.parametrize("death", ["raise MemoryError", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_out_of_memory_halves_the_batch_and_goes_on(desk: Desk, child_script: Scripts, death: str) -> None:
    script = child_script(CHANGED_CHILD.format(body=f"if len(indices) > 2 and step == 6: {death}"))
    manifest = desk.worker("sovits_train", child_command=script)(desk.context("sovits_train"))
    rows = desk.rows(manifest)
    assert manifest.batch_size == 2
    assert desk.logged() == ["train.batch_halved"]
    # Epoch 1 ended with a checkpoint after 4 steps of 4; the other 48 clips take 24 steps of 2.
    assert [row["step"] for row in rows] == list(range(1, 4 + 24 + 1))
    assert [sum(row["epoch"] == epoch for row in rows) for epoch in (1, 2, 3, 4)] == [4, 8, 8, 8]


@pytest.mark.parametrize(
    ("death", "retryable"), [("raise MemoryError", False), ("os.kill(os.getpid(), signal.SIGKILL)", True)]
)
def test_out_of_memory_with_a_single_clip_fails(desk: Desk, child_script: Scripts, death: str, retryable: bool) -> None:
    script = child_script(CHANGED_CHILD.format(body=death))
    with pytest.raises(StageFailedError, match="OUT_OF_MEMORY") as failure:
        desk.worker("sovits_train", child_command=script)(desk.context("sovits_train"))
    assert failure.value.retryable is retryable, "a kill may have come from anybody"
    assert desk.logged() == ["train.batch_halved"] * 2


def test_loss_that_is_not_finite_stops_the_run(desk: Desk, child_script: Scripts) -> None:
    body = "[p.data.fill_(float('nan')) for p in self.models['sovits'].dec.parameters() if step == 2]"
    script = child_script(CHANGED_CHILD.format(body=body))
    with pytest.raises(StageFailedError, match="TRAINING_DIVERGED"):
        desk.worker("sovits_train", child_command=script)(desk.context("sovits_train"))


def test_crashed_child_fails_the_stage_retryably(desk: Desk, child_script: Scripts) -> None:
    with pytest.raises(StageFailedError, match="INTERNAL") as failure:
        desk.worker("sovits_train", child_command=child_script("raise SystemExit(3)"))(desk.context("sovits_train"))
    assert failure.value.retryable


def test_cancel_ends_a_step_that_takes_forever(desk: Desk, child_script: Scripts) -> None:
    script = child_script(CHANGED_CHILD.format(body="import time; time.sleep(600)"))
    cancelled_at: list[float] = []

    def cancel() -> None:
        while (run := desk.runs.find("t", "sovits_train")) is None or not run.state.child_pid:
            time.sleep(0.01)
        time.sleep(2.0)
        cancelled_at.append(time.monotonic())
        desk.stop.set("cancelled")

    canceller = threading.Thread(target=cancel)
    canceller.start()
    with pytest.raises(StoppedError):
        desk.worker("sovits_train", child_command=script)(desk.context("sovits_train"))
    canceller.join()
    assert time.monotonic() - cancelled_at[0] < 5.0


def test_child_that_hangs_writes_down_where_and_is_killed(
    desk: Desk, child_script: Scripts, capfd: pytest.CaptureFixture[str]
) -> None:
    body = f"open({str(desk.folder / 'in_step')!r}, 'w').close(); import time; time.sleep(600)"
    script = child_script(CHANGED_CHILD.format(body=body))
    pids: list[int] = []

    def stall() -> None:
        while (run := desk.runs.find("t", "sovits_train")) is None or not run.state.child_pid:
            time.sleep(0.01)
        pids.append(run.state.child_pid)
        while not (desk.folder / "in_step").exists():
            time.sleep(0.05)
        desk.stop.set("stalled")

    staller = threading.Thread(target=stall)
    staller.start()
    with pytest.raises(StoppedError):
        desk.worker("sovits_train", child_command=script)(desk.context("sovits_train"))
    staller.join()
    assert not _alive(pids[0])
    said = capfd.readouterr().err
    assert "most recent call first" in said
    assert " in step" in said


def test_run_without_room_for_its_checkpoints_does_not_begin(desk: Desk) -> None:
    with pytest.raises(DiskFullError):
        desk.worker("sovits_train", min_free_bytes=1 << 60)(desk.context("sovits_train"))
    assert desk.runs.find("t", "sovits_train") is None


def test_child_that_cannot_write_its_state_says_that_the_disk_is_full(desk: Desk, child_script: Scripts) -> None:
    body = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))"
    script = child_script(CHANGED_CHILD.format(body=body))
    with pytest.raises(DiskFullError):
        desk.worker("sovits_train", child_command=script, checkpoint_every_s=1e-6)(desk.context("sovits_train"))


def test_child_ends_when_its_parent_is_killed(desk: Desk) -> None:
    desk_folder = desk.context("sovits_train").scratch
    for name, ref in (("clips", "clips"), ("features", "features"), ("phones", "phones")):
        (desk_folder / f"{name}.safetensors").write_bytes(
            b"".join(desk.store.stream(f"tasks/t/earlier/1/{ref}.safetensors"))
        )
    plan = Plan(epochs=1000, items_per_epoch=1000, batch=4, seed=1, save_every_epochs=4, checkpoint_every_s=1000)
    job = Job(stage="sovits_train", pack_dir=str(NANO), folder=str(desk_folder), plan=plan, device="cpu", threads=1)
    parent = subprocess.Popen([sys.executable, "-c", PARENT, job.to_json()], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child_pid = int(parent.stdout.readline())
    assert os.getpgid(child_pid) == child_pid  # a session of its own
    assert os.getpriority(os.PRIO_PROCESS, child_pid) >= 10
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 5.0
    while _alive(child_pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(child_pid)


# Prints the child's process id after its first step, then keeps it training.
PARENT = """
import sys, time
from services.training.job import Job
from services.training.run import Listener, RunState, TrainingRun
state = RunState()
def progress(now):
    if now.step == 1:
        print(now.child_pid, flush=True)
ignore = lambda *args: None
listener = Listener(model=ignore, checkpoint=ignore, rolled_back=ignore, progress=progress, batch_halved=ignore)
TrainingRun(Job.from_json(sys.argv[1]), state, listener).train()
"""


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as stat:  # a child whose parent does not wait for it stays as a zombie
        return stat.read().rpartition(")")[2].split()[0] != "Z"
