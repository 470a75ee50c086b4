"""A Chinese recording through the whole pipeline: heard, written down, trained from, and spoken with English in it."""

import pytest

from services.inference.wer import word_error_rate
from services.voice.hanzi import count_hanzi, to_simplified
from tests import audio_fixtures as audio
from tests.e2e.conftest import Stack
from tests.e2e.rest import Rest
from voiceloom.pipeline.v1.manifest_pb2 import AsrManifest, TextFeatureManifest

SAMPLE = audio.SAMPLES / "zh_20s.opus"
WORDS = SAMPLE.with_suffix(".txt").read_text(encoding="utf-8")
TARGET = "你好，很高兴认识你们大家。 Nice to meet all of you today."


@pytest.fixture(scope="module")
def recognised(rest: Rest) -> dict:
    """A task without a transcript, completed."""
    task_id = rest.create("中文", rest.upload(SAMPLE), inference={"target_text": TARGET})
    return rest.wait_completed(task_id, timeout_s=400)


def manifest_of(stack: Stack, task_id: str, stage: str) -> bytes:
    (path,) = (stack.data / "artifacts" / "tasks" / task_id / stage).rglob("manifest.pb")
    return path.read_bytes()


def test_a_chinese_recording_is_found_out_and_written_down_in_simplified_characters(
    stack: Stack, recognised: dict
) -> None:
    assert (recognised["language"], recognised["detected_language"]) == ("auto", "zh")
    heard = AsrManifest.FromString(manifest_of(stack, recognised["id"], "asr"))
    kept = [row for row in heard.transcripts if row.kept]
    assert heard.language == "zh"
    assert {row.language for row in kept} == {"zh"}
    text = "".join(row.text for row in kept)
    assert to_simplified(text) == text
    assert all(row.text[-1] in "，。？！" for row in kept)
    assert word_error_rate(WORDS, text, "zh") < 0.5, "old poems are hard for the small recogniser"


def test_chinese_words_become_phonemes_two_for_each_character(stack: Stack, recognised: dict) -> None:
    features = TextFeatureManifest.FromString(manifest_of(stack, recognised["id"], "text_feature"))
    kept = [row for row in features.rows if row.kept]
    assert kept
    for row in kept:
        assert row.language == "zh"
        assert sum(row.word2ph) == len(row.phonemes) >= 2 * count_hanzi(row.text)


def test_a_chinese_voice_speaks_a_chinese_reference_and_an_english_sentence(rest: Rest, recognised: dict) -> None:
    outputs = rest.http.get(f"/tasks/{recognised['id']}/outputs").json()
    assert outputs["target_text"] == TARGET
    assert count_hanzi(outputs["ref_text"]) > 5
    assert " " not in outputs["ref_text"]
    assert outputs["outputs"]
    assert all(output["seconds"] > 0.5 for output in outputs["outputs"])


def test_a_chinese_transcript_is_aligned_with_its_own_characters(rest: Rest, stack: Stack, recognised: dict) -> None:
    task_id = rest.create("中文-文字稿", rest.upload(SAMPLE, transcript=WORDS), inference={"enabled": False})
    task = rest.wait(task_id, lambda task: task["detected_language"] is not None, timeout_s=400)
    assert task["detected_language"] == "zh"
    heard = AsrManifest.FromString(manifest_of(stack, task_id, "asr"))
    assert heard.aligned
    text = "".join(row.text for row in heard.transcripts if row.kept)
    assert text == WORDS.replace("\n", "")
    assert rest.http.delete(f"/tasks/{task_id}", params={"purge": "true"}).status_code == 200
