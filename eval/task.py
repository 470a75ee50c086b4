"""A real one-click task of a real stack, and the fine-tuned voice speaking."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from cli.client import Client, JsonObject
from cli.demo import DemoError, running_stack
from cli.demo_checks import Check
from cli.memory import MemoryWatch
from cli.progress import watch
from cli.results import download_all
from cli.transfer import save
from eval.speak import Said
from eval.speakers import EvalSpeaker
from services.voice.audio import read_wav


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
        """The best pair of a task speaks."""
        address = f"{self.client.task_path(task_id)}/speak"
        with tempfile.TemporaryDirectory(prefix="voiceloom-eval-") as folder:
            for number, text in enumerate(sentences):
                body = {"text": text, "language": language, "seed": seed}
                said = save(self.client, address, Path(folder) / "said.wav", force=True, body=body)
                wav, rate_hz = read_wav(said.path)
                yield Said(f"{number:02d}", text, wav, rate_hz)


@contextlib.contextmanager
def evaluation_stack(data: Path, pack: Path) -> Iterator[RunningStack]:
    """Start a stack with its data in `data`; it ends with the block. Raises DemoError when it does not start."""
    checks: list[Check] = []
    with running_stack(data, pack, checks) as (url, pid), MemoryWatch(pid) as memory:
        client = Client(url, "en")
        with contextlib.closing(client):
            yield RunningStack(data, client, memory)


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
