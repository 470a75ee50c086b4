"""Folders of speakers, and the one that the repository has."""

from pathlib import Path

import numpy as np
import pytest

from eval.speakers import SpeakerError, find_speakers, read_speaker
from services.voice.audio import write_wav

RATE = 16_000


def folder_of(path: Path, name: str, lines: str) -> Path:
    folder = path / name
    folder.mkdir()
    for number in range(2):
        write_wav(folder / f"reference_{number}.wav", np.full(3 * RATE, 0.1, np.float32), RATE)
    (folder / "reference.txt").write_text(lines, encoding="utf-8")
    return folder


TWO = "reference_0.wav\tGood morning.\nreference_1.wav\tGood evening.\n"


def test_the_repository_has_a_speaker_whose_references_are_not_trained_on() -> None:
    (own,) = find_speakers([], ["bella_25s"])
    assert own.recording is not None
    assert own.recording.name == "bella_25s.flac"
    assert {clip.path.name for clip in own.references} == {"bella_90s.flac"}
    # The longer sample begins with the shorter one, which is 31 s long.
    assert all(clip.start_s > 30.9 for clip in own.references)


def test_a_folder_is_a_speaker(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "zf_somebody", TWO)
    (folder / "recording_60s.flac").write_bytes(b"")
    (found,) = find_speakers([tmp_path], ["zf_somebody"])
    assert (found.language, found.quality, len(found.references)) == ("zh", "fast", 2)
    assert found.recording == (folder / "recording_60s.flac").resolve()


def test_facts_of_a_speaker_may_be_written_down(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "somebody", TWO)
    (folder / "speaker.toml").write_text('language = "ja"\nquality = "high"\nrecording = "gone.flac"\n')
    found = read_speaker(folder)
    assert (found.language, found.quality, found.recording) == ("ja", "high", None)


def test_a_reference_may_be_a_part_of_a_recording(tmp_path: Path) -> None:
    found = read_speaker(folder_of(tmp_path, "somebody", TWO + "reference_0.wav@0.5-1.5\tMorning.\n"))
    wav, rate = found.references[2].sound
    assert (len(wav), rate) == (RATE, RATE)


@pytest.mark.parametrize(
    "lines", ["reference_0.wav\tAlone.\n", TWO + "reference_9.wav\tGone.\n", TWO + "reference_0.wav@1-end\tWhat?\n"]
)
def test_unusable_references_are_refused_by_a_sentence(tmp_path: Path, lines: str) -> None:
    with pytest.raises(SpeakerError, match="somebody"):
        read_speaker(folder_of(tmp_path, "somebody", lines))


def test_an_unknown_name_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(SpeakerError, match="bella_25s"):
        find_speakers([], ["nobody"])
