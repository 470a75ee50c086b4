"""`voiceloom demo`: a whole stack of its own trains a voice from the sample recording, and every claim is checked."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cli.client import ApiError, Client, JsonObject, UnreachableError
from cli.demo_checks import Check, check_downloads, check_losses, check_outputs, check_task, read_loss
from cli.errors import CliError
from cli.memory import MemoryWatch
from cli.progress import watch
from cli.results import download_all
from cli.session import language_of
from cli.transfer import Download

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "samples" / "bella_90s.flac"
EXP_NAME = "bella-demo"
START_WITHIN_S = 180.0
STOP_WITHIN_S = 60.0
LOSSES = (("sovits_train", "mel"), ("gpt_train", "ce"))


class DemoError(Exception):
    """The demo cannot go on; the message is a sentence for people."""


def run_demo(console: Console, output: Path, *, pack: Path | None = None, keep: bool = False) -> int:
    """Run the demo; the exit code is 0 only if every check held."""
    data = Path(tempfile.mkdtemp(prefix="voiceloom-demo-"))
    checks: list[Check] = []
    try:
        with running_stack(data, pack, checks) as (url, pid), MemoryWatch(pid) as memory:
            console.print(f"A stack of its own runs at {url}; its data is in {data}", markup=False, soft_wrap=True)
            train_and_check(Client(url, language_of(os.environ)), console, data, output, checks)
        console.print(f"Peak memory of all processes: {memory.peak_bytes / 2**30:.2f} GiB", markup=False)
    except (DemoError, ApiError, CliError, UnreachableError) as error:
        checks.append(Check("the demo ran to its end", False, str(error)))
    except KeyboardInterrupt:
        console.print("Stopped.")
        return 130
    return conclude(console, checks, data, output, keep=keep)


@contextlib.contextmanager
def running_stack(data: Path, pack: Path | None, checks: list[Check]) -> Iterator[tuple[str, int]]:
    """Start `voiceloom up` on a free port; yields its address and process id, and checks that it stops as it should."""
    # The first half binds the stack's life to ours: even a killed demo leaves nothing running.
    bound = [sys.executable, "-m", "deploy.local.child", str(os.getpid())]
    command = [*bound, sys.executable, "-m", "deploy.local", "--port", "0", "--data", str(data)]
    command += ["--pack", str(pack.resolve())] if pack else []
    with (data / "up.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT, start_new_session=True
        )
    try:
        yield wait_until_ready(process, data), process.pid
    finally:
        process.terminate()
        try:
            code = process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        checks.append(Check("the stack stopped in order", code == 0, f"exit code {code}"))


def wait_until_ready(process: "subprocess.Popen[bytes]", data: Path) -> str:
    """Wait until the stack can serve and return its address; raises DemoError when it cannot."""
    deadline = time.monotonic() + START_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError, ValueError):
            facts = json.loads((data / "stack.json").read_text(encoding="utf-8"))
            if facts["state"] == "ready":
                return str(facts["url"])
        time.sleep(0.2)
    said = (data / "up.log").read_text(encoding="utf-8", errors="replace")
    raise DemoError(f"the stack did not start:\n{said}")


def train_and_check(client: Client, console: Console, data: Path, output: Path, checks: list[Check]) -> None:
    """Upload, train, watch, download; adds what was checked and prints what was found."""
    with contextlib.closing(client):
        file = client.upload(SAMPLE)
        console.print(f"Uploaded {SAMPLE.name}: {file['seconds']:.0f} s of speech", markup=False)
        began = time.monotonic()
        task = client.create_task(EXP_NAME, file["file_id"], {"quality": "fast"})
        task = watch(client, task["id"], console)
        took = time.monotonic() - began
        checks += check_task(task)
        if task["status"] != "completed":
            raise DemoError((task["error"] or {}).get("detail") or f"the task is {task['status']}")
        made = client.outputs(task["id"])
        fetched = download_all(client, task["id"], output, force=True)
    checks += check_outputs(made["outputs"]) + check_downloads(fetched, made)
    try:
        checks += check_losses([read_loss(data / "artifacts", task["id"], stage, name) for stage, name in LOSSES])
    except (OSError, KeyError) as error:
        checks.append(Check("the losses were recorded", False, str(error)))
    write_report(output, task, made, fetched)
    show_voice(console, made)
    show_stages(console, task, took)


def show_voice(console: Console, made: JsonObject) -> None:
    """What should have been said, and what the recogniser heard in each output."""

    def say(line: str) -> None:
        console.print(line, markup=False, soft_wrap=True)

    say("")
    say(f"Should have been said: {made['target_text']}")
    for output in made["outputs"]:
        mark = "  (best)" if output["best"] else ""
        say(f"{output['filename']}: {output['sovits_model']} + {output['gpt_model']}{mark}")
        say(f"   heard:              {output['heard_text'] or '(nothing)'}")
        say(f"   word error rate:    {output['word_error_rate']:.2f}")
        say(f"   speaker similarity: {output['speaker_similarity']:.2f}")
    say("")


def show_stages(console: Console, task: JsonObject, took_s: float) -> None:
    """Seconds of each stage."""
    table = Table("stage", "seconds", box=None, pad_edge=False)
    table.columns[1].justify = "right"
    for stage in task["stages"]:
        table.add_row(stage["name"], f"{stage['seconds'] or 0:.1f}")
    table.add_row("from POST to completed", f"{took_s:.1f}")
    console.print(table)


def write_report(output: Path, task: JsonObject, made: JsonObject, fetched: list[Download]) -> None:
    """Keep what the server said beside the files."""
    files = [{"path": file.path.name, "size_bytes": file.size_bytes, "sha256": file.sha256} for file in fetched]
    report = {"task": task, "outputs": made, "files": files}
    (output / "report.json").write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def conclude(console: Console, checks: list[Check], data: Path, output: Path, *, keep: bool) -> int:
    """Print every check; the data folder goes unless something failed or it was asked for."""
    failed = [check for check in checks if not check.ok]
    for check in checks:
        console.print(f"{'ok  ' if check.ok else 'FAIL'}  {check.name}: {check.found}", markup=False, soft_wrap=True)
    if failed or keep:
        console.print(f"The demo's data and logs are in {data}", markup=False, soft_wrap=True)
    else:
        shutil.rmtree(data, ignore_errors=True)
    if failed:
        console.print(f"{len(failed)} of {len(checks)} checks failed.", markup=False)
        return 1
    console.print(f"All {len(checks)} checks held. Listen to {output}/", markup=False, soft_wrap=True)
    return 0
