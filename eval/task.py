"""A real one-click task of a real stack, and the fine-tuned voice speaking through the inference service."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import numpy as np
from rich.console import Console

from cli.client import Client, JsonObject
from cli.demo import DemoError, running_stack
from cli.demo_checks import Check
from cli.memory import MemoryWatch
from cli.progress import watch
from cli.results import download_all
from eval.speak import Said
from eval.speakers import EvalSpeaker
from voiceloom.inference.v1 import inference_pb2, inference_pb2_grpc
from voiceloom.pipeline.v1.pipeline_pb2 import ArtifactRef, Synthesis

STAGES = ("audio_slice", "asr", "sovits_train", "gpt_train", "inference")


@dataclass(frozen=True)
class RunningStack:
    """A stack that only the evaluation uses."""

    data: Path
    client: Client
    memory: MemoryWatch

    def train(self, speaker: EvalSpeaker, quality: str, output: Path, console: Console) -> JsonObject:
        """One upload, one click: the finished task, "took_s" from POST to completed, "peak_bytes". Raises DemoError."""
        if speaker.recording is None:
            raise DemoError(f"{speaker.name} has no recording to train from")
        file = self.client.upload(speaker.recording)
        began = time.monotonic()
        task = self.client.create_task(
            f"eval-{speaker.name}", file["file_id"], {"quality": quality, "language": "auto"}
        )
        self.memory.peak_bytes = 0
        task = watch(self.client, task["id"], console)
        took_s = time.monotonic() - began
        if task["status"] != "completed":
            raise DemoError((task["error"] or {}).get("detail") or f"the task is {task['status']}")
        download_all(self.client, task["id"], output, force=True)
        return task | {
            "took_s": took_s,
            "peak_bytes": self.memory.peak_bytes,
            "outputs": self.client.outputs(task["id"]),
        }

    def speak(self, task_id: str, language: str, sentences: Sequence[str], seed: int = 0) -> Iterator[Said]:
        """The best pair of a task speaks. REST offers no speech after a task, so the service itself is asked."""
        facts = json.loads((self.data / "stack.json").read_text(encoding="utf-8"))
        address = f"127.0.0.1:{facts['programs']['inference']['port']}"
        with grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
            stub = inference_pb2_grpc.InferenceServiceStub(channel)
            manifests = manifests_of(self.data / "artifacts", task_id)
            for number, text in enumerate(sentences):
                request = inference_pb2.SynthesizeRequest(
                    manifests=manifests,
                    voice_id=task_id,
                    text=text,
                    language=language,
                    synthesis=Synthesis(seed=seed),
                )
                pieces = list(stub.Synthesize(request))
                pcm = b"".join(piece.pcm for piece in pieces)
                wav = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768.0
                yield Said(f"{number:02d}", text, wav, pieces[0].sample_rate_hz if pieces else 24_000)


@contextlib.contextmanager
def evaluation_stack(data: Path, pack: Path) -> Iterator[RunningStack]:
    """Start a stack with its data in `data`; it ends with the block. Raises DemoError when it does not start."""
    checks: list[Check] = []
    with running_stack(data, pack, checks) as (url, pid), MemoryWatch(pid) as memory:
        client = Client(url, "en")
        with contextlib.closing(client):
            yield RunningStack(data, client, memory)


def manifests_of(artifacts: Path, task_id: str) -> dict[str, ArtifactRef]:
    """References to the last manifest of every stage that a voice is made of."""
    found = {}
    for stage in STAGES:
        leases = (artifacts / "tasks" / task_id / stage).glob("*/manifest.pb")
        last = max(leases, key=lambda path: int(path.parent.name), default=None)
        if last is not None:
            data = last.read_bytes()
            found[stage] = ArtifactRef(
                uri=last.relative_to(artifacts).as_posix(),
                sha256=hashlib.sha256(data).hexdigest(),
                size_bytes=len(data),
            )
    return found


def task_facts(task: JsonObject, quality: str) -> dict[str, Any]:
    """What the report says of a task."""
    best: JsonObject = next((output for output in task["outputs"]["outputs"] if output["best"]), {})
    return {
        "quality": quality,
        "seconds": round(task["took_s"], 1),
        "stages": {stage["name"]: stage["seconds"] for stage in task["stages"]},
        "detected_language": task["detected_language"],
        "best_sovits": best.get("sovits_model"),
        "best_gpt": best.get("gpt_model"),
        "own_word_error_rate": best.get("word_error_rate"),
        "own_speaker_similarity": best.get("speaker_similarity"),
        "stack_peak_bytes": task["peak_bytes"],
    }
