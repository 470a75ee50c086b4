"""Makes the data folder of an earlier version, for the test that today's code goes on with it.

In a checkout of that version, with its virtual environment:

    python <this file> data_0001.tar.xz        # made at schema revision 0001, commit ac20a3c

A stack of that version runs one task to its end, has one cancelled, and is killed (SIGKILL) in the middle of the
third's sovits_train once it has saved a checkpoint; a fourth task is queued, and one recording was never used. What is
kept: the rows, the streams of the broker, the artifacts, and the voice pack, which is smaller than packs/nano so that
the whole fits into a repository. The recording is five seconds of samples/bella_25s.flac, a synthetic speaker.
"""

import json
import os
import signal
import sqlite3
import sys
import tarfile
import tempfile
import tomllib
from contextlib import closing
from pathlib import Path

import av
import torch

from services.voice.discriminator import Discriminator, DiscriminatorConfig
from services.voice.gpt import Gpt, GptConfig
from services.voice.pack import DISCRIMINATOR_FILE, GPT_FILE, SOVITS_FILE, write_pack
from services.voice.sovits import Sovits, SovitsConfig
from tests.e2e.rest import Rest
from tests.stack import ROOT, Stack, start_stack, wait_for

SAMPLE = ROOT / "samples" / "bella_25s.flac"
SECONDS = 5.0
# Who goes on with the data starts the stack with this setting, too.
SHORT_RECORDINGS = {"VOICELOOM_MIN_USABLE_S": "3"}
SETTINGS = {**SHORT_RECORDINGS, "VOICELOOM_CHECKPOINT_EVERY_S": "0.2"}
PACK = """\
# Half the sizes of packs/nano and less, with random weights: for data that are kept in a repository.
name = "pico"
family = "voiceloom-pico"
version = "1"
languages = ["en"]
sample_rate_hz = 16000
symbols = "gpt-sovits-v2"
licence = "MIT"

[content]
encoder = "whisper"
layer = 4

[sovits]
hop = 320
n_fft = 512
n_mels = 20
ssl_channels = 512
code_channels = 4
codebook_size = 16
inter_channels = 4
hidden_channels = 4
filter_channels = 8
n_heads = 2
n_layers = 1
p_dropout = 0.0
gin_channels = 4
ref_bins = 257
ref_hidden = 4
mrte_channels = 4
mrte_heads = 2
posterior_layers = 1
flow_steps = 2
flow_layers = 1
segment_frames = 16
decoder = "istft"
istft_channels = 8
istft_blocks = 1
istft_expansion = 2
istft_n_fft = 640
istft_upsample = 1

[gpt]
codebook_size = 16
dim = 4
n_heads = 2
n_layers = 1
bert_dim = 0
dropout = 0.0

[discriminator]
scale_channels = []
periods = [2]
period_channels = [2, 2, 2, 2, 2]

[finetune]
sovits_lr = 0.002
sovits_text_lr_ratio = 1.0
sovits_batch = 4
sovits_items_per_epoch = 16
segment_s = 0.64
gpt_lr = 0.002
gpt_optimizer = "adamw"
gpt_batch = 4
gpt_items_per_epoch = 16

"""


def main() -> int:
    """Make the data and pack them."""
    out = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make_pack(root / "pack")
        make_recording(root / "speech.opus")
        facts = run(root)
        (root / "facts.json").write_text(json.dumps(facts, indent=2) + "\n")
        compact(root / "data")
        with tarfile.open(out, "w:xz", preset=9) as archive:
            for name in ("facts.json", "pack", "data"):
                archive.add(root / name, name, filter=anonymous)
    print(f"{out.name}: {out.stat().st_size} bytes")
    return 0


def make_pack(folder: Path) -> None:
    """A voice pack with random weights."""
    torch.manual_seed(0)
    table = tomllib.loads(PACK)
    models = {
        SOVITS_FILE: Sovits(SovitsConfig.from_dict(table["sovits"] | {"sample_rate_hz": table["sample_rate_hz"]})),
        GPT_FILE: Gpt(GptConfig.from_dict(table["gpt"])),
        DISCRIMINATOR_FILE: Discriminator(DiscriminatorConfig.from_dict(table["discriminator"])),
    }
    folder.mkdir()
    write_pack(folder, PACK, {name: model.state_dict() for name, model in models.items()})


def make_recording(path: Path) -> None:
    """The beginning of the sample, in Opus."""
    with av.open(str(SAMPLE)) as sample, av.open(str(path), "w", format="ogg") as file:
        stream = file.add_stream("libopus", rate=48000, layout="mono", bit_rate=32000)
        resampler = av.AudioResampler("s16", "mono", 48000, frame_size=960)
        for frame in sample.decode(audio=0):
            for piece in resampler.resample(frame):
                if piece.pts / 48000 < SECONDS:
                    file.mux(stream.encode(piece))
        file.mux(stream.encode(None))


def run(root: Path) -> dict[str, str]:
    """Let a stack live and die; says which task is which."""
    stack = start_stack(root / "data", pack=root / "pack", environment=SETTINGS)
    try:
        with Rest(stack.base_url) as rest:
            used, unused = rest.upload(root / "speech.opus"), rest.upload(root / "speech.opus")
            say = {"inference": {"target_text": "Yes."}}
            completed = rest.create("completed", used, **say)
            cancelled = rest.create("cancelled", used, **say)
            rest.wait_completed(completed, timeout_s=300)
            rest.wait_stage(cancelled, "asr", timeout_s=60)
            assert rest.http.delete(f"/tasks/{cancelled}").status_code == 200
            interrupted = rest.create("interrupted", used, quality="high", **say)
            queued = rest.create("queued", used, **say)
            wait_for(lambda: has_checkpoint(root / "data", interrupted), 120, "a checkpoint")
            kill(stack)
    finally:
        stack.stop()
    return {
        "completed": completed,
        "cancelled": cancelled,
        "interrupted": interrupted,
        "queued": queued,
        "unused": unused,
    }


def has_checkpoint(data: Path, task_id: str) -> bool:
    """Whether sovits_train of a task runs and can be resumed."""
    query = (
        "SELECT 1 FROM stages WHERE task_id = ? AND name = 'sovits_train' AND state = 'running' AND checkpoint NOTNULL"
    )
    with closing(sqlite3.connect(data / "voiceloom.db")) as rows:
        return rows.execute(query, (task_id,)).fetchone() is not None


def kill(stack: Stack) -> None:
    """End everything at once, as a power cut does."""
    os.kill(stack.pid, signal.SIGKILL)
    stack.wait_gone(timeout_s=30)


def compact(data: Path) -> None:
    """Move the write-ahead log into the rows' file; leave out what the next start writes anew."""
    with closing(sqlite3.connect(data / "voiceloom.db")) as rows:
        rows.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        running = rows.execute("SELECT name FROM stages WHERE state = 'running'").fetchall()
        assert running == [("sovits_train",)], running


def anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Without logs, sockets, configuration, and the name of who made it."""
    if not entry.name.startswith(("facts.json", "pack", "data/nats/jetstream", "data/artifacts", "data/voiceloom.db")):
        return entry if entry.name in ("data", "data/nats") else None
    if entry.name.endswith(("-shm", "-wal")):
        return None
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


if __name__ == "__main__":
    sys.exit(main())
