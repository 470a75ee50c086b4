"""Making shards with a stand-in for the model: resuming, giving up, stopping, and a manifest that training reads."""

from __future__ import annotations

import json
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest

from services.training.corpus import AudioFolder, read_audio, read_manifest
from services.training.synthetic.clips import fault, trim
from services.training.synthetic.engine import SAMPLE_RATE_HZ
from services.training.synthetic.errors import SyntheticError
from services.training.synthetic.run import STOP_FILE, Done, Order, fill, make_shard
from services.training.synthetic.shards import CLIPS_PER_SHARD, CorpusFolder, Shard
from services.training.synthetic.texts import Texts
from services.training.synthetic.voices import Speaker

SEED = 7


class Hum:
    """Speaks any text as a tone of plausible length; every `silent_every`-th clip is silence."""

    def __init__(self, silent_every: int = 0, dies_at: int = 0) -> None:
        self.silent_every, self.dies_at = silent_every, dies_at
        self.spoken = 0

    def phonemes(self, text: str, speaker: Speaker) -> str:
        return text[:20]

    def speak(self, phonemes: str, speaker: Speaker, speed: float) -> np.ndarray:
        self.spoken += 1
        if self.spoken == self.dies_at:
            raise KeyboardInterrupt
        count = int(SAMPLE_RATE_HZ * 0.08 * len(phonemes) / speed)
        silent = self.silent_every and self.spoken % self.silent_every == 0
        tone = np.sin(np.arange(count) * 0.05).astype(np.float32) * (0.0 if silent else 0.3)
        return np.concatenate([np.zeros(12_000, np.float32), tone, np.zeros(12_000, np.float32)])


@pytest.fixture(scope="module")
def texts() -> Texts:
    return Texts("en", SEED, found=(), forbidden=())


def make(folder: Path, texts: Texts, hum: Hum, number: int = 0) -> bool:
    return make_shard(Shard(folder, "en", number), texts, hum, "en", SEED, folder / STOP_FILE)


def order(folder: Path, hours: float, jobs: int = 1) -> Order:
    return Order(folder, folder, "en", hours, SEED, jobs)


def fill_with(folder: Path, texts: Texts, hum: Hum, hours: float) -> list[Done]:
    """What `fill` reports when shards are made at once and in this process."""

    def at_once(number: int) -> Future[bool]:
        future: Future[bool] = Future()
        future.set_result(make(folder, texts, hum, number))
        return future

    reports: list[Done] = []
    fill(order(folder, hours), at_once, reports.append)
    return reports


def test_a_finished_corpus_is_what_training_reads(tmp_path: Path, texts: Texts) -> None:
    fill_with(tmp_path, texts, Hum(), hours=0.01)
    rows = read_manifest(tmp_path / "manifest.jsonl", ["en"])
    assert len(rows) == CLIPS_PER_SHARD
    audio = AudioFolder(tmp_path)
    for row in rows[:3]:
        samples = read_audio(audio.read(row), SAMPLE_RATE_HZ)
        assert len(samples) / SAMPLE_RATE_HZ == pytest.approx(row.seconds, abs=0.05)
        assert row.text == texts[int(row.id.rsplit("-", 1)[1])]
    audio.close()


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path, texts: Texts) -> None:
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path, texts, Hum(dies_at=31))
    assert not list(tmp_path.glob("*.tar"))
    hum = Hum()
    fill_with(tmp_path, texts, hum, hours=0.01)
    assert hum.spoken == CLIPS_PER_SHARD - 30


def test_an_interrupted_corpus_equals_one_made_in_one_go(tmp_path: Path, texts: Texts) -> None:
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path / "twice", texts, Hum(dies_at=5))
    for folder in ("once", "twice"):
        fill_with(tmp_path / folder, texts, Hum(), hours=0.01)
    once, twice = (tmp_path / folder / "manifest.jsonl" for folder in ("once", "twice"))
    assert once.read_text(encoding="utf-8") == twice.read_text(encoding="utf-8")


def test_a_clip_that_turned_out_silent_is_left_out_and_not_made_again(tmp_path: Path, texts: Texts) -> None:
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path, texts, Hum(silent_every=10, dies_at=51))
    fill_with(tmp_path, texts, hum := Hum(), hours=0.01)
    assert hum.spoken == 50
    assert len(read_manifest(tmp_path / "manifest.jsonl")) == CLIPS_PER_SHARD - 5


def test_more_hours_add_shards_and_keep_the_old_ones(tmp_path: Path, texts: Texts) -> None:
    fill_with(tmp_path, texts, Hum(), hours=0.01)
    before = (tmp_path / "manifest.jsonl").read_text(encoding="utf-8")
    reports = fill_with(tmp_path, texts, Hum(), hours=0.06)
    assert [report.shard for report in reports] == ["en-0001"]
    assert (tmp_path / "manifest.jsonl").read_text(encoding="utf-8").startswith(before)
    assert fill_with(tmp_path, texts, Hum(), hours=0.06) == []


def test_a_stop_file_ends_the_run_and_what_is_complete_stays_listed(tmp_path: Path, texts: Texts) -> None:
    fill_with(tmp_path, texts, Hum(), hours=0.01)
    (tmp_path / STOP_FILE).touch()
    assert fill_with(tmp_path, texts, Hum(), hours=1.0) == []
    assert not make(tmp_path, texts, Hum(), number=1)
    assert len(read_manifest(tmp_path / "manifest.jsonl")) == CLIPS_PER_SHARD


def test_a_tar_without_its_lines_is_made_again(tmp_path: Path, texts: Texts) -> None:
    fill_with(tmp_path, texts, Hum(), hours=0.01)
    (tmp_path / "en-0000.jsonl").unlink()
    assert CorpusFolder(tmp_path, SEED).made("en") == {}


def test_another_seed_is_refused(tmp_path: Path) -> None:
    CorpusFolder(tmp_path, SEED)
    with pytest.raises(SyntheticError, match="another seed"):
        CorpusFolder(tmp_path, SEED + 1)


def test_somebody_elses_corpus_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "manifest.jsonl").write_text(json.dumps({"id": "a"}) + "\n")
    with pytest.raises(SyntheticError, match="another corpus"):
        CorpusFolder(tmp_path, SEED)


def test_silence_around_the_speech_is_cut_to_a_margin() -> None:
    tone = np.sin(np.arange(24_000) * 0.05).astype(np.float32)
    padded = np.concatenate([np.zeros(24_000, np.float32), tone, np.zeros(48_000, np.float32)])
    assert len(trim(padded, 24_000)) == pytest.approx(24_000 * 1.16, rel=0.02)


@pytest.mark.parametrize(
    ("samples", "phonemes", "why"),
    [
        (np.zeros(48_000, np.float32), 25, "silent"),
        (np.full(48_000, np.nan, np.float32), 25, "not a number"),
        (np.full(4_800, 0.1, np.float32), 3, "length out of bounds"),
        (np.full(480_000, 0.1, np.float32), 25, "length does not fit the text"),
        (np.full(48_000, 0.1, np.float32), 25, ""),
    ],
)
def test_a_clip_that_cannot_be_right_is_told_apart(samples: np.ndarray, phonemes: int, why: str) -> None:
    assert fault(samples, 24_000, phonemes, speed=1.0) == why
