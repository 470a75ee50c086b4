"""Runs the stages sovits_train and gpt_train: artifacts of earlier stages in; models, curve and a manifest out.

A checkpoint is one object, a zip that is not compressed: the training state as the child wrote it, the curve so far,
and the models saved so far, which stay where the earlier lease put them.
"""

from __future__ import annotations

import json
import threading
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from google.protobuf.json_format import MessageToDict, ParseDict

from services.runtime.errors import StageFailedError
from services.runtime.recipe import Recipe
from services.runtime.stage import StageContext
from services.training.curve import Thinned
from services.training.job import Job, Plan
from services.training.room import check_room_for, room_for
from services.training.run import CHILD, ActiveRun, Listener, Outcome, Runs, RunState, Saved, TrainingRun
from services.training.settings import TrainingSettings
from services.voice.pack import Pack
from services.voice.presets import DEFAULT_PRESET, PRESETS, SAVE_EVERY_EPOCHS
from voiceloom.pipeline.v1 import manifest_pb2
from voiceloom.pipeline.v1.pipeline_pb2 import Quality, StageMetrics

_EPOCHS = {Quality.Value(f"QUALITY_{name.upper()}"): epochs for name, epochs in PRESETS.items()}
# What a client may choose of each training.
_CHOSEN = ("epochs", "batch_size", "learning_rate", "save_every_epochs")
_POLL_S = 0.1
_STATE, _NOTES = "state.pt", "notes.json"


class TrainWorker:
    """The stage function of one of the two training stages, for one voice pack."""

    def __init__(self, stage: str, settings: TrainingSettings, pack: Pack, runs: Runs) -> None:
        self._stage, self._settings, self._pack, self._runs = stage, settings, pack, runs

    def __call__(self, ctx: StageContext) -> manifest_pb2.TrainManifest:
        """Train.

        Raises StageFailedError (TRAINING_DIVERGED, OUT_OF_MEMORY, ARTIFACT_CORRUPT), DiskFullError and StoppedError.
        """
        journal = Journal(ctx, self._stage)
        resume = journal.resume()
        self._fetch(ctx)
        ctx.stop.raise_if_set()
        plan = self._plan(ctx, journal.batch)
        room = room_for(self._stage, self._pack, plan)
        check_room_for(room, ctx.scratch, ctx.artifacts.folder, keep_free_bytes=self._settings.min_free_bytes)
        job = Job(
            stage=self._stage,
            pack_dir=str(self._pack.path),
            folder=str(ctx.scratch),
            plan=plan,
            device=self._settings.device,
            threads=self._settings.threads,
            resume=str(resume) if resume else "",
        )
        state = RunState(total_epochs=plan.epochs, batch=plan.batch, step=journal.resumed_from_step)
        curve = Thinned(lambda now: _draw(ctx, now))

        def stepped(now: RunState) -> None:
            _tell(ctx, self._stage, now)
            curve.stepped(now)

        def rolled_back(step: int) -> None:
            journal.roll_back(step)
            curve.start_again()

        listener = Listener(
            model=journal.add_model,
            checkpoint=lambda saved, rows: journal.checkpoint(saved, rows, state.batch),
            rolled_back=rolled_back,
            progress=stepped,
            batch_halved=lambda batch: ctx.log("warning", "train.batch_halved", batch=batch),
        )
        run = TrainingRun(job, state, listener, journal.rows, self._settings.child_command)
        self._runs.add(ctx.task_id, self._stage, ActiveRun(ctx.lease, state, lambda: run.stop(keep_work=True)))
        outcome = self._train(ctx, run, state)
        return journal.manifest(outcome, self._pack, plan.seed)

    def _train(self, ctx: StageContext, run: TrainingRun, state: RunState) -> Outcome:
        """Run to the end, stopping it when the stage has to stop; only a draining service still wants the work."""
        ended = threading.Event()

        def watch() -> None:
            while not ended.is_set():
                if ctx.stop.wait(_POLL_S):
                    reason = ctx.stop.reason
                    run.stop(keep_work=reason == "draining", stacks=reason in ("stalled", "timed_out"))
                    return

        watcher = threading.Thread(target=watch, name="training-stop", daemon=True)
        watcher.start()
        try:
            return run.train()
        finally:
            ended.set()
            watcher.join()
            state.running, state.child_pid = False, 0

    def _plan(self, ctx: StageContext, batch: int) -> Plan:
        tune, chosen = self._pack.finetune, ctx.claim.options.expert
        epochs = _EPOCHS.get(ctx.claim.options.quality, PRESETS[DEFAULT_PRESET])
        sovits = self._stage == "sovits_train"
        kind = "sovits" if sovits else "gpt"

        def either(name: str, usual: int) -> int:
            """What the client chose, else what is usual."""
            return getattr(chosen, f"{kind}_{name}") if chosen.HasField(f"{kind}_{name}") else usual

        return Plan(
            epochs=either("epochs", epochs.sovits if sovits else epochs.gpt),
            items_per_epoch=tune.sovits_items_per_epoch if sovits else tune.gpt_items_per_epoch,
            batch=batch or either("batch_size", tune.sovits_batch if sovits else tune.gpt_batch),
            seed=self._settings.seed,
            save_every_epochs=either("save_every_epochs", SAVE_EVERY_EPOCHS[self._stage]),
            checkpoint_every_s=self._settings.checkpoint_every_s,
            lr=getattr(chosen, f"{kind}_learning_rate"),
        )

    def _fetch(self, ctx: StageContext) -> None:
        """Put what the child reads into the scratch folder."""
        wanted = {"phones": ctx.manifest("text_feature", manifest_pb2.TextFeatureManifest).features_ref}
        if self._stage == "sovits_train":
            wanted["clips"] = ctx.manifest("audio_slice", manifest_pb2.AudioSliceManifest).clips_ref
            wanted["features"] = ctx.manifest("hubert_feature", manifest_pb2.HubertFeatureManifest).features_ref
        else:
            wanted["tokens"] = ctx.manifest("semantic_token", manifest_pb2.SemanticTokenManifest).tokens_ref
        for name, ref in wanted.items():
            ctx.stop.raise_if_set()
            ctx.artifacts.get_file(ref, ctx.scratch / f"{name}.safetensors")


def train_recipe(stage: str, settings: TrainingSettings, pack: Pack, code: str) -> Recipe:
    """What decides the models of one of the two stages. Lengths and rates of training are the pack's and the code's,
    but for what the client chose.
    """
    kind = stage.removesuffix("_train")
    text = {"text_feature": manifest_pb2.TextFeatureManifest}
    sound = {"audio_slice": manifest_pb2.AudioSliceManifest, "hubert_feature": manifest_pb2.HubertFeatureManifest}
    tokens = {"semantic_token": manifest_pb2.SemanticTokenManifest}
    return Recipe(
        makes=manifest_pb2.TrainManifest,
        code=code,
        pack_sha256=pack.sha256,
        reads={**text, **(sound if stage == "sovits_train" else tokens)},
        claims=("options.quality", *(f"options.expert.{kind}_{name}" for name in _CHOSEN)),
        # Interpreter and paths of the usual child differ from machine to machine and decide nothing.
        settings={"seed": settings.seed, "child": "" if settings.child_command == CHILD else settings.child_command},
        take_over=_name_models,
    )


def _name_models(ctx: StageContext, manifest: manifest_pb2.TrainManifest) -> None:
    for model in manifest.models:
        model.filename = filename_of(model, ctx.exp_name)


def filename_of(model: manifest_pb2.Model, exp_name: str) -> str:
    """Name of a model as people see it."""
    if model.kind == manifest_pb2.MODEL_KIND_SOVITS:
        return f"{exp_name}_e{model.epoch}_s{model.step}.pth"
    return f"{exp_name}-e{model.epoch}.ckpt"


def _tell(ctx: StageContext, stage: str, now: RunState) -> None:
    ctx.progress(now.fraction, f"{stage}.epoch", eta_s=now.eta_s, epoch=now.epoch, epochs=now.total_epochs)


def _draw(ctx: StageContext, now: RunState) -> None:
    point = StageMetrics(
        step=now.step,
        epoch=now.epoch,
        total_steps=now.total_steps,
        total_epochs=now.total_epochs,
        losses=now.losses,
        batch_size=now.batch,
    )
    ctx.metrics(point)


class Journal:
    """The artifacts of one lease of a training stage."""

    def __init__(self, ctx: StageContext, stage: str) -> None:
        self._ctx, self._sovits = ctx, stage == "sovits_train"
        self._models: list[manifest_pb2.Model] = []
        self.rows: list[str] = []
        self.batch = 0
        """Batch of the run that is resumed; 0 when there is none."""
        self.resumed_from_step = 0
        # Of the code alone, another version may go on: an upgrade must not cost hours of training.
        self._rests_on = {name: value for name, value in ctx.basis.facts.items() if name != "code"}

    def resume(self) -> Path | None:
        """Take up the checkpoint that the claim names; the state's file, or None when there is nothing to go on from.

        A checkpoint of other inputs, options or settings, or of another pack, is not gone on from.

        Raises StageFailedError (ARTIFACT_CORRUPT).
        """
        if not self._ctx.claim.HasField("checkpoint"):
            return None
        archive = self._ctx.artifacts.get_file(self._ctx.claim.checkpoint.ref, self._ctx.scratch / "resume.zip")
        try:
            with zipfile.ZipFile(archive) as parts:
                notes = json.loads(parts.read(_NOTES))
                if notes.get("rests_on", self._rests_on) != self._rests_on:
                    self._ctx.log("info", "train.restarted")
                    return None
                state = Path(parts.extract(_STATE, self._ctx.scratch))
            self._models = [ParseDict(row, manifest_pb2.Model()) for row in notes["models"]]
            self.rows, self.batch, self.resumed_from_step = notes["rows"], notes["batch"], notes["step"]
        except (zipfile.BadZipFile, KeyError, ValueError) as exc:
            raise StageFailedError("ARTIFACT_CORRUPT", detail="the checkpoint is damaged") from exc
        archive.unlink()
        self._ctx.log("info", "train.resumed", step=self.resumed_from_step)
        return state.rename(self._ctx.scratch / f"checkpoint_{self.resumed_from_step}.pt")

    def add_model(self, saved: Saved) -> None:
        """Store a saved model."""
        kind = manifest_pb2.MODEL_KIND_SOVITS if self._sovits else manifest_pb2.MODEL_KIND_GPT
        ref = self._ctx.put_file(saved.path.name, saved.path)
        model = manifest_pb2.Model(kind=kind, ref=ref, epoch=saved.epoch, step=saved.step)
        model.filename = filename_of(model, self._ctx.exp_name)
        self._models.append(model)
        saved.path.unlink()

    def checkpoint(self, saved: Saved, rows: Sequence[str], batch: int) -> None:
        """Store a checkpoint and say so."""
        notes = {
            "step": saved.step,
            "batch": batch,
            "rows": list(rows),
            "rests_on": self._rests_on,
            "models": [MessageToDict(model, preserving_proto_field_name=True) for model in self._models],
        }
        archive = self._ctx.scratch / "checkpoint.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as parts:
            parts.write(saved.path, _STATE)
            parts.writestr(_NOTES, json.dumps(notes))
        self._ctx.save_checkpoint(self._ctx.put_file(f"checkpoint_{saved.step}.zip", archive), saved.step)
        archive.unlink()

    def roll_back(self, step: int) -> None:
        """Forget the models saved after a step."""
        self._models = [model for model in self._models if model.step <= step]

    def manifest(self, outcome: Outcome, pack: Pack, seed: int) -> manifest_pb2.TrainManifest:
        """Store the curve and list everything."""
        return manifest_pb2.TrainManifest(
            provenance=self._ctx.provenance(
                pack_name=pack.name, pack_sha256=pack.sha256, seed=seed, peak_rss_bytes=outcome.peak_rss_bytes
            ),
            models=self._models,
            loss_curve_ref=self._ctx.put_bytes("loss_curve.jsonl", "".join(f"{r}\n" for r in outcome.rows).encode()),
            epochs=epoch_means(outcome.rows),
            batch_size=outcome.batch,
            resumed_from_step=self.resumed_from_step,
        )


def epoch_means(rows: Sequence[str]) -> list[manifest_pb2.EpochLosses]:
    """Mean of every loss over the steps of each epoch."""
    epochs: dict[int, dict[str, list[float]]] = {}
    for row in map(json.loads, rows):
        losses = epochs.setdefault(row["epoch"], {})
        for name, value in row["losses"].items():
            losses.setdefault(name, []).append(value)
    return [
        manifest_pb2.EpochLosses(epoch=epoch, losses={name: float(np.mean(v)) for name, v in losses.items()})
        for epoch, losses in sorted(epochs.items())
    ]
