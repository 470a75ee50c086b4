"""The stage inference: stored models and slices in, spoken and scored outputs and a manifest out."""

import io
import wave

import numpy as np
import pytest

from services.inference.inference import DEFAULT_TEXTS
from services.inference.settings import InferenceSettings
from services.inference.voices import Models
from services.inference.worker import InferenceWorker
from services.runtime.errors import InvalidInputError, StoppedError, UnavailableError
from services.voice.audio import write_wav
from tests.contract.inference.harness import CLIPS, TEXT, FakeAsr, Trained
from voiceloom.pipeline.v1.manifest_pb2 import InferenceManifest
from voiceloom.pipeline.v1.pipeline_pb2 import ArtifactRef, Synthesis


@pytest.fixture
def worker(settings: InferenceSettings, models: Models) -> InferenceWorker:
    return InferenceWorker(settings, models)


def sound(trained: Trained, ref: ArtifactRef) -> tuple[np.ndarray, int]:
    with wave.open(io.BytesIO(trained.artifacts.get_bytes(ref))) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2"), file.getframerate()


def test_every_pair_to_try_becomes_a_scored_output_and_one_is_best(
    finished: tuple[InferenceManifest, Trained],
) -> None:
    manifest, trained = finished
    assert [(output.sovits.epoch, output.gpt.epoch) for output in manifest.outputs][:2] == [(8, 5), (8, 8)]
    assert manifest.outputs[2].sovits.epoch == 4
    assert len(manifest.outputs) == 3
    (best,) = [output for output in manifest.outputs if output.best]
    assert (manifest.best_sovits, manifest.best_gpt) == (best.sovits.filename, best.gpt.filename)
    assert manifest.target_text == DEFAULT_TEXTS["en"]
    for number, output in enumerate(manifest.outputs):
        samples, rate = sound(trained, output.ref)
        assert rate == 24_000
        assert output.seconds == pytest.approx(len(samples) / rate, abs=0.001)
        assert output.ref.uri == f"tasks/t1/inference/3/output_{number}.wav"
        assert output.filename == f"我的声音-1_sovits-e{output.sovits.epoch}_gpt-e{output.gpt.epoch}.wav"
        assert output.heard_text == FakeAsr.text
        assert output.word_error_rate > 0
        assert -1 <= output.speaker_similarity <= 1
        assert 0 <= output.speech_ratio <= 1
        assert 0 < output.length_ratio < 2.5


def test_the_reference_comes_from_a_clip_that_every_stage_kept(finished: tuple[InferenceManifest, Trained]) -> None:
    manifest, trained = finished
    assert manifest.ref_clip_id in {"c0000", "c0001"}, "text_feature dropped c0002"
    samples, rate = sound(trained, manifest.ref_audio_ref)
    start_s, end_s = CLIPS[manifest.ref_clip_id]
    assert len(samples) / rate == pytest.approx(end_s - start_s, abs=0.01)
    assert manifest.ref_text == TEXT
    assert manifest.pace_phonemes_per_s > 3


def test_people_are_told_what_happens(finished: tuple[InferenceManifest, Trained]) -> None:
    _, trained = finished
    assert {"inference.reference", "inference.speaking", "inference.scoring"} <= set(trained.told())
    fractions = [report.progress.fraction for report in trained.reports if report.HasField("progress")]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    last = [report.progress for report in trained.reports if report.HasField("progress")][-1]
    assert dict(last.message.args) == {"done": "3", "total": "3"}


def test_the_client_chooses_text_and_sampling(worker: InferenceWorker, trained: Trained, asr: FakeAsr) -> None:
    asr.text = "say this instead"
    synthesis = Synthesis(target_text=" Say this instead! ", seed=7, speed=2.0)
    manifest = worker(trained.context(synthesis))
    assert manifest.target_text == "Say this instead!"
    assert manifest.provenance.seed == 7
    assert all(output.word_error_rate == 0 for output in manifest.outputs)
    assert [call.language for call in asr.calls] == ["en"] * 3


def test_the_same_seed_gives_the_same_outputs(worker: InferenceWorker, trained: Trained) -> None:
    first, second = (worker(trained.context(Synthesis(target_text="Hello there.", seed=5))) for _ in range(2))
    assert [output.ref.sha256 for output in first.outputs] == [output.ref.sha256 for output in second.outputs]


def given(trained: Trained, seconds: float) -> ArtifactRef:
    wav = np.random.default_rng(0).normal(0, 0.1, int(seconds * 16_000)).astype(np.float32)
    path = trained.scratch / "upload.wav"
    write_wav(path, wav, 16_000)
    return trained.artifacts.put_file("files/f1/recording", path)


def test_a_given_reference_is_used_with_its_words(worker: InferenceWorker, trained: Trained) -> None:
    synthesis = Synthesis(target_text="Hello.", ref_audio_id="f1", ref_text="These are my own words.")
    manifest = worker(trained.context(synthesis, given(trained, 4.0)))
    assert manifest.ref_clip_id == ""
    assert manifest.ref_text == "These are my own words."
    samples, rate = sound(trained, manifest.ref_audio_ref)
    assert len(samples) / rate == pytest.approx(4.0, abs=0.1)


def test_a_given_reference_without_words_is_recognised(worker: InferenceWorker, trained: Trained, asr: FakeAsr) -> None:
    manifest = worker(trained.context(Synthesis(target_text="Hello.", ref_audio_id="f1"), given(trained, 4.0)))
    assert manifest.ref_text == asr.text
    assert asr.calls[0].word_times


def test_a_given_reference_that_is_too_short_is_replaced_and_people_are_told(
    worker: InferenceWorker, trained: Trained
) -> None:
    synthesis = Synthesis(target_text="Hello.", ref_audio_id="f1", ref_text="Short.")
    manifest = worker(trained.context(synthesis, given(trained, 1.0)))
    assert manifest.ref_clip_id
    assert "inference.reference_unfit" in trained.told()


def test_a_given_reference_that_cannot_be_decoded_is_replaced(worker: InferenceWorker, trained: Trained) -> None:
    damaged = trained.artifacts.put_bytes("files/f2/recording", b"no sound at all")
    manifest = worker(trained.context(Synthesis(target_text="Hello.", ref_audio_id="f2"), damaged))
    assert manifest.ref_clip_id
    assert "inference.reference_unfit" in trained.told()


def test_text_that_cannot_be_spoken_is_refused_before_anything_is_loaded(
    worker: InferenceWorker, trained: Trained
) -> None:
    with pytest.raises(InvalidInputError) as error:
        worker(trained.context(Synthesis(target_text="。。。")))
    assert error.value.code == "TARGET_TEXT_EMPTY"
    assert error.value.params == {"language": "en"}
    with pytest.raises(InvalidInputError) as error:
        worker(trained.context(Synthesis(target_text="こんにちは、世界。")))
    assert error.value.code == "LANGUAGE_UNSUPPORTED"
    assert error.value.params == {"language": "ja", "languages": "en, zh"}


def test_every_sentence_is_spoken_and_heard_in_the_language_it_is_written_in(
    worker: InferenceWorker, trained: Trained, asr: FakeAsr
) -> None:
    manifest = worker(trained.context(Synthesis(target_text="Hello there, my friend. 今天天气很好，我们去公园。")))
    assert [call.language for call in asr.calls] == ["en", "zh"] * 3
    assert manifest.target_text == "Hello there, my friend. 今天天气很好，我们去公园。"


def test_a_recogniser_that_comes_back_is_asked_again(worker: InferenceWorker, trained: Trained, asr: FakeAsr) -> None:
    asr.away = 1
    assert len(worker(trained.context(Synthesis(target_text="Hello there."))).outputs) == 3


def test_a_recogniser_that_stays_away_makes_the_stage_retryable(
    settings: InferenceSettings, models: Models, trained: Trained, asr: FakeAsr
) -> None:
    asr.away = 100
    impatient = InferenceWorker(settings.model_copy(update={"transcribe_patience_s": 0.1}), models)
    with pytest.raises(UnavailableError) as error:
        impatient(trained.context(Synthesis(target_text="Hello there.")))
    assert error.value.retryable


def test_a_stop_ends_the_work_between_sentences(worker: InferenceWorker, trained: Trained) -> None:
    context = trained.context()
    context.stop.set("cancelled")
    with pytest.raises(StoppedError):
        worker(context)
