"""What the command does around the judging: sentences, kept recordings, packs that are not finished."""

import io
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from eval.pack import keep, others_than_prompt, parse_args, read_again, sentences_of, spoken_ones
from eval.speak import Said, open_pack, prompt_of
from services.voice.errors import PackError
from tests.unit.eval.fakes import RATE, TEXT, speaker, tone

NANO = Path(__file__).resolve().parents[3] / "packs" / "nano"


def test_there_are_thirty_english_and_twenty_chinese_sentences() -> None:
    assert (len(sentences_of("en", 0)), len(sentences_of("zh", 0)), len(sentences_of("en", 8))) == (30, 20, 8)


def test_what_was_kept_is_read_again_with_its_words(tmp_path: Path) -> None:
    one = speaker(tmp_path, "low", 100)
    keep(tmp_path / "fine-tuned", [Said("03", "whatever", tone(100), RATE), Said("reference_1", TEXT, tone(90), RATE)])
    again = read_again(tmp_path / "fine-tuned", one)
    assert [(said.name, said.text) for said in again] == [("03", sentences_of("en", 0)[3]), ("reference_1", TEXT)]
    assert again[0].seconds == 1.0


def test_the_prompt_of_a_voice_is_not_what_it_is_compared_with(tmp_path: Path) -> None:
    one = speaker(tmp_path, "low", 100, seconds=(1.0, 5.0, 9.0))
    assert prompt_of(one).name == "reference_1"
    assert [clip.name for clip in others_than_prompt(one)] == ["reference_0", "reference_2"]


def test_a_pack_without_its_gpt_can_be_opened(tmp_path: Path) -> None:
    shutil.copy(NANO / "pack.toml", tmp_path)
    shutil.copy(NANO / "sovits.safetensors", tmp_path)
    pack = open_pack(tmp_path)
    assert (pack.path, list(pack.files)) == (tmp_path, ["sovits.safetensors"])


def test_a_folder_without_a_pack_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackError):
        open_pack(tmp_path)


def test_the_default_is_a_task_for_every_speaker() -> None:
    args = parse_args([])
    assert args.trains
    assert args.speakers == []


@pytest.mark.parametrize("mode", [["--natural"], ["--zero-shot"], ["--resynthesis"], ["--reuse", "folder"]])
def test_the_quick_modes_train_nothing(mode: list[str]) -> None:
    assert not parse_args(mode).trains


def test_a_speaker_of_a_language_that_the_pack_lacks_is_left_out_with_a_word(tmp_path: Path) -> None:
    said = io.StringIO()
    english = speaker(tmp_path, "low", 100)
    japanese = replace(english, name="jf_low", language="ja")
    args = parse_args(["--pack", str(NANO)])
    assert spoken_ones(args, [english, japanese], Console(file=said)) == [english]
    assert "jf_low is left out" in said.getvalue()


def test_a_shorter_run_leaves_nothing_of_a_longer_one(tmp_path: Path) -> None:
    keep(tmp_path, [Said(name, TEXT, tone(100), RATE) for name in ("00", "01")])
    keep(tmp_path, [Said("00", TEXT, tone(100), RATE)])
    assert [path.name for path in tmp_path.glob("*.wav")] == ["00.wav"]
