"""What must hold after the demo, each as a named check over what REST, the downloads and the manifests say."""

import array
import math
import sys
import wave
from dataclasses import dataclass
from pathlib import Path

from cli.client import JsonObject
from cli.transfer import Download
from voiceloom.pipeline.v1 import manifest_pb2

STAGE_COUNT = 8
LOSS_RATIO = 0.9
SPEECH_RATIO = 0.6
LENGTH_RATIO = (0.6, 1.6)
# Quieter than this (RMS of full scale) nobody would call speech: -50 dBFS.
AUDIBLE = 10 ** (-50 / 20)


@dataclass(frozen=True)
class Check:
    """One thing that must hold, and what was found."""

    name: str
    ok: bool
    found: str


@dataclass(frozen=True)
class Loss:
    """Mean of a loss over the first and over the last epoch."""

    name: str
    first: float
    last: float

    @property
    def ratio(self) -> float:
        """Last over first; at most 0.9 means that training trained."""
        return self.last / self.first if self.first > 0 else math.nan


def check_task(task: JsonObject) -> list[Check]:
    """The task and each of its stages completed."""
    done = [stage["name"] for stage in task["stages"] if stage["status"] == "completed"]
    return [
        Check("the task completed", task["status"] == "completed", task["status"]),
        Check("every stage completed", len(done) == STAGE_COUNT, f"{len(done)} of {STAGE_COUNT}"),
    ]


def check_outputs(outputs: list[JsonObject]) -> list[Check]:
    """Something was said, one output is the best, and each holds speech of a plausible length."""
    best = sum(output["best"] for output in outputs)
    checks = [
        Check("the voice spoke", bool(outputs), f"{len(outputs)} outputs"),
        Check("one output is marked best", best == 1, f"{best} marked"),
    ]
    for output in outputs:
        speech, length = output["speech_ratio"], output["length_ratio"]
        checks += [
            Check(f"{output['filename']} holds speech", speech >= SPEECH_RATIO, f"{speech:.0%} of it"),
            Check(
                f"{output['filename']} is as long as the speaker would take",
                LENGTH_RATIO[0] <= length <= LENGTH_RATIO[1],
                f"{length:.2f} times",
            ),
        ]
    return checks


def check_downloads(fetched: list[Download], made: JsonObject) -> list[Check]:
    """Every file arrived whole: as long as announced and with the digest that the server names."""
    announced = {output["filename"]: output["size_bytes"] for output in [*made["outputs"], *made["models"]]}
    kinds = {model["kind"] for model in made["models"]}
    checks = [Check("both models were made", kinds == {"gpt", "sovits"}, ", ".join(sorted(kinds)) or "none")]
    for file in fetched:
        whole = announced.get(file.path.name, file.size_bytes) == file.size_bytes > 0
        same = file.sha256 == file.etag
        found = f"{file.size_bytes} bytes, " + ("digest right" if same else f"digest {file.sha256} is not {file.etag}")
        checks.append(Check(f"{file.path.name} arrived whole", whole and same, found))
    checks += [check_audible(file.path) for file in fetched if file.path.suffix == ".wav"]
    return checks


def check_audible(path: Path) -> Check:
    """A WAV file of 16-bit samples that is not silence."""
    try:
        with wave.open(str(path)) as sound:
            samples = array.array("h", sound.readframes(sound.getnframes()))
            seconds = sound.getnframes() / sound.getframerate()
    except (wave.Error, EOFError, ValueError) as error:
        return Check(f"{path.name} plays", False, str(error))
    if sys.byteorder == "big":  # WAV is little-endian
        samples.byteswap()
    level = math.sqrt(sum(sample * sample for sample in samples) / max(1, len(samples))) / 32768
    decibels = 20 * math.log10(max(level, 1e-9))
    return Check(f"{path.name} plays", level > AUDIBLE, f"{seconds:.1f} s at {decibels:.0f} dBFS")


def check_losses(losses: list[Loss]) -> list[Check]:
    """Both models learned."""
    return [
        Check(f"{loss.name} fell", loss.ratio <= LOSS_RATIO, f"{loss.first:.3f} -> {loss.last:.3f} ({loss.ratio:.2f})")
        for loss in losses
    ]


def read_loss(artifacts: Path, task_id: str, stage: str, name: str) -> Loss:
    """A loss over the epochs of a training stage, from the manifest of its last lease; raises OSError or KeyError."""
    manifests = sorted(
        (artifacts / "tasks" / task_id / stage).glob("*/manifest.pb"), key=lambda path: int(path.parent.name)
    )
    if not manifests:
        raise FileNotFoundError(f"{stage} left no manifest")
    epochs = manifest_pb2.TrainManifest.FromString(manifests[-1].read_bytes()).epochs
    if not epochs or name not in epochs[0].losses:
        raise KeyError(f"{stage} recorded no loss named {name}")
    return Loss(f"{stage}: {name}", epochs[0].losses[name], epochs[-1].losses[name])
