"""Measures a voice pack: `python -m eval.pack --help`, or `make eval-pack`.

Without a mode every speaker becomes a one-click task of a real stack and the fine-tuned voice speaks the sentences. The
other modes need no stack and no training: --zero-shot (the pack's models speak from a prompt), --resynthesis (SoVITS
alone, from true tokens), --natural (the scale only), --reuse (judge the recordings of an earlier run again).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import grpc
from rich.console import Console

from cli.client import ApiError, UnreachableError
from cli.demo import DemoError
from eval.judges import ears, listeners, naturalness, threads
from eval.judging import Figures, Panel, pace_of
from eval.report import write_report
from eval.speak import Said, Voice, open_pack, prompt_of
from eval.speakers import Clip, EvalSpeaker, SpeakerError, find_speakers
from services.voice.audio import read_wav, write_wav
from services.voice.errors import VoiceError

ROOT = Path(__file__).resolve().parents[1]
KINDS = ("resynthesis", "zero-shot", "fine-tuned")


def sentences_of(language: str, count: int) -> list[str]:
    """The sentences that a voice speaks; the first `count`, or all for 0."""
    path = ROOT / "eval" / f"sentences_{language}.txt"
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return lines[: count or None]


def keep(folder: Path, said: Sequence[Said]) -> list[Said]:
    """Write what was said as WAV files, in place of what an earlier run wrote."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.wav"):
        old.unlink()
    for one in said:
        write_wav(folder / f"{one.name}.wav", one.wav, one.rate_hz)
    return list(said)


def read_again(folder: Path, speaker: EvalSpeaker) -> list[Said]:
    """What an earlier run kept; a file is named after its sentence's number, or after the natural clip it repeats."""
    texts = {f"{number:02d}": text for number, text in enumerate(sentences_of(speaker.language, 0))}
    texts |= {clip.name: clip.text for clip in speaker.references}
    files = [path for path in sorted(folder.glob("*.wav")) if path.stem in texts]
    return [Said(path.stem, texts[path.stem], *read_wav(path)) for path in files]


class Evaluation:
    """One run: how every speaker's rows come about."""

    def __init__(self, args: argparse.Namespace, panel: Panel) -> None:
        self.args, self.panel = args, panel
        self.voice = Voice(args.pack, args.sovits) if args.resynthesis or args.zero_shot else None

    def rows(self, speaker: EvalSpeaker) -> list[Figures]:
        """Natural first, then what the mode asks for."""
        args, out = self.args, self.args.out / speaker.name
        rows = [] if args.no_natural else [self.panel.natural(speaker)]
        if args.reuse:
            rows += self.again(speaker, args.reuse, KINDS)
        if args.trains:
            rows += self.again(speaker, args.out, ("fine-tuned",))
        if args.resynthesis and self.voice:
            said = keep(out / "resynthesis", list(self.voice.resynthesis(speaker, speaker.references, args.seed)))
            rows.append(self.panel.spoken(speaker, "resynthesis", said))
        if args.zero_shot and self.voice:
            pace = pace_of(speaker)
            if pace is None:
                raise SpeakerError(f"{speaker.name} speaks {speaker.language}, for which there is no text front end")
            sentences = sentences_of(speaker.language, args.sentences)
            said = keep(out / "zero-shot", list(self.voice.zero_shot(speaker, sentences, pace, args.seed)))
            rows.append(self.panel.spoken(speaker, "zero-shot", said, others_than_prompt(speaker)))
        return rows

    def again(self, speaker: EvalSpeaker, folder: Path, kinds: Sequence[str]) -> list[Figures]:
        """Judge what a folder holds of a speaker."""
        rows = []
        for kind in kinds:
            said = read_again(folder / speaker.name / kind, speaker)
            if said:
                clips = others_than_prompt(speaker) if kind == "zero-shot" else None
                rows.append(self.panel.spoken(speaker, kind, said, clips))
                facts = folder / speaker.name / "task.json"
                if kind == "fine-tuned" and facts.is_file():
                    rows[-1].task = json.loads(facts.read_text(encoding="utf-8"))
        return rows


def others_than_prompt(speaker: EvalSpeaker) -> list[Clip]:
    """References that a voice without fine-tuning has not heard."""
    prompt = prompt_of(speaker)
    return [clip for clip in speaker.references if clip is not prompt]


def train_all(args: argparse.Namespace, speakers: Sequence[EvalSpeaker], console: Console) -> list[str]:
    """Every speaker's task and its sentences; recordings and facts go to --out, where `again` finds them.

    Returns the names of those whose task failed; what earlier runs kept of them is removed.
    """
    from eval.task import evaluation_stack, task_facts

    failed: list[str] = []
    data = Path(tempfile.mkdtemp(prefix="voiceloom-eval-"))
    with evaluation_stack(data, args.pack) as stack:
        for speaker in speakers:
            folder, quality = args.out / speaker.name, args.quality or speaker.quality
            for old in ("task", "fine-tuned"):
                shutil.rmtree(folder / old, ignore_errors=True)
            console.print(f"{speaker.name}: one click, quality {quality}", markup=False)
            try:
                task = stack.train(speaker, quality, folder / "task", console)
                sentences = sentences_of(speaker.language, args.sentences)
                keep(folder / "fine-tuned", list(stack.speak(task["id"], speaker.language, sentences, args.seed)))
            except (DemoError, ApiError, UnreachableError, grpc.RpcError) as error:
                console.print(f"{speaker.name}: {error}", markup=False, soft_wrap=True)
                failed.append(speaker.name)
                continue
            facts = json.dumps(task_facts(task, quality), ensure_ascii=False, indent=1)
            (folder / "task.json").write_text(facts, encoding="utf-8")
    if failed:
        console.print(f"The stack's data and logs are in {data}", markup=False, soft_wrap=True)
    else:
        shutil.rmtree(data, ignore_errors=True)
    return failed


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m eval.pack", description=__doc__.split("\n", 1)[0])
    add = parser.add_argument
    add("--pack", type=Path, default=ROOT / "packs" / "mini", help="folder of the voice pack (default: packs/mini)")
    add("--sovits", type=Path, help="other SoVITS weights: pack folder, .safetensors, or state.pt of a training")
    add("--speakers", nargs="*", default=[], metavar="NAME", help="which speakers (default: all that are found)")
    add("--data", type=Path, nargs="*", default=None, help="folders of speakers (default: $EVAL_DATA)")
    add("--sentences", type=int, default=0, metavar="N", help="only the first N sentences")
    add("--out", type=Path, default=Path("eval-output"), help="folder for recordings, table and JSON")
    add("--zero-shot", action="store_true", help="the pack's models speak without fine-tuning")
    add("--resynthesis", action="store_true", help="SoVITS alone, from true tokens and words")
    add("--natural", action="store_true", help="the natural figures only")
    add("--reuse", type=Path, metavar="DIR", help="judge the recordings in the --out folder of an earlier run again")
    add("--no-natural", action="store_true", help="leave the natural figures out")
    add("--quality", default="", help="quality of the tasks (default: what each speaker says, usually fast)")
    add("--quick", action="store_true", help="only the built-in judges; no naturalness")
    add("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    args.trains = not (args.natural or args.resynthesis or args.zero_shot or args.reuse)
    args.speaks = args.trains or args.resynthesis or args.zero_shot
    return args


def spoken_ones(args: argparse.Namespace, speakers: Sequence[EvalSpeaker], console: Console) -> list[EvalSpeaker]:
    """The speakers whose language the pack speaks."""
    languages = open_pack(args.pack).languages
    for speaker in speakers:
        if speaker.language not in languages:
            console.print(f"{speaker.name} is left out: the pack does not speak {speaker.language}", markup=False)
    return [speaker for speaker in speakers if speaker.language in languages]


def data_folders(args: argparse.Namespace) -> list[Path]:
    """Folders of speakers that were named, or those of EVAL_DATA (several: with a colon between)."""
    if args.data is not None:
        return list(args.data)
    return [Path(part) for part in os.environ.get("EVAL_DATA", "").split(os.pathsep) if part]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, write; 0 when it ran through."""
    args = parse_args(argv)
    console = Console(stderr=True)
    if threads():
        import torch

        torch.set_num_threads(threads())
    try:
        everybody = find_speakers(data_folders(args))
        speakers = find_speakers(data_folders(args), args.speakers)
        if args.speaks:
            speakers = spoken_ones(args, speakers, console)
        failed = train_all(args, speakers, console) if args.trains else []
        first = 1 if args.quick else None
        panel = Panel(listeners()[:first], ears()[:first], None if args.quick else naturalness())
        evaluation = Evaluation(args, panel)
        rows: list[Figures] = []
        text = ""
        for speaker in speakers:
            began = time.monotonic()
            rows += evaluation.rows(speaker)
            console.print(f"{speaker.name}: judged in {time.monotonic() - began:.0f} s", markup=False)
            # After every speaker, so that a run that is cut short leaves what it knew.
            facts = {"pack": str(args.pack), "matrices": matrices_of(panel, everybody, rows)}
            text = write_report(args.out, facts, panel, rows)
    except (SpeakerError, VoiceError, DemoError, ApiError, UnreachableError) as error:
        console.print(f"The evaluation cannot go on: {error}", markup=False, soft_wrap=True)
        return 1
    print(text)
    if failed:
        console.print(f"These could not be trained: {', '.join(failed)}", markup=False, soft_wrap=True)
    return 1 if failed else 0


def matrices_of(panel: Panel, speakers: Sequence[EvalSpeaker], rows: Sequence[Figures]) -> dict[str, Any]:
    """Every spoken voice against every speaker, by each speaker encoder."""
    found = {}
    for kind in KINDS:
        voices = [row for row in rows if row.kind == kind]
        for ear in panel.ears if voices and len(speakers) > 1 else ():
            found[f"{kind}, {ear.name}"] = panel.matrix(ear, voices, speakers)
    return found


if __name__ == "__main__":
    sys.exit(main())
