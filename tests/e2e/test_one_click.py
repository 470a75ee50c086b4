"""One upload, one click, one voice: the whole pipeline on a short clip."""

import io
import wave
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.rest import Rest, stage_of

STAGES = [
    "audio_slice",
    "asr",
    "text_feature",
    "hubert_feature",
    "semantic_token",
    "sovits_train",
    "gpt_train",
    "inference",
]
SAMPLE = Path(__file__).parents[2] / "samples" / "bella_25s.flac"


@pytest.fixture(scope="module")
def finished(rest: Rest) -> dict:
    """A completed task, its events as a subscriber saw them, and its outputs."""
    file_id = rest.upload(SAMPLE)
    estimate_before = rest.http.get("/estimate?usable_seconds=20", timeout=90).json()
    task_id = rest.create("全流程-voice_1", file_id)
    events = rest.events(task_id)
    return {
        "id": task_id,
        "file_id": file_id,
        "events": events,
        "estimate_before": estimate_before,
        "estimate_after": rest.http.get("/estimate?usable_seconds=20").json(),
        "task": rest.task(task_id),
        "outputs": rest.http.get(f"/tasks/{task_id}/outputs").json(),
    }


def test_every_stage_completes_in_order(finished: dict) -> None:
    task = finished["task"]
    assert task["status"] == "completed"
    assert task["progress"] == 1.0
    assert task["error"] is None
    assert task["detected_language"] == "en"
    assert [row["name"] for row in task["stages"]] == STAGES
    assert {row["status"] for row in task["stages"]} == {"completed"}
    assert all(row["seconds"] > 0 for row in task["stages"])


def test_events_are_gapless_and_progress_never_falls(finished: dict) -> None:
    ids = [event.id for event in finished["events"] if event.id is not None]
    assert ids == list(range(1, len(ids) + 1))
    assert finished["events"][-1].name == "completed"
    shares = [event.data["progress"] for event in finished["events"] if event.name == "progress"]
    assert shares == sorted(shares)
    assert len(shares) > len(STAGES)
    assert {event.data.get("stage") for event in finished["events"] if event.name == "progress"} >= set(STAGES)


def test_reconnecting_after_the_end_answers_no_content(rest: Rest, finished: dict) -> None:
    last = finished["events"][-1].id
    answer = rest.http.get(f"/tasks/{finished['id']}/progress", headers={"Last-Event-ID": str(last)})
    assert answer.status_code == 204


def test_resuming_in_the_middle_misses_nothing_and_repeats_nothing(rest: Rest, finished: dict) -> None:
    ids = [event.id for event in finished["events"] if event.id is not None]
    middle = len(ids) // 2
    again = [event.id for event in rest.events(finished["id"], after=ids[middle]) if event.id is not None]
    assert again == ids[middle + 1 :]


def test_outputs_are_playable_and_described(rest: Rest, finished: dict) -> None:
    outputs = finished["outputs"]
    assert all(outputs[name] for name in ("target_text", "ref_text", "ref_audio_path"))
    assert outputs["outputs"]
    assert sum(output["best"] for output in outputs["outputs"]) == 1
    for output in outputs["outputs"]:
        answer = rest.http.get(f"/tasks/{finished['id']}/outputs/output/{output['filename']}")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "audio/wav"
        assert len(answer.content) == output["size_bytes"]
        with wave.open(io.BytesIO(answer.content)) as audio:
            samples = np.frombuffer(audio.readframes(audio.getnframes()), "<i2")
            assert audio.getframerate() == 24_000
            assert audio.getnframes() / audio.getframerate() == pytest.approx(output["seconds"], abs=0.05)
        assert np.abs(samples).max() > 100, "silence is no speech"
        assert output["word_error_rate"] >= 0
        assert -1 <= output["speaker_similarity"] <= 1


def test_both_models_download_by_name_and_by_path(rest: Rest, finished: dict) -> None:
    models = finished["outputs"]["models"]
    assert {model["kind"] for model in models} == {"gpt", "sovits"}
    for model in models:
        kind = f"{model['kind']}_model"
        by_name = rest.http.get(f"/tasks/{finished['id']}/outputs/{kind}/{model['filename']}")
        by_path = rest.http.get(f"/tasks/{finished['id']}/outputs/{kind}/{model['path']}")
        by_last = rest.http.get(f"/tasks/{finished['id']}/outputs/{kind}/{model['path'].rsplit('/', 1)[-1]}")
        assert by_name.status_code == by_path.status_code == by_last.status_code == 200
        assert by_name.content == by_path.content == by_last.content
        assert len(by_name.content) == model["size_bytes"]
        assert model["filename"].startswith("全流程-voice_1")
        assert zipfile.is_zipfile(io.BytesIO(by_name.content))


def test_the_voice_says_something_else(rest: Rest, finished: dict) -> None:
    url = f"/tasks/{finished['id']}/speak"
    answer = rest.http.post(url, json={"text": "The rain has stopped.", "speed": 1.0}, timeout=120)
    assert answer.status_code == 200, answer.text
    with wave.open(io.BytesIO(answer.content)) as audio:
        assert audio.getframerate() == 24_000
        assert 0.5 < audio.getnframes() / audio.getframerate() < 20
        assert np.abs(np.frombuffer(audio.readframes(audio.getnframes()), "<i2")).max() > 100
    refused = rest.http.post(url, json={"text": "☃☃"})
    assert (refused.status_code, refused.json()["code"]) == (400, "TARGET_TEXT_EMPTY")


def test_the_loss_curves_of_both_trainings_are_whole(rest: Rest, finished: dict) -> None:
    curves = rest.http.get(f"/tasks/{finished['id']}/metrics").json()["curves"]
    assert [curve["stage"] for curve in curves] == ["sovits_train", "gpt_train"]
    for curve, loss in zip(curves, ("mel", "ce"), strict=True):
        assert [point["step"] for point in curve["points"]] == list(range(1, curve["total_steps"] + 1))
        assert curve["points"][-1]["epoch"] == curve["total_epochs"]
        assert all(point["losses"][loss] > 0 for point in curve["points"])
        assert curve["batch_size"] > 0


def test_a_machine_is_measured_before_its_first_task_and_its_tasks_say_more(finished: dict) -> None:
    assert {item["basis"] for item in finished["estimate_before"]["items"]} <= {"measured", "history"}
    after = finished["estimate_after"]["items"]
    assert [(item["quality"], item["basis"]) for item in after] == [
        (quality, "history") for quality in ("fast", "standard", "high")
    ]
    for items in (finished["estimate_before"]["items"], after):
        seconds = [item["seconds"] for item in items]
        assert seconds == sorted(seconds)
        assert all(0 < item["least_seconds"] < item["seconds"] < item["most_seconds"] for item in items)


def test_the_reference_recording_is_three_to_ten_seconds_long(rest: Rest, finished: dict) -> None:
    path = finished["outputs"]["ref_audio_path"]
    answer = rest.http.get(f"/tasks/{finished['id']}/outputs/ref_audio/{path}")
    assert answer.status_code == 200
    with wave.open(io.BytesIO(answer.content)) as audio:
        assert 3.0 <= audio.getnframes() / audio.getframerate() <= 10.0


def test_a_range_of_an_output_can_be_asked_for(rest: Rest, finished: dict) -> None:
    name = finished["outputs"]["outputs"][0]["filename"]
    url = f"/tasks/{finished['id']}/outputs/output/{name}"
    whole = rest.http.get(url).content
    part = rest.http.get(url, headers={"Range": "bytes=100-199"})
    assert part.status_code == 206
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole)}"
    assert part.content == whole[100:200]


def test_a_task_cannot_hand_out_files_of_another(rest: Rest, finished: dict) -> None:
    name = finished["outputs"]["outputs"][0]["file_path"]
    assert rest.http.get(f"/tasks/no-such-task/outputs/output/{name}").status_code == 404
    for hostile in ("..%2f..%2fetc/passwd", "../../../etc/passwd", f"..%2f{finished['id']}%2f{name}"):
        answer = rest.http.get(f"/tasks/{finished['id']}/outputs/output/{hostile}")
        assert answer.status_code == 404
        assert "root:" not in answer.text


def test_a_given_transcript_is_aligned_and_inference_can_be_disabled(rest: Rest, finished: dict) -> None:
    words = SAMPLE.with_suffix(".txt").read_text()
    task_id = rest.create("aligned", finished["file_id"], transcript=words, inference={"enabled": False})
    task = rest.wait_completed(task_id, timeout_s=240)
    assert stage_of(task, "inference")["status"] == "skipped"
    outputs = rest.http.get(f"/tasks/{task_id}/outputs").json()
    assert outputs["outputs"] == []
    assert {model["kind"] for model in outputs["models"]} == {"gpt", "sovits"}


def test_a_finished_task_cannot_be_cancelled_and_purging_frees_its_name(rest: Rest, finished: dict) -> None:
    refused = rest.http.delete(f"/tasks/{finished['id']}", params={"lang": "zh"})
    assert refused.status_code == 400
    assert refused.json()["detail"] == "任务无法取消(可能已完成或已取消)"
    task_id = rest.create("short-lived", finished["file_id"], inference={"enabled": False})
    taken = rest.http.post("/tasks", json={"exp_name": "short-lived", "audio_file_id": finished["file_id"]})
    assert taken.status_code == 409
    assert rest.http.delete(f"/tasks/{task_id}", params={"purge": "true"}).status_code == 200
    assert rest.http.get(f"/tasks/{task_id}").status_code == 404
    again = rest.create("short-lived", finished["file_id"])
    assert rest.http.delete(f"/tasks/{again}", params={"purge": "true"}).status_code == 200


def test_corrected_words_are_trained_on_and_nothing_else_is_made_again(rest: Rest, finished: dict) -> None:
    task_id = finished["id"]
    url = f"/tasks/{task_id}/transcripts"
    before = rest.http.get(url).json()
    first, second = [item for item in before["items"] if item["kept"]][:2]
    with wave.open(io.BytesIO(rest.http.get(f"/tasks/{task_id}/outputs/clip/{first['clip_id']}.wav").content)) as clip:
        assert clip.getnframes() / clip.getframerate() == pytest.approx(first["seconds"], abs=0.01)
    corrected = f"{first['text']} Indeed."
    items = [{"clip_id": first["clip_id"], "text": corrected}, {"clip_id": second["clip_id"], "dropped": True}]
    assert rest.http.put(url, json={"items": items}).json()["pending"] is True
    assert rest.http.post(f"/tasks/{task_id}/retry", params={"from_stage": "text_feature"}).status_code == 200
    task = rest.wait_completed(task_id, timeout_s=240)
    kept = {"audio_slice", "asr", "hubert_feature", "semantic_token"}
    for name, row in {row["name"]: row for row in finished["task"]["stages"]}.items():
        again = stage_of(task, name)["started_at"] != row["started_at"]
        assert again is (name not in kept), name
    after = rest.http.get(url).json()
    assert after["pending"] is False
    rows = {item["clip_id"]: item for item in after["items"]}
    assert (rows[first["clip_id"]]["text"], rows[first["clip_id"]]["kept"]) == (corrected, True)
    assert rows[second["clip_id"]]["drop_reason"] == "dropped_by_user"
    outputs = rest.http.get(f"/tasks/{task_id}/outputs").json()
    assert {output["gpt_path"] for output in outputs["outputs"]}.isdisjoint(
        output["gpt_path"] for output in finished["outputs"]["outputs"]
    )


def test_what_experts_choose_decides_clips_and_models(rest: Rest, finished: dict) -> None:
    expert = {
        "max_clip_seconds": 6,
        "sovits_epochs": 1,
        "gpt_epochs": 2,
        "gpt_save_every_epochs": 1,
        "gpt_batch_size": 2,
        "sovits_learning_rate": 0.0001,
    }
    task_id = rest.create("expert", finished["file_id"], inference={"enabled": False}, expert=expert)
    rest.wait_completed(task_id, timeout_s=240)
    models = rest.http.get(f"/tasks/{task_id}/outputs").json()["models"]
    assert sorted((model["kind"], model["epoch"]) for model in models) == [("gpt", 1), ("gpt", 2), ("sovits", 1)]
    clips = rest.http.get(f"/tasks/{task_id}/transcripts").json()["items"]
    assert max(clip["seconds"] for clip in clips) <= 6
    curves = rest.http.get(f"/tasks/{task_id}/metrics").json()["curves"]
    assert [(curve["stage"], curve["total_epochs"]) for curve in curves] == [("sovits_train", 1), ("gpt_train", 2)]
    assert curves[1]["batch_size"] == 2
