"""The first phases of pretraining: what both models are trained on.

`prepare` decodes and encodes a corpus, `align` finds out which phoneme is spoken when, `codebook` decides the tokens.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from services.training.aligner import Spoken, fit_aligner, silent_frames
from services.training.codebook import Codebook, fit_codebook, frame_pairs, mutual_information, nearest
from services.training.corpus import AudioFolder, CacheKey, CorpusCache, prepare, read_manifest
from services.training.dataset import FRAMES_PER_S
from services.voice.pack import SOVITS_FILE
from services.voice.symbols import PAUSES, symbol_ids

CODEBOOK = "codebook.safetensors"
ALIGNMENT = "alignment.npy"
TOKENS = "tokens.npy"


def log(event: str, **fields: object) -> None:
    """One line a fact, for people and for `grep`."""
    print(time.strftime("%H:%M:%S"), event, *(f"{name}={value}" for name, value in fields.items()), flush=True)


def run_prepare(args: argparse.Namespace, config: dict[str, Any]) -> None:
    """Decode, encode and phonemize the corpus into `<out>/cache`."""
    from services.voice.content import load_content_encoder

    utterances = read_manifest(args.manifest, config["languages"])
    utterances = utterances[: args.limit] if args.limit else utterances
    encoder = load_content_encoder(
        config["content"], None, args.device, args.pack_config.parent, weights=args.content_weights
    )
    cache = open_cache(args.out, config)
    started = time.monotonic()

    def encode(wav: np.ndarray) -> np.ndarray:
        return encoder.encode(torch.from_numpy(wav)).cpu().numpy()

    def progress(done: int, total: int) -> None:
        if done % 100 == 0:
            log("prepare", done=done, total=total, seconds=round(time.monotonic() - started))

    audio = AudioFolder(args.corpus)
    prepare(cache, utterances, audio, encode, progress)
    audio.close()
    known = {u.id: u.phones for u in utterances if u.phones}
    if len(known) < len(utterances):
        from services.voice.text import phonemize  # the text front end has dependencies of its own

        known |= {u.id: tuple(phonemize(u.text, u.language).ids) for u in utterances if u.id not in known}
    cache.set_phones({**cache.phones, **known})
    log("prepared", clips=len(cache.clips), hours=round(sum(c.frames for c in cache.clips) / 50 / 3600, 2))


def open_cache(out: Path, config: dict[str, Any]) -> CorpusCache:
    """The cache of a run, made for this pack's sample rate and encoder."""
    content = config["content"]
    name = f"{content['encoder']}-{content.get('layer', 'last')}"
    return CorpusCache(out / "cache", CacheKey(config["sample_rate_hz"], name, config["sovits"]["ssl_channels"]))


def run_align(args: argparse.Namespace, config: dict[str, Any]) -> None:
    """Find the phoneme of every frame of the cache; writes `<out>/alignment.npy`, (frames,) int16, see `Aligner`."""
    cache = filled_cache(args.out, config)
    hop = config["sample_rate_hz"] // FRAMES_PER_S

    def clip(index: int) -> Spoken:
        item = cache.item(index)
        return Spoken(item.features, item.phones, silent_frames(item.audio, hop, len(item.features)))

    pauses = frozenset(symbol_ids(PAUSES))
    aligner = fit_aligner(clip, len(cache.clips), pauses, args.seed)
    rows = []
    for index in range(len(cache.clips)):
        item = cache.item(index)
        rows.append(aligner.align(aligner.project(item.features), item.phones))
    np.save(args.out / ALIGNMENT, np.concatenate(rows))
    log("aligned", clips=len(rows), silent=round(float(np.mean(np.concatenate(rows) < 0)), 3))


def filled_cache(out: Path, config: dict[str, Any]) -> CorpusCache:
    """The cache of a run after its phase `prepare`."""
    cache = open_cache(out, config)
    if not cache.clips:
        raise SystemExit("the cache is empty: run the phase prepare first")
    return cache


def load_alignment(out: Path, cache: CorpusCache) -> np.ndarray:
    """What the phase `align` found, for every frame of the cache."""
    path = out / ALIGNMENT
    alignment = np.load(path) if path.exists() else np.zeros(0, np.int16)
    if len(alignment) != len(cache.features):
        raise SystemExit("the alignment is missing or older than the cache: run the phase align")
    return alignment


def run_codebook(args: argparse.Namespace, config: dict[str, Any]) -> None:
    """Fit the codebook on the cache; writes `<out>/codebook.safetensors` and the tokens of the whole corpus.

    A codebook that is there already is kept, and so is that of the pack named by `--init`: models were trained on it.
    """
    cache = filled_cache(args.out, config)
    alignment = load_alignment(args.out, cache)
    spoken = _symbols_spoken(cache, alignment)
    if (args.out / CODEBOOK).exists():
        book = Codebook(**load_file(args.out / CODEBOOK))
    elif args.init is not None:
        book = _codebook_of(args.init)
    else:
        sizes = config["sovits"]
        book = fit_codebook(
            cache.features,
            codes=sizes["codebook_size"],
            dims=sizes["code_channels"],
            seed=args.seed,
            classes=spoken,
        )
    tokens = encode_tokens(cache.features, book)
    # A token should say what is spoken and not by whom; mixed voices count as their first.
    names = [clip.speaker.split("*")[0].split("+")[0] for clip in cache.clips]
    voices = np.repeat(np.unique(names, return_inverse=True)[1], [clip.frames // 2 for clip in cache.clips])
    np.save(args.out / TOKENS, tokens)
    save_file(
        {"weight": book.weight, "bias": book.bias, "codes": book.codes, "counts": book.counts}, args.out / CODEBOOK
    )
    log(
        "codebook",
        codes=len(book.codes),
        unused=int((book.counts == 0).sum()),
        phone_nats=round(mutual_information(tokens, spoken + 1), 3),
        voice_nats=round(mutual_information(tokens, voices), 3),
        entropy_nats=round(mutual_information(tokens, tokens), 3),
    )


def _symbols_spoken(cache: CorpusCache, alignment: np.ndarray) -> np.ndarray:
    """The symbol of each pair of frames, -1 for silence: (frames // 2,)."""
    rows = []
    for clip in cache.clips:
        found = alignment[clip.frames_at : clip.frames_at + clip.frames]
        rows.append(np.where(found >= 0, cache.phones[clip.id][np.maximum(found, 0)], -1))
    return np.concatenate(rows)[::2]


def _codebook_of(pack: Path) -> Codebook:
    state = load_file(pack / SOVITS_FILE)
    codes = "quantizer.vq.layers.0._codebook."
    names = ("ssl_proj.weight", "ssl_proj.bias", codes + "embed", codes + "cluster_size")
    return Codebook(*(state[name].float() for name in names))


def encode_tokens(features: np.ndarray, book: Codebook) -> np.ndarray:
    """Tokens (frames // 2,) int32 of content features (frames, C)."""
    rows = []
    for at in range(0, len(features), 20_000):
        part = features[at : at + 20_000]
        pairs = frame_pairs(part, np.arange(len(part) // 2))
        rows.append(nearest(pairs @ book.weight.flatten(1).T + book.bias, book.codes)[0])
    return torch.cat(rows).numpy().astype(np.int32)
